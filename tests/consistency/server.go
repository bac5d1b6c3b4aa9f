package consistency

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const startSecondsMax = 60

var ready = regexp.MustCompile(`127\.0\.0\.1:([1-9][0-9]*)`)

// A Server is a `stator serve` that can be killed and started again on the same folder, at another port each time: so a
// request can never reach a later process than the one it was meant for.
type Server struct {
	binary, folder string
	shards         int
	fault          string // STATOR_FAULT of the next start: it kills itself there

	lock    sync.Mutex
	changed *sync.Cond
	address string // "" while it is down
	ended   bool   // it will not come back
	process *exec.Cmd
}

func NewServer(binary, folder string, shards int) *Server {
	server := &Server{binary: binary, folder: folder, shards: shards}
	server.changed = sync.NewCond(&server.lock)
	return server
}

// Start returns when the server answers.
func (server *Server) Start() error {
	process := exec.Command(server.binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", server.folder, "--shards",
		strconv.Itoa(server.shards))
	output, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	process.Stderr = process.Stdout
	process.Env = append(os.Environ(), "STATOR_FAULT="+server.fault)
	server.fault = ""
	if err := process.Start(); err != nil {
		return err
	}
	address := make(chan string, 1)
	said := ""
	go func() {
		reader := bufio.NewReader(output)
		for {
			line, err := reader.ReadString('\n')
			said += line
			if found := ready.FindString(line); found != "" {
				address <- found
				_, _ = io.Copy(io.Discard, reader)
				return
			}
			if err != nil {
				close(address)
				return
			}
		}
	}()
	select {
	case found, good := <-address:
		if !good {
			_ = process.Wait()
			return fmt.Errorf("the server did not start:\n%s", said)
		}
		server.set(found, process)
		return nil
	case <-time.After(startSecondsMax * time.Second):
		_ = process.Process.Kill()
		return fmt.Errorf("the server did not start in %d s", startSecondsMax)
	}
}

func (server *Server) set(address string, process *exec.Cmd) {
	server.lock.Lock()
	server.address, server.process = address, process
	server.lock.Unlock()
	server.changed.Broadcast()
}

// Kill is kill -9. Clients wait until it is started again. The error says that it had died otherwise.
func (server *Server) Kill() error {
	server.lock.Lock()
	process := server.process
	server.address, server.process = "", nil
	server.lock.Unlock()
	if process == nil {
		return nil
	}
	_ = process.Process.Kill()
	_ = process.Wait()
	if status := process.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the server died by itself: %s", process.ProcessState)
	}
	return nil
}

// End kills it for good.
func (server *Server) End() error {
	err := server.Kill()
	server.lock.Lock()
	server.ended = true
	server.lock.Unlock()
	server.changed.Broadcast()
	return err
}

// Address waits until the server is up; false if it will not be any more.
func (server *Server) Address() (string, bool) {
	server.lock.Lock()
	defer server.lock.Unlock()
	for server.address == "" && !server.ended {
		server.changed.Wait()
	}
	return server.address, !server.ended
}
