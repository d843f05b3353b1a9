package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/collector/supervise"
	"tickle/probegen"
)

// nmapScanner sends the probes of one of Nmap's engines to machines of a pool.
type nmapScanner struct {
	*program
	family    string // of the probes, and the plan's name
	pool      string
	machines  []string
	all       bool
	repeats   int
	run       string // folder; "": none is kept
	collector collector.Config
}

// flags adds the flags that all scans have.
func (s *nmapScanner) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.run, "run", "", "keep the run `FOLDER`; a scan that is there is not made again")
	f.Uint64Var(&s.collector.Seed, "seed", 1, "the seed of probes and of machines inside the process")
	f.Var((*workers)(&s.collector.Workers), "workers", "machines probed at a time; 0: one a processor")
}

// selected gives the pool with the machines that are asked for, in the order
// in which they are; want says which flags there are.
func (s *nmapScanner) selected(want string) (*pool.Pool, error) {
	if s.all == (len(s.machines) > 0) {
		return nil, errors.New(want)
	}
	pl, err := pool.Load(s.pool)
	if err != nil || s.all {
		return pl, err
	}
	some := &pool.Pool{Name: pl.Name}
	for _, name := range s.machines {
		m, err := findMachine(pl, name)
		if err != nil {
			return nil, err
		}
		some.Machines = append(some.Machines, *m)
	}
	return some, nil
}

// collect collects the plan from all machines of a pool, and has read read the
// run's folder, which is gone after that unless it is to be kept.
func (s *nmapScanner) collect(ctx context.Context, pl *pool.Pool, read func(dir string) error) error {
	cfg := s.collector
	if cfg.Dir = s.run; cfg.Dir == "" {
		dir, err := os.MkdirTemp("", "tickle-"+s.family+"-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		cfg.Dir = filepath.Join(dir, "run")
	}
	set, err := probegen.Generate(s.family, probegen.Config{Seed: cfg.Seed})
	if err != nil {
		return err
	}
	cfg.Pool, cfg.Plans = pl, []collector.Plan{{Name: s.family, Set: set, Repeats: s.repeats}}
	if cfg.Backends, err = supervise.Backends(pl, backends()); err != nil {
		return err
	}
	cfg.Version = version()
	show := s.stage("scan")
	cfg.Progress = func(n collector.Progress) {
		show.set(n.Exchanges, n.Exchanges+n.ExchangesLeft, fmt.Sprintf("%d/%d machines", n.Machines, n.MachinesTotal))
	}
	_, err = collector.Collect(ctx, cfg)
	show.end(err == nil)
	if err != nil {
		return err
	}
	return read(cfg.Dir)
}
