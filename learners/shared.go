package learners

import (
	"context"
	"errors"
	"sync"

	"tickle/datasets"
)

// Shared computes once what every fit on one selection needs and no label or
// fold enters. It belongs to whoever makes the fits (a cross-validation makes
// one and puts it in each Train) and is garbage with its owner. It is safe
// for concurrent use.
type Shared struct {
	data       *datasets.Selection
	agreements once[*Agreements]
	rows       once[*RowMajor]
	onehot     once[*OneHot]

	mu    sync.Mutex
	other map[any]any // key of Share to *once[T]
}

// NewShared makes the store for fits on s. It computes nothing yet.
func NewShared(s *datasets.Selection) *Shared { return &Shared{data: s} }

// Agreements gives the agreements of t.Data, from t.Shared where there is
// one. It fails only when ctx ends, or when t.Shared is of other data.
func (t *Train) Agreements(ctx context.Context) (*Agreements, error) {
	count := func() (*Agreements, error) { return NewAgreements(ctx, t.Data, t.Workers) }
	if t.Shared == nil {
		return count()
	}
	if t.Shared.data != t.Data {
		return nil, errForeign
	}
	return t.Shared.agreements.get(ctx, count)
}

// RowMajor gives the cells of t.Data row by row, from t.Shared where there is
// one. It fails only when ctx ends, or when t.Shared is of other data.
func (t *Train) RowMajor(ctx context.Context) (*RowMajor, error) {
	transpose := func() (*RowMajor, error) { return NewRowMajor(ctx, t.Data, t.Workers) }
	if t.Shared == nil {
		return transpose()
	}
	if t.Shared.data != t.Data {
		return nil, errForeign
	}
	return t.Shared.rows.get(ctx, transpose)
}

// OneHot gives the cells of t.Data as bits, from t.Shared where there is one.
// It fails only when ctx ends, or when t.Shared is of other data.
func (t *Train) OneHot(ctx context.Context) (*OneHot, error) {
	pack := func() (*OneHot, error) { return NewOneHot(ctx, t.Data, t.Workers) }
	if t.Shared == nil {
		return pack()
	}
	if t.Shared.data != t.Data {
		return nil, errForeign
	}
	return t.Shared.onehot.get(ctx, pack)
}

// Share gives what compute makes of t.Data, from t.Shared where some fit has
// put it there under the same key. Keys are of a type that the learner's
// package does not export, so that no two learners meet, and name everything
// that compute depends on beside t.Data: neither rows nor labels may enter.
// It fails when compute does, when ctx ends, or when t.Shared is of other
// data.
func Share[T any](ctx context.Context, t *Train, key any, compute func() (T, error)) (T, error) {
	if t.Shared == nil {
		return compute()
	}
	if t.Shared.data != t.Data {
		var none T
		return none, errForeign
	}
	return shared[T](t.Shared, key).get(ctx, compute)
}

// shared gives the place of a key, making it when there is none.
func shared[T any](s *Shared, key any) *once[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if place, ok := s.other[key]; ok {
		return place.(*once[T])
	}
	if s.other == nil {
		s.other = make(map[any]any)
	}
	place := new(once[T])
	s.other[key] = place
	return place
}

var errForeign = errors.New("learners: Train.Shared was made for another selection")

// once holds a value that the first caller computes while the others wait.
// When that caller fails, one of those that wait takes over, for the reason
// may be the end of its own context. The zero value is ready for use.
type once[T any] struct {
	mu      sync.Mutex
	value   T
	done    bool
	running chan struct{} // closed when the computation under way ends; nil when there is none
}

func (o *once[T]) get(ctx context.Context, compute func() (T, error)) (T, error) {
	var none T
	for {
		o.mu.Lock()
		if o.done {
			defer o.mu.Unlock()
			return o.value, nil
		}
		if o.running == nil {
			break
		}
		running := o.running
		o.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
	running := make(chan struct{})
	o.running = running
	o.mu.Unlock()
	value, err := compute()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running = nil
	close(running)
	if err != nil {
		return none, err
	}
	o.value, o.done = value, true
	return value, nil
}
