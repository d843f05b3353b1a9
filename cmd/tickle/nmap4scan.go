package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/collector/supervise"
	"tickle/learners/nmap4"
	"tickle/probegen"
)

// nmapScan is a scan as nmap4 scan was asked for it.
type nmapScan struct {
	*program
	pool      string
	machines  []string
	all       bool
	db        string
	dialect   string
	out       string
	run       string
	asJSON    bool
	report    bool
	collector collector.Config
	repeats   int
}

func (p *program) nmap4Scan() *cobra.Command {
	s := nmapScan{program: p}
	c := &cobra.Command{
		Use:   "scan",
		Short: "Send Nmap's 16 probes to machines and print their fingerprints",
		Long: `Sends the 16 probes of Nmap's IPv4 engine to machines of a pool, in Nmap's order
and spacing, and prints the fingerprint of each repeat as Nmap would. With --db,
a copy of nmap-os-db, the references that match best follow as comments, with
the accuracies that Nmap prints. Probe only machines that you may probe.

With --report a table says for every machine how the database names it, beside
what it is: for modelled machines the check that they are like what they model.`,
		Example: `  tickle nmap4 scan --pool demo --machine gvisor-01
  tickle nmap4 scan --pool paper --all --db /usr/share/nmap/nmap-os-db --report`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.scan(c.Context()) },
	}
	f := c.Flags()
	f.StringVar(&s.pool, "pool", "demo", "the pool: a built-in name or a YAML `FILE`")
	f.StringArrayVar(&s.machines, "machine", nil, "the machine's `NAME`; may be repeated")
	f.BoolVar(&s.all, "all", false, "scan all of the pool's machines")
	f.IntVar(&s.repeats, "repeats", 1, "scans of each machine")
	f.StringVar(&s.db, "db", "", "match with this database, a `FILE` as Nmap's nmap-os-db")
	f.StringVar(&s.dialect, "dialect", nmap4.Dialect793.String(), "how expressions are read: 7.93 or current")
	f.BoolVar(&s.report, "report", false, "with --db: print a table of what the database names each machine")
	f.BoolVar(&s.asJSON, "json", false, "print as JSON")
	f.StringVar(&s.run, "run", "", "keep the run `FOLDER`; a scan that is there is not made again")
	f.StringVarP(&s.out, "output", "o", "-", "the `FILE` of fingerprints")
	f.Uint64Var(&s.collector.Seed, "seed", 1, "the seed of probes and of machines inside the process")
	f.Var((*workers)(&s.collector.Workers), "workers", "machines probed at a time; 0: one a processor")
	return c
}

func (s *nmapScan) scan(ctx context.Context) error {
	if s.report && s.db == "" {
		return errors.New("--report: needs --db, a copy of nmap-os-db")
	}
	if s.repeats < 1 {
		return fmt.Errorf("--repeats %d: want 1 or more", s.repeats)
	}
	matcher, err := s.matcher()
	if err != nil {
		return err
	}
	pl, err := s.selected()
	if err != nil {
		return err
	}
	prints, err := s.collectScans(ctx, pl)
	if err != nil {
		return err
	}
	results := scanResults(pl, prints, matcher)
	return s.writeFile(s.out, func(w io.Writer) error {
		switch {
		case s.report:
			return writeScanReport(w, results, matcher.Database(), s.asJSON)
		case s.asJSON:
			return writeJSON(w, map[string]any{"scans": results})
		}
		return writeScans(w, results)
	})
}

// matcher reads the database; nil without one.
func (s *nmapScan) matcher() (*nmap4.Matcher, error) {
	dialect, err := nmap4.ParseDialect(s.dialect)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--dialect: %w", err)
	case s.db == "":
		return nil, nil
	}
	return readMatcher(s.db, dialect)
}

// selected gives the pool with the machines that are asked for, in its order.
func (s *nmapScan) selected() (*pool.Pool, error) {
	if s.all == (len(s.machines) > 0) {
		return nil, errors.New("want either --machine NAME or --all")
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

// collectScans collects the plan nmap4 from all machines of a pool, and gives
// each machine's scans.
func (s *nmapScan) collectScans(ctx context.Context, pl *pool.Pool) ([][]nmap4.Scan, error) {
	cfg := &s.collector
	if cfg.Dir = s.run; cfg.Dir == "" {
		dir, err := os.MkdirTemp("", "tickle-nmap4-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		cfg.Dir = filepath.Join(dir, "run")
	}
	set, err := probegen.Generate("nmap4", probegen.Config{Seed: cfg.Seed})
	if err != nil {
		return nil, err
	}
	cfg.Pool, cfg.Plans = pl, []collector.Plan{{Name: "nmap4", Set: set, Repeats: s.repeats}}
	if cfg.Backends, err = supervise.Backends(pl, backends()); err != nil {
		return nil, err
	}
	cfg.Version = version()
	show := s.stage("scan")
	cfg.Progress = func(n collector.Progress) {
		show.set(n.Exchanges, n.Exchanges+n.ExchangesLeft, fmt.Sprintf("%d/%d machines", n.Machines, n.MachinesTotal))
	}
	_, err = collector.Collect(ctx, *cfg)
	show.end(err == nil)
	if err != nil {
		return nil, err
	}
	run, err := nmap4.OpenRun(cfg.Dir)
	if err != nil {
		return nil, err
	}
	prints := make([][]nmap4.Scan, len(pl.Machines))
	for i := range pl.Machines {
		if prints[i], err = run.Scans(pl.Machines[i].Name); err != nil {
			return nil, err
		}
	}
	return prints, nil
}

// scanResult is one scan of a machine, as it is printed.
type scanResult struct {
	Machine     string      `json:"machine"`
	Repeat      int         `json:"repeat"`
	Modelled    bool        `json:"modelled,omitempty"`
	Fingerprint string      `json:"fingerprint"`
	Matches     []scanMatch `json:"matches,omitempty"`

	machine *pool.Machine
	matched bool // with a database
	best    []nmap4.Match
}

type scanMatch struct {
	Name     string `json:"name"`
	Accuracy int    `json:"accuracy"` // percent
}

func scanResults(pl *pool.Pool, scans [][]nmap4.Scan, matcher *nmap4.Matcher) []scanResult {
	kinds := backends()
	var results []scanResult
	for i := range pl.Machines {
		m := &pl.Machines[i]
		for repeat := range scans[i] {
			print := scans[i][repeat].Fingerprint()
			r := scanResult{Machine: m.Name, Repeat: repeat, Modelled: kinds[m.Backend].Modelled(), machine: m, matched: matcher != nil}
			if matcher != nil {
				r.best = nmap4.Printed(matcher.Match(print))
				for _, match := range r.best {
					r.Matches = append(r.Matches, scanMatch{match.Reference.Name, match.Percent()})
				}
			}
			print.Tests = append([]nmap4.Test{scanLine(m)}, print.Tests...)
			r.Fingerprint = print.String()
			results = append(results, r)
		}
	}
	return results
}

// scanLine is the line SCAN, which says how a fingerprint was made. Nmap's has
// the time too; ours would then differ from run to run.
func scanLine(m *pool.Machine) nmap4.Test {
	return nmap4.Test{Name: "SCAN", Attrs: []nmap4.Attr{{Name: "V", Value: "tickle"}, {Name: "E", Value: "4"}, {Name: "OT", Value: fmt.Sprint(m.Ports.Open)},
		{Name: "CT", Value: fmt.Sprint(m.Ports.Closed)}, {Name: "CU", Value: fmt.Sprint(m.Ports.UDP)}}}
}

// writeScans prints fingerprints, each after a comment that says whose it is
// and before comments with its matches.
func writeScans(w io.Writer, results []scanResult) error {
	for i := range results {
		r := &results[i]
		var b strings.Builder
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "# %s, scan %d", r.Machine, r.Repeat+1)
		if r.Modelled {
			b.WriteString(", a modelled machine")
		}
		fmt.Fprintf(&b, "\n%s", r.Fingerprint)
		for _, m := range r.Matches {
			fmt.Fprintf(&b, "# %3d%% %s\n", m.Accuracy, m.Name)
		}
		if r.matched && len(r.Matches) == 0 {
			fmt.Fprintf(&b, "# no reference of %.0f%% or more\n", nmap4.MinAccuracy*100)
		}
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
	}
	return nil
}
