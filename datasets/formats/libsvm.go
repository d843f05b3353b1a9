package formats

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tickle/datasets"
)

// ExportLIBSVM writes a table as LIBSVM and LIBLINEAR read it: a row a line, its
// class by number from 1, then index:value for each column that is not zero, by
// index from 1. A nominal column is one of zeros and ones for each value, all
// zero where the cell is missing; a missing number has no form here and is an
// error. LegendLIBSVM says what classes and indices mean. Of several labels
// o.Label must name one.
func ExportLIBSVM(w io.Writer, d *datasets.Dataset, o Options) error {
	v, l, err := libsvmView(d, o)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	class := make(map[string]int, len(l.Classes))
	for i, name := range l.Classes {
		class[name] = i + 1
	}
	var b []byte
	for r := range v.Machines {
		b = strconv.AppendInt(b[:0], int64(class[v.label.row(&v.Machines[r])]), 10)
		index := 1
		for i := range v.columns[:len(v.columns)-1] {
			c := &v.columns[i]
			value := "1"
			at := index
			if c.numbers != nil {
				s, known := v.text(c, r)
				if !known {
					return fmt.Errorf("column %s, row %s: missing: this format cannot say so of a number; csv, arff and parquet can", c.name, v.Machines[r].Name)
				}
				value = s
				index++
			} else {
				code := v.Codes(v.Part[c.nominal])[r]
				at += int(code)
				index += len(v.Values(c.nominal))
				if code == datasets.Missing {
					continue
				}
			}
			if value != "0" {
				b = strconv.AppendInt(append(b, ' '), int64(at), 10)
				b = append(append(b, ':'), value...)
			}
		}
		if _, err := out.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// LegendLIBSVM writes, as JSON, what the lines of ExportLIBSVM mean.
func LegendLIBSVM(w io.Writer, d *datasets.Dataset, o Options) error {
	_, l, err := libsvmView(d, o)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(l)
}

// legendFormat is the version of legends.
const legendFormat = "tickle-libsvm-legend/1"

// legend says what the lines of a LIBSVM file mean.
type legend struct {
	Format  string         `json:"format"`
	Label   string         `json:"label"`   // name of the label
	Classes []string       `json:"classes"` // by number, from 1
	Columns []legendColumn `json:"columns"` // in order
	ID      string         `json:"id"`      // name of the column of ids; "": rows are numbered from 1
	IDs     []string       `json:"ids,omitempty"`
	Group   string         `json:"group"`
	Groups  []string       `json:"groups,omitempty"`
}

// legendColumn is a column of the table: one index of a numeric one, one for
// each value of a nominal one.
type legendColumn struct {
	Name   string   `json:"name"`
	Number bool     `json:"number,omitempty"`
	Values []string `json:"values,omitempty"`
}

// libsvmView lays the table out with its one label last.
func libsvmView(d *datasets.Dataset, o Options) (*view, *legend, error) {
	rows := rowColumns(&d.Meta)
	if o.Label == "" && d.Meta.Levels() == 1 && len(d.Meta.Hierarchies()) == 1 {
		o.Label = d.Meta.Table.Labels[0]
	}
	if o.Label == "" {
		var labels []string
		for i := range rows {
			if rows[i].label {
				labels = append(labels, rows[i].name)
			}
		}
		return nil, nil, fmt.Errorf("this format has one label a row: choose one of %s", strings.Join(labels, ", "))
	}
	v, err := newView(d, o, 0)
	if err != nil {
		return nil, nil, err
	}
	l := &legend{Format: legendFormat, Label: v.label.name, Classes: v.values(v.label)}
	for i := range v.columns[:len(v.columns)-1] {
		c := legendColumn{Name: v.columns[i].name, Number: v.columns[i].numbers != nil}
		if !c.Number {
			c.Values = v.values(&v.columns[i])
		}
		l.Columns = append(l.Columns, c)
	}
	for i := range rows {
		switch c := &rows[i]; {
		case c.id:
			l.ID, l.IDs = c.name, textsOf(c, v.Machines)
		case c.group:
			l.Group, l.Groups = c.name, textsOf(c, v.Machines)
		}
	}
	return v, l, nil
}

// textsOf gives the texts of a column that the matrix does not have.
func textsOf(c *tableColumn, rows []datasets.Machine) []string {
	list := make([]string, len(rows))
	for r := range rows {
		list[r] = c.row(&rows[r])
	}
	return list
}
