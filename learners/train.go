package learners

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// Check reports what makes t no training set: no rows, a row outside Data or
// out of order, a class outside Classes. Every Fit calls it first.
func (t *Train) Check() error {
	n := t.Data.Rows()
	if len(t.Rows) == 0 {
		return errors.New("no training rows")
	}
	if len(t.Labels) != n {
		return fmt.Errorf("%d labels for %d rows", len(t.Labels), n)
	}
	last := int32(-1)
	for _, r := range t.Rows {
		if r <= last || int(r) >= n {
			return fmt.Errorf("training row %d after row %d: want ascending rows below %d", r, last, n)
		}
		last = r
		if c := t.Labels[r]; c < 0 || int(c) >= len(t.Classes) {
			return fmt.Errorf("row %d has class %d: want one of %d", r, c, len(t.Classes))
		}
	}
	return nil
}

// Counter gives a function that tells t.Progress that one more of total is
// done. It may be called from several goroutines.
func (t *Train) Counter(total int) func() {
	if t.Progress == nil {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		t.Progress(done, total)
	}
}

// goroutines is the number of goroutines that workers stands for.
func goroutines(workers int) int {
	if workers > 0 {
		return workers
	}
	return runtime.GOMAXPROCS(0)
}
