package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/learners/modelfile"
	"tickle/learners/nmap6"
)

// checksumSuffix is what the name of a checksum's file has more, as sha256sum
// reads it.
const checksumSuffix = ".sha256"

func (p *program) modelExport() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Check a model and write it with a checksum, to share it",
		Long: `Writes the model, and beside it OUT.sha256, which tickle model import and
sha256sum -c check. A model of nmap6 goes with the vectors that it keeps and the
names of those who added them.`,
		Example: "  tickle model export mine.model -o share/mine.model",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := checkedModel(args[0])
			if err != nil {
				return err
			}
			if err := p.writeFile(out, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
				return err
			}
			line := fmt.Sprintf("%s  %s\n", digestOf(b), filepath.Base(out))
			if err := p.writeFile(out+checksumSuffix, func(w io.Writer) error { _, err := io.WriteString(w, line); return err }); err != nil {
				return err
			}
			p.say("%s: SHA-256 %s", out, digestOf(b))
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the `FILE`; its checksum goes to FILE.sha256")
	must(c.MarkFlagRequired("output"))
	return c
}

func (p *program) modelImport() *cobra.Command {
	var out, sum string
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Check a model that somebody else made, say what it is, and keep it",
		Long: `Reads the model, whose file holds data and nothing that runs, holds it against a
checksum, and keeps it if it is whole. The checksum is that of --sha256, best
got by another way than the file, or of FILE.sha256 beside it.`,
		Example: "  tickle model import downloaded.model -o theirs.model --sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if sum == "" {
				b, err := os.ReadFile(args[0] + checksumSuffix)
				if err != nil {
					return fmt.Errorf("no checksum: want --sha256, or a file %s%s", args[0], checksumSuffix)
				}
				sum, _, _ = strings.Cut(strings.TrimSpace(string(b)), " ")
			}
			b, err := checkedModel(args[0])
			if err != nil {
				return err
			}
			if have := digestOf(b); !strings.EqualFold(have, sum) {
				return fmt.Errorf("%s: SHA-256 is %s: want %.64s", args[0], have, sum)
			}
			if err := p.writeFile(out, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
				return err
			}
			return describeModel(p.stdout, b)
		},
	}
	c.Flags().StringVar(&sum, "sha256", "", "the checksum that the file must have, hexadecimal")
	c.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to keep it in")
	must(c.MarkFlagRequired("output"))
	return c
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// checkedModel reads a model's file and checks that it is whole; of a model of
// nmap6 everything in it.
func checkedModel(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	f, err := modelfile.Read(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f.Header.Learner == nmap6.LearnerName {
		if _, err := nmap6.ReadBundle(b); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return b, nil
}

// describeModel says what is in a model's file, which is whole.
func describeModel(w io.Writer, b []byte) error {
	f, err := modelfile.Read(b)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "model of\t%s\n", f.Header.Learner)
	fmt.Fprintf(t, "view\t%s\n", f.Header.View)
	fmt.Fprintf(t, "classes\t%d\n", len(f.Header.Classes))
	fmt.Fprintf(t, "trained on\t%s, %d rows, SHA-256 %s\n", f.Header.Training.Data, f.Header.Training.Rows, f.Header.Training.SHA256)
	if f.Header.Learner == nmap6.LearnerName {
		bundle, err := nmap6.ReadBundle(b)
		if err != nil {
			return err
		}
		describeBundle(t, bundle)
	}
	return t.Flush()
}

// describeBundle lists who added what, and the classes.
func describeBundle(w io.Writer, b *nmap6.Bundle) {
	fmt.Fprintf(w, "features\t%d\n", len(b.Model.Features))
	fmt.Fprintf(w, "vectors kept\t%d\n", len(b.Vectors))
	for _, a := range b.History {
		by := ""
		if a.Who != "" || a.When != "" {
			by = fmt.Sprintf(" by %s, %s", a.Who, a.When)
		}
		fmt.Fprintf(w, "%s\t%d vectors of %s (SHA-256 %.16s…)%s\n", a.Kind, a.Rows, a.Source, a.SHA256, by)
	}
	for i := range b.Model.Classes {
		c := &b.Model.Classes[i]
		fmt.Fprintf(w, "class\t%s, %d prints\n", c.Name, c.Prints)
	}
}
