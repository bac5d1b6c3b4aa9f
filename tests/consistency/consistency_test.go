package consistency

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"testing"
	"time"
)

var (
	binary  = flag.String("binary", "", "the server under test")
	rounds  = flag.Int("rounds", 1, "histories per test")
	seconds = flag.Float64("seconds", 1.5, "length of each")
	kills   = flag.Int("kills", 1, "kill -9 in each")
	clients = flag.Int("clients", 5, "at a time")
	seed    = flag.Int64("seed", 0, "of all random choices; 0: any")
	keep    = flag.String("keep", os.TempDir(), "folder for histories that were found wrong")
)

const checkSecondsMax = 120

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = time.Now().UnixNano() % 1000000
	}
	os.Exit(m.Run())
}

// launch gives a run on a server of its own, with the table. The server dies at the fault, if one is given.
func launch(t *testing.T, shards int, fault string) *Run {
	t.Helper()
	if *binary == "" {
		t.Skip("no -binary")
	}
	server := NewServer(*binary, t.TempDir(), shards)
	server.fault = fault
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.End() })
	client := NewClient(server)
	defer client.Close()
	if err := createTable(client); err != nil {
		t.Fatal(err)
	}
	return NewRun(server)
}

type load struct {
	length time.Duration
	kills  int
	plant  func(Caller) Caller // may put a fault between client and server
}

func fullLoad() load {
	return load{time.Duration(*seconds * float64(time.Second)), *kills, noFault}
}

func registerHistory(t *testing.T, run *Run, seed int64, load load) []RegisterOp {
	t.Helper()
	keys := []string{"a", "b", "c"}
	var all []*registerClient
	var steps []func() error
	for i := 0; i < *clients; i++ {
		caller := NewClient(run.server)
		defer caller.Close()
		client := &registerClient{number: i, run: run, caller: load.plant(caller), keys: keys,
			rng: rand.New(rand.NewSource(seed + int64(i))), known: map[string]Register{}}
		all, steps = append(all, client), append(steps, client.step)
	}
	if err := run.Load(steps, load.length, load.kills, rand.New(rand.NewSource(seed-1))); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if err := all[0].do(registerInput{Kind: getRegister, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	var history []RegisterOp
	for _, client := range all {
		history = append(history, client.history...)
	}
	for i := range history {
		if history[i].End == forever {
			history[i].End = run.Bound(history[i].Start)
		}
	}
	return history
}

func transactionHistory(t *testing.T, run *Run, seed int64, load load) []Op {
	t.Helper()
	keys := NewKeys(6)
	var all []*transactionClient
	var steps []func() error
	for i := 0; i < *clients; i++ {
		caller := NewClient(run.server)
		defer caller.Close()
		client := newTransactionClient(i, *clients, run, load.plant(caller), seed, keys)
		all, steps = append(all, client), append(steps, client.step)
	}
	do := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range keys.names {
		do(all[0].create(i, ""))
	}
	do(run.Load(steps, load.length, load.kills, rand.New(rand.NewSource(seed-1))))
	for _, client := range all {
		do(client.finish())
	}
	do(all[0].readAll())
	var history []Op
	for _, client := range all {
		history = append(history, client.history...)
	}
	for i := range history {
		if history[i].End == forever {
			history[i].End = run.Bound(history[i].Start)
		}
	}
	return history
}

// someFault: the server kills itself between two steps of some transaction, before it is killed. Or it does not.
func someFault(shards int, seed int64) string {
	points := []string{"shard.before_commit", "shard.after_commit"}
	if shards > 1 {
		points = append(points, "transact.prepared", "transact.decided", "transact.applied")
	}
	rng := rand.New(rand.NewSource(seed))
	if *kills == 0 || rng.Intn(4) == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", points[rng.Intn(len(points))], 50+rng.Intn(200))
}

func noFault(caller Caller) Caller { return caller }

func eachShards(t *testing.T, body func(t *testing.T, shards int)) {
	for _, shards := range []int{1, 4} {
		shards := shards
		t.Run(fmt.Sprintf("shards=%d", shards), func(t *testing.T) { body(t, shards) })
	}
}

func eachRound(t *testing.T, body func(t *testing.T, shards int, seed int64)) {
	eachShards(t, func(t *testing.T, shards int) {
		for round := 0; round < *rounds; round++ {
			roundSeed := *seed + int64(1000*round)
			t.Logf("seed %d", roundSeed)
			body(t, shards, roundSeed)
		}
	})
}

func TestRegistersAreLinearizable(t *testing.T) {
	eachRound(t, func(t *testing.T, shards int, seed int64) {
		run := launch(t, shards, "")
		history := registerHistory(t, run, seed, fullLoad())
		if err := run.server.End(); err != nil {
			t.Error(err)
		}
		var count [Unknown + 1]int
		for _, op := range history {
			count[op.Output.Outcome]++
		}
		t.Logf("%d operations, %d refused, %d without an answer", len(history), count[Refused], count[Unknown])
		if count[Done] < 100 || count[Refused] == 0 {
			t.Errorf("too little happened")
		}
		if err := CheckRegisters(history, checkSecondsMax*time.Second); err != nil {
			t.Fatalf("%v: see %s", err, Save(*keep, fmt.Sprintf("registers-%d-%d", shards, seed), history))
		}
	})
}

func TestTransactionsAreSerializable(t *testing.T) {
	eachRound(t, func(t *testing.T, shards int, seed int64) {
		run := launch(t, shards, someFault(shards, seed))
		history := transactionHistory(t, run, seed, fullLoad())
		if err := run.server.End(); err != nil {
			t.Error(err)
		}
		count := map[string]int{}
		unknown := 0
		for _, op := range history {
			count[op.Name]++
			if op.Unknown {
				unknown++
			}
		}
		t.Logf("%d operations, %d without an answer: %v", len(history), unknown, count)
		for _, name := range []string{"TransactWriteItems", "TransactGetItems", "PutItem", "UpdateItem", "GetItem"} {
			if count[name] < 10 {
				t.Errorf("too little happened: %d %s", count[name], name)
			}
		}
		if err := CheckTransactions(history); err != nil {
			t.Fatalf("%v: see %s", err, Save(*keep, fmt.Sprintf("transactions-%d-%d", shards, seed), history))
		}
	})
}
