package netstack

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// run moves c from timer to timer up to until, and gives the times of firing.
func run(c *clock, until time.Duration) (times []time.Duration) {
	for {
		at, ok := c.next()
		if !ok || at > int64(until) {
			c.advance(int64(until))
			return times
		}
		c.advance(at)
		for c.fire() {
			times = append(times, time.Duration(c.nanos()))
		}
	}
}

func TestClockOrder(t *testing.T) {
	c := newClock(0)
	var got []int
	note := func(i int) func() { return func() { got = append(got, i) } }
	c.AfterFunc(30, note(3))
	c.AfterFunc(10, note(1))
	c.AfterFunc(10, note(2))
	c.AfterFunc(0, note(0))
	require.Empty(t, got, "a timer that is due waits for fire")
	require.Equal(t, []time.Duration{0, 10, 10, 30}, run(c, 100))
	require.Equal(t, []int{0, 1, 2, 3}, got)
	require.Equal(t, int64(100), c.nanos())
}

func TestClockStopReset(t *testing.T) {
	c := newClock(time.Second)
	fired := 0
	timer := c.AfterFunc(5, func() { fired++ })
	require.True(t, timer.Stop())
	require.False(t, timer.Stop())
	timer.Reset(7)
	timer.Reset(9)
	require.Equal(t, []time.Duration{time.Second + 9}, run(c, 2*time.Second))
	require.False(t, timer.Stop())
	timer.Reset(-4)
	require.Len(t, run(c, 2*time.Second), 1)
	require.Equal(t, 2, fired)

	timer.Reset(math.MaxInt64)
	at, ok := c.next()
	require.True(t, ok)
	require.Equal(t, int64(math.MaxInt64), at, "an overflow is never, not the past")
	c.advance(5)
	require.Equal(t, int64(2*time.Second), c.nanos())
	require.Equal(t, 2*time.Second, c.NowMonotonic().Sub(newClock(0).NowMonotonic()))
}

// A timer may arm others and itself.
func TestClockRearm(t *testing.T) {
	c := newClock(0)
	var again func()
	timer := c.AfterFunc(10, func() { again() })
	again = func() {
		if c.nanos() < 30 {
			timer.Reset(10)
		}
	}
	require.Equal(t, []time.Duration{10, 20, 30}, run(c, 100))
}
