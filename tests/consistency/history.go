package consistency

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// The history of transactions. Each key's item holds a log: the list of the ids of all its writes, in order. A write
// appends its own unique id, so every read tells all versions before it, and the longest log is the order of them all.
// A delete leaves no item; the write that brings the item back appends the id of that delete before its own.

// Read is one item as an operation found it. Three kinds of it:
//
//	Log is not empty    the item was read
//	Last is not empty   a condition held that only this version fulfils; Absent: the absence after that delete
//	else                there was no item
type Read struct {
	Key    string
	Log    []string `json:",omitempty"`
	Last   string   `json:",omitempty"`
	Absent bool     `json:",omitempty"`
}

// Write has made one version.
type Write struct {
	Key    string
	ID     string
	Delete bool `json:",omitempty"`
}

// Op is one operation, a transaction or a single one. Times are nanoseconds since the history began; End is `forever`
// or the time of a restart if there was no answer.
type Op struct {
	Client     int
	Name       string
	Start, End int64
	Unknown    bool `json:",omitempty"` // nothing tells yet whether it happened
	// Single: a read of one item, which is ordered with the operations on that item alone. Next to a transaction that
	// is being applied, two such reads may see two of its items before and after it.
	Single bool    `json:",omitempty"`
	Reads  []Read  `json:",omitempty"`
	Writes []Write `json:",omitempty"`
}

// Save keeps a history for a look at it, and gives its path.
func Save(folder, name string, history interface{}) string {
	path := filepath.Join(folder, name+".json")
	file, err := os.Create(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	encoder := json.NewEncoder(file)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(history); err != nil {
		return err.Error()
	}
	return path
}
