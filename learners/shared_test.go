package learners

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tickle/datasets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOnce: many wait for one computation; when it fails, another takes over.
func TestOnce(t *testing.T) {
	var o once[int]
	var calls atomic.Int32
	begun, fail := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() {
		_, err := o.get(context.Background(), func() (int, error) {
			calls.Add(1)
			close(begun)
			<-fail
			return 0, context.Canceled
		})
		first <- err
	}()
	<-begun
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := o.get(ended, func() (int, error) { return 0, errors.New("must wait") })
	require.ErrorIs(t, err, context.Canceled)
	got := make(chan int)
	for range 3 {
		go func() {
			v, err := o.get(context.Background(), func() (int, error) { calls.Add(1); return 42, nil })
			if err == nil {
				got <- v
			}
		}()
	}
	close(fail)
	require.ErrorIs(t, <-first, context.Canceled)
	for range 3 {
		require.Equal(t, 42, <-got)
	}
	require.Equal(t, int32(2), calls.Load())
}

func TestSharedOfOtherData(t *testing.T) {
	g := datasets.NewGrouper(make([]datasets.Machine, 2))
	g.Add(datasets.Column{}, []datasets.Code{0, 1}, make([]datasets.Value, 2))
	m := g.Matrix(nil)
	a, b := m.All(), m.All()
	train := Train{Data: a, Shared: NewShared(b)}
	_, err := train.Agreements(context.Background())
	require.ErrorIs(t, err, errForeign)
	_, err = train.RowMajor(context.Background())
	require.ErrorIs(t, err, errForeign)
	train.Shared = NewShared(a)
	one, err := train.Agreements(context.Background())
	require.NoError(t, err)
	two, err := train.Agreements(context.Background())
	require.NoError(t, err)
	require.Same(t, one, two)
}

func TestParallel(t *testing.T) {
	for _, workers := range []int{0, 1, 3, 50} {
		var done [20]atomic.Int32
		require.NoError(t, Parallel(context.Background(), len(done), workers, func(_, i int) error {
			done[i].Add(1)
			return nil
		}))
		for i := range done {
			require.Equal(t, int32(1), done[i].Load())
		}
		failure := errors.New("failure")
		var calls atomic.Int32
		err := Parallel(context.Background(), 1000, workers, func(_, i int) error {
			calls.Add(1)
			return failure
		})
		require.ErrorIs(t, err, failure)
		require.LessOrEqual(t, calls.Load(), int32(goroutines(workers)))
		ctx, cancel := context.WithCancel(context.Background())
		calls.Store(0)
		err = Parallel(ctx, 1000, workers, func(_, i int) error {
			calls.Add(1)
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, calls.Load(), int32(1000))
	}
	require.NoError(t, Parallel(context.Background(), 0, 4, func(_, i int) error { return errors.New("none to do") }))
}

// TestShare: a key's value is made once, keys of two types do not meet, and a
// store of other data is an error.
func TestShare(t *testing.T) {
	type one struct{ n int }
	type other struct{ n int }
	data := &datasets.Selection{}
	train := &Train{Data: data, Shared: NewShared(data)}
	made := 0
	count := func() (int, error) { made++; return made, nil }
	for _, c := range []struct {
		key  any
		want int
	}{{one{1}, 1}, {one{2}, 2}, {other{1}, 3}, {one{1}, 1}, {other{1}, 3}} {
		got, err := Share(context.Background(), train, c.key, count)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%#v", c.key)
	}
	alone, err := Share(context.Background(), &Train{Data: data}, one{1}, count)
	require.NoError(t, err)
	require.Equal(t, 4, alone)
	_, err = Share(context.Background(), &Train{Data: &datasets.Selection{}, Shared: train.Shared}, one{1}, count)
	require.ErrorIs(t, err, errForeign)
}
