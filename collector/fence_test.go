package collector

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheWindowGivesWayToLoss(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(2000)}, backend: backend{timeouts: true, loss: 50, jitter: 300, mood: mood{delay: 200}}})
	require.NoError(t, e.run(context.Background()))
	silent := requireRightAnswers(t, e)
	require.InDelta(t, 8000*(1-0.98*0.98), silent, 100) // lost there or back, and never sent again
	require.Positive(t, e.counts.FencesLost)
	require.Less(t, e.fences.window, startWindow)
	require.GreaterOrEqual(t, e.fences.window, minWindow)
}

// Whatever a machine lets through of a fence, nothing is lost, and silence
// costs no deadline each: a firewall passes echo requests, some stacks answer
// nothing but SYNs.
func TestFencesThatAMachineAnswersAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		mood mood
		kind fenceKind
		deaf bool
		most int64 // µs
	}{
		"ACK":  {mood{}, fenceACK, false, 2_000_000},
		"echo": {mood{noFence: true}, fenceEcho, false, 4_000_000},
		"SYN":  {mood{noFence: true, noEcho: true}, fenceSYN, false, 4_000_000},
		"none": {mood{noFence: true, noEcho: true, noSYN: true}, 0, true, 9_000_000 + 3600*deafPace + 2_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			c.mood.delay = 200
			e := start(t, setup{plan: Plan{Set: mixedSet(600)}, backend: backend{timeouts: true, jitter: 300, mood: c.mood}})
			require.NoError(t, e.run(context.Background()))
			require.Zero(t, requireRightAnswers(t, e))
			require.EqualValues(t, 2400, e.counts.Answered)
			require.Zero(t, e.counts.Unmatched+e.counts.Malformed+e.counts.Late)
			require.Equal(t, c.deaf, e.fences.deaf)
			require.Less(t, e.now, c.most)
			require.Empty(t, e.stack.conns, "half-open connections are left")
			if c.deaf {
				require.Equal(t, e.counts.Fences, e.counts.FencesLost)
				return
			}
			require.Equal(t, c.kind, e.fences.kind)
			require.Zero(t, e.counts.FencesLost)
		})
	}
}

// A machine may stop answering one kind of fence: another takes its place.
func TestAKindOfFenceThatIsAnsweredNoMoreIsGivenUp(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(600)}, backend: backend{timeouts: true, mood: mood{delay: 200}}})
	sent := 0
	e.link.onSend = func() {
		if sent++; sent == 500 {
			e.stack.mood.noFence = true
		}
	}
	require.NoError(t, e.run(context.Background()))
	require.Equal(t, fenceEcho, e.fences.kind)
	require.Zero(t, requireRightAnswers(t, e))
}

func TestAnEchoFencesNumberIsWhole(t *testing.T) {
	f := newFencing(fenceACK)
	for _, current := range []uint32{1, 64, 65536, 65537, 1 << 20} {
		f.current = current
		for back := range min(current, fencePairs) {
			require.Equal(t, current-1-back, f.latest(uint16(current-1-back)))
		}
	}
}

func TestAMachineThatFallsSilentIsGivenUp(t *testing.T) {
	e := start(t, setup{plan: Plan{Set: mixedSet(300)}, backend: backend{timeouts: true, mood: mood{delay: 200}}})
	sent := 0
	e.link.onSend = func() {
		if sent++; sent == 500 {
			e.link.loss = 1
		}
	}
	require.ErrorIs(t, e.run(context.Background()), errDead)
}

// While dialogues run a second burst is fenced before the first is through, when
// it has some of their steps, and no third.
func TestTwoBurstsOverlap(t *testing.T) {
	e := newEngine(nil)
	e.fences = newFencing(fenceACK)
	burst := func(steps int) (fenced bool) {
		for range steps {
			e.fences.sent()
		}
		if fenced = e.wantFence(); fenced {
			e.fences.fenced(e.now)
		}
		return fenced
	}
	e.dialogues.active = 32
	require.True(t, burst(1), "nothing is on its way")
	require.False(t, burst(1), "a step of 32")
	require.True(t, burst(1), "two steps")
	require.False(t, burst(20), "a third fence")
	e.fences.pass(0, e.now)
	require.True(t, burst(0))
	e.dialogues.active = 0
	e.fences.pass(1, e.now)
	require.False(t, burst(20), "no dialogues, and one on its way")
}
