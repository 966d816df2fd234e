// Package process runs the components as children of this program. K3s has them all in one
// process; here each is a child, and so that they still live and die as one, the death of any ends
// the group, and the death of this program (even by SIGKILL) ends them all.
package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
)

// stopLimit is how long a child has between SIGTERM and SIGKILL.
const stopLimit = 8 * time.Second

// Group is a set of children. Failed yields the first unasked-for exit.
type Group struct {
	self   string
	Failed chan error

	mu       sync.Mutex
	children []*child
	stopping bool
}

type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// NewGroup resolves this program's own path once: the file may be replaced while it runs.
func NewGroup() (*Group, error) {
	self, err := os.Executable()
	return &Group{self: self, Failed: make(chan error, 16)}, err
}

// Component starts one of this program's own components.
func (g *Group) Component(name string, args ...string) error {
	return g.Start(name, nil, g.self, append([]string{name}, args...)...)
}

// Start runs a program. Its output goes to out, or beside this program's when out is nil.
func (g *Group) Start(name string, out io.Writer, path string, args ...string) error {
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if out != nil {
		cmd.Stdout, cmd.Stderr = out, out
	}
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The death signal is tied to the thread that forks, so that thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			close(c.done)
			return
		}
		err = cmd.Wait()
		close(c.done)
		g.mu.Lock()
		stopping := g.stopping
		g.mu.Unlock()
		if !stopping {
			g.Failed <- fmt.Errorf("%s exited: %v", name, exitText(err))
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("failed to start %s: %w", name, err)
	}
	g.mu.Lock()
	g.children = append(g.children, c)
	g.mu.Unlock()
	logrus.Infof("Running %s", name)
	return nil
}

// Stop ends the children in the reverse order of their start, so that etcd outlives its clients.
func (g *Group) Stop() {
	g.mu.Lock()
	g.stopping = true
	children := g.children
	g.mu.Unlock()
	var wait sync.WaitGroup
	for i := len(children) - 1; i >= 0; i-- {
		c := children[i]
		if c.name == "etcd" || c.name == "containerd" {
			wait.Wait()
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			c.stop()
		}()
	}
	wait.Wait()
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
	case <-time.After(stopLimit):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}

// environment withholds the readiness socket: only this program may say that it is ready.
func environment() (env []string) {
	for _, kv := range os.Environ() {
		if len(kv) < 14 || kv[:14] != "NOTIFY_SOCKET=" {
			env = append(env, kv)
		}
	}
	return env
}

func exitText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// Until calls check every interval until it says nil, the context ends, or the group fails.
func (g *Group) Until(ctx context.Context, what string, every time.Duration, check func() error) error {
	for last := time.Now(); ; {
		err := check()
		if err == nil {
			return nil
		}
		if time.Since(last) > 10*time.Second {
			logrus.Infof("Waiting for %s: %v", what, err)
			last = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case failed := <-g.Failed:
			return failed
		case <-time.After(every):
		}
	}
}
