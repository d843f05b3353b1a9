package formats

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
)

// column collects cells: as numbers while every one is a number, from the
// first that is not as texts.
type column struct {
	name     string
	role     role
	forced   bool // nominal, whatever the cells look like
	declared bool // numeric, if not forced, even when every cell is missing
	codes    []datasets.Code
	values   []string
	known    map[string]datasets.Code // of values; nil while there are few
	numbers  []float64
	spelled  map[int]string // numbers whose text is not the usual one, by row
	odd      string         // the first cell that is NaN or infinite, its row
	oddRow   int
	texts    bool // cells are in codes and values
	closed   bool // values were declared, and there are no others
}

// few is how many values are searched one by one.
const few = 16

// numeric reports whether the column is one of numbers: not when every cell is
// missing and nobody declared it.
func (c *column) numeric() bool {
	if c.texts || c.forced {
		return false
	}
	return c.declared || slices.ContainsFunc(c.numbers, func(v float64) bool { return !math.IsNaN(v) }) || c.odd != ""
}

// miss adds a missing cell.
func (c *column) miss() {
	if c.role == asNothing {
		return
	}
	if c.texts || c.forced {
		c.codes = append(c.codes, datasets.Missing)
	} else {
		c.numbers = append(c.numbers, math.NaN())
	}
}

// add adds a cell as it is spelled.
func (c *column) add(s string) error {
	if c.role == asNothing {
		return nil
	}
	if c.texts || c.forced {
		return c.addText(s)
	}
	v, ok := parseNumber(s)
	if !ok && c.declared {
		return fmt.Errorf("column %s: %q: want a number", c.name, cut(s))
	}
	if !ok {
		if err := c.turn(); err != nil {
			return err
		}
		return c.addText(s)
	}
	row := len(c.numbers)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		if c.odd == "" {
			c.odd, c.oddRow = s, row
		}
		v = 0 // not missing
	}
	c.numbers = append(c.numbers, v)
	if s != number(v) {
		if c.spelled == nil {
			c.spelled = make(map[int]string)
		}
		c.spelled[row] = s
	}
	return nil
}

// turn makes texts of the numbers.
func (c *column) turn() error {
	c.texts = true
	for r, v := range c.numbers {
		if s, known := c.spelled[r]; known {
			if err := c.addText(s); err != nil {
				return err
			}
		} else if math.IsNaN(v) {
			c.miss()
		} else if err := c.addText(number(v)); err != nil {
			return err
		}
	}
	c.numbers, c.spelled, c.odd = nil, nil, ""
	return nil
}

func (c *column) addText(s string) error {
	code, known := datasets.Code(0), false
	if c.known != nil {
		code, known = c.known[s]
	} else if i := slices.Index(c.values, s); i >= 0 {
		code, known = datasets.Code(i), true
	}
	if !known {
		if c.closed {
			return fmt.Errorf("column %s: %q: want one of the values declared", c.name, cut(s))
		}
		if len(c.values) == int(datasets.Missing) {
			return fmt.Errorf("column %s: more than %d values", c.name, datasets.Missing)
		}
		code = c.learn(s)
	}
	c.codes = append(c.codes, code)
	return nil
}

// learn gives a new value its code.
func (c *column) learn(s string) datasets.Code {
	code := datasets.Code(len(c.values))
	s = strings.Clone(s) // not the line that it stands in
	c.values = append(c.values, s)
	if c.known != nil {
		c.known[s] = code
	} else if len(c.values) > few {
		c.known = make(map[string]datasets.Code)
		for i, v := range c.values {
			c.known[v] = datasets.Code(i)
		}
	}
	return code
}

// declare makes the column one of the given values alone.
func (c *column) declare(values []string) error {
	if len(values) > int(datasets.Missing) {
		return fmt.Errorf("column %s: %d values: want at most %d", c.name, len(values), datasets.Missing)
	}
	for _, s := range values {
		c.learn(s)
	}
	c.texts, c.closed = true, true
	return nil
}

// number spells a number so that it reads back the same.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// parseNumber reads a decimal number; NaN and infinities are numbers too.
// Hexadecimal and underscores, which Go would take, are not.
func parseNumber(s string) (float64, bool) {
	if s == "" || strings.ContainsAny(s, "xX_pP") {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return v, true
}
