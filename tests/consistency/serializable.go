package consistency

import "fmt"

// CheckTransactions gives an error with the evidence if no order of the operations explains the history. The order must
// respect real time (strict serializability); single reads of one item respect it with the operations on that item.

// version is one state of a key's item. The first one of each key is its absence before any write.
type version struct {
	id     string
	absent bool
	writer int // an operation, or -1
}

type writeOf struct {
	op     int
	delete bool
}

type checker struct {
	history  []Op
	happened []bool
	logs     map[string][]string
	writes   map[string]map[string]writeOf // by key and id
	versions map[string][]version
	at       map[string]map[string]int // index of a version by key and id
	// Absences that are one of several: they prove nothing and count as nothing.
	ambiguous int
}

func describe(op *Op) string {
	text := fmt.Sprintf("%s by client %d, %d..%d us", op.Name, op.Client, op.Start/1000, op.End/1000)
	if op.End == forever {
		text = fmt.Sprintf("%s by client %d, %d us.. never answered", op.Name, op.Client, op.Start/1000)
	}
	for _, read := range op.Reads {
		switch {
		case len(read.Log) > 0:
			text += fmt.Sprintf(", read %s=%s (version %d)", read.Key, read.Log[len(read.Log)-1], len(read.Log))
		case read.Last != "" && !read.Absent:
			text += fmt.Sprintf(", found %s=%s", read.Key, read.Last)
		default:
			text += fmt.Sprintf(", found no %s %s", read.Key, read.Last)
		}
	}
	for _, write := range op.Writes {
		verb := "wrote"
		if write.Delete {
			verb = "deleted"
		}
		text += fmt.Sprintf(", %s %s=%s", verb, write.Key, write.ID)
	}
	return text
}

func CheckTransactions(history []Op) error {
	c := &checker{history: history, happened: make([]bool, len(history)), logs: map[string][]string{},
		writes: map[string]map[string]writeOf{}, versions: map[string][]version{}, at: map[string]map[string]int{}}
	for _, step := range []func() error{c.indexWrites, c.orderVersions, c.decideUnknown, c.checkWrites} {
		if err := step(); err != nil {
			return err
		}
	}
	return c.checkCycles()
}

func (c *checker) indexWrites() error {
	for i := range c.history {
		for _, write := range c.history[i].Writes {
			if c.writes[write.Key] == nil {
				c.writes[write.Key] = map[string]writeOf{}
			}
			if _, twice := c.writes[write.Key][write.ID]; twice {
				return fmt.Errorf("the history is wrong in itself: %s is written twice", write.ID)
			}
			c.writes[write.Key][write.ID] = writeOf{i, write.Delete}
		}
	}
	return nil
}

// orderVersions: all logs of a key must be beginnings of the longest.
func (c *checker) orderVersions() error {
	for i := range c.history {
		for _, read := range c.history[i].Reads {
			if len(read.Log) > len(c.logs[read.Key]) {
				c.logs[read.Key] = read.Log
			}
		}
	}
	for key, log := range c.logs {
		versions := []version{{absent: true, writer: -1}}
		at := map[string]int{}
		for _, id := range log {
			write, known := c.writes[key][id]
			if _, twice := at[id]; twice || !known {
				return fmt.Errorf("%s: %s is in the log %v twice, or nobody wrote it", key, id, log)
			}
			at[id] = len(versions)
			versions = append(versions, version{id, write.delete, write.op})
		}
		c.versions[key], c.at[key] = versions, at
	}
	for i := range c.history {
		for _, read := range c.history[i].Reads {
			for n, id := range read.Log {
				if c.logs[read.Key][n] != id {
					return fmt.Errorf("incompatible orders of %s: %s\n%v\n%v", read.Key, describe(&c.history[i]), read.Log,
						c.logs[read.Key])
				}
			}
		}
	}
	return nil
}

// decideUnknown: an operation without an answer has happened if one of its writes was seen.
func (c *checker) decideUnknown() error {
	for i := range c.history {
		op := &c.history[i]
		c.happened[i] = !op.Unknown
		for _, write := range op.Writes {
			if _, seen := c.at[write.Key][write.ID]; seen {
				c.happened[i] = true
			}
		}
	}
	return nil
}

// checkWrites: what happened has happened as a whole.
func (c *checker) checkWrites() error {
	for i := range c.history {
		op := &c.history[i]
		for _, write := range op.Writes {
			if _, seen := c.at[write.Key][write.ID]; c.happened[i] && !seen {
				return fmt.Errorf("a lost write: %s of %s is not in the log of %s", write.ID, describe(op), write.Key)
			}
		}
	}
	return nil
}

// find gives the index of the version that was read; -1 if it cannot be told.
func (c *checker) find(op *Op, read *Read) (int, error) {
	id := read.Last
	if len(read.Log) > 0 {
		id = read.Log[len(read.Log)-1]
	}
	if id == "" {
		return c.findAbsence(op, read.Key)
	}
	at, known := c.at[read.Key][id]
	if !known || c.versions[read.Key][at].absent != read.Absent {
		return -1, fmt.Errorf("a read of what never was: %s", describe(op))
	}
	return at, nil
}

// findAbsence: of a key's absences those count that may have been while the read was under way.
func (c *checker) findAbsence(op *Op, key string) (int, error) {
	found, count := -1, 0
	for i, version := range c.versions[key] {
		if !version.absent || (version.writer >= 0 && c.history[version.writer].Start > op.End) {
			continue
		}
		if i+1 < len(c.versions[key]) && c.history[c.versions[key][i+1].writer].End < op.Start {
			continue
		}
		found = i
		count++
	}
	if count == 0 && len(c.versions[key]) > 0 {
		return -1, fmt.Errorf("a stale or invented absence: %s", describe(op))
	}
	if count > 1 {
		c.ambiguous++
		return -1, nil
	}
	return found, nil
}

func (c *checker) addReads(g *graph, i int) error {
	for n := range c.history[i].Reads {
		read := &c.history[i].Reads[n]
		at, err := c.find(&c.history[i], read)
		if err != nil {
			return err
		}
		if at < 0 {
			continue
		}
		versions := c.versions[read.Key]
		g.addEdge(versions[at].writer, i, "wr", read.Key)
		if at+1 < len(versions) {
			g.addEdge(i, versions[at+1].writer, "rw", read.Key)
		}
	}
	return nil
}

func (c *checker) checkCycles() error {
	g := &graph{}
	for i := range c.history {
		g.addNode()
		g.labels = append(g.labels, describe(&c.history[i]))
	}
	for key, versions := range c.versions {
		for i := 1; i < len(versions); i++ {
			g.addEdge(versions[i-1].writer, versions[i].writer, "ww", key)
		}
	}
	for i := range c.history {
		if c.happened[i] {
			if err := c.addReads(g, i); err != nil {
				return err
			}
		}
	}
	// Without real time first: that is the graver finding.
	if cycle, start := g.cycle(); cycle != nil {
		return fmt.Errorf("%s", g.describe(cycle, start))
	}
	c.addTimes(g)
	if cycle, start := g.cycle(); cycle != nil {
		return fmt.Errorf("%s", g.describe(cycle, start))
	}
	return nil
}

func (c *checker) addTimes(g *graph) {
	var all []int
	byKey := map[string][]int{}
	for i := range c.history {
		if !c.happened[i] {
			continue
		}
		op := &c.history[i]
		if !op.Single {
			all = append(all, i)
		}
		keys := map[string]bool{}
		for _, read := range op.Reads {
			keys[read.Key] = true
		}
		for _, write := range op.Writes {
			keys[write.Key] = true
		}
		for key := range keys {
			byKey[key] = append(byKey[key], i)
		}
	}
	g.addRealTime(c.history, all)
	for _, ops := range byKey {
		g.addRealTime(c.history, ops)
	}
}
