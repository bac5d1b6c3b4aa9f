package consistency

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Attribute is an AttributeValue of the kinds used here.
type Attribute struct {
	S string      `json:",omitempty"`
	N string      `json:",omitempty"`
	L []Attribute `json:",omitempty"`
}

type Item map[string]Attribute

// Object is any part of a request.
type Object map[string]interface{}

// Reply has the members of all answers that are looked at here.
type Reply struct {
	Type                string `json:"__type"`
	Message             string `json:"message"`
	Item                Item
	Attributes          Item
	Responses           []struct{ Item Item }
	CancellationReasons []Reason
}

type Reason struct {
	Code string
	Item Item
}

// Outcome is what a client knows of its request.
type Outcome int

const (
	Done    Outcome = iota
	Refused         // a condition did not hold, which is an observation; nothing happened
	Nothing         // nothing happened, and nothing was learnt
	Unknown         // no answer, or HTTP 500: it happened or not
)

// Caller sends one request: a Client, or a Client with a fault planted before it.
type Caller interface {
	Call(operation string, request Object) (*Reply, Outcome, error)
}

// Client is for one goroutine: one connection at a time.
type Client struct {
	server *Server
	http   *http.Client
}

func NewClient(server *Server) *Client {
	return &Client{server, &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}
}

func (client *Client) Close() {
	client.http.CloseIdleConnections()
}

var errEnded = errors.New("the server has ended")

// Call waits while the server is down. An error means that the answer is wrong in itself.
func (client *Client) Call(operation string, request Object) (*Reply, Outcome, error) {
	address, up := client.server.Address()
	if !up {
		return nil, Nothing, errEnded
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, Nothing, err
	}
	message, err := http.NewRequest("POST", "http://"+address+"/", bytes.NewReader(body))
	if err != nil {
		return nil, Nothing, err
	}
	message.Header.Set("Content-Type", "application/x-amz-json-1.0")
	message.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	message.Header.Set("X-Amz-Date", "20260101T000000Z")
	message.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/"+
		"dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
	answer, err := client.http.Do(message)
	if err != nil {
		time.Sleep(time.Millisecond) // it is down, and will soon be known to be
		return nil, afterFailure(err), nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, Unknown, nil
	}
	if answer.StatusCode >= 500 {
		return nil, Unknown, nil
	}
	reply := &Reply{}
	if err := json.Unmarshal(text, reply); err != nil {
		return nil, Unknown, fmt.Errorf("%s was answered with %q: %w", operation, text, err)
	}
	outcome, err := judge(answer.StatusCode, reply)
	if err != nil {
		err = fmt.Errorf("%s %s was answered with %s", operation, body, text)
	}
	return reply, outcome, err
}

// A connection that never was has carried nothing.
func afterFailure(err error) Outcome {
	var failed *net.OpError
	if errors.As(err, &failed) && failed.Op == "dial" {
		return Nothing
	}
	return Unknown
}

func judge(status int, reply *Reply) (Outcome, error) {
	if status == 200 {
		return Done, nil
	}
	switch reply.Type[strings.LastIndexByte(reply.Type, '#')+1:] {
	case "ConditionalCheckFailedException":
		return Refused, nil
	case "TransactionConflictException":
		return Nothing, nil
	case "TransactionCanceledException":
		for _, reason := range reply.CancellationReasons {
			if reason.Code != "None" && reason.Code != "ConditionalCheckFailed" && reason.Code != "TransactionConflict" {
				return Nothing, errors.New("unexpected reason")
			}
		}
		return Refused, nil
	}
	return Nothing, errors.New("unexpected error")
}

func str(text string) Attribute { return Attribute{S: text} }

const table = "consistency"

func createTable(caller Caller) error {
	_, outcome, err := caller.Call("CreateTable", Object{
		"TableName":            table,
		"BillingMode":          "PAY_PER_REQUEST",
		"AttributeDefinitions": []Object{{"AttributeName": "pk", "AttributeType": "S"}},
		"KeySchema":            []Object{{"AttributeName": "pk", "KeyType": "HASH"}},
	})
	if err == nil && outcome != Done {
		err = fmt.Errorf("CreateTable was not answered")
	}
	return err
}

// request names the item of a key, and has what else is given.
func request(key string, more Object) Object {
	made := Object{"TableName": table, "Key": Item{"pk": str(key)}}
	for name, value := range more {
		made[name] = value
	}
	return made
}
