package modelfile_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/attributes"
	"tickle/learners/modelfile"
)

// imported is a table of columns of texts ("" is missing) and of numbers.
func imported(t *testing.T, columns map[string][]string, numbers map[string][]float64) *datasets.Matrix {
	in := &datasets.Imported{}
	rows := 0
	for _, name := range []string{"a", "b", "c"} {
		if cells := columns[name]; cells != nil {
			c := datasets.ImportedColumn{Name: name}
			at := map[string]datasets.Code{"": datasets.Missing}
			for _, v := range cells {
				if _, known := at[v]; !known {
					at[v] = datasets.Code(len(c.Values))
					c.Values = append(c.Values, v)
				}
				c.Codes = append(c.Codes, at[v])
			}
			in.Columns, rows = append(in.Columns, c), len(cells)
		}
		if cells := numbers[name]; cells != nil {
			in.Columns, rows = append(in.Columns, datasets.ImportedColumn{Name: name, Numbers: cells}), len(cells)
		}
	}
	for r := range rows {
		in.Rows = append(in.Rows, datasets.Machine{Name: string(rune('A' + r))})
	}
	d, err := datasets.FromTable(in)
	require.NoError(t, err)
	return d.Matrix
}

// bind stores all of a matrix with its rows and ties it to a target.
func bind(m *datasets.Matrix, to *modelfile.Target) (*modelfile.Bound, error) {
	var e modelfile.Encoder
	var rows []int32
	for r := range m.Rows() {
		rows = append(rows, int32(r))
	}
	e.Table(m, attributes.Columns(m.All()), rows)
	d := modelfile.NewDecoder(e.Bytes())
	b, err := d.Table(context.Background(), to)
	if err == nil {
		err = d.End()
	}
	return b, err
}

// A table tied to data has the data's rows and then its own, and its own
// codes; what it does not know is one code more.
func TestBind(t *testing.T) {
	nan := math.NaN()
	m := imported(t, map[string][]string{"a": {"x", "y", ""}, "b": {"p", "q", "p"}}, map[string][]float64{"c": {1, nan, 3}})
	to := imported(t, map[string][]string{"b": {"q", "z", "p", ""}, "a": {"y", "y", "z", "x"}}, map[string][]float64{"c": {7, 8, 9, nan}})
	b, err := bind(m, &modelfile.Target{Matrix: to})
	require.NoError(t, err)
	require.Equal(t, []int32{4, 5, 6}, b.Rows)
	require.Equal(t, []attributes.ID{0, 1, attributes.Numeric(0)}, b.IDs)
	require.Equal(t, []string{"a", "b"}, b.Names)
	const missing = datasets.Missing
	require.Equal(t, []datasets.Code{1, 1, 2, 0, 0, 1, missing}, b.Codes(b.Part[0]))
	require.Equal(t, []datasets.Code{1, 2, 0, missing, 0, 1, 0}, b.Codes(b.Part[1]))
	require.Equal(t, 2, b.Parts[0].Distinct)
	require.True(t, b.Parts[0].Other)
	require.Equal(t, "y", b.Text(0, 1))
	require.Equal(t, []float64{7, 8, 9}, b.Matrix.Numbers[0].Cells[:3])
	require.True(t, math.IsNaN(b.Matrix.Numbers[0].Cells[3]))
	require.Equal(t, "D", b.Machines[3].Name)

	b, err = bind(m, &modelfile.Target{Matrix: to, From: 1, To: 3})
	require.NoError(t, err)
	require.Equal(t, []datasets.Code{1, 2, 0, 1, missing}, b.Codes(b.Part[0]))
}

func TestBindErrors(t *testing.T) {
	m := imported(t, map[string][]string{"a": {"x", "y"}, "b": {"p", "q"}}, map[string][]float64{"c": {1, 2}})
	g := datasets.NewGrouper(make([]datasets.Machine, 1))
	g.Add(datasets.Column{}, []datasets.Code{0}, []datasets.Value{{State: datasets.Present}})
	probes := g.Matrix(nil)
	twice := imported(t, map[string][]string{"a": {"x"}, "b": {"p"}}, map[string][]float64{"c": {1}})
	twice.Names[1] = "a"
	large := imported(t, map[string][]string{"a": {"x"}, "b": {"p"}}, map[string][]float64{"c": {1e200}})
	for _, c := range []struct {
		name     string
		from, to *datasets.Matrix
		want     string
	}{
		{"a column is not there", m, imported(t, map[string][]string{"a": {"x"}}, map[string][]float64{"c": {1}}), "the data lacks 1 of the model's 3 columns, as b"},
		{"texts for numbers", m, imported(t, map[string][]string{"a": {"x"}, "b": {"p"}, "c": {"one"}}, nil), "column c: the model knows it as numbers, the data does not"},
		{"numbers for texts", m, imported(t, map[string][]string{"a": {"x"}}, map[string][]float64{"b": {1}, "c": {1}}), "column b: the model knows it as nominal, the data does not"},
		{"two of a name", m, twice, "column a: the data has several of that name"},
		{"probes for a table", m, probes, "the model's columns are of a table, the data's of probes"},
		{"a table for probes", probes, m, "the model's columns are of probes, the data's of a table"},
		{"a number too large", m, large, "column c, row 0: 1e+200: want a number from -1e+100 to 1e+100, or none"},
	} {
		_, err := bind(c.from, &modelfile.Target{Matrix: c.to})
		require.EqualError(t, err, c.want, c.name)
	}
	b, err := bind(m, &modelfile.Target{Matrix: imported(t, map[string][]string{"a": {"x"}}, map[string][]float64{"c": {1}}), Lacking: modelfile.LackingMissing})
	require.NoError(t, err)
	require.Equal(t, []datasets.Code{datasets.Missing, 0, 1}, b.Codes(b.Part[1]))
}

// Tables that contradict themselves are errors.
func TestHostileTables(t *testing.T) {
	type parts struct{ rows, values, fields, partitions, columns func(e *modelfile.Encoder) }
	none := func(e *modelfile.Encoder) { e.Count(0) }
	oneValue := func(e *modelfile.Encoder) { e.Count(1); e.Uint(1); e.Text("7") }
	oneField := func(e *modelfile.Encoder) { e.Count(1); e.Text("ip.ttl") }
	onePart := func(e *modelfile.Encoder) { e.Count(1); e.Count(1) }
	probe := func(e *modelfile.Encoder, probe uint64, value int) {
		e.Uint(1)
		e.Uint(probe)
		e.Uint(0)
		e.Uint(0)
		e.Index(0)
		e.Index(0)
		e.Index(value)
	}
	good := parts{none, oneValue, oneField, onePart, func(e *modelfile.Encoder) { e.Count(1); probe(e, 3, 0) }}
	for _, c := range []struct {
		name   string
		change func(p *parts)
		want   string
	}{
		{"good", func(*parts) {}, ""},
		{"many rows", func(p *parts) { p.rows = func(e *modelfile.Encoder) { e.Count(1 << 40) } }, "training rows: want no more than"},
		{"an unknown field", func(p *parts) { p.fields = func(e *modelfile.Encoder) { e.Count(1); e.Text("ip.ttk") } }, `field "ip.ttk" is not in the catalogue`},
		{"a state of none", func(p *parts) { p.values = func(e *modelfile.Encoder) { e.Count(1); e.Uint(4); e.Text("7") } }, "value: 4: want a number from 1 to 3"},
		{"no number", func(p *parts) { p.values = func(e *modelfile.Encoder) { e.Count(1); e.Uint(1); e.Text("x") } }, `column p3.ip.ttl: value "x": want a number`},
		{"a value outside", func(p *parts) { p.columns = func(e *modelfile.Encoder) { e.Count(1); probe(e, 3, 1) } }, "number 1: want one of 1"},
		{"columns out of order", func(p *parts) {
			p.columns = func(e *modelfile.Encoder) { e.Count(2); probe(e, 3, 0); probe(e, 3, 0) }
		}, "column p3.ip.ttl: not in order"},
		{"a partition of no column", func(p *parts) { p.partitions = func(e *modelfile.Encoder) { e.Count(2); e.Count(1); e.Count(0) } }, "partition 1: want a column that has it"},
		{"too many values", func(p *parts) { p.partitions = func(e *modelfile.Encoder) { e.Count(1); e.Count(1 << 16) } }, "values of a partition: 65536"},
		{"many columns", func(p *parts) { p.columns = func(e *modelfile.Encoder) { e.Count(1 << 30) } }, "columns: want no more than"},
		{"an unknown kind", func(p *parts) { p.columns = func(e *modelfile.Encoder) { e.Count(1); e.Uint(4); e.Uint(0); e.Uint(0) } }, "kind of column: 4"},
	} {
		p := good
		c.change(&p)
		var e modelfile.Encoder
		for _, part := range []func(*modelfile.Encoder){p.rows, p.values, p.fields, p.partitions, p.columns} {
			part(&e)
		}
		d := modelfile.NewDecoder(e.Bytes())
		_, err := d.Table(context.Background(), &modelfile.Target{})
		if c.want == "" {
			require.NoError(t, err)
			require.NoError(t, d.End())
		} else {
			require.ErrorContains(t, err, c.want, c.name)
		}
	}
}
