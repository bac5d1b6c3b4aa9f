package consistency

import (
	"strings"
	"testing"
	"time"
)

// Correct histories, recorded from a server, in which one answer is changed: the checkers must see that one.

func mutableRegisters(t *testing.T) []RegisterOp {
	t.Helper()
	history := registerHistory(t, launch(t, 4, ""), *seed, short(0, noFault))
	if err := CheckRegisters(history, checkSecondsMax*time.Second); err != nil {
		t.Fatal(err)
	}
	return history
}

func TestOneStaleReadOfARegisterIsFound(t *testing.T) {
	history := mutableRegisters(t)
	isGet := func(op *RegisterOp) bool { return op.Input.Kind == getRegister && op.Output.Seen.V != "" }
	overwritten := func(early, late *RegisterOp) bool {
		for i := range history {
			write := &history[i]
			if write.Input.Key == late.Input.Key && write.Output.Outcome == Done && write.Input.V == late.Output.Seen.V &&
				write.Start > early.End && write.End < late.Start {
				return true
			}
		}
		return false
	}
	for i := range history {
		for j := range history {
			early, late := &history[i], &history[j]
			if isGet(early) && isGet(late) && early.Input.Key == late.Input.Key && overwritten(early, late) {
				late.Output.Seen = early.Output.Seen
				mustBeFound(t, CheckRegisters(history, checkSecondsMax*time.Second))
				return
			}
		}
	}
	t.Fatal("the history has no place for it")
}

func TestOneLostIncrementIsFound(t *testing.T) {
	history := mutableRegisters(t)
	for i := range history {
		if op := &history[i]; op.Input.Kind == addRegister && op.Output.Seen.N >= 2 {
			op.Output.Seen.N--
			mustBeFound(t, CheckRegisters(history, checkSecondsMax*time.Second))
			return
		}
	}
	t.Fatal("the history has no place for it")
}

func mutableTransactions(t *testing.T) []Op {
	t.Helper()
	history := transactionHistory(t, launch(t, 4, ""), *seed, short(0, noFault))
	if err := CheckTransactions(history); err != nil {
		t.Fatal(err)
	}
	return history
}

// writerOf gives the operation that wrote an id; ids are unique in a history.
func writerOf(history []Op, id string) *Op {
	for i := range history {
		for _, write := range history[i].Writes {
			if write.ID == id {
				return &history[i]
			}
		}
	}
	return nil
}

func findIn(log []string, id string) int {
	for i := range log {
		if log[i] == id {
			return i
		}
	}
	return -1
}

func TestOneStaleReadIsFound(t *testing.T) {
	history := mutableTransactions(t)
	for i := range history {
		op := &history[i]
		if op.Name != "GetItem" || len(op.Reads[0].Log) < 2 {
			continue
		}
		log := op.Reads[0].Log
		writer, before := writerOf(history, log[len(log)-1]), writerOf(history, log[len(log)-2])
		if writer.End < op.Start && !before.Writes[0].Delete {
			op.Reads[0].Log = log[:len(log)-1]
			mustBeFound(t, CheckTransactions(history))
			return
		}
	}
	t.Fatal("the history has no place for it")
}

// A transactional read that shows one of two writes of a transaction. It is wrong whatever the times were.
func TestOneTornReadIsFound(t *testing.T) {
	history := mutableTransactions(t)
	for i := range history {
		op := &history[i]
		if op.Name != "TransactGetItems" || len(op.Reads[0].Log) == 0 || len(op.Reads[1].Log) < 2 {
			continue
		}
		for j := range history {
			writer := &history[j]
			if len(writer.Writes) < 2 || writer.Writes[0].Delete || writer.Writes[1].Delete {
				continue
			}
			for _, pair := range [][2]Write{{writer.Writes[0], writer.Writes[1]}, {writer.Writes[1], writer.Writes[0]}} {
				at := findIn(op.Reads[1].Log, pair[1].ID)
				if findIn(op.Reads[0].Log, pair[0].ID) < 0 || at < 1 || writerOf(history, op.Reads[1].Log[at-1]).Writes[0].Delete {
					continue
				}
				op.Reads[1].Log = op.Reads[1].Log[:at]
				err := CheckTransactions(history)
				mustBeFound(t, err)
				if strings.Contains(err.Error(), "real time") {
					t.Error("it was found by the times only")
				}
				return
			}
		}
	}
	t.Fatal("the history has no place for it")
}

// Two writes that rest on the same version.
func TestOneLostUpdateIsFound(t *testing.T) {
	history := mutableTransactions(t)
	newest := func(op *Op) *Read {
		for i := range op.Reads {
			if op.Reads[i].Last != "" && !op.Reads[i].Absent && op.Reads[i].Key == op.Writes[0].Key {
				return &op.Reads[i]
			}
		}
		return nil
	}
	for i := range history {
		if len(history[i].Writes) == 0 || newest(&history[i]) == nil {
			continue
		}
		second := newest(&history[i])
		first := writerOf(history, second.Last)
		if first == nil || len(first.Writes) == 0 || newest(first) == nil || newest(first).Key != second.Key {
			continue
		}
		second.Last = newest(first).Last
		mustBeFound(t, CheckTransactions(history))
		return
	}
	t.Fatal("the history has no place for it")
}

// A transaction of which one write is nowhere.
func TestHalfATransactionIsFound(t *testing.T) {
	history := mutableTransactions(t)
	for i := range history {
		if len(history[i].Writes) < 2 || history[i].Writes[1].Delete {
			continue
		}
		lost := history[i].Writes[1]
		for j := range history {
			for k := range history[j].Reads {
				read := &history[j].Reads[k]
				if at := findIn(read.Log, lost.ID); read.Key == lost.Key && at >= 0 {
					read.Log = append(append([]string{}, read.Log[:at]...), read.Log[at+1:]...)
				}
			}
		}
		history[i].Unknown = true // even if it was never acknowledged
		mustBeFound(t, CheckTransactions(history))
		return
	}
	t.Fatal("the history has no place for it")
}
