package experiments

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"sync"

	"tickle/learners"
)

// fitted keeps what the models of a data set's cells said, so that the
// experiments of a study which ask the same do not fit twice. It holds
// answers, no models: some 100 bytes a row, cell and class at most. A nil
// store keeps nothing. It is safe for concurrent use.
type fitted struct {
	mu    sync.Mutex
	cells map[string]said
}

// said is what one cell's models said, fold by fold.
type said struct {
	kind    learners.ScoreKind
	answers [][]Answer
}

// cellKey names all that the answers of a cell follow from, on one data set:
// the learner with its options, the labels, the features, the folds and the
// seed.
func cellKey(o *Outcome, seed uint64) string {
	h := fnv.New128a()
	word := func(v int32) { h.Write(binary.LittleEndian.AppendUint32(nil, uint32(v))) }
	for i := range o.Folds {
		f := &o.Folds[i]
		word(int32(f.Repeat))
		word(int32(f.Fold))
		for _, rows := range [][]int32{f.Train, f.Test} {
			word(int32(len(rows)))
			for _, r := range rows {
				word(r)
			}
		}
	}
	c := &o.Cell
	return fmt.Sprintf("%s|%s|%d|%s|%s|%d|%x", c.Learner.Label, c.Hierarchy, c.Level, c.Fields, c.Filter, seed, h.Sum(nil))
}

func (f *fitted) get(key string) (said, bool) {
	if f == nil {
		return said{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.cells[key]
	return s, ok
}

func (f *fitted) put(key string, s said) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cells[key] = s
}
