package learners

import (
	"context"
	"sync"
	"sync/atomic"
)

// Parallel calls f for 0…n-1, in rising order and by at most the given number
// of goroutines (0: GOMAXPROCS), and returns when all have ended. The first
// error, by index among those met, or the end of ctx, stops what has not
// begun. worker, below the number of goroutines, lets f keep scratch space.
func Parallel(ctx context.Context, n, workers int, f func(worker, i int) error) error {
	workers = min(goroutines(workers), n)
	var (
		next   atomic.Int64
		failed atomic.Bool
		wg     sync.WaitGroup
		mu     sync.Mutex
		at     = n
		first  error
	)
	work := func(worker int) {
		for !failed.Load() && ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if err := f(worker, i); err != nil {
				failed.Store(true)
				mu.Lock()
				if i < at {
					at, first = i, err
				}
				mu.Unlock()
				return
			}
		}
	}
	for w := 1; w < workers; w++ {
		wg.Go(func() { work(w) })
	}
	work(0)
	wg.Wait()
	if first != nil {
		return first
	}
	return ctx.Err()
}
