// Package attributes gives a learner the columns of a selection, nominal ones
// by partition and numeric ones beside them, in the order in which a table
// has them. Ties between columns are broken by that order, so a learner that
// visits attributes from the first to the last and takes only what is better
// than all before chooses as it would among the columns.
package attributes

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tickle/datasets"
)

// ID names a column of a matrix: nominal column c is ID c, number n of
// Matrix.Numbers is Numeric(n). Models keep IDs, never partitions.
type ID int32

// Numeric is the ID of the n-th numeric column.
func Numeric(n int32) ID { return ID(^n) }

// Number gives the index into Matrix.Numbers; ok is false for a nominal
// column.
func (id ID) Number() (n int32, ok bool) { return ^int32(id), id < 0 }

// Attribute is a partition with its multiplicity, or a numeric column.
type Attribute struct {
	ID    ID              // of a partition: its first selected column
	Codes []datasets.Code // one a row of the matrix; nil for a numeric column
	Cells []float64       // one a row, NaN where missing; nil for a nominal column
	Mult  int32           // number of columns; 1 for a numeric column
	// Values is the number of values that a nominal column has over all
	// rows, training rows or not: what it declares.
	Values  int
	Missing bool // some cell is missing
}

// Nominal reports whether the attribute is a partition of nominal columns.
func (a *Attribute) Nominal() bool { return a.Codes != nil }

// Of lists the attributes of s in the order of the table, a partition where
// its first selected column stands. A number that CheckNumbers
// refuses is an error.
func Of(s *datasets.Selection) ([]Attribute, error) {
	list := make([]Attribute, 0, len(s.IDs)+len(s.Numbers))
	next := 0
	for i, id := range s.IDs {
		for ; next < len(s.Numbers) && s.Matrix.Numbers[s.Numbers[next]].Before <= s.First[i]; next++ {
			list = append(list, numeric(s, s.Numbers[next]))
		}
		p := &s.Parts[id]
		list = append(list, Attribute{
			ID: ID(s.First[i]), Codes: s.Codes(id), Mult: s.Mult[i], Values: p.Distinct, Missing: p.Missing,
		})
	}
	for ; next < len(s.Numbers); next++ {
		list = append(list, numeric(s, s.Numbers[next]))
	}
	return list, CheckNumbers(s)
}

// MaxNumber is how large a number may be: the squares of larger ones, and sums
// of those, could be beyond what a float64 holds.
const MaxNumber = 1e100

// CheckNumbers makes sure that the selected numbers are such as learners can
// calculate with. NaN is a missing cell.
func CheckNumbers(s *datasets.Selection) error {
	for _, n := range s.Numbers {
		column := &s.Matrix.Numbers[n]
		for r, v := range column.Cells {
			if err := CheckNumber(v); err != nil {
				return fmt.Errorf("column %s, row %d: %w", column.Name, r, err)
			}
		}
	}
	return nil
}

// CheckNumber is CheckNumbers of one number.
func CheckNumber(v float64) error {
	switch {
	case math.IsInf(v, 0):
		return fmt.Errorf("%v: want a finite number, or none", v)
	case math.Abs(v) > MaxNumber:
		return fmt.Errorf("%v: want a number from %v to %v, or none", v, -MaxNumber, MaxNumber)
	}
	return nil
}

func numeric(s *datasets.Selection, n int32) Attribute {
	a := Attribute{ID: Numeric(n), Cells: s.Matrix.Numbers[n].Cells, Mult: 1}
	for _, v := range a.Cells {
		a.Missing = a.Missing || math.IsNaN(v)
	}
	return a
}

// At gives one column of a matrix.
func At(m *datasets.Matrix, id ID) Attribute {
	if n, ok := id.Number(); ok {
		return Attribute{ID: id, Cells: m.Numbers[n].Cells, Mult: 1}
	}
	p := m.Part[id]
	return Attribute{ID: id, Codes: m.Codes(p), Mult: 1, Values: m.Parts[p].Distinct, Missing: m.Parts[p].Missing}
}

// Code gives the cell of a nominal column.
func Code(m *datasets.Matrix, id ID, row int32) datasets.Code {
	return m.Codes(m.Part[id])[row]
}

// Name gives the name of a column.
func Name(m *datasets.Matrix, id ID) string {
	if n, ok := id.Number(); ok {
		return m.Numbers[n].Name
	}
	return m.Name(int(id))
}

// Value gives what a code of a nominal column means, as Weka writes it:
// quoted where it has to be. A missing cell is "?".
func Value(m *datasets.Matrix, id ID, code datasets.Code) string {
	if code == datasets.Missing {
		return "?"
	}
	return Quote(m.Text(int(id), code))
}

// Quote writes a name as ARFF has it: in single quotes, with backslashes, when
// it is empty, a question mark, or has a character that ARFF gives a meaning.
func Quote(s string) string {
	escaped := strings.NewReplacer(
		`\`, `\\`, `'`, `\'`, "\t", `\t`, "\n", `\n`, "\r", `\r`, `"`, `\"`, "%", `\%`, "\u001E", `\u001E`,
	).Replace(s)
	if escaped != s || s == "" || s == "?" || strings.ContainsAny(s, " {},") {
		return "'" + escaped + "'"
	}
	return s
}

// Number writes a number as Weka does, with up to the given number of decimal
// places, halves away from zero; NaN is "?". Numbers too large for that many
// digits are in the form of Java, as 1.5E13.
func Number(v float64, places int) string {
	if math.IsNaN(v) {
		return "?"
	}
	scale := math.Pow(10, float64(places))
	scaled := math.Floor(math.Abs(v)*scale + 0.5)
	if scaled >= 1<<63 {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e+")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		return mantissa + "E" + strings.TrimLeft(exponent, "0")
	}
	s := strconv.FormatInt(int64(scaled), 10)
	if len(s) <= places {
		s = strings.Repeat("0", places+1-len(s)) + s
	}
	if places > 0 {
		s = s[:len(s)-places] + "." + s[len(s)-places:]
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if v < 0 && scaled > 0 {
		s = "-" + s
	}
	return s
}

// Row writes a row of the given columns as Weka writes an instance, the class
// last: what its random generators are seeded with.
func Row(m *datasets.Matrix, columns []ID, row int32, class string) string {
	var b strings.Builder
	for _, id := range columns {
		if n, ok := id.Number(); ok {
			b.WriteString(Number(m.Numbers[n].Cells[row], 6))
		} else {
			b.WriteString(Value(m, id, Code(m, id, row)))
		}
		b.WriteByte(',')
	}
	b.WriteString(Quote(class))
	return b.String()
}

// Columns lists every selected column, in the order of the table: not one a
// partition, but all. On data of the paper's size that is two million.
func Columns(s *datasets.Selection) []ID {
	all := make([]ID, 0, s.D+len(s.Numbers))
	next := 0
	for c := range s.Part {
		for ; next < len(s.Numbers) && int(s.Matrix.Numbers[s.Numbers[next]].Before) <= c; next++ {
			all = append(all, Numeric(s.Numbers[next]))
		}
		if s.Selected(c) {
			all = append(all, ID(c))
		}
	}
	for ; next < len(s.Numbers); next++ {
		all = append(all, Numeric(s.Numbers[next]))
	}
	return all
}
