package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// A data set on disk is a folder of dataset.json, which is Meta, and these
// sealed Parquet files:
//
//	machines.parquet    a row a machine: names, labels, factors as JSON
//	columns.parquet     a row a feature: probe, field, partition, and the
//	                    state and number of each of its values, by code; of
//	                    dialogues also step and answer, as lossy.parquet
//	partitions.parquet  a row a partition: codes, two bytes a machine, little
//	                    end first, 65535 where missing
//	texts.parquet       what the numbers of text fields mean
//	lossy.parquet       the lossy pairs
//
// That of an imported table has names.parquet and numbers.parquet beside them,
// and no fields in columns.parquet.
const (
	metaFile       = "dataset.json"
	machinesFile   = "machines.parquet"
	columnsFile    = "columns.parquet"
	partitionsFile = "partitions.parquet"
	textsFile      = "texts.parquet"
	lossyFile      = "lossy.parquet"
)

var machineColumns = []columnSpec{{name: "name", kind: text}, {name: "group", kind: text}, {name: "backend", kind: text},
	{name: "stack", kind: text}, {name: "modelled", kind: small},
	{name: "kernel0", kind: text}, {name: "kernel1", kind: text}, {name: "kernel2", kind: text},
	{name: "distribution0", kind: text}, {name: "distribution1", kind: text}, {name: "distribution2", kind: text},
	{name: "factors", kind: text}}

var (
	columnColumns    = []columnSpec{{name: "probe", kind: wide}, {name: "field", kind: text}, {name: "partition", kind: wide}, {name: "states", kind: small, list: true}, {name: "numbers", kind: wide, list: true}}
	partitionColumns = []columnSpec{{name: "codes", kind: blob}}
	textColumns      = []columnSpec{{name: "text", kind: text}}
	lossyColumns     = []columnSpec{{name: "probe", kind: wide}, {name: "machine", kind: small}}
	slotColumns      = []columnSpec{{name: "step", kind: small}, {name: "answer", kind: small}}
)

// withSlots adds to the columns of a table, in a data set of dialogues, the
// step and the answer.
func (d *Dataset) withSlots(specs []columnSpec) []columnSpec {
	if !d.Meta.Dialogues {
		return specs
	}
	return slices.Concat(specs, slotColumns)
}

// slotCells adds the cells of those.
func (d *Dataset) slotCells(out [][]parquet.Value, at int, s Slot) {
	if d.Meta.Dialogues {
		out[at] = append(out[at], parquet.Int64Value(int64(s.Step)))
		out[at+1] = append(out[at+1], parquet.Int64Value(int64(s.Answer)))
	}
}

// slot reads them of row r.
func (d *Dataset) slot(probe int32, c []cells, r int) (Slot, error) {
	s := Slot{Probe: probe}
	if !d.Meta.Dialogues {
		return s, nil
	}
	step, answer := c[0].ints[r], c[1].ints[r]
	if step < 1 || step > math.MaxUint8 || answer < 1 || answer > math.MaxUint8 {
		return s, fmt.Errorf("columns step, answer: row %d: %d, %d: want 1 to %d", r, step, answer, math.MaxUint8)
	}
	s.Step, s.Answer = uint8(step), uint8(answer)
	return s, nil
}

// contentHash sums up the provenance and the contents.
func (d *Dataset) contentHash() string {
	meta := d.Meta
	meta.SHA256, meta.Files = "", nil
	h := sha256.New()
	enc := json.NewEncoder(h)
	texts, lossy := d.Matrix.Texts, d.Lossy
	if len(texts) == 0 {
		texts = nil // JSON tells nil from empty
	}
	if len(lossy) == 0 {
		lossy = nil
	}
	for _, v := range []any{meta, d.Matrix.Machines, texts, lossy} {
		if err := enc.Encode(v); err != nil {
			panic("datasets: " + err.Error()) // plain data always encodes
		}
	}
	d.Matrix.hash(h)
	if meta.Table != nil {
		d.Matrix.hashTable(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hash writes columns, codes and values in a form without gaps or choices.
func (m *Matrix) hash(h hash.Hash) {
	b := make([]byte, 0, 1<<16)
	flush := func(limit int) {
		if len(b) > limit {
			h.Write(b)
			b = b[:0]
		}
	}
	for c, column := range m.Columns {
		b = binary.LittleEndian.AppendUint32(b, uint32(column.Probe))
		b = append(b, byte(column.Field))
		if column.Step > 0 {
			b = append(b, column.Step, column.Answer)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(m.Part[c]))
		values := m.Values(c)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(values)))
		for _, v := range values {
			b = append(b, byte(v.State))
			b = binary.LittleEndian.AppendUint64(b, v.Number)
		}
		flush(1 << 15)
	}
	for p := range m.Parts {
		b = appendCodes(b, m.Codes(int32(p)))
		flush(1 << 15)
	}
	flush(0)
}

// Write puts the data set into a folder, which it makes if need be; one that
// holds anything but a data set is an error. The same data set gives the same
// bytes. All files are written before any takes its name, dataset.json last: a
// failure leaves an earlier data set as it was, and a folder without
// dataset.json is not a data set.
func (d *Dataset) Write(fs FS, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := ours(dir); err != nil {
		return err
	}
	var ready []string
	defer func() {
		if err != nil {
			for _, name := range ready {
				// What can't be removed either is not worth another error.
				_ = orHost(fs).Remove(filepath.Join(dir, name+nextSuffix))
			}
		}
	}()
	meta := d.Meta
	meta.Files = make(map[string]string)
	for _, part := range d.parts() {
		t, err := createTable(fs, filepath.Join(dir, part.name+nextSuffix), &tableKind{name: "dataset", specs: part.specs})
		if err != nil {
			return err
		}
		t.meta(keyFormat, DatasetFormat)
		if err := t.writeRows(part.rows, part.cells); err != nil {
			return err
		}
		meta.Files[part.name] = t.seal.stored
		ready = append(ready, part.name)
	}
	if err := orHost(fs).Remove(filepath.Join(dir, metaFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, name := range ready {
		if err := orHost(fs).Rename(filepath.Join(dir, name+nextSuffix), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if d.Meta.Table == nil {
		for _, name := range [...]string{namesFile, numbersFile} { // of a table that was here before
			if err := orHost(fs).Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	b, err := json.MarshalIndent(&meta, "", "  ")
	if err != nil {
		return err
	}
	return writeAtomic(fs, filepath.Join(dir, metaFile), append(b, '\n'))
}

// part is a file of a data set that is being written.
type part struct {
	name  string
	specs []columnSpec
	rows  int
	cells func(out [][]parquet.Value, row int) error
}

// parts lists the files of d.
func (d *Dataset) parts() []part {
	m := d.Matrix
	list := []part{
		{machinesFile, machineColumns, m.Rows(), d.machineCells},
		{columnsFile, d.withSlots(columnColumns), len(m.Columns), d.columnCells},
		{partitionsFile, partitionColumns, len(m.Parts), d.partitionCells},
		{textsFile, textColumns, len(m.Texts), d.textCells},
		{lossyFile, d.withSlots(lossyColumns), len(d.Lossy), d.lossyCells},
	}
	if d.Meta.Table != nil {
		list = append(list, part{namesFile, nameColumns, len(m.Names), d.nameCells}, part{numbersFile, numberColumns, len(m.Numbers), d.numberCells})
	}
	return list
}

// nextSuffix marks a file that is complete and waits for the others.
const nextSuffix = ".next"

// ours makes sure that a folder holds nothing but a data set, whole or not.
func ours(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := strings.TrimSuffix(strings.TrimSuffix(e.Name(), tempSuffix), nextSuffix)
		if !slices.Contains([]string{metaFile, machinesFile, columnsFile, partitionsFile, textsFile, lossyFile, namesFile, numbersFile}, name) {
			return fmt.Errorf("%s: holds %s: want a new folder, or that of a data set", dir, e.Name())
		}
	}
	return nil
}

// rowsPerTableGroup bounds the rows, and so the memory, of a row group of a
// data set's files.
const rowsPerTableGroup = 1 << 16

// writeRows writes a table whose cells come row by row, and closes it.
func (t *tableWriter) writeRows(rows int, cells func(out [][]parquet.Value, row int) error) error {
	out := make([][]parquet.Value, len(t.kind.specs))
	for r := 0; r < rows; r++ {
		if err := cells(out, r); err != nil {
			t.abort()
			return err
		}
		if (r+1)%rowsPerTableGroup == 0 || r+1 == rows {
			for i := range out {
				t.column(i, out[i])
				out[i] = out[i][:0]
			}
			if t.endGroup() != nil {
				break // close says why
			}
		}
	}
	return t.close()
}

func textCell(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) }

func (d *Dataset) machineCells(out [][]parquet.Value, r int) error {
	m := &d.Matrix.Machines[r]
	factors, err := json.Marshal(m.Factors)
	if err != nil {
		return err
	}
	modelled := int64(0)
	if m.Modelled {
		modelled = 1
	}
	k, l := m.Labels.Kernel, m.Labels.Distribution
	for i, v := range []parquet.Value{textCell(m.Name), textCell(m.Group), textCell(m.Backend), textCell(m.Stack), parquet.Int64Value(modelled),
		textCell(k[0]), textCell(k[1]), textCell(k[2]), textCell(l[0]), textCell(l[1]), textCell(l[2]), textCell(string(factors))} {
		out[i] = append(out[i], v)
	}
	return nil
}

func (d *Dataset) columnCells(out [][]parquet.Value, c int) error {
	column := d.Matrix.Columns[c]
	out[0] = append(out[0], parquet.Int64Value(int64(column.Probe)))
	field := ""
	if d.Meta.Table == nil {
		field = column.Field.String()
	}
	out[1] = append(out[1], textCell(field))
	out[2] = append(out[2], parquet.Int64Value(int64(d.Matrix.Part[c])))
	values := d.Matrix.Values(c)
	for i, v := range values {
		rep := min(i, 1)
		out[3] = append(out[3], parquet.Int64Value(int64(v.State)).Level(rep, 1, 0))
		out[4] = append(out[4], parquet.Int64Value(int64(v.Number)).Level(rep, 1, 0))
	}
	if len(values) == 0 {
		out[3], out[4] = append(out[3], null()), append(out[4], null())
	}
	d.slotCells(out, len(columnColumns), column.Slot())
	return nil
}

func (d *Dataset) partitionCells(out [][]parquet.Value, p int) error {
	out[0] = append(out[0], parquet.ByteArrayValue(appendCodes(nil, d.Matrix.Codes(int32(p)))))
	return nil
}

func (d *Dataset) textCells(out [][]parquet.Value, i int) error {
	out[0] = append(out[0], textCell(d.Matrix.Texts[i]))
	return nil
}

func (d *Dataset) lossyCells(out [][]parquet.Value, i int) error {
	out[0] = append(out[0], parquet.Int64Value(int64(d.Lossy[i].Probe)))
	out[1] = append(out[1], parquet.Int64Value(int64(d.Lossy[i].Machine)))
	d.slotCells(out, len(lossyColumns), d.Lossy[i].slot())
	return nil
}
