package collector

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/probegen"
)

// relStep is a segment inside a connection.
func relStep(flags uint8, seq, ack uint32, data string) probegen.Step {
	s := tcpStep(probegen.OpenTCP, flags, seq)
	s.Packet.TCP.SeqBase, s.Packet.TCP.Ack, s.Packet.TCP.AckBase = probegen.SndNxt, ack, probegen.RcvNxt
	s.Packet.Payload = probegen.Hex(data)
	return s
}

func waiting(s probegen.Step, wait int64) probegen.Step {
	s.Wait = wait
	return s
}

// handshake opens a connection: the second step draws no answer, so that it
// is followed at once.
func handshake(more ...probegen.Step) []probegen.Step {
	return append([]probegen.Step{
		tcpStep(probegen.OpenTCP, probegen.SYN, 0xfffffffe),
		waiting(relStep(probegen.ACK, 0, 0, ""), 10),
	}, more...)
}

// dialogueSet has several connections, a stray segment and a single packet.
func dialogueSet() *probegen.Set {
	return setOf(
		handshake(relStep(probegen.ACK|probegen.PSH, 0, 0, "hello"), relStep(probegen.ACK, 0, 0, "more")),
		handshake(relStep(probegen.ACK, 100, 0, "beyond"), relStep(probegen.ACK, 0, 0, "in order")),
		handshake(relStep(probegen.ACK|probegen.FIN, 0, 0, "")),
		[]probegen.Step{relStep(probegen.ACK, 3, 5, "")},
		[]probegen.Step{tcpStep(probegen.ClosedTCP, probegen.SYN, 9)},
		[]probegen.Step{tcpStep(probegen.OpenTCP, probegen.FIN, 1), tcpStep(probegen.ClosedTCP, probegen.SYN, 9)},
	)
}

// requireDialogues checks the acknowledgement numbers that each step drew.
func requireDialogues(t *testing.T, b *bench) {
	t.Helper()
	isn := uint32(0xfffffffe) // the numbers go round
	for probe, want := range [][]struct {
		step uint8
		ack  uint32
	}{
		{{0, isn + 1}, {2, isn + 6}, {3, isn + 10}},
		{{0, isn + 1}, {2, isn + 1}, {3, isn + 9}},
		{{0, isn + 1}, {2, isn + 2}},
		{{0, 0}},
		{{0, 10}},
		{{1, 10}},
	} {
		for repeat := range b.g.repeats {
			r := &b.tape.copies[probe*b.g.repeats+repeat]
			require.Equal(t, map[bool]exchangeState{true: sent, false: over}[b.g.probes[probe].simple], r.state)
			place := r.first
			for _, w := range want {
				require.NotZero(t, place, "probe %d repeat %d step %d", probe, repeat, w.step)
				a := &b.tape.answers[place-1]
				require.Equal(t, w.step, a.step, "probe %d repeat %d", probe, repeat)
				require.Equal(t, w.ack, parseTCP(b.tape.of(a)[20:]).ack, "probe %d step %d", probe, w.step)
				place = a.next
			}
			require.Zero(t, place)
		}
	}
	require.Empty(t, b.stack.conns, "a connection was left behind")
	require.Zero(t, b.dialogues.active)
}

func TestDialoguesStepByStep(t *testing.T) {
	for name, s := range map[string]setup{
		"virtual":     {backend: backend{mood: mood{delay: 90}}},
		"interleaved": {plan: Plan{Pace: 3}, backend: backend{mood: mood{delay: 90}}},
		"ordered":     {plan: Plan{Order: Ordered}, backend: backend{mood: mood{delay: 90}}},
		"fixed port":  {source: Fixed, backend: backend{mood: mood{delay: 90}}},
		"real clock":  {backend: backend{timeouts: true, mood: mood{delay: 90}}},
		"real, deaf":  {backend: backend{timeouts: true, mood: mood{delay: 90, noFence: true}}},
		"real, alone": {plan: Plan{Order: Ordered}, backend: backend{timeouts: true, mood: mood{delay: 90}}},
	} {
		t.Run(name, func(t *testing.T) {
			s.plan.Set, s.plan.Repeats = dialogueSet(), 8
			if s.backend.mood.noFence { // nor the stray segment's answer
				s.plan.Set = setOf(dialogueSet().Probes[0].Steps, dialogueSet().Probes[1].Steps, dialogueSet().Probes[2].Steps)
			}
			b := start(t, s)
			require.NoError(t, b.run(context.Background()))
			if s.backend.mood.noFence {
				require.Empty(t, b.stack.conns)
				require.Equal(t, b.counts.Exchanges, b.counts.Answered)
				return
			}
			requireDialogues(t, b)
			require.Zero(t, b.counts.Unmatched+b.counts.Late)
		})
	}
}

// A listening dialogue leaves the connection half open while it times the
// machine's repetitions, and only then ends it.
func TestListeningHearsRepetitions(t *testing.T) {
	set := setOf([]probegen.Step{waiting(tcpStep(probegen.OpenTCP, probegen.SYN, 1), 0), {Wait: 3_000_000}})
	b := start(t, setup{plan: Plan{Set: set, Repeats: 2, Order: Ordered}, backend: backend{}})
	require.NoError(t, b.run(context.Background()))
	for c := range 2 {
		_, at := b.packets(c)
		var after []int64
		for _, v := range at {
			after = append(after, v-b.tape.copies[c].sent)
		}
		require.Equal(t, []int64{0, 200_000, 600_000, 1_400_000}, after)
	}
	require.GreaterOrEqual(t, b.tape.copies[1].sent-b.tape.copies[0].sent, int64(3_000_000))
	require.Empty(t, b.stack.conns)
	require.EqualValues(t, 2, b.counts.Teardowns)
	require.EqualValues(t, 4, b.counts.Duplicates) // the first repetition answers the second step
}

func TestDialogueHeapIsInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var d dialogues
	open := map[uint32]bool{}
	for turn := range 5000 {
		switch slots := len(open); {
		case slots == 0 || r.IntN(3) == 0:
			slot := d.open()
			d.slots[slot].copy = uint32(turn)
			d.schedule(slot, r.Int64N(100))
			open[slot] = true
		case r.IntN(2) == 0:
			slot, _ := d.soonest()
			d.close(slot)
			delete(open, slot)
		default:
			for slot := range d.slots {
				if open[uint32(slot)] {
					d.schedule(uint32(slot), r.Int64N(100))
					break
				}
			}
		}
		require.Equal(t, len(open), d.active)
		slot, due := d.soonest()
		for other := range open {
			o := &d.slots[other]
			require.False(t, o.due < due || o.due == due && o.copy < d.slots[slot].copy)
			require.Equal(t, other, d.heap[o.place])
		}
	}
}
