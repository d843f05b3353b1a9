package datasets

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go"
)

const (
	exchangeFormat = "tickle-exchanges/2"
	dialogueFormat = "tickle-dialogues/1"
)

// The columns of a file of exchanges, before the fields.
const (
	colXProbe = iota
	colXRepeat
	colXSent
	colXReceived
	colXAnswers
	colXKinds
	colXDelays
	colXFields
)

var exchangeColumns = func() []columnSpec {
	specs := []columnSpec{{name: "probe", kind: wide}, {name: "repeat", kind: small}, {name: "sent_us", kind: wide},
		{name: "received_us", kind: wide, nullable: true}, {name: "answers", kind: small}, {name: "kinds", kind: text},
		{name: "delays_us", kind: wide, list: true}}
	for _, f := range packetFields {
		specs = append(specs, valueSpec(f))
	}
	return specs
}()

// The columns of a file of dialogues, behind those before the fields.
const (
	colXSteps = colXFields + iota
	colXRaw
)

// dialogueColumns have the packets, from which all fields can be read.
var dialogueColumns = append(exchangeColumns[:colXFields:colXFields], columnSpec{name: "steps", kind: small, list: true}, rawColumn)

// rawColumn follows the fields where bytes are kept.
var rawColumn = columnSpec{name: "raw", kind: blob, list: true}

var (
	exchangeTable    = &tableKind{name: "exchanges", specs: exchangeColumns}
	dialogueTable    = &tableKind{name: "dialogues", specs: dialogueColumns}
	rawExchangeTable = &tableKind{name: "exchanges", specs: append(exchangeColumns[:len(exchangeColumns):len(exchangeColumns)], rawColumn)}
)

var kindNames = [...]string{KindNone: "none", KindTCP: "tcp", KindICMP: "icmp", KindUDP: "udp"}

// String gives the name used in files.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint64(k))
}

// ObservationWriter writes a machine's exchanges to a Parquet file, a row
// each: probe, repeat, sent_us, received_us (null without an answer),
// answers, kinds (of the answers, comma separated), delays_us (a list), and
// the first answer's fields, null where absent; with KeepBytes also raw, the
// list of the answers' packets. A row of a dialogue has no fields, for each of
// its answers has its own, but steps (a list: the step that each answer came
// in, from 1) and raw in any case.
type ObservationWriter struct {
	t      *tableWriter
	h      ObservationHeader
	counts Counts
	n      int
	cols   [][]parquet.Value
	kinds  []byte
}

// CreateObservations starts the file at path, in a folder that it makes if
// need be. The file comes into being when Close succeeds.
func CreateObservations(path string, h ObservationHeader) (*ObservationWriter, error) {
	if err := makeDirs(path); err != nil {
		return nil, err
	}
	kind := exchangeTable
	switch {
	case h.Layout == Dialogues:
		kind = dialogueTable
	case h.Keep == KeepBytes:
		kind = rawExchangeTable
	}
	t, err := createTable(h.FS, path, kind)
	if err != nil {
		return nil, err
	}
	return &ObservationWriter{t: t, h: h, cols: make([][]parquet.Value, len(kind.specs))}, nil
}

// SetCounts gives the counts that Close writes.
func (w *ObservationWriter) SetCounts(c Counts) { w.counts = c }

// Write appends an exchange. The order of exchanges is the order of rows.
// texts has the texts of the Text fields. Write keeps nothing of x.
func (w *ObservationWriter) Write(x *Exchange, texts *Interner) error {
	put := func(i int, v parquet.Value) { w.cols[i] = append(w.cols[i], v) }
	put(colXProbe, parquet.Int64Value(int64(x.Probe)))
	put(colXRepeat, parquet.Int64Value(int64(x.Repeat)))
	put(colXSent, parquet.Int64Value(x.Sent))
	received := null()
	w.kinds = w.kinds[:0]
	for i := range x.Answers {
		if i == 0 {
			received = some(parquet.Int64Value(x.Answers[0].At))
		} else {
			w.kinds = append(w.kinds, ',')
		}
		w.kinds = append(w.kinds, x.Answers[i].Kind.String()...)
	}
	put(colXReceived, received)
	put(colXAnswers, parquet.Int64Value(int64(len(x.Answers))))
	put(colXKinds, parquet.ByteArrayValue(append([]byte(nil), w.kinds...)))
	w.lists(x)
	if w.h.Layout == Packets {
		w.fields(x, texts)
	}
	w.n++
	if w.n == RowsPerGroup {
		return w.flush()
	}
	return nil
}

// fields appends the first answer's.
func (w *ObservationWriter) fields(x *Exchange, texts *Interner) {
	for _, f := range packetFields {
		v := null()
		switch {
		case len(x.Answers) == 0:
			if f == AnswerKind {
				v = some(parquet.Int64Value(int64(KindNone)))
			}
		case x.First.Present&(1<<f) == 0:
		case Catalogue[f].Type == Text:
			v = some(parquet.ByteArrayValue([]byte(texts.Text(x.First.Values[f]))))
		default:
			v = some(parquet.Int64Value(int64(x.First.Values[f])))
		}
		w.cols[colXFields+int(f)] = append(w.cols[colXFields+int(f)], v)
	}
}

// lists appends the columns that have a value an answer.
func (w *ObservationWriter) lists(x *Exchange) {
	put := func(i int, v parquet.Value) { w.cols[i] = append(w.cols[i], v) }
	isDialogue, raw := w.h.Layout == Dialogues, w.h.rawColumn()
	if len(x.Answers) == 0 {
		put(colXDelays, null())
		if isDialogue {
			put(colXSteps, null())
		}
		if raw > 0 {
			put(raw, null())
		}
		return
	}
	for i := range x.Answers {
		a := &x.Answers[i]
		rep := min(i, 1)
		put(colXDelays, parquet.Int64Value(a.At-x.Sent).Level(rep, 1, 0))
		if isDialogue {
			put(colXSteps, parquet.Int64Value(int64(a.Step)).Level(rep, 1, 0))
		}
		if raw > 0 {
			put(raw, parquet.ByteArrayValue(append([]byte(nil), a.Bytes...)).Level(rep, 1, 0))
		}
	}
}

// rawColumn is where the packets stand, or 0.
func (h *ObservationHeader) rawColumn() int {
	switch {
	case h.Layout == Dialogues:
		return colXRaw
	case h.Keep == KeepBytes:
		return colXFields + NumFields
	}
	return 0
}

func (w *ObservationWriter) flush() error {
	for i := range w.cols {
		w.t.column(i, w.cols[i])
		w.cols[i] = w.cols[i][:0]
	}
	w.n = 0
	return w.t.endGroup()
}

// Close completes the file. On an error nothing is left of it.
func (w *ObservationWriter) Close() error {
	if w.n > 0 {
		_ = w.flush() // the table keeps the error for close
	}
	format := exchangeFormat
	if w.h.Layout == Dialogues {
		format = dialogueFormat
	}
	w.h.write(w.t, format)
	b, err := json.Marshal(w.counts)
	if err != nil {
		return err
	}
	w.t.meta(keyCounts, string(b))
	return w.t.close()
}

// Abort gives the file up and leaves nothing behind.
func (w *ObservationWriter) Abort() { w.t.abort() }

// ObservationFile reads what ObservationWriter wrote.
type ObservationFile struct {
	Header ObservationHeader
	Counts Counts
	t      *tableFile
}

// OpenObservations opens a file of exchanges and checks that it is whole.
func OpenObservations(path string) (*ObservationFile, error) {
	var first error
	for _, kind := range []struct {
		specs  []columnSpec
		format string
		layout Layout
		keep   Keep
	}{{exchangeColumns, exchangeFormat, Packets, KeepFields}, {rawExchangeTable.specs, exchangeFormat, Packets, KeepBytes},
		{dialogueColumns, dialogueFormat, Dialogues, KeepBytes}} {
		t, err := openTable(path, kind.specs)
		if err != nil {
			first = cmp.Or(first, err)
			continue
		}
		o := &ObservationFile{t: t}
		if o.Header.SummaryHeader, o.Counts, err = readHeader(t, kind.format); err != nil {
			_ = t.close()
			return nil, err
		}
		o.Header.Layout, o.Header.Keep = kind.layout, kind.keep
		return o, nil
	}
	return nil, first
}

// Close closes the file.
func (o *ObservationFile) Close() error { return o.t.close() }

// Rows is the number of exchanges.
func (o *ObservationFile) Rows() int { return o.t.rows() }

// Groups is the number of row groups.
func (o *ObservationFile) Groups() int { return o.t.groups() }

// Read gives the exchanges of row group g in order. Texts are numbered by
// texts. Without KeepBytes the answers have no bytes.
func (o *ObservationFile) Read(g int, texts *Interner) ([]Exchange, error) {
	var c [colXFields]cells
	for i := range c {
		if err := o.t.read(g, i, &c[i]); err != nil {
			return nil, err
		}
	}
	out := make([]Exchange, len(c[colXProbe].ints))
	first := make([]Observation, len(out))
	for r := range out {
		x := &out[r]
		x.Probe, x.Repeat, x.Sent = int32(c[colXProbe].ints[r]), uint16(c[colXRepeat].ints[r]), c[colXSent].ints[r]
		delays := c[colXDelays].ints[c[colXDelays].start[r]:c[colXDelays].start[r+1]]
		if len(delays) == 0 {
			continue
		}
		if o.Header.Layout == Packets {
			x.First = &first[r]
		}
		x.Answers = make([]Answer, len(delays))
		kinds := strings.Split(string(c[colXKinds].texts[c[colXKinds].ints[r]]), ",")
		if len(kinds) != len(delays) {
			return nil, fmt.Errorf("%s: column kinds: %d kinds for %d answers", o.t.path, len(kinds), len(delays))
		}
		for i, d := range delays {
			x.Answers[i].At = x.Sent + d
			for k, name := range kindNames {
				if name == kinds[i] {
					x.Answers[i].Kind = Kind(k)
				}
			}
		}
	}
	if o.Header.Layout == Dialogues {
		err := o.readSteps(g, out)
		if err != nil {
			return nil, err
		}
		return out, o.readRaw(g, out)
	}
	if err := o.readFields(g, texts, out); err != nil {
		return nil, err
	}
	return out, o.readRaw(g, out)
}

func (o *ObservationFile) readSteps(g int, out []Exchange) error {
	var c cells
	if err := o.t.read(g, colXSteps, &c); err != nil {
		return err
	}
	for r := range out {
		steps := c.ints[c.start[r]:c.start[r+1]]
		if len(steps) != len(out[r].Answers) {
			return fmt.Errorf("%s: column steps: %d steps for %d answers", o.t.path, len(steps), len(out[r].Answers))
		}
		for i, s := range steps {
			if s < 1 || s > math.MaxUint8 {
				return fmt.Errorf("%s: column steps: step %d: want 1 to %d", o.t.path, s, math.MaxUint8)
			}
			out[r].Answers[i].Step = uint8(s)
		}
	}
	return nil
}

func (o *ObservationFile) readFields(g int, texts *Interner, out []Exchange) error {
	var c cells
	for _, f := range packetFields {
		if err := o.t.read(g, colXFields+int(f), &c); err != nil {
			return err
		}
		for r := range out {
			if out[r].First == nil || c.null[r] {
				continue
			}
			v := uint64(c.ints[r])
			if Catalogue[f].Type == Text {
				v = texts.ID(c.texts[v])
			}
			out[r].First.Set(f, v)
		}
	}
	return nil
}

func (o *ObservationFile) readRaw(g int, out []Exchange) error {
	column := o.Header.rawColumn()
	if column == 0 {
		return nil
	}
	var c cells
	if err := o.t.read(g, column, &c); err != nil {
		return err
	}
	for r := range out {
		raw := c.ints[c.start[r]:c.start[r+1]]
		if len(raw) != len(out[r].Answers) {
			return fmt.Errorf("%s: column raw: %d packets for %d answers", o.t.path, len(raw), len(out[r].Answers))
		}
		for i, at := range raw {
			out[r].Answers[i].Bytes = c.texts[at]
		}
	}
	return nil
}
