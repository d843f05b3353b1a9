package datasets

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"
)

const exchangeFormat = "tickle-exchanges/2"

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
	for f := range FieldID(NumFields) {
		specs = append(specs, valueSpec(f))
	}
	return specs
}()

// rawColumn follows the fields where bytes are kept.
var rawColumn = columnSpec{name: "raw", kind: blob, list: true}

var (
	exchangeTable    = &tableKind{name: "exchanges", specs: exchangeColumns}
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
// list of the answers' packets.
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
	if h.Keep == KeepBytes {
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
	for f := range FieldID(NumFields) {
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
		put(colXFields+int(f), v)
	}
	w.n++
	if w.n == RowsPerGroup {
		return w.flush()
	}
	return nil
}

// lists appends the columns that have a value an answer.
func (w *ObservationWriter) lists(x *Exchange) {
	raw := colXFields + NumFields
	keep := w.h.Keep == KeepBytes
	if len(x.Answers) == 0 {
		w.cols[colXDelays] = append(w.cols[colXDelays], null())
		if keep {
			w.cols[raw] = append(w.cols[raw], null())
		}
		return
	}
	for i := range x.Answers {
		a := &x.Answers[i]
		rep := min(i, 1)
		w.cols[colXDelays] = append(w.cols[colXDelays], parquet.Int64Value(a.At-x.Sent).Level(rep, 1, 0))
		if keep {
			w.cols[raw] = append(w.cols[raw], parquet.ByteArrayValue(append([]byte(nil), a.Bytes...)).Level(rep, 1, 0))
		}
	}
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
	w.h.write(w.t, exchangeFormat)
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
	keep := KeepBytes
	t, err := openTable(path, rawExchangeTable.specs)
	if err != nil {
		keep = KeepFields
		if t, err = openTable(path, exchangeColumns); err != nil {
			return nil, err
		}
	}
	o := &ObservationFile{t: t}
	if o.Header.SummaryHeader, o.Counts, err = readHeader(t, exchangeFormat); err != nil {
		_ = t.close()
		return nil, err
	}
	o.Header.Keep = keep
	return o, nil
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
		x.First = &first[r]
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
	return out, o.readFields(g, texts, out)
}

func (o *ObservationFile) readFields(g int, texts *Interner, out []Exchange) error {
	var c cells
	for f := range FieldID(NumFields) {
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
	if o.Header.Keep != KeepBytes {
		return nil
	}
	if err := o.t.read(g, colXFields+NumFields, &c); err != nil {
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
