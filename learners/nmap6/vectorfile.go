package nmap6

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// LabelledVector is a row of a file of vectors.
type LabelledVector struct {
	ID     string // "" where the file gives none
	Label  string // the class; "" where the file gives none
	Vector Vector
}

// The columns of a file of vectors beside the features, all optional.
const idColumn, labelColumn = "id", "label"

// ReadVectors reads a CSV file of vectors: a header that names features in any
// order, and optionally "id" and "label", then a row a vector. A feature that
// the header does not name is Missing in all of them, as is an empty cell or
// NaN. A text that starts with "v = {" is read as what nmap -d3 prints of one
// vector. Errors name line and column.
func ReadVectors(r io.Reader) ([]LabelledVector, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	c.LazyQuotes = true
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("empty: want a header that names features, and a vector a line")
	}
	if err != nil {
		return nil, csvError(err)
	}
	if strings.HasPrefix(strings.TrimSpace(header[0]), "v = {") {
		v, err := debugVector(header)
		if err != nil {
			return nil, fmt.Errorf("line 1: %w", err)
		}
		return []LabelledVector{{Vector: *v}}, nil
	}
	columns, err := vectorColumns(header)
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	var rows []LabelledVector
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
		row, err := columns.row(record)
		if err != nil {
			line, _ := c.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errors.New("line 2: no vector after the header")
	}
	return rows, nil
}

// csvError says what is wrong with a CSV file as other errors do.
func csvError(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err
	}
	if errors.Is(p.Err, csv.ErrFieldCount) {
		return fmt.Errorf("line %d: want a cell for every column of the header", p.Line)
	}
	return fmt.Errorf("line %d: %w", p.Line, p.Err)
}

// vectorLayout says what the columns of a file are: features by index, or one
// of the two below.
type vectorLayout []int

const idAt, labelAt = -1, -2

func vectorColumns(header []string) (vectorLayout, error) {
	at := make(vectorLayout, len(header))
	seen := map[int]bool{}
	features := 0
	for i, name := range header {
		switch name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")); name {
		case idColumn:
			at[i] = idAt
		case labelColumn:
			at[i] = labelAt
		default:
			var err error
			if at[i], err = FeatureIndex(name); err != nil {
				return nil, fmt.Errorf("column %d: %w", i+1, err)
			}
			features++
		}
		if seen[at[i]] {
			return nil, fmt.Errorf("column %d: %s is there twice", i+1, name)
		}
		seen[at[i]] = true
	}
	if features == 0 {
		return nil, errors.New("no column is a feature: want names as S1.PLEN")
	}
	return at, nil
}

func (at vectorLayout) row(record []string) (LabelledVector, error) {
	var row LabelledVector
	for i := range row.Vector {
		row.Vector[i] = Missing
	}
	for i, cell := range record {
		switch at[i] {
		case idAt:
			row.ID = strings.Clone(cell)
		case labelAt:
			row.Label = strings.Clone(cell)
		default:
			v, err := featureValue(cell)
			if err != nil {
				return row, fmt.Errorf("column %s: %w", Features[at[i]], err)
			}
			row.Vector[at[i]] = v
		}
	}
	return row, nil
}

// featureValue reads a cell.
func featureValue(cell string) (float64, error) {
	if cell = strings.TrimSpace(cell); cell == "" {
		return Missing, nil
	}
	v, err := strconv.ParseFloat(cell, 64)
	switch {
	case math.IsNaN(v):
		return Missing, nil
	case err != nil || math.IsInf(v, 0):
		return 0, fmt.Errorf("%q: want a finite number, -1 or nothing for missing", clip(cell))
	}
	return v, nil
}

// debugVector reads the line that nmap -d3 prints, split at its commas.
func debugVector(cells []string) (*Vector, error) {
	cells[0] = strings.TrimPrefix(strings.TrimSpace(cells[0]), "v = {")
	if last := strings.TrimSpace(cells[len(cells)-1]); last != "};" && last != "}" {
		return nil, errors.New("v = {…: cut short: want }; at its end")
	}
	cells = cells[:len(cells)-1]
	if len(cells) != NumFeatures {
		return nil, fmt.Errorf("v = {…}: %d numbers: want %d", len(cells), NumFeatures)
	}
	v := new(Vector)
	for i, cell := range cells {
		var err error
		if v[i], err = featureValue(cell); err != nil {
			return nil, fmt.Errorf("number %d (%s): %w", i+1, Features[i], err)
		}
	}
	return v, nil
}

// WriteVectors writes what ReadVectors reads: id and label, then all features;
// missing values are -1. Numbers are as short as they can be read back from.
func WriteVectors(w io.Writer, rows []LabelledVector) error {
	c := csv.NewWriter(w)
	record := append([]string{idColumn, labelColumn}, Features[:]...)
	if err := c.Write(record); err != nil {
		return err
	}
	for i := range rows {
		record = append(record[:0], rows[i].ID, rows[i].Label)
		for _, v := range rows[i].Vector {
			record = append(record, strconv.FormatFloat(v, 'g', -1, 64))
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
