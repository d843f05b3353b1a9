package attributes_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/attributes"
	"tickle/learners/learnertest"
)

// TestNumber has what Weka 3.6.14 prints (Utils.doubleToString).
func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v        float64
		six, two string
	}{
		{0, "0", "0"}, {1, "1", "1"}, {-1, "-1", "-1"}, {.5, "0.5", "0.5"}, {-.25, "-0.25", "-0.25"},
		{3.14159265358979, "3.141593", "3.14"}, {1e-7, "0", "0"}, {-1e-7, "0", "0"}, {4.9e-7, "0", "0"},
		{5e-7, "0.000001", "0"}, {-5e-7, "-0.000001", "0"},
		{123456789.123456789, "123456789.123457", "123456789.12"}, {.30000000000000004, "0.3", "0.3"},
		{1e15, "1.0E15", "1000000000000000"}, {99.9999995, "100", "100"}, {-2.5, "-2.5", "-2.5"},
		{1e13 + .5, "1.00000000000005E13", "10000000000000.5"}, {math.NaN(), "?", "?"},
	} {
		require.Equal(t, c.six, attributes.Number(c.v, 6), "%v", c.v)
		require.Equal(t, c.two, attributes.Number(c.v, 2), "%v", c.v)
	}
}

// TestQuote has what Weka 3.6.14 prints (Utils.quote).
func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"abc": "abc", "a b": "'a b'", "": "''", "?": "'?'", "it's": `'it\'s'`, "a,b": "'a,b'", "{x}": "'{x}'",
		"5%": `'5\%'`, `a\b`: `'a\\b'`, "tab\tx": `'tab\tx'`, `q"q`: `'q\"q'`, "a;b": "a;b", "x=y": "x=y",
	} {
		require.Equal(t, want, attributes.Quote(s))
	}
}

// table has five nominal columns, of which 0 and 3 group the rows alike, and
// numbers before column 0, between 1 and 2, and behind all.
func table() *learnertest.Data {
	d := learnertest.Table([][]string{
		{"x", "y", "y"}, {"x", "y", "?"}, {"x", "x", "x"}, {"q", "p", "p"}, {"?", "?", "?"},
	}, []string{"a", "b", "b"})
	d.Matrix.Numbers = []datasets.NumericColumn{
		{Name: "first", Cells: []float64{1, 2, 3}}, {Name: "middle", Cells: []float64{1, math.NaN(), 0.25}, Before: 2},
		{Name: "last one", Cells: []float64{7, 7, 7}, Before: 5},
	}
	d.Selection = d.Matrix.All()
	return d
}

func TestOf(t *testing.T) {
	d := table()
	list, err := attributes.Of(d.Selection)
	require.NoError(t, err)
	var got []string
	for _, a := range list {
		got = append(got, fmt.Sprintf("%s mult %d values %d missing %v nominal %v", attributes.Name(d.Matrix, a.ID), a.Mult, a.Values, a.Missing, a.Nominal()))
	}
	require.Equal(t, []string{
		"first mult 1 values 0 missing false nominal false",
		"p0.answer.kind mult 2 values 2 missing false nominal true",
		"p0.ip.version mult 1 values 2 missing true nominal true",
		"middle mult 1 values 0 missing true nominal false",
		"p0.ip.ihl mult 1 values 1 missing false nominal true",
		"p0.ip.len mult 1 values 0 missing true nominal true",
		"last one mult 1 values 0 missing false nominal false",
	}, got)
	d.Matrix.Numbers[1].Cells[2] = math.Inf(1)
	_, err = attributes.Of(d.Selection)
	require.EqualError(t, err, "column middle, row 2: +Inf: want a finite number, or none")
	d.Selection = d.Select(func(int) bool { return true }) // without numbers
	_, err = attributes.Of(d.Selection)
	require.NoError(t, err)
}

func TestColumns(t *testing.T) {
	d := table()
	columns := attributes.Columns(d.Selection)
	require.Equal(t, []attributes.ID{attributes.Numeric(0), 0, 1, attributes.Numeric(1), 2, 3, 4, attributes.Numeric(2)}, columns)
	require.Equal(t, "1,1,1,1,1,1,?,7,a", attributes.Row(d.Matrix, columns, 0, "a"))
	require.Equal(t, "3,2,?,0.25,1,2,?,7,'b c'", attributes.Row(d.Matrix, columns, 2, "b c"))
	require.Equal(t, []attributes.ID{0, 1, 2, 4}, attributes.Columns(d.Select(func(c int) bool { return c != 3 })))
	d.Matrix.Names = []string{"zero"}
	require.Equal(t, "zero", attributes.Name(d.Matrix, 0))
	require.Equal(t, "last one", attributes.Name(d.Matrix, attributes.Numeric(2)))
	n, number := attributes.Numeric(2).Number()
	require.True(t, number)
	require.Equal(t, int32(2), n)
}
