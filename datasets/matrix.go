package datasets

import (
	"fmt"
	"math/bits"
	"strconv"
)

// Code is a cell of a nominal column: the number of its value among the
// column's values, in order of first appearance down the rows. Codes are
// names: their order means nothing.
type Code = uint16

// Missing marks a cell without a usable value (nondeterministic or lossy).
// It is not a code. An absent field is a value like any other.
const Missing Code = 0xFFFF

// Column says what a column of the matrix holds. In an imported table, which
// has Matrix.Names, Probe is the column's own number and Field means nothing.
type Column struct {
	Probe int32   // probe's ID
	Field FieldID // of the catalogue
	// Step and Answer say which answer of a dialogue, as in Slot; both are 0
	// for single packets.
	Step, Answer uint8
}

// Slot is where the column's answers stand.
func (c Column) Slot() Slot { return Slot{c.Probe, c.Step, c.Answer} }

// Value is what a code of a column stands for.
type Value struct {
	State  State
	Number uint64 // of a Present value: a Uint field's, or an index into Matrix.Texts for a Text field
}

// State is the state of a field after all repeats of a probe.
type State uint8

// The states. The zero value is invalid.
const (
	_       State = iota
	Present       // one value in every answer
	Absent        // absent in every answer, or the probe was never answered
	Nondet        // it varied; a value only under the category policy
)

// Matrix holds a data set of nominal columns as partitions: columns that
// group the rows alike share one column of codes. Grouping uses no labels
// and looks at all rows. Rows are machines.
//
// Memory is Partitions()·Rows() codes, 4 bytes a column and 16 a value.
type Matrix struct {
	Machines   []Machine
	Columns    []Column // in order of probe, step and answer, then of the catalogue
	Part       []int32  // partition of each column
	Names      []string // of the nominal columns of an imported table, whose values are all texts; nil where Columns says it all
	Texts      []string
	Parts      []Partition
	Numbers    []NumericColumn // beside the nominal columns; nil in data from probes
	codes      [][]Code        // partition-major, in blocks of 1<<blockShift partitions
	blockShift int
	values     []Value  // column-major
	valueAt    []uint32 // values of column c: values[valueAt[c]:valueAt[c+1]]
}

// NumericColumn is a column of numbers.
type NumericColumn struct {
	Name  string
	Cells []float64 // one a row; NaN is missing
	// Before is the number of nominal columns that stand before it in the
	// table, so that ties between the two kinds have an order.
	Before int32
}

// Partition is a way of grouping the rows.
type Partition struct {
	Distinct int  // number of codes; 0 when every cell is missing
	Missing  bool // some cell is missing
	// Other says that some cell has the code Distinct, which stands for every
	// value but the column's own: in the matrix that a stored model is tied
	// to, the values that its training data did not have.
	Other   bool
	First   int32 // the first column that has it
	Columns int32 // how many columns have it (its multiplicity over the whole matrix)
}

// Layout says what the columns are of.
func (m *Matrix) Layout() Layout {
	if len(m.Columns) > 0 && m.Columns[0].Step > 0 {
		return Dialogues
	}
	return Packets
}

// Rows is the number of machines.
func (m *Matrix) Rows() int { return len(m.Machines) }

// Codes returns the cells of partition p, one a row; it is not nil, even of no
// rows. They must not be changed.
func (m *Matrix) Codes(p int32) []Code {
	n := len(m.Machines)
	at := int(p) & (1<<m.blockShift - 1) * n
	return m.codes[p>>m.blockShift][at : at+n : at+n]
}

// blockCodes is about how many codes a block has: one growing slice would be
// copied again and again.
const blockCodes = 16 << 20

// room makes room for the cells of the next partition, the len(Parts)-th.
func (m *Matrix) room() []Code {
	n, p := len(m.Machines), len(m.Parts)
	if p == 0 {
		m.blockShift = max(1, bits.Len(uint(blockCodes/max(1, n)))) - 1
	}
	if p&(1<<m.blockShift-1) == 0 {
		size := n
		if p > 0 { // the first grows, for there may be few
			size <<= m.blockShift
		}
		m.codes = append(m.codes, make([]Code, 0, size))
		largePages(m.codes[len(m.codes)-1])
	}
	b := &m.codes[p>>m.blockShift]
	at := len(*b)
	*b = double(*b, n)[:at+n]
	return (*b)[at:]
}

// Values gives the meaning of each code of column c. It must not be changed.
func (m *Matrix) Values(c int) []Value {
	return m.values[m.valueAt[c]:m.valueAt[c+1]:m.valueAt[c+1]]
}

// Selection is a set of columns of a matrix, as partitions with
// multiplicities: what a learner sees.
type Selection struct {
	*Matrix
	IDs  []int32 // partitions with at least one selected column, by First
	Mult []int32 // number of selected columns of each
	// First is the first selected column of each. It breaks ties: the
	// partition whose first column comes first wins.
	First []int32
	D     int // number of selected columns, Σ Mult
	// Numbers are the selected numeric columns, ascending. D does not count
	// them.
	Numbers []int32

	columns []uint64 // a bit a column: whether it is selected
}

// Selected reports whether nominal column c is selected.
func (s *Selection) Selected(c int) bool { return s.columns[c/64]>>(c%64)&1 != 0 }

// Select makes the selection of the columns for which keep is true. Constant
// columns are kept when keep says so.
func (m *Matrix) Select(keep func(c int) bool) *Selection {
	at := make([]int32, len(m.Parts))
	for i := range at {
		at[i] = -1
	}
	s := &Selection{Matrix: m, columns: make([]uint64, (len(m.Part)+63)/64)}
	for c, p := range m.Part {
		if !keep(c) {
			continue
		}
		s.columns[c/64] |= 1 << (c % 64)
		s.D++
		if at[p] < 0 {
			at[p] = int32(len(s.IDs))
			s.IDs = append(s.IDs, p)
			s.Mult = append(s.Mult, 0)
			s.First = append(s.First, int32(c))
		}
		s.Mult[at[p]]++
	}
	return s
}

// All selects every column, the numeric ones too.
func (m *Matrix) All() *Selection {
	s := m.Select(func(int) bool { return true })
	for i := range m.Numbers {
		s.Numbers = append(s.Numbers, int32(i))
	}
	return s
}

// Text gives what code means in column c, for people and tables: the number
// or text of a value, "absent", "nondet", or "" for Missing. A text is quoted
// only by whoever writes it. A value of a text field for which there is no
// text, in a made-up matrix, is its number.
func (m *Matrix) Text(c int, code Code) string {
	if code == Missing {
		return ""
	}
	switch v := m.Values(c)[code]; {
	case v.State == Absent:
		return "absent"
	case v.State == Nondet:
		return "nondet"
	case m.textual(c) && v.Number < uint64(len(m.Texts)):
		return m.Texts[v.Number]
	default:
		return strconv.FormatUint(v.Number, 10)
	}
}

// textual reports whether the values of column c are texts.
func (m *Matrix) textual(c int) bool {
	return m.Names != nil || Catalogue[m.Columns[c].Field].Type == Text
}

// Name gives the name of column c, as "p12.tcp.window", in a dialogue
// "p12.s3.a1.tcp.window", or as the imported table has it.
func (m *Matrix) Name(c int) string {
	if m.Names != nil {
		return m.Names[c]
	}
	return m.Columns[c].String()
}

// String gives the name of the column.
func (c Column) String() string {
	if c.Step == 0 {
		return "p" + strconv.Itoa(int(c.Probe)) + "." + c.Field.String()
	}
	return fmt.Sprintf("p%d.s%d.a%d.%v", c.Probe, c.Step, c.Answer, c.Field)
}
