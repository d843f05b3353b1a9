package datasets

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// The columns of a summary file: probe, repeats, answered, answers, three a
// field and, in dialogues, step and answer.
const (
	colProbe = iota
	colRepeats
	colAnswered
	colAnswers
	colFields
)

// fieldColumn gives the first of a field's three columns, or -1.
func (l Layout) fieldColumn(f FieldID) int {
	i, ok := slices.BinarySearch(l.Fields(), f)
	if !ok {
		return -1
	}
	return colFields + 3*i
}

// stepColumn gives the column of steps in dialogues; that of answers follows.
func (l Layout) stepColumn() int { return colFields + 3*len(l.Fields()) }

// manyValued are the fields whose values differ from probe to probe.
var manyValued = [NumAllFields]bool{TCPSeqRel: true, TCPAckRel: true, TCPTSEcrRel: true, TCPWindowChange: true, IPID: true, IPChecksum: true, TCPSeq: true, TCPAck: true, TCPChecksum: true,
	TCPTSVal: true, TCPTSEcr: true, TCPSACKLeft: true, TCPSACKRight: true}

func valueSpec(f FieldID) columnSpec {
	c := columnSpec{name: Catalogue[f].Name, kind: small, nullable: true}
	switch {
	case Catalogue[f].Type == Text:
		c.kind = text
	case manyValued[f]:
		c.kind = wide
	}
	return c
}

func summaryColumns(l Layout) []columnSpec {
	specs := []columnSpec{{name: "probe", kind: wide}, {name: "repeats", kind: small},
		{name: "answered", kind: small}, {name: "answers", kind: small}}
	for _, f := range l.Fields() {
		name := Catalogue[f].Name
		specs = append(specs, valueSpec(f),
			columnSpec{name: name + ".distinct", kind: small, nullable: true},
			columnSpec{name: name + ".first", kind: small, nullable: true})
	}
	if l == Dialogues {
		specs = append(specs, columnSpec{name: "step", kind: small}, columnSpec{name: "answer", kind: small})
	}
	return specs
}

const (
	summaryFormat = "tickle-summaries/2"
	slotFormat    = "tickle-slots/1" // of dialogues
	keyFormat     = "tickle.format"
	keyMachine    = "tickle.machine"
	keyPlan       = "tickle.plan"
	keyProbes     = "tickle.probes_sha256"
	keySeed       = "tickle.seed"
	keyCatalogue  = "tickle.catalogue"
	keyCounts     = "tickle.counts"
)

func (h *SummaryHeader) write(t *tableWriter, format string) {
	t.meta(keyFormat, format)
	t.meta(keyMachine, h.Machine)
	t.meta(keyPlan, h.Plan)
	t.meta(keyProbes, h.Probes)
	t.meta(keySeed, strconv.FormatUint(h.Seed, 10))
	t.meta(keyCatalogue, strconv.Itoa(CatalogueVersion))
}

func readHeader(t *tableFile, format string) (h SummaryHeader, counts Counts, err error) {
	if got := t.meta(keyFormat); got != format {
		return h, counts, fmt.Errorf("%s: format %q, want %q", t.path, got, format)
	}
	if got := t.meta(keyCatalogue); got != strconv.Itoa(CatalogueVersion) {
		return h, counts, fmt.Errorf("%s: catalogue version %q, want %d", t.path, got, CatalogueVersion)
	}
	h = SummaryHeader{Machine: t.meta(keyMachine), Plan: t.meta(keyPlan), Probes: t.meta(keyProbes)}
	if h.Seed, err = strconv.ParseUint(t.meta(keySeed), 10, 64); err != nil {
		return h, counts, fmt.Errorf("%s: seed %q: want a number", t.path, t.meta(keySeed))
	}
	if err := decodeStrict([]byte(t.meta(keyCounts)), &counts); err != nil {
		return h, counts, fmt.Errorf("%s: counts: %w", t.path, err)
	}
	return h, counts, nil
}

// SummaryWriter writes a machine's summaries to a Parquet file: a row a
// probe, with the columns probe, repeats, answered and answers, and for each
// field its value (null unless Present) and, under its name with .distinct
// and .first, what FieldSummary says of a field that varied (null unless
// Nondet). So a null value with a null .distinct is an absent field. In
// dialogues there is a row a place for an answer, and last come the columns
// step and answer.
type SummaryWriter struct {
	t      *tableWriter
	h      SummaryHeader
	counts Counts
	last   Slot
	texts  *Interner
	*summaryRows
}

// summaryRows are the rows of a row group, column by column, from one file to
// the next.
type summaryRows struct {
	n       int // rows
	head    [colFields][RowsPerGroup]int64
	places  [2][RowsPerGroup]uint8 // step and answer
	states  [NumAllFields][RowsPerGroup]State
	values  [NumAllFields][RowsPerGroup]uint64
	varied  [NumAllFields][RowsPerGroup]uint32 // Distinct<<16 | First
	nondets [NumAllFields]bool                 // some row is Nondet
	scratch [RowsPerGroup]parquet.Value
}

var (
	summaryTable = &tableKind{name: "summaries", specs: summaryColumns(Packets)}
	slotTable    = &tableKind{name: "slots", specs: summaryColumns(Dialogues)}
	idleRows     = sync.Pool{New: func() any { return new(summaryRows) }}
	allNull      = make([]parquet.Value, RowsPerGroup)
)

// CreateSummary starts the file at path, in a folder that it makes if need
// be. The file comes into being when Close succeeds. The same summaries under
// the same header give the same bytes.
func CreateSummary(path string, h SummaryHeader) (*SummaryWriter, error) {
	if err := makeDirs(path); err != nil {
		return nil, err
	}
	kind := summaryTable
	if h.Layout == Dialogues {
		kind = slotTable
	}
	t, err := createTable(h.FS, path, kind)
	if err != nil {
		return nil, err
	}
	w := &SummaryWriter{t: t, h: h, last: Slot{Probe: -1}, summaryRows: idleRows.Get().(*summaryRows)}
	w.n, w.nondets = 0, [NumAllFields]bool{}
	return w, nil
}

// SetCounts gives the counts that Close writes.
func (w *SummaryWriter) SetCounts(c Counts) { w.counts = c }

// Write appends a summary. Probes, and steps and answers within them, must come
// in ascending order. texts has the
// texts of the Text fields and is the same in every call. Write keeps
// neither s nor, after Close, texts. An error is final: only Abort is left.
func (w *SummaryWriter) Write(s *Summary, texts *Interner) error {
	slot := Slot{s.Probe, s.Step, s.Answer}
	if compareSlots(slot, w.last) <= 0 {
		return fmt.Errorf("%s: probe %d after probe %d: want ascending order", w.t.file.path, s.Probe, w.last.Probe)
	}
	w.last, w.texts = slot, texts
	n := w.n
	w.places[0][n], w.places[1][n] = s.Step, s.Answer
	w.head[colProbe][n], w.head[colRepeats][n] = int64(s.Probe), int64(s.Repeats)
	w.head[colAnswered][n], w.head[colAnswers][n] = int64(s.Answered), int64(s.Answers)
	for _, f := range w.h.Layout.Fields() {
		x := &s.Fields[f]
		if x.State == 0 || x.State > Nondet || x.Value > maxValue {
			return fmt.Errorf("%s: probe %d, %v: state %d, value %d: want a state, and a value below 2^62", w.t.file.path, s.Probe, f, x.State, x.Value)
		}
		w.states[f][n], w.values[f][n] = x.State, x.Value
		if x.State == Nondet {
			w.varied[f][n], w.nondets[f] = uint32(x.Distinct)<<16|uint32(x.First), true
		}
	}
	w.n++
	if w.n == RowsPerGroup {
		return w.flush()
	}
	return nil
}

// maxValue is the largest value of a field.
const maxValue = 1<<62 - 1

func (w *SummaryWriter) flush() error {
	out := w.scratch[:w.n]
	for i := range w.head {
		for r, v := range w.head[i][:w.n] {
			out[r] = parquet.Int64Value(v)
		}
		w.t.column(i, out)
	}
	for k, f := range w.h.Layout.Fields() {
		i := colFields + 3*k
		w.fieldValues(f, out)
		w.t.column(i, out)
		if !w.nondets[f] {
			w.t.column(i+1, allNull[:w.n])
			w.t.column(i+2, allNull[:w.n])
			continue
		}
		w.variation(f, out, 16)
		w.t.column(i+1, out)
		w.variation(f, out, 0)
		w.t.column(i+2, out)
	}
	if w.h.Layout == Dialogues {
		for i := range w.places {
			for r, v := range w.places[i][:w.n] {
				out[r] = parquet.Int64Value(int64(v))
			}
			w.t.column(w.h.Layout.stepColumn()+i, out)
		}
	}
	w.n, w.nondets = 0, [NumAllFields]bool{}
	return w.t.endGroup()
}

// fieldValues makes the cells of a field's value. A value is mostly that of
// the row before, and copying a cell is cheaper than making it.
func (w *SummaryWriter) fieldValues(f FieldID, out []parquet.Value) {
	isText := Catalogue[f].Type == Text
	var last uint64
	var cell parquet.Value
	for r, s := range w.states[f][:w.n] {
		if s != Present {
			out[r] = null()
			continue
		}
		if v := w.values[f][r]; cell.IsNull() || v != last {
			last = v
			if isText {
				cell = some(parquet.ByteArrayValue([]byte(w.texts.Text(v))))
			} else {
				cell = some(parquet.Int64Value(int64(v)))
			}
		}
		out[r] = cell
	}
}

// variation makes the cells of what shift picks from varied.
func (w *SummaryWriter) variation(f FieldID, out []parquet.Value, shift int) {
	for r, s := range w.states[f][:w.n] {
		out[r] = null()
		if s == Nondet {
			out[r] = some(parquet.Int64Value(int64(w.varied[f][r] >> shift & 0xffff)))
		}
	}
}

// Close completes the file: its bytes are on the disk under its name. On an
// error nothing is left of it.
func (w *SummaryWriter) Close() error {
	if w.n > 0 {
		_ = w.flush() // the table keeps the error for close
	}
	format := summaryFormat
	if w.h.Layout == Dialogues {
		format = slotFormat
	}
	w.h.write(w.t, format)
	b, err := json.Marshal(w.counts)
	if err != nil {
		return err
	}
	w.t.meta(keyCounts, string(b))
	idleRows.Put(w.summaryRows)
	w.summaryRows = nil
	return w.t.close()
}

// Abort gives the file up and leaves nothing behind.
func (w *SummaryWriter) Abort() { w.t.abort() }

// SummaryFile reads what SummaryWriter wrote, whole columns of a row group at
// a time. Its methods may be called from several goroutines. Errors are one
// line with file and column.
type SummaryFile struct {
	Header SummaryHeader
	Counts Counts
	t      *tableFile
}

// OpenSummary opens a summary file and checks that it is whole.
func OpenSummary(path string) (*SummaryFile, error) {
	kind, layout, format := summaryTable, Packets, summaryFormat
	t, err := openTable(path, kind.specs)
	if err != nil {
		kind, layout, format = slotTable, Dialogues, slotFormat
		var other error
		if t, other = openTable(path, kind.specs); other != nil {
			return nil, err
		}
	}
	s := &SummaryFile{t: t}
	if s.Header, s.Counts, err = readHeader(t, format); err != nil {
		_ = t.close()
		return nil, err
	}
	s.Header.Layout = layout
	return s, nil
}

// Close closes the file.
func (s *SummaryFile) Close() error { return s.t.close() }

// Rows is the number of summaries.
func (s *SummaryFile) Rows() int { return s.t.rows() }

// Groups is the number of row groups.
func (s *SummaryFile) Groups() int { return s.t.groups() }

// Read gives the summaries of row group g in order. Texts are numbered by texts.
func (s *SummaryFile) Read(g int, texts *Interner) ([]Summary, error) {
	var c cells
	var out []Summary
	for i := range colFields {
		if err := s.t.read(g, i, &c); err != nil {
			return nil, err
		}
		if out == nil {
			out = make([]Summary, len(c.ints))
		}
		for r, v := range c.ints {
			switch i {
			case colProbe:
				out[r].Probe = int32(v)
			case colRepeats:
				out[r].Repeats = uint16(v)
			case colAnswered:
				out[r].Answered = uint16(v)
			case colAnswers:
				out[r].Answers = uint32(v)
			}
		}
	}
	slots, err := s.Slots(g)
	if err != nil {
		return nil, err
	}
	for r := range out {
		out[r].Step, out[r].Answer = slots[r].Step, slots[r].Answer
		for f := range out[r].Fields {
			out[r].Fields[f] = FieldSummary{State: Absent, Distinct: 1}
		}
	}
	for _, f := range s.Header.Layout.Fields() {
		if err := s.readField(g, f, texts, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Slots gives the place of every row of row group g.
func (s *SummaryFile) Slots(g int) ([]Slot, error) {
	var c cells
	if err := s.t.read(g, colProbe, &c); err != nil {
		return nil, err
	}
	out := make([]Slot, len(c.ints))
	for r, v := range c.ints {
		out[r].Probe = int32(v)
	}
	if s.Header.Layout != Dialogues {
		return out, nil
	}
	for i := range 2 {
		if err := s.t.read(g, s.Header.Layout.stepColumn()+i, &c); err != nil {
			return nil, err
		}
		for r, v := range c.ints {
			if v < 1 || v > math.MaxUint8 {
				return nil, fmt.Errorf("%s: column %s: row %d of row group %d: %d: want 1 to %d", s.t.path, s.t.specs[s.Header.Layout.stepColumn()+i].name, r, g, v, math.MaxUint8)
			}
			if i == 0 {
				out[r].Step = uint8(v)
			} else {
				out[r].Answer = uint8(v)
			}
		}
	}
	return out, nil
}

// readField fills in field f of a group's summaries.
func (s *SummaryFile) readField(g int, f FieldID, texts *Interner, out []Summary) error {
	var value, distinct, first cells
	for k, c := range []*cells{&value, &distinct, &first} {
		if err := s.t.read(g, s.Header.Layout.fieldColumn(f)+k, c); err != nil {
			return err
		}
	}
	var ids []uint64
	for _, b := range value.texts {
		ids = append(ids, texts.ID(b))
	}
	for r := range out {
		x := FieldSummary{State: Absent, Distinct: 1}
		switch {
		case !value.null[r]:
			x.State, x.Value = Present, uint64(value.ints[r])
			if Catalogue[f].Type == Text {
				x.Value = ids[value.ints[r]]
			}
		case !distinct.null[r]:
			x = FieldSummary{State: Nondet, Distinct: uint16(distinct.ints[r]), First: uint16(first.ints[r])}
		}
		out[r].Fields[f] = x
	}
	return nil
}
