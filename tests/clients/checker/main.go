// Checks recorded histories of clients: whether there is an order of all operations on a run, each between its call and its return,
// in which each answer is that of the model. Runs don't know of each other, so each has a history of its own.
//
// usage: checker FILE...   A line is "call TIME CLIENT OP KIND RUN VARIANT-OR-TAG", "return TIME CLIENT OP ANSWER TAG" or
// "down FROM TO": no owner was there, so that a client's cancel that was answered OK was accepted and no more.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const patience = 30 * time.Second

type span struct{ from, to int64 }

type operation struct {
	client, run string
	porcupine.Operation
	returned bool
}

type recording struct {
	operations []*operation
	open       map[string]*operation
	down       []span
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func (r *recording) add(line string) {
	f := strings.Fields(line)
	switch {
	case len(f) == 7 && f[0] == "call":
		in := input{op: f[4]}
		if in.op == "finish" {
			in.tag = f[6]
		} else {
			in.variant = f[6]
		}
		o := &operation{client: f[2], run: f[5]}
		o.Input, o.Output, o.Call = in, output{}, number(f[1])
		r.operations = append(r.operations, o)
		r.open[f[2]+" "+f[3]] = o
	case len(f) == 6 && f[0] == "return":
		o := r.open[f[2]+" "+f[3]]
		if o == nil {
			panic("a return without a call: " + line)
		}
		o.returned, o.Return, o.Output = true, number(f[1]), output{answer: f[4], tag: strings.Trim(f[5], "-")}
	case len(f) == 3 && f[0] == "down":
		r.down = append(r.down, span{number(f[1]), number(f[2])})
	case len(f) != 0:
		// The last line of a process that was killed may be cut short; nothing else may.
		if strings.HasSuffix(line, "\n") {
			panic("what is this: " + line)
		}
	}
}

func (r *recording) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return nil // what is not a whole line was never said
		}
		r.add(line)
	}
}

// settle gives operations without a binding answer the time until the end.
func (r *recording) settle() {
	const end = int64(1) << 62
	for _, o := range r.operations {
		in, out := o.Input.(input), o.Output.(output)
		if out.answer == "ACCEPTED" || out.answer == "OK" && in.op == "cancel" && o.client[0] == 'c' && r.wasDown(o) {
			o.returned = false
		}
		if !o.returned {
			o.Return, o.Output = end, output{}
		}
	}
}

func (r *recording) wasDown(o *operation) bool {
	for _, d := range r.down {
		if o.Call <= d.to && o.Return >= d.from {
			return true
		}
	}
	return false
}

func main() {
	r := recording{open: map[string]*operation{}}
	for _, path := range os.Args[1:] {
		if err := r.read(path); err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
	}
	r.settle()
	histories := map[string][]porcupine.Operation{}
	clients := map[string]int{}
	for _, o := range r.operations {
		if _, known := clients[o.client]; !known {
			clients[o.client] = len(clients)
		}
		o.ClientId = clients[o.client]
		// What was read by nobody who lived to tell it constrains nothing.
		if in := o.Input.(input); o.returned || in.op == "start" || in.op == "cancel" || in.op == "finish" {
			histories[o.run] = append(histories[o.run], o.Operation)
		}
	}
	violations := 0
	for run, history := range histories {
		if result := porcupine.CheckOperationsTimeout(model, history, patience); result != porcupine.Ok {
			violations++
			fmt.Printf("violation: %s: %s\n", run, result)
			for _, o := range history {
				fmt.Printf("  %d %d %d %s\n", o.Call, o.Return, o.ClientId, model.DescribeOperation(o.Input, o.Output))
			}
		}
	}
	fmt.Printf("checked: histories %d, operations %d, violations %d\n", len(histories), len(r.operations), violations)
	if violations != 0 {
		os.Exit(1)
	}
}
