package nmap4_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/nmap4"
)

// TestDraw draws what the expressions describe: each subject is a perfect
// match of its reference by the book's grammar.
func TestDraw(t *testing.T) {
	db := read(t, strings.Replace(small, "O1=M5B4|M400", "O1=M[500-5B4|>600]ST11NW[<8]||X", 1))
	m, err := nmap4.NewMatcher(db, nmap4.DialectCurrent)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	values := make(map[string]bool)
	for range 300 {
		for i := range db.References {
			f := db.References[i].Draw(rng)
			e, err := m.Explain(f, &db.References[i])
			require.NoError(t, err)
			require.Equal(t, e.Possible, e.Matched, "%s", f)
			v, _ := f.Get("T1", "T")
			values[v] = true
		}
	}
	require.Len(t, values, 0x45-0x3B+2) // every T, and none
}

// TestTable makes rows, and of the data set's cells the subjects again.
func TestTable(t *testing.T) {
	db := read(t, small)
	imported, err := db.Table(nmap4.TableOptions{Labels: []string{"vendor", "generation"}, Draws: 2, Seed: 3})
	require.NoError(t, err)
	// The second reference is of Acme and of Bolt.
	require.Equal(t, &datasets.Drawn{Seed: 3, Draws: 2, LeftOut: 1}, imported.Meta.Drawn)
	var rows []string
	for i := range imported.Rows {
		m := &imported.Rows[i]
		rows = append(rows, fmt.Sprintf("%s/%s/%s", m.Name, m.Group, m.Labels.Kernel[1]))
	}
	require.Equal(t, []string{"9.1 Anvil 1/line 9/Acme 1.X", "9.2 Anvil 1/line 9/Acme 1.X", "26.1 Anvil 1/line 26/Acme 1.X", "26.2 Anvil 1/line 26/Acme 1.X",
		"32.1 Far/line 32/Acme", "32.2 Far/line 32/Acme"}, rows)
	var columns []string
	for _, c := range imported.Columns {
		columns = append(columns, fmt.Sprint(c.Name, c.Numbers != nil))
	}
	require.Equal(t, "SEQ.Rfalse SEQ.SPtrue SEQ.TIfalse OPS.O1false T1.Rfalse T1.DFfalse T1.Ttrue T2.Rfalse T2.Wfalse", strings.Join(columns, " "))
	d, err := datasets.FromTable(imported)
	require.NoError(t, err)
	// Each row matches its own reference, when its other draw is in training.
	bound, err := nmap4.RowsOfTable(d.Matrix, db)
	require.NoError(t, err)
	model, err := (&nmap4.Learner{Dialect: nmap4.DialectCurrent}).Bind(bound).Fit(context.Background(), &learners.Train{
		Data: d.Matrix.Select(func(int) bool { return false }), Rows: []int32{0, 2, 4}, Labels: []int32{0, 0, 1, 1, 2, 2}, Classes: []string{"a", "b", "c"}})
	require.NoError(t, err)
	for row, class := range []int32{0, 0, 1, 1, 2, 2} {
		require.Equal(t, 1.0, model.Predict(int32(row)).Scores[class], "row %d", row)
	}
	_, err = nmap4.RowsOfTable(d.Matrix, read(t, strings.Replace(small, "Fingerprint Far", "Fingerprint Near", 1)))
	require.EqualError(t, err, `D: row "32.1 Far": no such reference`)
	again, err := db.Table(nmap4.TableOptions{Labels: []string{"vendor", "generation"}, Draws: 2, Seed: 3})
	require.NoError(t, err)
	same, err := datasets.FromTable(again)
	require.NoError(t, err)
	require.Equal(t, d.Hash(), same.Hash())
}

// TestTableOfAnyClass keeps a reference of two vendors, with both.
func TestTableOfAnyClass(t *testing.T) {
	imported, err := read(t, small).Table(nmap4.TableOptions{Labels: []string{"vendor"}, Draws: 2, AnyClass: true})
	require.NoError(t, err)
	require.Zero(t, imported.Meta.Drawn.LeftOut)
	require.Len(t, imported.Rows, 8)
	require.Len(t, imported.Meta.Also, 2)
	for i := range imported.Rows {
		m := &imported.Rows[i]
		if also := imported.Meta.Also[m.Name]; also != nil {
			require.Equal(t, "Acme", m.Labels.Kernel[0])
			require.Equal(t, [][]string{{"Bolt"}}, also)
		}
	}
}
