package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tickle/collector/pool"
	"tickle/learners/nmap6"
)

// nmap6Scanner sends Nmap's IPv6 probes to machines of a pool.
type nmap6Scanner struct {
	nmapScanner
	dialect string
}

// newNmap6Scanner makes one that scans each machine once.
func newNmap6Scanner(p *program) nmap6Scanner {
	return nmap6Scanner{nmapScanner: nmapScanner{program: p, family: nmap6.LearnerName, repeats: 1}}
}

// flags adds the scanner's flags.
func (s *nmap6Scanner) flags(c *cobra.Command) {
	s.nmapScanner.flags(c)
	f := c.Flags()
	f.StringVar(&s.pool, "pool", "", "a pool: a built-in name or a YAML `FILE`")
	f.StringArrayVar(&s.machines, "machine", nil, "a machine's `NAME` in the pool; may be repeated")
}

// nmap6Result is the scan of a machine, as it is printed.
type nmap6Result struct {
	Machine     string `json:"machine"`
	Modelled    bool   `json:"modelled,omitempty"`
	Fingerprint string `json:"fingerprint"`
	*nmap6.Classification
	vector *nmap6.Vector
}

// scan gives a result a machine, in the pool's order.
func (s *nmap6Scanner) scan(ctx context.Context) ([]nmap6Result, error) {
	dialect, err := nmap6.ParseDialect(s.dialect)
	if err != nil {
		return nil, fmt.Errorf("--dialect: %w", err)
	}
	pl, err := s.selected("want --machine NAME, or --all where there is such a flag")
	if err != nil {
		return nil, err
	}
	var results []nmap6Result
	err = s.collect(ctx, pl, func(dir string) error {
		run, err := nmap6.OpenRun(dir)
		if err != nil {
			return err
		}
		results, err = s.results(run, pl, dialect)
		return err
	})
	return results, err
}

// results reads a run of the pool's machines.
func (s *nmap6Scanner) results(run *nmap6.Run, pl *pool.Pool, dialect nmap6.Dialect) ([]nmap6Result, error) {
	kinds := backends()
	var results []nmap6Result
	for i := range pl.Machines {
		m := &pl.Machines[i]
		if why := run.Missing(m.Name); why != "" {
			s.say("machine %s was not scanned: %s", m.Name, why)
			continue
		}
		scans, err := run.Scans(m.Name)
		if err != nil {
			return nil, err
		}
		line := map[string]string{"V": "tickle", "E": "6", "OT": fmt.Sprint(m.Ports.Open), "CT": fmt.Sprint(m.Ports.Closed), "CU": fmt.Sprint(m.Ports.UDP)}
		print := nmap6.NewFingerprint(scans[0], scans[0].Start(), line)
		results = append(results, nmap6Result{Machine: m.Name, Modelled: kinds[m.Backend].Modelled(), Fingerprint: print.String(), vector: scans[0].Vectorize(dialect)})
	}
	if len(results) == 0 {
		return nil, errors.New("nothing was scanned: none of the machines has IPv6")
	}
	return results, nil
}

func (p *program) nmap6Scan() *cobra.Command {
	s := newNmap6Scanner(p)
	var model, out, vectors string
	var asJSON bool
	c := &cobra.Command{
		Use:   "scan",
		Short: "Send Nmap's IPv6 probes to machines and print their fingerprints",
		Long: `Sends the 17 probes of Nmap's IPv6 engine to machines of a pool, in Nmap's order,
and prints each fingerprint as Nmap would. With --model the best classes and the
verdict follow as comments. --vectors writes the 695 features of each machine
into a CSV file. Probe only machines that you may probe.`,
		Example: `  tickle nmap6 scan --pool demo --machine gvisor-01
  tickle nmap6 scan --pool lab --all --vectors lab.csv --model fp.model -o lab.txt`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var m *nmap6.Model
			if model != "" {
				b, err := nmap6.OpenBundle(model)
				if err != nil {
					return err
				}
				m = b.Model
			}
			results, err := s.scan(c.Context())
			if err != nil {
				return err
			}
			for i := range results {
				if m != nil {
					results[i].Classification = m.Classify(results[i].vector)
				}
			}
			if vectors != "" {
				rows := make([]nmap6.LabelledVector, len(results))
				for i := range results {
					rows[i] = nmap6.LabelledVector{ID: results[i].Machine, Vector: *results[i].vector}
				}
				if err := p.writeFile(vectors, func(w io.Writer) error { return nmap6.WriteVectors(w, rows) }); err != nil {
					return err
				}
			}
			return p.writeFile(out, func(w io.Writer) error {
				if asJSON {
					return writeJSON(w, map[string]any{"scans": results})
				}
				return writeNmap6Scans(w, results)
			})
		},
	}
	s.flags(c)
	f := c.Flags()
	must(c.MarkFlagRequired("pool"))
	f.BoolVar(&s.all, "all", false, "scan all of the pool's machines")
	f.StringVar(&s.dialect, "dialect", nmap6.V793.String(), "Nmap's version where vectors differ: 7.93 or current")
	f.StringVar(&model, "model", "", "classify with the model in this `FILE` (see tickle nmap6 import)")
	f.StringVar(&vectors, "vectors", "", "also write the vectors into this CSV `FILE`")
	f.BoolVar(&asJSON, "json", false, "print as JSON")
	f.StringVarP(&out, "output", "o", "-", "the `FILE` of fingerprints")
	return c
}

// bestShown is how many classes of a ranking follow a fingerprint.
const bestShown = 3

func writeNmap6Scans(w io.Writer, results []nmap6Result) error {
	for i := range results {
		r := &results[i]
		text := "# " + r.Machine
		if r.Modelled {
			text += ", a modelled machine"
		}
		text += "\n" + r.Fingerprint
		if k := r.Classification; k != nil {
			for _, m := range k.Matches[:min(len(k.Matches), bestShown)] {
				text += fmt.Sprintf("# %8.4f %% %9.4f %s\n", 100*m.Probability, m.Novelty, m.Name)
			}
			text += fmt.Sprintf("# %s: %s\n", k.Verdict, k.Reason)
		}
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}
