package consistency

import (
	"fmt"
	"math/rand"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

// Single-item operations on few keys. Each item is a register with a counter; Porcupine looks for an order of all
// operations of a key that respects real time and explains every answer.

// Register is what an item holds. As an item: "v" is a string and "n" a number, each absent if empty or zero.
type Register struct {
	Exists bool
	V      string
	N      int
}

type registerKind int

const (
	getRegister     registerKind = iota
	putRegister                  // V, whatever was there
	replaceRegister              // V, on the condition that v = Expected
	createRegister               // V, on the condition that there is no item
	addRegister                  // n = n + 1
	deleteRegister
)

var registerNames = []string{"get", "put", "replace", "create", "add", "delete"}

type registerInput struct {
	Kind        registerKind
	Key         string
	V, Expected string
}

// registerOutput: Seen is what a get, a failed condition or a delete has found, and what an add has made.
type registerOutput struct {
	Outcome Outcome
	Seen    Register
}

// RegisterOp is one operation in a history. Times are nanoseconds since the history began.
type RegisterOp struct {
	Client     int
	Start, End int64
	Input      registerInput
	Output     registerOutput
}

func holds(state Register, input registerInput) bool {
	switch input.Kind {
	case replaceRegister:
		return state.Exists && state.V == input.Expected
	case createRegister:
		return !state.Exists
	}
	return true
}

// after is the state that a successful operation leaves.
func after(state Register, input registerInput) Register {
	switch input.Kind {
	case putRegister, replaceRegister, createRegister:
		return Register{Exists: true, V: input.V}
	case addRegister:
		return Register{Exists: true, V: state.V, N: state.N + 1}
	case deleteRegister:
		return Register{}
	}
	return state
}

// step gives the states in which the operation may leave a register; none: it cannot have had this answer.
func step(state Register, input registerInput, output registerOutput) []interface{} {
	next := after(state, input)
	switch {
	case output.Outcome == Unknown && holds(state, input):
		return []interface{}{state, next}
	case output.Outcome == Unknown:
		return []interface{}{state}
	case output.Outcome == Refused && !holds(state, input) && output.Seen == state:
		return []interface{}{state}
	case output.Outcome == Refused || !holds(state, input):
		return nil
	case (input.Kind == getRegister || input.Kind == deleteRegister) && output.Seen != state:
		return nil
	case input.Kind == addRegister && output.Seen != next:
		return nil
	}
	return []interface{}{next}
}

func registerModel() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{Register{}} },
		Step: func(state, input, output interface{}) []interface{} {
			return step(state.(Register), input.(registerInput), output.(registerOutput))
		},
		DescribeOperation: func(input, output interface{}) string {
			in, out := input.(registerInput), output.(registerOutput)
			return fmt.Sprintf("%s %s %s %+v", registerNames[in.Kind], in.V, in.Expected, out)
		},
	}
	return model.ToModel()
}

// CheckRegisters gives an error that names the keys whose history is not linearizable. All are absent at first.
func CheckRegisters(history []RegisterOp, timeout time.Duration) error {
	keys := map[string][]porcupine.Operation{}
	for _, op := range history {
		keys[op.Input.Key] = append(keys[op.Input.Key], porcupine.Operation{
			ClientId: op.Client, Input: op.Input, Call: op.Start, Output: op.Output, Return: op.End})
	}
	for key, operations := range keys {
		switch porcupine.CheckOperationsTimeout(registerModel(), operations, timeout) {
		case porcupine.Illegal:
			return fmt.Errorf("the %d operations on %s are not linearizable", len(operations), key)
		case porcupine.Unknown:
			return fmt.Errorf("undecided after %s: %d operations on %s", timeout, len(operations), key)
		}
	}
	return nil
}

// --- the load

type registerClient struct {
	number  int
	run     *Run
	caller  Caller
	rng     *rand.Rand
	keys    []string
	known   map[string]Register
	written int
	history []RegisterOp
}

func registerOf(item Item) Register {
	n, _ := strconv.Atoi(item["n"].N)
	return Register{len(item) > 0, item["v"].S, n}
}

// wire gives the operation and request for an input.
func (input registerInput) wire() (string, Object) {
	item := Item{"pk": str(input.Key), "v": str(input.V)}
	put := Object{"TableName": table, "Item": item, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
	switch input.Kind {
	case getRegister:
		return "GetItem", request(input.Key, Object{"ConsistentRead": true})
	case replaceRegister:
		put["ConditionExpression"] = "v = :e"
		put["ExpressionAttributeValues"] = Item{":e": str(input.Expected)}
	case createRegister:
		put["ConditionExpression"] = "attribute_not_exists(pk)"
	case addRegister:
		return "UpdateItem", request(input.Key, Object{"UpdateExpression": "ADD n :one", "ReturnValues": "ALL_NEW",
			"ExpressionAttributeValues": Item{":one": Attribute{N: "1"}}})
	case deleteRegister:
		return "DeleteItem", request(input.Key, Object{"ReturnValues": "ALL_OLD"})
	}
	return "PutItem", put
}

func (client *registerClient) do(input registerInput) error {
	operation, message := input.wire()
	start := client.run.Now()
	reply, outcome, err := client.caller.Call(operation, message)
	end := client.run.Now()
	if err != nil || outcome == Nothing || (outcome == Unknown && input.Kind == getRegister) {
		return err
	}
	output := registerOutput{Outcome: outcome}
	if outcome == Unknown {
		end = forever
	} else {
		seen := reply.Item
		if seen == nil {
			seen = reply.Attributes
		}
		output.Seen = registerOf(seen)
		client.known[input.Key] = output.Seen
		if outcome == Done && input.V != "" {
			client.known[input.Key] = Register{Exists: true, V: input.V}
		}
	}
	client.history = append(client.history, RegisterOp{client.number, start, end, input, output})
	return nil
}

// step does one random operation.
func (client *registerClient) step() error {
	key := client.keys[client.rng.Intn(len(client.keys))]
	known := client.known[key]
	kind := []registerKind{getRegister, getRegister, getRegister, putRegister, replaceRegister, replaceRegister,
		addRegister, addRegister, deleteRegister}[client.rng.Intn(9)]
	input := registerInput{Kind: kind, Key: key}
	if kind == replaceRegister {
		input.Expected = known.V
		if !known.Exists {
			input.Kind = createRegister
		} else if known.V == "" {
			input.Kind = putRegister
		}
	}
	if kind == putRegister || kind == replaceRegister {
		client.written++
		input.V = fmt.Sprintf("%d-%d", client.number, client.written)
	}
	return client.do(input)
}
