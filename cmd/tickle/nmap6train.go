package main

import (
	"bytes"
	"fmt"
	"io"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tickle/datasets"
	"tickle/learners/modelfile"
	"tickle/learners/nmap6"
)

func readerOf(b []byte) io.Reader { return bytes.NewReader(b) }

func (p *program) nmap6Train() *cobra.Command {
	var data labelledVectors
	var o nmap6.TrainOptions
	var out, who, when string
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a model of Nmap's kind on labelled vectors",
		Long: `Scales the vectors, trains a logistic regression of each class against the rest
(LIBLINEAR's solver 0, without a bias), and takes the mean and variance of each
class. The model keeps the vectors, so that tickle enrich can add to them.`,
		Example: "  tickle nmap6 train --data vectors.csv -o my.model",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			rows, digest, err := data.read()
			if err != nil {
				return err
			}
			m, err := nmap6.Train(c.Context(), rows, o)
			if err != nil {
				return fmt.Errorf("%s: %w", data.path, err)
			}
			by, err := addition(who, when)
			if err != nil {
				return err
			}
			by.Kind, by.Source, by.SHA256, by.Rows = "train", data.path, digest, len(rows)
			b := &nmap6.Bundle{Model: m, History: []nmap6.Addition{by},
				Training: modelfile.Training{Data: data.path, SHA256: digest, Rows: len(rows), Columns: nmap6.NumFeatures, Version: version()}}
			for i := range rows {
				b.Vectors = append(b.Vectors, nmap6.KeptVector{LabelledVector: rows[i]})
			}
			if err := p.writeFile(out, b.Write); err != nil {
				return err
			}
			right := 0
			for i := range rows {
				if best, _ := m.Best(&rows[i].Vector); m.Classes[best].Name == rows[i].Label {
					right++
				}
			}
			p.say("%s: %d classes of %d vectors; %s of the training vectors are right", out, len(m.Classes), len(rows), nmap6.Accuracy{Right: right, N: len(rows)})
			return nil
		},
	}
	data.flags(c, "to train on")
	f := c.Flags()
	f.Float64Var(&o.C, "c", nmap6.DefaultC, "cost of the vectors' loss against ½|w|², above 0")
	f.Float64Var(&o.Epsilon, "eps", nmap6.DefaultEpsilon, "the search ends when the gradient is this part of the first, above 0")
	f.Var((*workers)(&o.Workers), "workers", "goroutines; 0: one a processor; changes no result")
	additionFlags(c, &who, &when)
	f.StringVarP(&out, "output", "o", "", "the model's `FILE`")
	must(c.MarkFlagRequired("output"))
	return c
}

// additionFlags adds the flags that say who adds vectors, and when.
func additionFlags(c *cobra.Command, who, when *string) {
	c.Flags().StringVar(who, "who", "", "who adds the vectors (default: the user's name here)")
	c.Flags().StringVar(when, "when", "", "`TIME` at which, as 2026-11-25T20:00:00Z (default: now)")
}

// addition says who adds vectors and when.
func addition(who, when string) (nmap6.Addition, error) {
	a := nmap6.Addition{Who: who, When: when}
	if who == "" {
		if u, err := user.Current(); err == nil {
			a.Who = u.Username
		}
	}
	if when == "" {
		a.When = time.Now().UTC().Format(time.RFC3339)
	} else if _, err := time.Parse(time.RFC3339, when); err != nil {
		return a, fmt.Errorf("--when %q: want a time as 2026-11-25T20:00:00Z", when)
	}
	return a, nil
}

func (p *program) nmap6Recover() *cobra.Command {
	var seed uint64
	var out string
	var refit bool
	c := &cobra.Command{
		Use:   "recover MODEL",
		Short: "Take back the vectors that a model still holds, and make up the rest",
		Long: `Of a class with one print, its mean is that print (origin: recovered). Of two,
each feature's values are exact, and which go together is a guess
(recovered-paired). Of three or more, values are drawn that have the class's
mean and variance (resampled): these serve to train again and to measure speed,
never to compare classifiers or rules of novelty.

The data set's labels are the family and the class, and the factor "origin" of
each row says what it is. -o FILE.csv writes vectors as a table instead.`,
		Example: "  tickle nmap6 recover fp.model --seed 1 -o recovered",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := nmap6.OpenBundle(args[0])
			if err != nil {
				return err
			}
			r, err := b.Model.Recover(seed)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if err := p.writeRecovery(out, r, b); err != nil {
				return err
			}
			count := map[nmap6.Origin]int{}
			for i := range r.Rows {
				count[r.Rows[i].Origin]++
			}
			p.say("%s: %d vectors: %d recovered, %d in pairs that are guessed, %d resampled; %d of %d means and variances not met, the worst by %.2g",
				out, len(r.Rows), count[nmap6.Exact], count[nmap6.Paired], count[nmap6.Resampled], r.Unmet, r.Pairs, r.Worst)
			if !refit {
				return nil
			}
			same, of, err := b.Model.Refit(c.Context(), r)
			if err != nil {
				return err
			}
			p.say("trained again on them: the best class of %s class means is the model's own", nmap6.Accuracy{Right: same, N: of})
			return nil
		},
	}
	f := c.Flags()
	f.Uint64Var(&seed, "seed", 1, "of what is made up")
	f.BoolVar(&refit, "refit", false, "also train on the rows, and count the class means whose best class stays")
	f.StringVarP(&out, "output", "o", "", "the data set's `FOLDER`, or FILE.csv")
	must(c.MarkFlagRequired("output"))
	return c
}

func (p *program) writeRecovery(out string, r *nmap6.Recovery, b *nmap6.Bundle) error {
	if strings.HasSuffix(out, ".csv") {
		rows := make([]nmap6.LabelledVector, len(r.Rows))
		for i := range rows {
			rows[i] = r.Rows[i].LabelledVector
		}
		return p.writeFile(out, func(w io.Writer) error { return nmap6.WriteVectors(w, rows) })
	}
	t := r.Table()
	t.Meta.File, t.Meta.SHA256 = b.Training.Data, b.Training.SHA256
	d, err := datasets.FromTable(t)
	if err != nil {
		return err
	}
	return d.Write(nil, out)
}
