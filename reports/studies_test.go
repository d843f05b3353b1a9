package reports

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners/all"
	"tickle/learners/learnertest"
)

// pictures says where figures are written to be looked at:
// go test ./reports -run Studies -pictures /tmp/pictures
var pictures = flag.String("pictures", "", "folder in which to write the figures of small studies at both widths")

// studied is a small data set with labels of both hierarchies and factors,
// always the same.
func studied() *experiments.Data {
	d := learnertest.Synthetic(learnertest.Shape{Rows: 80, Columns: 400, Classes: 12, Behaviours: 8, Constant: 0.3, Noise: 0.12, Seed: 5})
	for i := range d.Machines {
		c := int(d.Labels[i])
		m := &d.Machines[i]
		m.Group, m.Modelled = fmt.Sprintf("g%d", i/2), i%3 > 0
		top := []string{"Linux", "Linux", "BSD"}[c%3]
		m.Labels.Kernel = [3]string{top, fmt.Sprintf("%s %d", top, c%4), fmt.Sprintf("%s %d.%d", top, c%4, c)}
		m.Labels.Distribution = [3]string{top, fmt.Sprintf("%s D%d", top, c/4), fmt.Sprintf("%s D%d.%d", top, c/4, c)}
		m.Factors = map[string]string{"memory": fmt.Sprint(256 << (i % 3))}
		if i%4 == 0 {
			m.Factors["sysctl.tcp_sack"] = "0"
		}
	}
	sources := datasets.DefaultSources()
	vetted := d.Select(func(c int) bool { return sources.Vetted(d.Columns[c].Field) })
	return &experiments.Data{
		Matrix: d.Matrix,
		Select: func(f datasets.FieldSet) (*datasets.Selection, error) {
			if f == datasets.Vetted {
				return vetted, nil
			}
			return d.Selection, nil
		},
		Origin: experiments.Origin{Name: "studied", Hash: "beef", Pool: "studied", Probes: 10, Repeats: 6, Policies: experiments.Policies{Loss: "mask", Nondet: "mask", Filter: "all"}},
	}
}

// studies are the experiments that are run small, and with what.
var studies = []struct {
	name, learners string
	options        map[string]string
}{
	{"overfitting", "ibk", map[string]string{"seeds": "4"}},
	{"bias", "ibk", map[string]string{"draws": "3", "folds": "5"}},
	{"confusion", "ibk", map[string]string{"folds": "3"}},
	{"importance", "forest:trees=8", map[string]string{"probes": "3", "permutations": "2"}},
	{"learning-curve", "ibk;majority", map[string]string{"folds": "3", "resamples": "50", "levels": "2", "shares": "0.2,0.6,1"}},
	{"calibration", "ibk;majority", map[string]string{"folds": "3", "resamples": "50", "bins": "5", "levels": "0,2"}},
	{"leakage", "ibk", map[string]string{"folds": "3", "resamples": "50"}},
	{"factors", "ibk", map[string]string{"resamples": "50", "hierarchies": "kernel"}},
}

func runStudy(t *testing.T, i int) *experiments.Result {
	t.Helper()
	s := studies[i]
	entry, err := experiments.Find(s.name)
	require.NoError(t, err)
	ls, err := all.Registry().Parse(s.learners)
	require.NoError(t, err)
	r, err := experiments.Run(context.Background(), entry, &experiments.Input{Data: studied(), Learners: ls, Options: s.options, Seed: 3, Version: "devel", Command: "tickle experiment " + s.name})
	require.NoError(t, err)
	return r
}

// TestStudies holds the tables of small studies to golden files, and their
// figures to the rules of all: no text cut, small or over other text.
func TestStudies(t *testing.T) {
	for i, s := range studies {
		t.Run(s.name, func(t *testing.T) {
			r := runStudy(t, i)
			var b bytes.Buffer
			require.NoError(t, WriteMarkdown(&b, r))
			golden(t, s.name+".md", b.String())
			b.Reset()
			require.NoError(t, WriteLaTeX(&b, r))
			fig, err := FigureOf(r)
			require.NoError(t, err)
			require.NotEmpty(t, fig.Alt)
			for _, width := range []Width{Column, Page} {
				legible(t, fig, width)
				b.Reset()
				require.NoError(t, fig.Write(&b, SVG, width))
				wellFormed(t, b.String())
				if *pictures != "" {
					f, err := os.Create(filepath.Join(*pictures, fmt.Sprintf("%s-%d.png", s.name, width)))
					require.NoError(t, err)
					require.NoError(t, fig.Write(f, PNG, width))
					require.NoError(t, f.Close())
				}
			}
		})
	}
}

// legible holds a figure's text to the page and to 7 points, and no two texts
// to one place.
func legible(t *testing.T, fig *Figure, width Width) {
	t.Helper()
	c := &textBoxes{size: vg.Point{X: width.Length(), Y: fig.height(width)}, state: []frame{{}}}
	fig.draw(draw.New(c), width)
	for i, b := range c.boxes {
		require.GreaterOrEqual(t, b.size, vg.Length(7), b.text)
		require.GreaterOrEqual(t, b.min.X, vg.Length(0), b.text)
		require.GreaterOrEqual(t, b.min.Y, vg.Length(-1), b.text)
		require.LessOrEqual(t, b.max.X, c.size.X+0.5, b.text)
		require.LessOrEqual(t, b.max.Y, c.size.Y+0.5, b.text)
		for _, o := range c.boxes[:i] {
			const touch = 2.5 // boxes hold descent and ascent
			over := b.min.X+touch < o.max.X && o.min.X+touch < b.max.X && b.min.Y+touch < o.max.Y && o.min.Y+touch < b.max.Y
			require.False(t, over, "width %d: %q over %q", width, b.text, o.text)
		}
	}
}
