package supervise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tickle/collector/pool"
)

// Detach starts this program again with args, which must run a supervisor of
// p, in a session of its own, and waits until it is up. What it prints goes to
// a log beside its folder.
func Detach(ctx context.Context, p *pool.Pool, args []string) (*State, error) {
	if s, err := Find(p); err != nil || s != nil {
		if err == nil {
			err = fmt.Errorf("pool %s: is up already, by process %d", p.Name, s.Owner.PID)
		}
		return nil, err
	}
	dir, err := Folder(p)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(dir + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self, args...)
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		s, err := Find(p)
		if err != nil || s != nil {
			return s, err
		}
		select {
		case <-ended:
			b, err := os.ReadFile(dir + ".log")
			if err != nil {
				return nil, err
			}
			lines := strings.Split(strings.TrimSpace(string(b)), "\n")
			return nil, fmt.Errorf("supervisor: %s", lines[len(lines)-1])
		case <-ctx.Done():
			// The error is that it has ended meanwhile.
			_ = c.Process.Signal(syscall.SIGTERM)
			<-ended
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
