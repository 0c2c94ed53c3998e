package main

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// at is an operation of a client from call to end.
func at(client int, call, end int64, op, argument, answer, tag string) porcupine.Operation {
	in := input{op: op, variant: argument}
	if op == "finish" {
		in = input{op: op, tag: argument}
	}
	return porcupine.Operation{ClientId: client, Input: in, Call: call, Output: output{answer, tag}, Return: end}
}

func check(t *testing.T, want bool, history ...porcupine.Operation) {
	t.Helper()
	if got := porcupine.CheckOperations(model, history); got != want {
		t.Errorf("got %v for %+v", got, history)
	}
}

const never = int64(1) << 62

func TestHistories(t *testing.T) {
	start := at(0, 0, 10, "start", "a", "OK", "")
	finish := at(1, 12, never, "finish", "x", "", "")
	check(t, true, start, finish, at(0, 11, 15, "state", "", "running", ""), at(0, 16, 30, "result", "", "completed", "x"))
	check(t, true, start, at(2, 3, 9, "start", "a", "OK", ""), at(2, 11, 12, "start", "b", "CONFLICT", ""))
	check(t, true, start, finish, at(2, 11, 20, "cancel", "", "OK", ""), at(0, 21, 22, "state", "", "cancelled", ""))
	check(t, true, start, finish, at(2, 11, 20, "cancel", "", "WRONG_STATE", ""), at(0, 21, 22, "result", "", "completed", "x"))
	// A stale read.
	check(t, false, start, finish, at(0, 13, 14, "result", "", "completed", "x"), at(2, 15, 16, "state", "", "running", ""))
	check(t, false, start, at(2, 11, 12, "find", "", "NOT_FOUND", ""))
	// Two winners.
	check(t, false, start, finish, at(2, 11, 20, "cancel", "", "OK", ""), at(0, 21, 22, "result", "", "completed", "x"))
	check(t, false, start, finish, at(1, 12, never, "finish", "y", "", ""),
		at(0, 21, 22, "result", "", "completed", "x"), at(2, 21, 22, "result", "", "completed", "y"))
	// A lost start, one that two variants won, and an end that no body gave.
	check(t, false, start, at(0, 11, 12, "start", "b", "OK", ""))
	check(t, false, start, at(0, 13, 14, "result", "", "completed", "x"))
	check(t, false, at(0, 1, 2, "state", "", "running", ""))
}
