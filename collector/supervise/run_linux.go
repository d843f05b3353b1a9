package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tickle/collector/pool"
	"tickle/collector/process"
)

// Run starts the pool's machines, serves them until ctx ends, and stops them.
// A machine that cannot be started is logged and left out; one that dies is
// started again when it is next asked for. It is an error when another
// supervisor runs the pool, or when no machine could be started.
func Run(ctx context.Context, p *pool.Pool, o Options) (err error) {
	if s, err := Find(p); err != nil || s != nil {
		if err == nil {
			err = fmt.Errorf("pool %s: is up already, by process %d", p.Name, s.Owner.PID)
		}
		return err
	}
	// Reaps what an earlier supervisor left when it was killed.
	if _, err := process.Own(); err != nil {
		return err
	}
	dir, err := Folder(p)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	owned := start(ctx, p, &o)
	defer func() {
		for _, m := range owned {
			err = errors.Join(err, m.stop())
		}
	}()
	if len(owned) == 0 {
		return fmt.Errorf("pool %s: none of its machines could be started", p.Name)
	}
	me, err := process.Identify(os.Getpid())
	if err != nil {
		return err
	}
	state := &State{Owner: me, Pool: p.Name, PoolHash: p.Hash()}
	for i, m := range owned {
		if err := m.listen(socketPath(dir, i)); err != nil {
			return err
		}
		state.Machines = append(state.Machines, m.machine.Name)
	}
	if err := state.write(dir); err != nil {
		return err
	}
	if o.Ready != nil {
		o.Ready(state)
	}
	var serving sync.WaitGroup
	for _, m := range owned {
		serving.Go(func() { m.serve(ctx) })
	}
	serving.Wait()
	return nil
}

// start opens the links of the machines whose clocks are real, in the pool's
// order.
func start(ctx context.Context, p *pool.Pool, o *Options) []*owned {
	n := o.Starts
	if n <= 0 {
		n = DefaultStarts
	}
	all := make([]*owned, len(p.Machines))
	slots := make(chan struct{}, n)
	var wg sync.WaitGroup
	for i := range p.Machines {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			m := &owned{machine: &p.Machines[i], o: o}
			if ctx.Err() != nil {
				return
			}
			if err := m.open(ctx); err != nil {
				o.log("%s: %v", m.machine.Name, err)
				return
			}
			if m.link.Silence() == pool.Certain {
				o.log("%s: runs inside the process and needs no supervisor", m.machine.Name)
				if err := m.link.Close(); err != nil {
					o.log("%s: %v", m.machine.Name, err)
				}
				return
			}
			all[i] = m
		})
	}
	wg.Wait()
	started := all[:0]
	for _, m := range all {
		if m != nil {
			started = append(started, m)
		}
	}
	return started
}

// Stop tells the pool's supervisor to end and waits until it has.
func Stop(ctx context.Context, p *pool.Pool) error {
	s, err := Find(p)
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("pool %s: is not up", p.Name)
	}
	fd, err := unix.PidfdOpen(s.Owner.PID, 0)
	if err != nil {
		return fmt.Errorf("supervisor %d: %w", s.Owner.PID, err)
	}
	defer unix.Close(fd)
	if !process.Running(s.Owner) {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGTERM, nil, 0); err != nil {
		return fmt.Errorf("supervisor %d: %w", s.Owner.PID, err)
	}
	for process.Running(s.Owner) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}
