package formats

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"tickle/datasets"
)

// Signatures gives the formats of passive fingerprinting programs' signatures,
// which can only be read.
func Signatures() []Format {
	return []Format{
		{Name: "p0f", Import: ImportP0f},
		{Name: "satori", Import: ImportSatori},
	}
}

// signatureTable makes a data set of signatures that describe TCP packets of
// known systems: a row a signature, every column nominal, a wildcard missing.
// Signatures with the same cells are one group.
type signatureTable struct {
	path, format string
	labels       []string // names of the label levels
	rows         []datasets.Machine
	names        []string // of the columns, in order of first appearance
	columns      map[string]*signatureColumn
	groups       map[string]string // by cells: the first row that has them
	leftOut      int
}

type signatureColumn struct {
	codes  []datasets.Code
	values []string
	at     map[string]datasets.Code
}

// cell is a value of a row; an empty one is missing.
type cell struct{ column, value string }

// wildcard stands for any value.
const wildcard = "*"

func newSignatureTable(path, format string, labels ...string) *signatureTable {
	return &signatureTable{path: path, format: format, labels: labels, columns: make(map[string]*signatureColumn), groups: make(map[string]string)}
}

// add appends the row of a signature that stands on the given line.
func (t *signatureTable) add(line int, labels []string, cells []cell) error {
	if len(t.rows) == datasets.MaxRows {
		return fmt.Errorf("%s:%d: more signatures than %d", t.path, line, datasets.MaxRows)
	}
	name := fmt.Sprintf("%d %s", len(t.rows)+1, labels[len(labels)-1])
	key := fmt.Sprint(cells)
	if t.groups[key] == "" {
		t.groups[key] = name
	}
	t.rows = append(t.rows, datasets.Machine{Name: name, Group: t.groups[key], Labels: datasets.GivenLabels(labels...)})
	for _, c := range cells {
		if c.value != "" && c.value != wildcard {
			t.column(c.column).set(len(t.rows)-1, c.value)
		}
	}
	return nil
}

func (t *signatureTable) column(name string) *signatureColumn {
	c := t.columns[name]
	if c == nil {
		c = &signatureColumn{at: make(map[string]datasets.Code)}
		t.columns[name], t.names = c, append(t.names, name)
	}
	return c
}

func (c *signatureColumn) set(row int, value string) {
	code, ok := c.at[value]
	if !ok {
		code = datasets.Code(len(c.values))
		c.at[value], c.values = code, append(c.values, value)
	}
	c.fill(row)
	c.codes = append(c.codes, code)
}

// fill makes the cells of rows that the column was not met in.
func (c *signatureColumn) fill(rows int) {
	for len(c.codes) < rows {
		c.codes = append(c.codes, datasets.Missing)
	}
}

// dataset makes the data set; bytes are the file's.
func (t *signatureTable) dataset(bytes []byte) (*datasets.Dataset, error) {
	if len(t.rows) == 0 {
		return nil, fmt.Errorf("%s: no signatures of TCP packets: want a file of %s", t.path, t.format)
	}
	sum := sha256.Sum256(bytes)
	table := &datasets.Imported{Rows: t.rows, Meta: datasets.TableMeta{
		Format: t.format, File: filepath.Base(t.path), SHA256: hex.EncodeToString(sum[:]), ID: "signature", Group: "cells", Labels: t.labels,
		Drawn: &datasets.Drawn{Draws: 1, LeftOut: t.leftOut},
	}}
	for _, name := range t.names {
		c := t.columns[name]
		c.fill(len(t.rows))
		table.Columns = append(table.Columns, datasets.ImportedColumn{Name: name, Codes: c.codes, Values: c.values})
	}
	d, err := datasets.FromTable(table)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.path, err)
	}
	return d, nil
}

// isNumber reports whether s is decimal digits, as signatures have them.
func isNumber(s string) bool {
	return s != "" && len(s) <= 9 && strings.Trim(s, "0123456789") == ""
}

// numberOrAny is isNumber, or a wildcard.
func numberOrAny(s string) bool { return s == wildcard || isNumber(s) }

// quote shortens what an error shows.
func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return fmt.Sprintf("%q", s)
}
