package consistency

import (
	"fmt"
	"math/rand"
	"sync"
)

// The load of transactions and single operations on few keys. Every client reads, and writes what it has read with its
// own id appended, on the condition that the item is still that version; or it appends without having read.

const logMax = 120 // a key whose log is as long is not used any more: a new one takes its place

// Keys are those in use, shared by all clients.
type Keys struct {
	lock  sync.Mutex
	names []string
	ever  []string
}

func NewKeys(count int) *Keys {
	return &Keys{names: make([]string, count)}
}

func (keys *Keys) name(index int) string {
	keys.lock.Lock()
	defer keys.lock.Unlock()
	return keys.names[index]
}

func (keys *Keys) replace(index int, old, name string) {
	keys.lock.Lock()
	defer keys.lock.Unlock()
	if keys.names[index] == old {
		keys.names[index] = name
	}
	keys.ever = append(keys.ever, name)
}

// absence is what a client knows of an item it has deleted, or may have.
type absence struct {
	log []string // before the delete
	id  string   // the delete's
}

type transactionClient struct {
	number, clients int
	run             *Run
	caller          Caller
	rng             *rand.Rand
	keys            *Keys
	known           map[string][]string
	absent          map[string]absence // to be brought back
	written, sent   int
	history         []Op
}

func newTransactionClient(number, clients int, run *Run, caller Caller, seed int64, keys *Keys) *transactionClient {
	return &transactionClient{number: number, clients: clients, run: run, caller: caller,
		rng: rand.New(rand.NewSource(seed + int64(number))), keys: keys, known: map[string][]string{},
		absent: map[string]absence{}}
}

func (client *transactionClient) newID() string {
	client.written++
	return fmt.Sprintf("%d-%d", client.number, client.written)
}

// logOf gives a new slice; nil if there is no item.
func logOf(item Item) []string {
	var log []string
	for _, id := range item["ids"].L {
		log = append(log, id.S)
	}
	return log
}

func itemOf(key string, log []string) Item {
	list := make([]Attribute, len(log))
	for i, id := range log {
		list[i] = str(id)
	}
	return Item{"pk": str(key), "ids": Attribute{L: list}, "newest": str(log[len(log)-1])}
}

// saw notes what an answer has told of an item.
func (client *transactionClient) saw(key string, item Item) Read {
	log := logOf(item)
	client.known[key] = log
	if log != nil {
		delete(client.absent, key) // it is back, or the delete was not done
	}
	return Read{Key: key, Log: log, Absent: log == nil}
}

func (client *transactionClient) record(op Op) {
	op.Client = client.number
	client.history = append(client.history, op)
}

// --- reads

func (client *transactionClient) get(key string) error {
	start := client.run.Now()
	reply, outcome, err := client.caller.Call("GetItem", request(key, Object{"ConsistentRead": true}))
	if err != nil || outcome != Done {
		return err
	}
	end := client.run.Now()
	client.record(Op{Name: "GetItem", Start: start, End: end, Single: true, Reads: []Read{client.saw(key, reply.Item)}})
	return nil
}

func (client *transactionClient) transactGet(keys []string) (Outcome, error) {
	actions := make([]Object, len(keys))
	for i, key := range keys {
		actions[i] = Object{"Get": request(key, nil)}
	}
	start := client.run.Now()
	reply, outcome, err := client.caller.Call("TransactGetItems", Object{"TransactItems": actions})
	if err != nil || outcome != Done {
		return outcome, err
	}
	if len(reply.Responses) != len(keys) {
		return outcome, fmt.Errorf("TransactGetItems of %d items gave %d", len(keys), len(reply.Responses))
	}
	op := Op{Name: "TransactGetItems", Start: start, End: client.run.Now()}
	for i, key := range keys {
		op.Reads = append(op.Reads, client.saw(key, reply.Responses[i].Item))
	}
	client.record(op)
	return Done, nil
}

// --- writes

type actionKind int

const (
	appendBlindly  actionKind = iota
	appendIfNewest            // by an update, if the item is as known
	putIfNewest               // by a put of the whole item
	checkNewest
	deleteIfNewest
	bringBack // by a put, if there is no item: after a delete, or never
)

// action is one write, alone or in a transaction.
type action struct {
	kind  actionKind
	verb  string // Put, Update, Delete or ConditionCheck
	wire  Object
	read  []Read
	write []Write
}

func (client *transactionClient) newAction(kind actionKind, key string) action {
	log := client.known[key]
	made := action{kind: kind, verb: "Update"}
	wire := request(key, Object{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
	values := Item{}
	if kind == appendBlindly || kind == bringBack {
		wire["ConditionExpression"] = map[bool]string{true: "attribute_exists(pk)", false: "attribute_not_exists(pk)"}[kind == appendBlindly]
	} else {
		wire["ConditionExpression"] = "newest = :e"
		values[":e"] = str(log[len(log)-1])
		made.read = []Read{{Key: key, Last: log[len(log)-1]}}
	}
	if kind != checkNewest {
		made.write = []Write{{Key: key, ID: client.newID(), Delete: kind == deleteIfNewest}}
	}
	switch kind {
	case appendBlindly, appendIfNewest:
		wire["UpdateExpression"] = "SET ids = list_append(ids, :l), newest = :i"
		values[":l"] = Attribute{L: []Attribute{str(made.write[0].ID)}}
		values[":i"] = str(made.write[0].ID)
	case bringBack:
		made.read = []Read{{Key: key, Absent: true}}
		log = nil
		if before, known := client.absent[key]; known {
			made.read[0].Last = before.id
			log = append(append(log, before.log...), before.id)
		}
		made.makePut(wire, key, log)
	case putIfNewest:
		made.makePut(wire, key, log)
	case checkNewest:
		made.verb = "ConditionCheck"
	case deleteIfNewest:
		made.verb = "Delete"
		client.absent[key] = absence{log, made.write[0].ID}
	}
	if len(values) > 0 {
		wire["ExpressionAttributeValues"] = values
	}
	made.wire = wire
	return made
}

func (made *action) makePut(wire Object, key string, log []string) {
	made.verb = "Put"
	delete(wire, "Key")
	wire["Item"] = itemOf(key, append(append([]string{}, log...), made.write[0].ID))
}

func (made *action) key() string {
	if len(made.write) > 0 {
		return made.write[0].Key
	}
	return made.read[0].Key
}

// written notes the outcome of actions that were sent together.
func (client *transactionClient) wrote(name string, start int64, actions []action, outcome Outcome, seen []*Item) Outcome {
	end := client.run.Now()
	op := Op{Name: name, Start: start, End: end}
	for i := range actions {
		made := &actions[i]
		key := made.key()
		if made.kind == deleteIfNewest && outcome != Done && outcome != Unknown {
			delete(client.absent, key)
		}
		if outcome == Refused && seen[i] != nil {
			client.record(Op{Name: name + " refused", Start: start, End: end, Single: true,
				Reads: []Read{client.saw(key, *seen[i])}})
		}
		if outcome == Done && made.kind == bringBack {
			delete(client.absent, key)
		}
		op.Reads = append(op.Reads, made.read...)
		op.Writes = append(op.Writes, made.write...)
	}
	if outcome == Unknown {
		op.Unknown, op.End = true, forever
	}
	if outcome == Done || outcome == Unknown {
		client.record(op)
	}
	return outcome
}

// alone does one action by PutItem, UpdateItem or DeleteItem.
func (client *transactionClient) alone(made action) (Outcome, error) {
	name := made.verb + "Item"
	start := client.run.Now()
	reply, outcome, err := client.caller.Call(name, made.wire)
	if err != nil {
		return Nothing, err
	}
	seen := []*Item{nil}
	if outcome == Refused {
		seen[0] = &reply.Item
	}
	return client.wrote(name, start, []action{made}, outcome, seen), nil
}

// together does all actions by TransactWriteItems. Without an answer it is sometimes sent again with its token: then it
// must have happened once.
func (client *transactionClient) together(actions []action) (Outcome, error) {
	client.sent++
	items := make([]Object, len(actions))
	for i := range actions {
		items[i] = Object{actions[i].verb: actions[i].wire}
	}
	message := Object{"TransactItems": items,
		"ClientRequestToken": fmt.Sprintf("%x-%d-%d", client.run.begin.UnixNano(), client.number, client.sent)}
	start := client.run.Now()
	reply, outcome, err := client.caller.Call("TransactWriteItems", message)
	if err == nil && outcome == Unknown && client.rng.Intn(2) == 0 {
		reply, outcome, err = client.caller.Call("TransactWriteItems", message)
		if outcome != Done {
			outcome = Unknown // what the second try was told says nothing of the first
		}
	}
	if err != nil {
		return Nothing, err
	}
	seen := make([]*Item, len(actions))
	if outcome == Refused {
		for i := range reply.CancellationReasons {
			if reply.CancellationReasons[i].Code == "ConditionalCheckFailed" {
				seen[i] = &reply.CancellationReasons[i].Item
			}
		}
	}
	return client.wrote("TransactWriteItems", start, actions, outcome, seen), nil
}
