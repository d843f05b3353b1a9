package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/modelfile"
	"tickle/learners/models"
	"tickle/learners/nmap6"
)

// certainty is the measure of novelty that a learner gives.
const certainty = "certainty"

func (p *program) train() *cobra.Command {
	var data, learner, novelty, fields, out string
	o := models.Training{}
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a learner on a data set and write the model to a file",
		Long: `Trains one learner on all rows of a data set that have the label. The file
holds the model, by the names of columns and the texts of values, and where it
came from; nothing in it is run. tickle predict asks it about other data, and
tickle model show says what is in it.

--novelty makes a measure of how strange a row is instead: lof or mahalanobis
with their options, or certainty, which asks the learner how sure it is.`,
		Example: `  tickle train --data out/demo/data --label kernel/1 --learner forest:trees=300 -o forest.model
  tickle train --data iris --learner j48 -o tree.model
  tickle train --data out/demo/data --label kernel/0 --novelty lof:k=10 -o lof.model`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Learner, err = oneLearner(learner, novelty, c.Flags().Changed("learner")); err != nil {
				return err
			}
			o.Certainty = novelty == certainty
			if o.Fields, err = datasets.ParseFieldSet(fields); err != nil {
				return fmt.Errorf("--fields: %w", err)
			}
			d, err := datasets.Open(data)
			if err != nil {
				return err
			}
			show := p.stage("train")
			o.Data, o.Version, o.Command = data, version(), trainCommand(&o, data, novelty, out)
			o.Progress = func(done, total int) { show.set(int64(done), int64(total), o.Learner.Label) }
			m, err := models.Train(c.Context(), d, &o)
			show.end(err == nil)
			if err != nil {
				return fmt.Errorf("%s: %w", data, err)
			}
			if err := p.writeFile(out, m.Write); err != nil {
				return err
			}
			for _, w := range m.Warnings {
				p.say("warning: %s", w)
			}
			t := &m.Header.Training
			p.say("%s: %s trained on %d rows and %d columns, %d classes of %s", out, o.Learner.Label, t.Rows, t.Columns, len(m.Header.Classes), t.Label)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "", "the data set's `FOLDER` (see tickle dataset build and import)")
	f.StringVar(&o.Label, "label", "", "what to learn: `HIERARCHY/LEVEL`, as kernel/2; of an imported table the column of labels (default: the finest)")
	f.StringVar(&learner, "learner", "forest", "the learner with options, as `forest:trees=300` (see tickle learners)")
	f.StringVar(&novelty, "novelty", "", "instead, a measure of novelty: `lof`, mahalanobis, or certainty of the learner")
	f.StringVar(&fields, "fields", "prone", "prone (all fields) or vetted (those that depend on the system alone)")
	f.Uint64Var(&o.Seed, "seed", 1, "the seed of the learner")
	f.Var((*workers)(&o.Workers), "workers", "goroutines; 0: one a processor; changes no result")
	f.StringVarP(&out, "output", "o", "", "the model's `FILE`")
	must(c.MarkFlagRequired("data"))
	must(c.MarkFlagRequired("output"))
	return c
}

// oneLearner reads the one learner or detector that two flags name.
func oneLearner(learner, novelty string, given bool) (learners.Configured, error) {
	registry, spec, flag := all.Registry(), learner, "--learner"
	if novelty != "" && novelty != certainty {
		registry, spec, flag = all.Novelty(), novelty, "--novelty"
		if given {
			return learners.Configured{}, fmt.Errorf("--learner %s with --novelty %s: want one of them; a learner goes with --novelty %s alone", learner, novelty, certainty)
		}
	}
	list, err := registry.Parse(spec)
	switch {
	case err != nil:
		return learners.Configured{}, fmt.Errorf("%s: %w", flag, err)
	case len(list) != 1:
		return learners.Configured{}, fmt.Errorf("%s %s: want one learner", flag, spec)
	}
	return list[0], nil
}

// trainCommand is the command line that makes the model again.
func trainCommand(o *models.Training, data, novelty, out string) string {
	words := []string{"tickle", "train", "--data", data}
	if o.Label != "" {
		words = append(words, "--label", o.Label)
	}
	if o.Learner.Learner != nil {
		words = append(words, "--learner", "'"+o.Learner.Label+"'")
	}
	if novelty != "" {
		words = append(words, "--novelty", "'"+novelty+"'")
	}
	return strings.Join(append(words, "--fields", string(o.Fields), "--seed", fmt.Sprint(o.Seed), "-o", out), " ")
}

func (p *program) predict() *cobra.Command {
	var model, data, lacking, out string
	o := models.Asking{}
	c := &cobra.Command{
		Use:   "predict",
		Short: "Ask a model about every row of a data set",
		Long: `Writes CSV with the columns id, label, predicted and one a class, its score; of
a measure of novelty id, label and novelty. The label is the truth where the
data set has it, else empty.

Columns are found by their names: data from probes must be of the probe set
that the model was trained on. A value that the training data did not have is
different from every other. A column that the data lacks is an error unless
--lacking missing says that its cells are to be missing.`,
		Example: `  tickle predict --model forest.model --data out/demo/data -o predictions.csv
  tickle predict --model tree.model --data iris --lacking missing`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch lacking {
			case "error":
			case "missing":
				o.Lacking = modelfile.LackingMissing
			default:
				return fmt.Errorf("--lacking %s: want error or missing", lacking)
			}
			f, err := modelfile.Open(model)
			if err != nil {
				return err
			}
			d, err := datasets.Open(data)
			if err != nil {
				return err
			}
			show := p.stage("predict")
			o.Progress = func(done, total int) { show.set(int64(done), int64(total), "rows") }
			answers, err := models.Ask(c.Context(), f, d, &o)
			show.end(err == nil)
			var lacks *modelfile.LackingColumns
			switch {
			case errors.As(err, &lacks):
				return fmt.Errorf("%s, %s: %w; --lacking missing takes their cells as missing", model, data, err)
			case err != nil:
				return fmt.Errorf("%s, %s: %w", model, data, err)
			}
			if err := p.writeFile(out, answers.WriteCSV); err != nil {
				return err
			}
			same := ""
			if f.Header.Training.SHA256 == d.Hash() {
				same = ", of the data that the model was trained on"
			}
			p.say("%s: %s%s", data, answers.Sum(), same)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&model, "model", "", "the model's `FILE` (see tickle train)")
	f.StringVar(&data, "data", "", "the data set's `FOLDER`")
	f.StringVar(&lacking, "lacking", "error", "a column that the model knows and the data lacks: `error` or missing")
	f.Var((*workers)(&o.Workers), "workers", "goroutines; 0: one a processor; changes no result")
	f.StringVarP(&out, "output", "o", "-", "the `FILE`")
	must(c.MarkFlagRequired("model"))
	must(c.MarkFlagRequired("data"))
	return c
}

func (p *program) model() *cobra.Command {
	return group("model", "Look at the file of a trained model, and share it", "  tickle model show forest.model", p.modelShow(), p.modelExport(), p.modelImport())
}

func (p *program) modelShow() *cobra.Command {
	var o models.Showing
	var out string
	c := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a model: the tree, rules or weights, the classes, and what it was trained on",
		Example: `  tickle model show forest.model
  tickle model show tree.model --format dot -o tree.dot`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := modelfile.Open(args[0])
			if err != nil {
				return err
			}
			if f.Header.Learner == nmap6.LearnerName && o.Form == models.Text {
				b, err := checkedModel(args[0])
				if err != nil {
					return err
				}
				return p.writeFile(out, func(w io.Writer) error { return describeModel(w, b) })
			}
			return p.writeFile(out, func(w io.Writer) error {
				if err := models.Show(c.Context(), w, f, o); err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				return nil
			})
		},
	}
	f := c.Flags()
	f.StringVar(&o.Form, "format", models.Text, "text, dot (a tree, for Graphviz) or json")
	f.IntVar(&o.Top, "top", 10, "weights or columns to list, the largest, of each class; 0: all")
	f.StringVarP(&out, "output", "o", "-", "the `FILE`")
	return c
}
