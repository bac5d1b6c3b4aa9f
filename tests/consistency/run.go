package consistency

import (
	"errors"
	"math"
	"math/rand"
	"sync"
	"time"
)

// forever is the end of an operation whose answer never came.
const forever = int64(math.MaxInt64)

// A Run is a load on one server, which is killed and started again in its middle.
type Run struct {
	server *Server
	begin  time.Time
	starts []int64 // when the server was up again

	// WhileDown, if set, is called between the n-th kill and the start that follows.
	WhileDown func(n int) error
}

func NewRun(server *Server) *Run {
	return &Run{server: server, begin: time.Now()}
}

// Now is monotonic, in nanoseconds.
func (run *Run) Now() int64 {
	return time.Since(run.begin).Nanoseconds()
}

// Bound is the time by which an operation without an answer has happened or never will: what a killed process had not
// done when the next one is up is not done any more, and what it had done is seen from then on.
func (run *Run) Bound(start int64) int64 {
	for _, up := range run.starts {
		if up > start {
			return up
		}
	}
	return forever
}

// Load has every client do its steps for so long, with `kills` kills at random moments.
func (run *Run) Load(steps []func() error, length time.Duration, kills int, rng *rand.Rand) error {
	stop := make(chan struct{})
	failures := make(chan error, len(steps)+1)
	var clients sync.WaitGroup
	for _, step := range steps {
		clients.Add(1)
		go func(step func() error) {
			defer clients.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := step(); err != nil {
					failures <- err
					return
				}
			}
		}(step)
	}
	failures <- run.kill(length, kills, rng)
	close(stop)
	clients.Wait()
	close(failures)
	var first error
	for err := range failures {
		if err != nil && (first == nil || errors.Is(first, errEnded)) {
			first = err
		}
	}
	return first
}

// kill takes `length`, the starts not counted.
func (run *Run) kill(length time.Duration, kills int, rng *rand.Rand) error {
	part := length / time.Duration(kills+1)
	for i := 0; i < kills; i++ {
		time.Sleep(part/2 + time.Duration(rng.Int63n(int64(part))))
		err := run.server.Kill()
		if err == nil && run.WhileDown != nil {
			err = run.WhileDown(i)
		}
		if err == nil {
			err = run.server.Start()
		}
		if err != nil {
			_ = run.server.End()
			return err
		}
		run.starts = append(run.starts, run.Now())
	}
	time.Sleep(part)
	return nil
}
