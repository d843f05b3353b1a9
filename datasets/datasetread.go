package datasets

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Open reads a data set from its folder and checks all of it.
func Open(dir string) (*Dataset, error) {
	path := filepath.Join(dir, metaFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("data set: %w", err)
	}
	d := &Dataset{Matrix: &Matrix{valueAt: []uint32{0}}}
	if err := decodeStrict(b, &d.Meta); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if d.Meta.Format != DatasetFormat || d.Meta.Catalogue != CatalogueVersion || d.Meta.Sources == nil {
		return nil, fmt.Errorf("%s: format %q, catalogue %d: want %q, %d, and sources", path, d.Meta.Format, d.Meta.Catalogue, DatasetFormat, CatalogueVersion)
	}
	type reading struct {
		name  string
		specs []columnSpec
		row   func(t *tableFile, c []cells) error
	}
	parts := []reading{
		{machinesFile, machineColumns, d.readMachines},
		{textsFile, textColumns, d.readTexts},
		{partitionsFile, partitionColumns, d.readPartitions},
		{columnsFile, d.withSlots(columnColumns), d.readColumns},
		{lossyFile, d.withSlots(lossyColumns), d.readLossy},
	}
	if d.Meta.Table != nil {
		d.Matrix.Names = []string{}
		parts = append(parts, reading{namesFile, nameColumns, d.readNames}, reading{numbersFile, numberColumns, d.readNumbers})
	}
	for _, part := range parts {
		if err := d.readTable(filepath.Join(dir, part.name), part.specs, part.row); err != nil {
			return nil, err
		}
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if got := d.contentHash(); got != d.Meta.SHA256 {
		return nil, fmt.Errorf("%s: sha256 %q: want %s, as its contents have", path, d.Meta.SHA256, got)
	}
	return d, nil
}

// readTable hands every row group of a file to add.
func (d *Dataset) readTable(path string, specs []columnSpec, add func(t *tableFile, c []cells) error) error {
	t, err := openTable(path, specs)
	if err != nil {
		return err
	}
	defer t.close()
	if got, want := t.meta(sealKey), d.Meta.Files[filepath.Base(path)]; got != want {
		return fmt.Errorf("%s: is of another data set: has %s, want %s", path, got, want)
	}
	c := make([]cells, len(specs))
	for g := range t.groups() {
		for i := range specs {
			if err := t.read(g, i, &c[i]); err != nil {
				return err
			}
		}
		if err := add(t, c); err != nil {
			return fmt.Errorf("%s: row group %d: %w", path, g, err)
		}
	}
	return nil
}

func (d *Dataset) readMachines(_ *tableFile, c []cells) error {
	for r := range c[0].ints {
		s := func(i int) string { return string(c[i].texts[c[i].ints[r]]) }
		m := Machine{Name: s(0), Group: s(1), Backend: s(2), Stack: s(3), Modelled: c[4].ints[r] != 0,
			Labels: Labels{Kernel: [Levels]string{s(5), s(6), s(7)}, Distribution: [Levels]string{s(8), s(9), s(10)}}}
		if err := json.Unmarshal([]byte(s(11)), &m.Factors); err != nil {
			return fmt.Errorf("column factors: machine %s: %w", m.Name, err)
		}
		d.Matrix.Machines = append(d.Matrix.Machines, m)
	}
	return nil
}

func (d *Dataset) readTexts(_ *tableFile, c []cells) error {
	for _, at := range c[0].ints {
		d.Matrix.Texts = append(d.Matrix.Texts, string(c[0].texts[at]))
	}
	return nil
}

func (d *Dataset) readPartitions(_ *tableFile, c []cells) error {
	m := d.Matrix
	for r, at := range c[0].ints {
		b := c[0].texts[at]
		if len(b) != 2*m.Rows() {
			return fmt.Errorf("column codes: row %d has %d bytes, want %d", r, len(b), 2*m.Rows())
		}
		codes := m.room()
		decodeCodes(codes, b)
		var part Partition
		for _, code := range codes {
			switch {
			case code == Missing:
				part.Missing = true
			case int(code) == part.Distinct:
				part.Distinct++
			case int(code) > part.Distinct:
				return fmt.Errorf("column codes: row %d: code %d before code %d", r, code, part.Distinct)
			}
		}
		m.Parts = append(m.Parts, part)
	}
	return nil
}

func (d *Dataset) readColumns(_ *tableFile, c []cells) error {
	m := d.Matrix
	for r, probe := range c[0].ints {
		name := string(c[1].texts[c[1].ints[r]])
		field, ok := FieldByName(name)
		if d.Meta.Table != nil {
			ok = name == ""
		}
		if !ok {
			return fmt.Errorf("column field: row %d: %s is not in the catalogue", r, strconv.Quote(name))
		}
		p := c[2].ints[r]
		if p < 0 || p >= int64(len(m.Parts)) {
			return fmt.Errorf("column partition: row %d: %d, want less than %d", r, p, len(m.Parts))
		}
		slot, err := d.slot(int32(probe), c[len(columnColumns):], r)
		if err != nil {
			return err
		}
		column := Column{slot.Probe, field, slot.Step, slot.Answer}
		if n := len(m.Columns); n > 0 && compareColumns(m.Columns[n-1], column) >= 0 {
			return fmt.Errorf("column probe: row %d is not in order", r)
		}
		part := &m.Parts[p]
		if part.Columns == 0 {
			part.First = int32(len(m.Columns))
		}
		part.Columns++
		m.Columns, m.Part = append(m.Columns, column), append(m.Part, int32(p))
		states, numbers := c[3].ints[c[3].start[r]:c[3].start[r+1]], c[4].ints[c[4].start[r]:c[4].start[r+1]]
		if len(states) != part.Distinct || len(numbers) != part.Distinct {
			return fmt.Errorf("columns states, numbers: row %d: %d and %d values, want %d", r, len(states), len(numbers), part.Distinct)
		}
		for i, s := range states {
			v := Value{State(s), uint64(numbers[i])}
			if s < int64(Present) || s > int64(Nondet) || (d.Meta.Table != nil || Catalogue[field].Type == Text) && v.Number >= uint64(max(1, len(m.Texts))) {
				return fmt.Errorf("columns states, numbers: row %d: invalid value %d, %d", r, s, numbers[i])
			}
			m.values = append(m.values, v)
		}
		m.valueAt = append(m.valueAt, uint32(len(m.values)))
	}
	return nil
}

func (d *Dataset) readLossy(_ *tableFile, c []cells) error {
	for r, probe := range c[0].ints {
		slot, err := d.slot(int32(probe), c[len(lossyColumns):], r)
		if err != nil {
			return err
		}
		p := Pair{slot.Probe, int32(c[1].ints[r]), slot.Step, slot.Answer}
		if n := len(d.Lossy); n > 0 && comparePairs(d.Lossy[n-1], p) >= 0 || p.Machine < 0 || int(p.Machine) >= d.Matrix.Rows() {
			return fmt.Errorf("row %d: not in order, or of no machine", r)
		}
		d.Lossy = append(d.Lossy, p)
	}
	return nil
}

// check holds the parts against each other.
func (d *Dataset) check() error {
	m := d.Matrix
	if len(m.Columns) != d.Meta.Columns || m.Rows() == 0 {
		return fmt.Errorf("%d machines and %d columns: want some and %d", m.Rows(), len(m.Columns), d.Meta.Columns)
	}
	inOrder := slices.IsSortedFunc(m.Parts, func(a, b Partition) int { return int(a.First) - int(b.First) })
	empty := slices.ContainsFunc(m.Parts, func(p Partition) bool { return p.Columns == 0 })
	if !inOrder || empty {
		return fmt.Errorf("%s: want partitions in order of their first column", partitionsFile)
	}
	return d.checkTable()
}
