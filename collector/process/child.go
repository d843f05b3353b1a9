package process

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// Child is a running program that this process owns.
type Child struct {
	cmd    *exec.Cmd
	id     ID
	owner  *Owner
	output *tail
	done   chan struct{} // closed when it has ended
	err    error         // of its end; valid after done
}

// stopWait is how long a child has to end by itself before it is killed.
const stopWait = 2 * time.Second

// endWait is how long who lost its socket may take to end.
const endWait = 500 * time.Millisecond

// Start starts cmd as a child of o. What it prints on standard error (and on
// standard output, where cmd sends it nowhere) is kept, its last part, for
// errors.
func (o *Owner) Start(cmd *exec.Cmd) (*Child, error) {
	c := &Child{cmd: cmd, owner: o, output: &tail{}, done: make(chan struct{})}
	cmd.Stderr = c.output
	if cmd.Stdout == nil {
		cmd.Stdout = c.output
	}
	bind(cmd)
	// Who holds a pipe of a killed child must not keep us waiting.
	cmd.WaitDelay = stopWait
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var err error
	if c.id, err = Identify(cmd.Process.Pid); err == nil {
		err = o.change(func(r *Record) { r.Processes = append(r.Processes, c.id) })
	}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err says why the child ended, with the last line that it printed; nil
// while it runs.
func (c *Child) Err() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	err := c.err
	if err == nil {
		err = errors.New("ended")
	}
	if line := c.output.lastLine(); line != "" {
		return fmt.Errorf("%s: %w: %s", c.cmd.Args[0], err, line)
	}
	return fmt.Errorf("%s: %w", c.cmd.Args[0], err)
}

// Why is Err of a child that is ending, or nil where it does not end after all.
func (c *Child) Why() error {
	select {
	case <-c.done:
	case <-time.After(endWait):
	}
	return c.Err()
}

// Stop ends the child, kindly first, and waits until it is gone.
func (c *Child) Stop() error {
	terminate(c.cmd.Process)
	select {
	case <-c.done:
	case <-time.After(stopWait):
		// The error is that it has ended meanwhile.
		_ = c.cmd.Process.Kill()
		<-c.done
	}
	return c.owner.change(func(r *Record) {
		r.Processes = slices.DeleteFunc(r.Processes, func(id ID) bool { return id == c.id })
	})
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailLen = 4096

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - tailLen; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.buf), []byte("\n"))
	return strings.TrimSpace(string(lines[len(lines)-1]))
}
