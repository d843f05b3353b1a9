package jrip

import (
	"context"

	"tickle/learners"
	"tickle/learners/attributes"
	"tickle/learners/bitslice"
)

// layout is the columns that can be asked, as fits on one selection share them:
// a nominal column of few values has bits, one of many values is counted row by
// row.
type layout struct {
	columns []column
	onehot  *learners.OneHot
	of      []int32 // of a bit of onehot: index into columns, or -1
	rest    []int32 // indices into columns of those that onehot lacks
	values  int     // most values of a nominal column
	asked   float64 // conditions on nominal columns that there may be: a column's values
}

type column struct {
	*attributes.Attribute
	first int32 // bit of the first value, or -1
}

// layoutKey is for learners.Share.
type layoutKey struct{}

func newLayout(ctx context.Context, t *learners.Train) (*layout, error) {
	list, err := attributes.Of(t.Data)
	if err != nil {
		return nil, err
	}
	onehot, err := t.OneHot(ctx)
	if err != nil {
		return nil, err
	}
	l := &layout{onehot: onehot, columns: make([]column, 0, len(list)), of: make([]int32, bitslice.Bits*onehot.Blocks)}
	for bit := range l.of {
		l.of[bit] = -1
	}
	nominal := 0
	for i := range list {
		a := &list[i]
		c := column{Attribute: a, first: -1}
		if a.Nominal() {
			l.asked += float64(a.Mult) * float64(a.Values)
			l.values = max(l.values, a.Values)
			c.first = onehot.First[nominal]
			nominal++
		}
		if a.Nominal() && a.Values < 2 && !a.Missing {
			continue
		}
		at := int32(len(l.columns))
		l.columns = append(l.columns, c)
		if c.first < 0 {
			l.rest = append(l.rest, at)
			continue
		}
		for v := range int32(a.Values) {
			l.of[c.first+v] = at
		}
	}
	return l, nil
}
