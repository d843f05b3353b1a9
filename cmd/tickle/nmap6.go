package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/datasets"
	"tickle/learners/modelfile"
	"tickle/learners/nmap6"
)

func (p *program) nmap6() *cobra.Command {
	return group("nmap6", "Nmap's IPv6 engine: scan, import its model, classify, train, take its vectors back", "  tickle nmap6 classify --model fp.model --fingerprint scan.txt",
		p.nmap6Scan(), p.nmap6Import(), p.nmap6Classify(), p.nmap6Train(), p.nmap6Recover())
}

func (p *program) nmap6Import() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "import FPModel.cc",
		Short: "Make a model of a user's copy of Nmap's FPModel.cc",
		Long: `Reads the model in the source file of Nmap, of any version, as data; nothing is
compiled. Debian has it in the source package of nmap (apt-get source nmap).`,
		Example: "  tickle nmap6 import nmap-7.93/FPModel.cc -o fp.model",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			sum := sha256.New()
			m, err := nmap6.ImportFPModel(io.TeeReader(f, sum))
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			prints := 0
			for i := range m.Classes {
				prints += m.Classes[i].Prints
			}
			digest := hex.EncodeToString(sum.Sum(nil))
			b := &nmap6.Bundle{Model: m, History: []nmap6.Addition{{Kind: "import", Source: filepath.Base(args[0]), SHA256: digest, Rows: prints}},
				Training: modelfile.Training{Data: filepath.Base(args[0]), SHA256: digest, Rows: prints, Columns: len(m.Features), Version: version()}}
			if err := p.writeFile(out, b.Write); err != nil {
				return err
			}
			p.say("%s: %d classes of %d prints, %d features", out, len(m.Classes), prints, len(m.Features))
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the model's `FILE`")
	must(c.MarkFlagRequired("output"))
	return c
}

// vectorSource is where a vector to classify comes from: a file, or a machine
// that is scanned.
type vectorSource struct {
	vector, print, capture string
	row                    int
	scanner                nmap6Scanner
}

// flags adds the source's flags.
func (s *vectorSource) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.vector, "vector", "", "a CSV `FILE` whose header names features, or a file with the line v = {…} that nmap -d3 prints")
	f.StringVar(&s.print, "fingerprint", "", "a `FILE` with a fingerprint that nmap -6 -O printed; all of its output will do")
	f.StringVar(&s.capture, "capture", "", "a pcap or pcapng `FILE` with the probes and the answers")
	f.IntVar(&s.row, "row", 0, "which of several vectors, fingerprints or machines in the file, from 1")
	f.StringVar(&s.scanner.dialect, "dialect", nmap6.V793.String(), "Nmap's version where vectors differ: 7.93 or current")
	s.scanner.flags(c)
	c.MarkFlagsMutuallyExclusive("vector", "fingerprint", "capture", "pool")
}

// read gives the vector.
func (s *vectorSource) read(ctx context.Context) (*nmap6.Vector, error) {
	dialect, err := nmap6.ParseDialect(s.scanner.dialect)
	if err != nil {
		return nil, fmt.Errorf("--dialect: %w", err)
	}
	path, list := s.vector, []*nmap6.Vector(nil)
	switch {
	case s.vector != "":
		list, err = readVectors(path)
	case s.print != "":
		path = s.print
		list, err = readPrints(path, dialect)
	case s.capture != "":
		path = s.capture
		list, err = readCapture(path, dialect)
	case s.scanner.pool != "":
		if len(s.scanner.machines) != 1 {
			return nil, fmt.Errorf("--machine: %d machines: want one", len(s.scanner.machines))
		}
		results, err := s.scanner.scan(ctx)
		if err != nil {
			return nil, err
		}
		return results[0].vector, nil
	default:
		return nil, errors.New("nothing to classify: want --vector, --fingerprint, --capture, or --pool and --machine")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case s.row == 0 && len(list) == 1:
		return list[0], nil
	case s.row == 0:
		return nil, fmt.Errorf("%s has %d vectors: want --row with the number of one", path, len(list))
	case s.row < 0 || s.row > len(list):
		return nil, fmt.Errorf("--row %d: %s has %d", s.row, path, len(list))
	}
	return list[s.row-1], nil
}

func readVectors(path string) ([]*nmap6.Vector, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	rows, err := nmap6.ReadVectors(f)
	if err != nil {
		return nil, err
	}
	var list []*nmap6.Vector
	for i := range rows {
		list = append(list, &rows[i].Vector)
	}
	return list, nil
}

func readPrints(path string, d nmap6.Dialect) ([]*nmap6.Vector, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	prints, err := nmap6.ReadFingerprints(f)
	if err != nil {
		return nil, err
	}
	var list []*nmap6.Vector
	for _, print := range prints {
		list = append(list, print.Vectorize(d))
	}
	return list, nil
}

func readCapture(path string, d nmap6.Dialect) ([]*nmap6.Vector, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	scans, err := nmap6.ReadCapture(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	var list []*nmap6.Vector
	for _, scan := range scans {
		list = append(list, scan.Vectorize(d))
	}
	return list, nil
}

func (p *program) nmap6Classify() *cobra.Command {
	var model string
	source := vectorSource{scanner: newNmap6Scanner(p)}
	var asJSON bool
	c := &cobra.Command{
		Use:   "classify",
		Short: "Rank a model's classes for a machine's answers, and decide as Nmap does",
		Long: `Prints at most 36 classes, best first, with their logistic probability and
novelty, and the verdict: success only when one class alone reaches 90 % of the
best probability and its novelty is below 15.`,
		Example: `  tickle nmap6 classify --model fp.model --fingerprint scan.txt --json
  tickle nmap6 classify --model fp.model --pool demo --machine gvisor-01`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := nmap6.OpenBundle(model)
			if err != nil {
				return err
			}
			v, err := source.read(c.Context())
			if err != nil {
				return err
			}
			k := b.Model.Classify(v)
			if asJSON {
				return writeJSON(p.stdout, k)
			}
			w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
			fmt.Fprintln(w, "probability\tnovelty\t\tclass")
			for i, m := range k.Matches {
				mark := ""
				if i < k.Good {
					mark = "good"
				}
				fmt.Fprintf(w, "%.4f %%\t%.4f\t%s\t %s\n", 100*m.Probability, m.Novelty, mark, m.Name)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s: %s\n", k.Verdict, k.Reason)
			return nil
		},
	}
	c.Flags().StringVar(&model, "model", "", "the model's `FILE` (see tickle nmap6 import)")
	must(c.MarkFlagRequired("model"))
	source.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the ranking and the verdict as JSON")
	return c
}

// labelledVectors are vectors of a file or a data set.
type labelledVectors struct {
	path, label string
}

// flags adds their flags. what is what they are for.
func (l *labelledVectors) flags(c *cobra.Command, what string) {
	c.Flags().StringVar(&l.path, "data", "", "labelled vectors "+what+": a data set's `FOLDER`, or a CSV file with a column label")
	c.Flags().StringVar(&l.label, "label", "kernel/2", "of a data set: the `LABEL` to use, as kernel/2 or label/0")
	must(c.MarkFlagRequired("data"))
}

// read gives the vectors and the SHA-256 of where they came from.
func (l *labelledVectors) read() (rows []nmap6.LabelledVector, digest string, err error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return nil, "", err
	}
	if !info.IsDir() {
		b, err := os.ReadFile(l.path)
		if err != nil {
			return nil, "", err
		}
		if rows, err = nmap6.ReadVectors(readerOf(b)); err != nil {
			return nil, "", fmt.Errorf("%s: %w", l.path, err)
		}
		for i := range rows {
			if rows[i].Label == "" {
				return nil, "", fmt.Errorf("%s: vector %d has no label: want a column label", l.path, i+1)
			}
		}
		sum := sha256.Sum256(b)
		return rows, hex.EncodeToString(sum[:]), nil
	}
	d, err := datasets.Open(l.path)
	if err != nil {
		return nil, "", err
	}
	h, level, err := l.level(d)
	if err != nil {
		return nil, "", err
	}
	if rows, err = nmap6.FromMatrix(d.Matrix, h, level); err != nil {
		return nil, "", fmt.Errorf("%s: %w", l.path, err)
	}
	return rows, d.Hash(), nil
}

// level finds what --label names among a data set's labels. Of a data set that
// has labels of its own, the default is the finest of them.
func (l *labelledVectors) level(d *datasets.Dataset) (datasets.Hierarchy, int, error) {
	hierarchies, levels := d.Meta.Hierarchies(), d.Meta.Levels()
	if l.label == "kernel/2" && hierarchies[0] == datasets.Given {
		return datasets.Given, levels - 1, nil
	}
	for _, h := range hierarchies {
		for level := range levels {
			if fmt.Sprintf("%s/%d", h, level) == l.label {
				return h, level, nil
			}
		}
	}
	return 0, 0, fmt.Errorf("--label %s: want %s/0 to %s/%d", l.label, hierarchies[0], hierarchies[len(hierarchies)-1], levels-1)
}
