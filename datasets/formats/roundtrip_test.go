package formats

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// texts are names and values that formats may trip over.
var texts = []string{"a", "b", "7", "7.0", "-0", "1e5", "NaN", "Inf", "?", "'?'", "NA", "absent", "x y", " x", "x ", "a,b", "a;b", "{a}", "%c", "# d",
	`q"q`, `"q"`, `q'q`, `'q'`, `\`, `a\nb`, "a\nb", "a\r\nb", "a\r", "\r", "\t", "@data", "é", "日本", "\u2028", "\u0001", "0x10", "1_0", "true", "1:2", "=1+1", "0", "1"}

// numbers are cells that formats may trip over.
var numbers = []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1.0 / 3, 1e300, 5e-324, 123456789, 1e21, -2.5e-7, math.Pi}

// pick gives n different texts that are not among taken, which it adds to.
func pick(rng *rand.Rand, n int, taken map[string]bool) []string {
	var list []string
	for len(list) < n {
		s := texts[rng.IntN(len(texts))]
		if rng.IntN(3) == 0 || taken[s] {
			s += texts[rng.IntN(len(texts))]
		}
		if !taken[s] {
			taken[s] = true
			list = append(list, s)
		}
	}
	return list
}

// randomTable makes a table of nominal and numeric columns in any order, with
// missing cells, and some of ids, groups and labels of several levels.
// missing is whether numbers may be missing.
func randomTable(t *testing.T, rng *rand.Rand, missing bool) *datasets.Dataset {
	rows := 1 + rng.IntN(12)
	taken := map[string]bool{"": true}
	table := &datasets.Imported{Rows: make([]datasets.Machine, rows), Meta: datasets.TableMeta{Format: "csv", File: "f", Labels: pick(rng, 1+rng.IntN(3), taken)}}
	if rng.IntN(2) == 0 {
		table.Meta.ID = pick(rng, 1, taken)[0]
	}
	if rng.IntN(2) == 0 {
		table.Meta.Group = pick(rng, 1, taken)[0]
	}
	ids := pick(rng, rows, map[string]bool{"": true})
	for r := range table.Rows {
		m := &table.Rows[r]
		if m.Name = fmt.Sprint(r + 1); table.Meta.ID != "" {
			m.Name = ids[r]
		}
		if m.Group = m.Name; table.Meta.Group != "" {
			m.Group = texts[rng.IntN(len(texts))]
		}
		label := ""
		var labels []string
		for range table.Meta.Labels {
			label += texts[rng.IntN(3)]
			labels = append(labels, label)
		}
		m.Labels = datasets.GivenLabels(labels...)
	}
	for _, name := range pick(rng, 1+rng.IntN(6), taken) {
		c := datasets.ImportedColumn{Name: name}
		if rng.IntN(2) == 0 {
			c.Values = append(pick(rng, 1+rng.IntN(25), map[string]bool{"": true}), "")
			for range rows {
				code := datasets.Code(rng.IntN(len(c.Values) + 1))
				if int(code) == len(c.Values) {
					code = datasets.Missing
				}
				c.Codes = append(c.Codes, code)
			}
		} else {
			for r := range rows {
				v := numbers[rng.IntN(len(numbers))]
				if missing && r > 0 && rng.IntN(4) == 0 { // a column without any value says nothing of its kind in CSV
					v = math.NaN()
				}
				c.Numbers = append(c.Numbers, v)
			}
		}
		table.Columns = append(table.Columns, c)
	}
	d, err := datasets.FromTable(table)
	require.NoError(t, err)
	return d
}

// spelled is a data set as every cell is spelled: what must survive.
type spelled struct {
	machines       []datasets.Machine
	names, numeric []string
	cells          [][]string
	labels         []string
}

func spell(t *testing.T, d *datasets.Dataset) (s spelled) {
	v, err := newView(d, Options{}, 0)
	require.NoError(t, err)
	s.machines = d.Matrix.Machines
	if d.Meta.Table != nil {
		s.labels = d.Meta.Table.Labels
	}
	for i := range v.columns {
		c := &v.columns[i]
		if c.row != nil {
			continue
		}
		s.names = append(s.names, c.name)
		if c.numbers != nil {
			s.numeric = append(s.numeric, c.name)
		}
		var cells []string
		for r := range v.Machines {
			text, known := v.text(c, r)
			cells = append(cells, fmt.Sprint(known, text))
		}
		s.cells = append(s.cells, cells)
	}
	return s
}

// there writes a table, and its legend where it has one, and reads it again.
func there(t *testing.T, f Format, d *datasets.Dataset, out Options, in ImportOptions) *datasets.Dataset {
	path := filepath.Join(t.TempDir(), "table")
	var b bytes.Buffer
	require.NoError(t, f.Export(&b, d, out))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	if f.Legend != nil {
		var l bytes.Buffer
		require.NoError(t, f.Legend(&l, d, out))
		require.NoError(t, os.WriteFile(path+LegendSuffix, l.Bytes(), 0o666))
	}
	back, err := f.Import(context.Background(), path, in)
	require.NoError(t, err, "%s\n%s", f.Name, &b)
	return back
}

// What is written and read again is the same table, in every format; and so is
// what is then written as a data set and opened.
func TestRoundTrip(t *testing.T) {
	for _, f := range Standard() {
		t.Run(f.Name, func(t *testing.T) {
			for seed := range uint64(60) {
				d := randomTable(t, rand.New(rand.NewPCG(seed, 7)), f.Name != "libsvm")
				want := spell(t, d)
				meta := d.Meta.Table
				in := ImportOptions{Labels: meta.Labels, ID: meta.ID, Group: meta.Group}
				var out Options
				switch f.Name {
				case "csv":
					for _, name := range want.names {
						if !slices.Contains(want.numeric, name) {
							in.Nominal = append(in.Nominal, name)
						}
					}
				case "libsvm":
					label := len(meta.Labels) - 1
					out.Label, want.labels = meta.Labels[label], meta.Labels[label:]
					for r := range want.machines {
						m := &want.machines[r]
						m.Labels = datasets.GivenLabels(m.Labels.Kernel[label])
					}
					in = ImportOptions{}
				}
				back := there(t, f, d, out, in)
				require.Equal(t, want, spell(t, back), "seed %d", seed)
				require.Equal(t, f.Name, back.Meta.Table.Format)
				if seed%8 != 0 {
					continue
				}
				dir := t.TempDir()
				require.NoError(t, back.Write(nil, dir))
				opened, err := datasets.Open(dir)
				require.NoError(t, err)
				require.Equal(t, want, spell(t, opened), "seed %d", seed)
				require.Equal(t, back.Hash(), opened.Hash())
			}
		})
	}
}

// Data from machines comes back with all that is known of them.
func TestRoundTripOfMachines(t *testing.T) {
	d := small(t)
	for i := range d.Matrix.Machines {
		m := &d.Matrix.Machines[i]
		m.Backend, m.Stack, m.Modelled = "sim", "", i == 1
		if i == 2 {
			m.Factors = map[string]string{"memory": "64", "a": `"`}
		}
	}
	want := spell(t, d)
	for _, f := range Standard() {
		if f.Name == "libsvm" {
			back := there(t, f, d, Options{Label: "kernel2"}, ImportOptions{})
			require.Equal(t, want.cells, spell(t, back).cells)
			require.Equal(t, []string{"kernel2"}, back.Meta.Table.Labels)
			require.Equal(t, "m,1", back.Matrix.Machines[1].Name)
			continue
		}
		back := there(t, f, d, Options{}, ImportOptions{})
		require.Equal(t, want, spell(t, back), f.Name)
		require.Equal(t, datasets.Hierarchies[:], back.Meta.Hierarchies())
		require.Equal(t, 1, back.Meta.Modelled)
	}
}
