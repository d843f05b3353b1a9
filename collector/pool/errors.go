package pool

import (
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a pool, at one place of its file.
type Error struct {
	Pos   Pos    `json:"pos"`
	Field string `json:"field"` // "machines[3].labels.kernel"
	Msg   string `json:"message"`
}

// Error gives one line: file:line:col: field: what was expected.
func (e Error) Error() string {
	parts := make([]string, 0, 3)
	for _, s := range []string{e.Pos.String(), e.Field, e.Msg} {
		if s != "" {
			parts = append(parts, strings.NewReplacer("\n", " ", "\r", " ").Replace(s))
		}
	}
	return strings.Join(parts, ": ")
}

// Errors is all that is wrong with a pool file, in the file's order. It has
// at least one element when it is returned as an error.
type Errors []Error

// Error gives one line an error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// add notes one more error.
func (es *Errors) add(pos Pos, field, format string, args ...any) {
	*es = append(*es, Error{Pos: pos, Field: field, Msg: fmt.Sprintf(format, args...)})
}

// sorted orders the errors by their place; those of one place keep their order.
func (es Errors) sorted() Errors {
	slices.SortStableFunc(es, func(a, b Error) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Col - b.Pos.Col
	})
	return es
}
