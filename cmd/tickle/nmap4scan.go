package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tickle/collector/pool"
	"tickle/learners/nmap4"
)

// nmap4Scan is a scan as nmap4 scan was asked for it.
type nmap4Scan struct {
	nmapScanner
	db      string
	dialect string
	out     string
	asJSON  bool
	report  bool
}

func (p *program) nmap4Scan() *cobra.Command {
	s := nmap4Scan{nmapScanner: nmapScanner{program: p, family: "nmap4"}}
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
	s.flags(c)
	f := c.Flags()
	f.StringVar(&s.pool, "pool", "demo", "the pool: a built-in name or a YAML `FILE`")
	f.StringArrayVar(&s.machines, "machine", nil, "the machine's `NAME`; may be repeated")
	f.BoolVar(&s.all, "all", false, "scan all of the pool's machines")
	f.IntVar(&s.repeats, "repeats", 1, "scans of each machine")
	f.StringVar(&s.db, "db", "", "match with this database, a `FILE` as Nmap's nmap-os-db")
	f.StringVar(&s.dialect, "dialect", nmap4.Dialect793.String(), "how expressions are read: 7.93 or current")
	f.BoolVar(&s.report, "report", false, "with --db: print a table of what the database names each machine")
	f.BoolVar(&s.asJSON, "json", false, "print as JSON")
	f.StringVarP(&s.out, "output", "o", "-", "the `FILE` of fingerprints")
	return c
}

func (s *nmap4Scan) scan(ctx context.Context) error {
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
	pl, err := s.selected("want either --machine NAME or --all")
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
func (s *nmap4Scan) matcher() (*nmap4.Matcher, error) {
	dialect, err := nmap4.ParseDialect(s.dialect)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--dialect: %w", err)
	case s.db == "":
		return nil, nil
	}
	return readMatcher(s.db, dialect)
}

// collectScans collects the plan nmap4 from all machines of a pool, and gives
// each machine's scans.
func (s *nmap4Scan) collectScans(ctx context.Context, pl *pool.Pool) ([][]nmap4.Scan, error) {
	prints := make([][]nmap4.Scan, len(pl.Machines))
	err := s.collect(ctx, pl, func(dir string) error {
		run, err := nmap4.OpenRun(dir)
		if err != nil {
			return err
		}
		for i := range pl.Machines {
			if prints[i], err = run.Scans(pl.Machines[i].Name); err != nil {
				return err
			}
		}
		return nil
	})
	return prints, err
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
