package consistency

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const plantedSeconds = 1

// Faults between the clients and a server that has none, and one in the server's folder. The checkers must say no: a
// checker that cannot would find nothing in a server either. They are planted on one shard and on four.

type callFunc func(operation string, request Object) (*Reply, Outcome, error)

func (call callFunc) Call(operation string, request Object) (*Reply, Outcome, error) {
	return call(operation, request)
}

// staleReads answers some reads of an item with what an earlier read has found.
func staleReads(caller Caller) Caller {
	before := map[string]*Reply{}
	count := 0
	return callFunc(func(operation string, request Object) (*Reply, Outcome, error) {
		if operation != "GetItem" {
			return caller.Call(operation, request)
		}
		count++
		key := request["Key"].(Item)["pk"].S
		if old := before[key]; old != nil && count%8 == 0 {
			return old, Done, nil
		}
		reply, outcome, err := caller.Call(operation, request)
		if err == nil && outcome == Done && count%8 == 1 {
			before[key] = reply
		}
		return reply, outcome, err
	})
}

// lostUpdates forgets the conditions of puts.
func lostUpdates(caller Caller) Caller {
	return callFunc(func(operation string, request Object) (*Reply, Outcome, error) {
		if _, conditional := request["ConditionExpression"]; operation == "PutItem" && conditional {
			bare := Object{"TableName": table, "Item": request["Item"]}
			return caller.Call(operation, bare)
		}
		return caller.Call(operation, request)
	})
}

// tornReads reads the items of TransactGetItems one after the other.
func tornReads(caller Caller) Caller {
	return callFunc(func(operation string, message Object) (*Reply, Outcome, error) {
		if operation != "TransactGetItems" {
			return caller.Call(operation, message)
		}
		all := &Reply{}
		for _, action := range message["TransactItems"].([]Object) {
			get := Object{"ConsistentRead": true}
			for name, value := range action["Get"].(Object) {
				get[name] = value
			}
			reply, outcome, err := caller.Call("GetItem", get)
			if err != nil || outcome != Done {
				return reply, outcome, err
			}
			all.Responses = append(all.Responses, struct{ Item Item }{reply.Item})
		}
		return all, Done, nil
	})
}

// tornWrites does transactions of unconditional appends one append after the other.
func tornWrites(caller Caller) Caller {
	sent := map[interface{}]bool{}
	return callFunc(func(operation string, message Object) (*Reply, Outcome, error) {
		if operation != "TransactWriteItems" {
			return caller.Call(operation, message)
		}
		if sent[message["ClientRequestToken"]] {
			return nil, Unknown, nil
		}
		actions := message["TransactItems"].([]Object)
		for _, action := range actions {
			update, is := action["Update"].(Object)
			if !is || update["ConditionExpression"] != "attribute_exists(pk)" {
				return caller.Call(operation, message)
			}
		}
		sent[message["ClientRequestToken"]] = true
		for _, action := range actions {
			_, outcome, err := caller.Call("UpdateItem", action["Update"].(Object))
			for tries := 0; tries < 20 && err == nil && outcome == Refused; tries++ {
				time.Sleep(time.Millisecond) // somebody will put the item again
				_, outcome, err = caller.Call("UpdateItem", action["Update"].(Object))
			}
			if err != nil || outcome != Done {
				return nil, Unknown, err
			}
			time.Sleep(time.Millisecond)
		}
		return &Reply{}, Done, nil
	})
}

func TestPlantedFaultsInRegistersAreFound(t *testing.T) {
	for name, plant := range map[string]func(Caller) Caller{"stale read": staleReads, "lost update": lostUpdates} {
		t.Run(name, func(t *testing.T) {
			eachShards(t, func(t *testing.T, shards int) {
				run := launch(t, shards, "")
				history := registerHistory(t, run, *seed, short(0, plant))
				mustBeFound(t, CheckRegisters(history, checkSecondsMax*time.Second))
			})
		})
	}
}

func TestPlantedFaultsInTransactionsAreFound(t *testing.T) {
	for name, plant := range map[string]func(Caller) Caller{"stale read": staleReads, "lost update": lostUpdates,
		"torn read": tornReads, "torn write": tornWrites} {
		t.Run(name, func(t *testing.T) {
			eachShards(t, func(t *testing.T, shards int) {
				run := launch(t, shards, "")
				mustBeFound(t, CheckTransactions(transactionHistory(t, run, *seed, short(0, plant))))
			})
		})
	}
}

// rollBack keeps a copy of the folder at the first kill, and puts it back at the second: the server starts well, and has
// lost what it acknowledged between the two.
func rollBack(run *Run, copyTo string) {
	run.WhileDown = func(n int) error {
		if n == 0 {
			return exec.Command("cp", "-a", run.server.folder, copyTo).Run()
		}
		if err := exec.Command("find", run.server.folder, "-mindepth", "1", "-delete").Run(); err != nil {
			return err
		}
		return exec.Command("cp", "-a", copyTo+"/.", run.server.folder).Run()
	}
}

func TestAServerThatForgetsIsFound(t *testing.T) {
	eachShards(t, func(t *testing.T, shards int) {
		run := launch(t, shards, "")
		rollBack(run, filepath.Join(t.TempDir(), "copy"))
		history := registerHistory(t, run, *seed, short(2, noFault))
		mustBeFound(t, CheckRegisters(history, checkSecondsMax*time.Second))

		run = launch(t, shards, "")
		rollBack(run, filepath.Join(t.TempDir(), "copy"))
		mustBeFound(t, CheckTransactions(transactionHistory(t, run, *seed, short(2, noFault))))
	})
}

// short: a planted fault is found at once or never.
func short(kills int, plant func(Caller) Caller) load {
	return load{plantedSeconds * time.Second, kills, plant}
}

func mustBeFound(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("the checker did not find the planted fault")
	}
	text := err.Error()
	if len(text) > 600 {
		text = text[:600] + "..."
	}
	t.Logf("found: %s", text)
}
