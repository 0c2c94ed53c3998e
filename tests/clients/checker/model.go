// What a run is to its clients: a register with a few states, one of whose ends it reaches once and for ever.
package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

type kind int

const (
	absent kind = iota
	running
	cancelling
	completed
	cancelled
)

// state of one run. tag is the output of the body that counted.
type state struct {
	kind    kind
	variant string
	tag     string
}

// input of an operation. "finish" is a body's return: it takes effect when the engine takes it, or never.
type input struct {
	op      string
	variant string
	tag     string
}

// output: what the client was told. An empty answer: nothing, for it died, or its answer promises no time.
type output struct {
	answer string
	tag    string
}

func isLive(k kind) bool { return k == running || k == cancelling }

func step(s state, in input, out output) (bool, state) {
	switch in.op {
	case "start":
		return stepStart(s, in, out)
	case "find":
		if out.answer == "NOT_FOUND" {
			return s.kind == absent, s
		}
		return out.answer == "" || out.answer == "OK" && s.kind != absent, s
	case "cancel":
		return stepCancel(s, out)
	case "state", "result":
		return stepRead(s, out)
	case "finish":
		switch s.kind {
		case running:
			s.kind, s.tag = completed, in.tag
		case cancelling:
			s.kind = cancelled
		}
		return s.kind != absent, s
	}
	return false, s
}

func stepStart(s state, in input, out output) (bool, state) {
	started := state{kind: running, variant: in.variant}
	switch out.answer {
	case "": // perhaps it happens, and perhaps later
		if s.kind == absent {
			return true, started
		}
		return true, s
	case "OK":
		if s.kind == absent {
			return true, started
		}
		return s.variant == in.variant, s
	case "CONFLICT":
		return s.kind != absent && s.variant != in.variant, s
	}
	return false, s
}

func stepCancel(s state, out output) (bool, state) {
	switch out.answer {
	case "", "OK":
		if s.kind == running {
			s.kind = cancelling
		}
		return out.answer == "" || s.kind == cancelling || s.kind == cancelled, s
	case "WRONG_STATE":
		return s.kind == completed, s
	case "NOT_FOUND":
		return s.kind == absent, s
	}
	return false, s
}

// stepRead: who is told an end knows it for ever. A run that is being cancelled ends by itself, which is known when it is read.
func stepRead(s state, out output) (bool, state) {
	switch out.answer {
	case "", "TIMED_OUT": // no answer in time says nothing
		return true, s
	case "queued": // also of a start that was accepted, and that no owner has taken yet
		return s.kind == running || s.kind == absent, s
	case "running", "waiting":
		return s.kind == running, s
	case "cancelling":
		return s.kind == cancelling, s
	case "cancelled":
		if s.kind == cancelling {
			s.kind = cancelled
		}
		return s.kind == cancelled, s
	case "completed":
		return s.kind == completed && (out.tag == "" || out.tag == s.tag), s
	}
	return false, s
}

var model = porcupine.Model{
	Init: func() interface{} { return state{} },
	Step: func(s, in, out interface{}) (bool, interface{}) {
		ok, next := step(s.(state), in.(input), out.(output))
		return ok, next
	},
	DescribeOperation: func(in, out interface{}) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}
