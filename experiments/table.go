package experiments

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Column says what a field of a row means.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`               // "text", "integer", "number" or "paper"
	Unit     string `json:"unit,omitempty"`     // as "share", "nat"; "" for a count or a name
	Decimals int    `json:"decimals,omitempty"` // of a number in tables for people
	Extra    bool   `json:"extra,omitempty"`    // left out of printed tables, which are narrow
	Doc      string `json:"doc,omitempty"`
}

var (
	numberType = reflect.TypeFor[Number]()
	paperType  = reflect.TypeFor[PaperValue]()
)

// ColumnsOf reads the columns from the tags of a row struct; rows is a slice
// of it. A field is a column by its json name; the tags unit, decimals,
// extra and doc say the rest. It panics on a field of another type than string, int,
// Number and PaperValue: rows are flat, so that they are a table.
func ColumnsOf(rows any) []Column {
	t := reflect.TypeOf(rows).Elem()
	var columns []Column
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		c := Column{Name: name, Unit: f.Tag.Get("unit"), Doc: f.Tag.Get("doc")}
		c.Extra = f.Tag.Get("extra") == "yes"
		c.Decimals, _ = strconv.Atoi(f.Tag.Get("decimals"))
		switch {
		case f.Type == numberType:
			c.Type = "number"
		case f.Type == paperType:
			c.Type = "paper"
		case f.Type.Kind() == reflect.Int:
			c.Type = "integer"
		case f.Type.Kind() == reflect.String:
			c.Type = "text"
		default:
			panic(fmt.Sprintf("experiments: column %s of %s has type %s", name, t, f.Type))
		}
		columns = append(columns, c)
	}
	return columns
}

// Cells gives the rows of r as a table: for each row one value a column, of
// type string, int, Number or PaperValue.
func (r *Result) Cells() [][]any {
	rows := reflect.ValueOf(r.Rows)
	cells := make([][]any, rows.Len())
	for i := range cells {
		row := rows.Index(i)
		cells[i] = make([]any, row.NumField())
		for j := range cells[i] {
			switch f := row.Field(j); {
			case f.Type() == numberType || f.Type() == paperType:
				cells[i][j] = f.Interface()
			case f.Kind() == reflect.Int:
				cells[i][j] = int(f.Int())
			default:
				cells[i][j] = f.String()
			}
		}
	}
	return cells
}
