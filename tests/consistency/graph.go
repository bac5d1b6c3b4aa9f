package consistency

import (
	"fmt"
	"sort"
	"strings"
)

// Adya's dependency graph. The nodes are the operations that happened, and points in time. An edge a -> b says that a
// comes before b in every order that explains the history:
//
//	ww  b's version of a key follows a's
//	wr  b has read a's version
//	rw  a has read the version that b's follows
//	rt  a was answered before b was sent (by way of points in time, which keeps the edges few)
//
// A cycle means that there is no such order.

type edge struct {
	to   int
	kind string
	key  string
}

type graph struct {
	edges  [][]edge
	labels []string // of the operations, which come first
}

func (g *graph) addNode() int {
	g.edges = append(g.edges, nil)
	return len(g.edges) - 1
}

func (g *graph) addEdge(from, to int, kind, key string) {
	if from != to && from >= 0 && to >= 0 {
		g.edges[from] = append(g.edges[from], edge{to, kind, key})
	}
}

// addRealTime orders those of the operations that do not overlap. Equal times overlap.
func (g *graph) addRealTime(history []Op, ops []int) {
	type event struct {
		time int64
		end  bool
		op   int
	}
	var events []event
	for _, op := range ops {
		events = append(events, event{history[op].Start, false, op})
		if history[op].End != forever {
			events = append(events, event{history[op].End, true, op})
		}
	}
	sort.SliceStable(events, func(i, j int) bool {
		if events[i].time != events[j].time {
			return events[i].time < events[j].time
		}
		return !events[i].end && events[j].end
	})
	last := -1
	for _, event := range events {
		if !event.end {
			g.addEdge(last, event.op, "rt", "")
			continue
		}
		point := g.addNode()
		g.addEdge(event.op, point, "rt", "")
		g.addEdge(last, point, "rt", "")
		last = point
	}
}

// components gives each node the number of its strongly connected component (Tarjan, without recursion) and the size
// of each.
func (g *graph) components() (component, size []int) {
	count := len(g.edges)
	component, index, low, next := make([]int, count), make([]int, count), make([]int, count), make([]int, count)
	for i := range component {
		component[i] = -1
	}
	var stack, path []int
	visited := 0
	enter := func(node int) {
		visited++
		index[node], low[node] = visited, visited
		stack, path = append(stack, node), append(path, node)
	}
	leave := func(node int) {
		path = path[:len(path)-1]
		if len(path) > 0 && low[node] < low[path[len(path)-1]] {
			low[path[len(path)-1]] = low[node]
		}
		if low[node] != index[node] {
			return
		}
		size = append(size, 0)
		for component[node] < 0 {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			component[top] = len(size) - 1
			size[len(size)-1]++
		}
	}
	for root := range g.edges {
		if index[root] == 0 {
			enter(root)
		}
		for len(path) > 0 {
			node := path[len(path)-1]
			if next[node] == len(g.edges[node]) {
				leave(node)
				continue
			}
			to := g.edges[node][next[node]].to
			next[node]++
			if index[to] == 0 {
				enter(to)
			} else if component[to] < 0 && index[to] < low[node] {
				low[node] = index[to]
			}
		}
	}
	return component, size
}

// cycle gives the edges of a shortest cycle through some node on a cycle, and that node; nil if there is none.
func (g *graph) cycle() ([]edge, int) {
	component, size := g.components()
	for start := range g.edges {
		if size[component[start]] < 2 {
			continue
		}
		from := map[int]int{}
		by := map[int]edge{}
		for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
			node := queue[0]
			for _, edge := range g.edges[node] {
				if _, seen := by[edge.to]; seen || component[edge.to] != component[start] {
					continue
				}
				from[edge.to], by[edge.to] = node, edge
				queue = append(queue, edge.to)
			}
			if _, closed := by[start]; closed {
				break
			}
		}
		edges := []edge{by[start]}
		for node := from[start]; node != start; node = from[node] {
			edges = append([]edge{by[node]}, edges...)
		}
		return edges, start
	}
	return nil, 0
}

// anomaly is Adya's name for a cycle.
func anomaly(cycle []edge) string {
	count := map[string]int{}
	for _, edge := range cycle {
		count[edge.kind]++
	}
	name := "G2 (write skew or a torn read)"
	switch {
	case count["rw"] == 0 && count["wr"] == 0:
		name = "G0 (writes in opposite orders)"
	case count["rw"] == 0:
		name = "G1c (circular information flow)"
	case count["rw"] == 1:
		name = "G-single (a torn read, a stale read or a lost update)"
	}
	if count["rt"] > 0 {
		return name + " against real time"
	}
	return name
}

func (g *graph) describe(cycle []edge, start int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s:\n", anomaly(cycle))
	node := start
	for _, edge := range cycle {
		if node < len(g.labels) {
			fmt.Fprintf(&text, "  %s\n", g.labels[node])
		}
		if edge.to < len(g.labels) {
			fmt.Fprintf(&text, "    before, by %s %s\n", edge.kind, edge.key)
		}
		node = edge.to
	}
	fmt.Fprintf(&text, "  the first again\n")
	return text.String()
}
