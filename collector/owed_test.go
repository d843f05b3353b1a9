package collector

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/probegen"
)

// course is a copy's answers: of each its step, flags, and window.
func course(b *bench, c int) string {
	var text strings.Builder
	for place := b.tape.copies[c].first; place != 0; place = b.tape.answers[place-1].next {
		a := &b.tape.answers[place-1]
		t := parseTCP(b.tape.of(a)[20:])
		fmt.Fprintf(&text, "%d:%s/%d ", a.step+1, appendOrder(nil, b.tape.of(a)), t.window)
	}
	return text.String()
}

// A machine that does things behind the fences' back, after times of chance,
// gives the same answers to the same steps all the same.
func TestWhatIsOwedIsWaitedFor(t *testing.T) {
	const fin = uint8(probegen.FIN | probegen.ACK)
	data := relStep(probegen.ACK|probegen.PSH, 0, 0, "0123456789")
	hold := relStep(probegen.ACK|probegen.PSH, 0, 0, string(rune(probegen.AppHold)))
	for name, c := range map[string]struct {
		mood  mood
		steps []probegen.Step
		want  string
	}{
		"a SYN's answer":                  {mood{connects: 40_000}, handshake(data), "1:SA/29200 3:A/29200 "},
		"behind another host of data too": {mood{connects: 40_000, acks: 40_000}, handshake(data, data), "1:SA/29200 3:A/29200 4:A/29200 "},
		"an acknowledged FIN and the application's": {mood{closes: 20_000}, handshake(relStep(fin, 0, 0, ""), data),
			"1:SA/29200 3:A/29200 3:FA/29200 4:A/29200 "},
		"not where our window is shut": {mood{closes: 20_000}, handshake(shut(relStep(fin, 0, 0, ""))), "1:SA/29200 3:A/29200 "},
		"not where it holds on":        {mood{}, handshake(hold, relStep(fin, 0, 0, ""), data), "1:SA/29200 3:A/29200 4:A/29200 5:A/29200 "},
		"an application's turn":        {mood{turn: 5_000}, handshake(data, data, data), "1:SA/29200 3:A/29190 4:A/29190 5:A/29190 "},
	} {
		t.Run(name, func(t *testing.T) {
			c.mood.delay = 80
			b := start(t, setup{plan: Plan{Set: setOf(c.steps), Repeats: 200}, backend: backend{timeouts: true, mood: c.mood}})
			b.relayed = c.mood.acks > 0
			require.NoError(t, b.run(context.Background()))
			require.Equal(t, map[bool]fenceKind{true: fenceApp, false: fenceACK}[c.mood.turn > 0], b.fences.kind)
			for i := range b.g.copies() {
				require.Equal(t, c.want, course(b, i), "repeat %d", i)
			}
			if strings.HasPrefix(name, "not") {
				require.Less(t, b.now, int64(200*untilTime/mostDialogues), "nothing is waited for")
			}
		})
	}
}

// shut has a segment allow no data.
func shut(s probegen.Step) probegen.Step {
	s.Packet.TCP.Window = 0
	return s
}

// A machine that owes for good is not waited for again and again.
func TestNobodyIsWaitedForInVain(t *testing.T) {
	const n = 20 * maxVain
	took := func(steps []probegen.Step, m mood) int64 {
		m.delay = 80
		b := start(t, setup{plan: Plan{Set: setOf(steps), Repeats: n}, backend: backend{timeouts: true, mood: m}})
		require.NoError(t, b.run(context.Background()))
		return b.now
	}
	// 64 at a time: each round of them costs its wait, and there are few.
	const rounds = 4
	require.Less(t, took(handshake(relStep(probegen.FIN|probegen.ACK, 0, 0, "")), mood{}), int64(rounds*untilTime))
	require.Less(t, took([]probegen.Step{tcpStep(probegen.OpenTCP, probegen.SYN, 1), relStep(probegen.ACK, 0, 0, "")}, mood{mute: true}), int64(rounds*untilTime))
}

// No step is shorter than the clocks of stacks can tell.
func TestStepsLastTwoTicks(t *testing.T) {
	data := relStep(probegen.ACK|probegen.PSH, 0, 0, "0123456789")
	b := start(t, setup{plan: Plan{Set: setOf(handshake(data, data)), Repeats: 50}, backend: backend{timeouts: true, mood: mood{delay: 80}}})
	require.NoError(t, b.run(context.Background()))
	for c := range b.g.copies() {
		_, at := b.packets(c)
		require.Len(t, at, 3)
		for i := range at[1:] {
			require.GreaterOrEqual(t, at[i+1]-at[i], int64(stepTime-80), "copy %d", c)
		}
	}
}

// An opening that is answered late ends the row of those that were waited for in
// vain, and an acknowledgement does not.
func TestALateOpeningEndsTheRow(t *testing.T) {
	for owed, want := range map[int64]int{untilTime: 0, ackTime: 5, 0: 5} {
		e := newEngine(nil)
		slot := e.dialogues.open()
		d := &e.dialogues.slots[slot]
		d.owed, d.until = owed, probegen.FIN
		e.vain.opening = 5
		e.repay(slot)
		require.Equal(t, want, e.vain.opening, owed)
		require.Zero(t, d.owed)
	}
}
