package shrink

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/collector/sim"
	"tickle/datasets"
	"tickle/probegen"
)

func machine(name, personality string) pool.Machine {
	m := pool.Machine{Name: name, Backend: "sim", Image: name, Ports: pool.Ports{Open: 22, Closed: 1, UDP: 40125},
		Options: map[string]string{"personality": personality}}
	m.Labels.Kernel[0], m.Labels.Distribution[0] = name, name
	return m
}

func config(t *testing.T, a, b string) Config {
	return Config{Pool: &pool.Pool{Name: "two", Machines: []pool.Machine{machine("a", a), machine("b", b)}},
		Backends: map[string]pool.Backend{"sim": sim.Backend{}}, Dir: t.TempDir(), Seed: 1}
}

// segment is relative to the connection.
func segment(flags uint8, seq, ack uint32) probegen.Step {
	return probegen.Step{Packet: &probegen.Packet{Port: probegen.OpenTCP, IP: probegen.IPv4{DF: true, TTL: 64},
		TCP: &probegen.TCP{Flags: flags, Seq: seq, SeqBase: probegen.SndNxt, Ack: ack, AckBase: probegen.RcvNxt, Window: 65535}}}
}

// longDialogue has one segment that tells Linux since RFC 5961 from Linux
// before it, an acknowledgement of what is long past, among others.
func longDialogue() probegen.Probe {
	syn := segment(probegen.SYN, 77, 0)
	syn.Packet.TCP.SeqBase, syn.Packet.TCP.AckBase = probegen.Absolute, probegen.Absolute
	data := segment(probegen.ACK|probegen.PSH, 0, 0)
	data.Packet.Payload = probegen.Hex("some data")
	old := segment(probegen.ACK, 0, 1<<30*3)
	old.Packet.TCP.Urgent, old.Packet.IP.TOS = 9, 2
	return probegen.Probe{Name: "long", Steps: []probegen.Step{syn, segment(probegen.ACK, 0, 0), data, data, old, data, segment(probegen.ACK, 0, 0)}}
}

func TestShrink(t *testing.T) {
	cfg := config(t, "linux-2.6.18", "linux-5.15")
	cfg.Probe = longDialogue()
	r, err := Shrink(context.Background(), cfg)
	require.NoError(t, err)
	require.Len(t, r.Probe.Steps, 3, "a SYN, the ACK of the handshake, and the old acknowledgement")
	last := r.Probe.Steps[2].Packet
	require.EqualValues(t, 1<<30*3, last.TCP.Ack)
	require.Zero(t, last.TCP.Urgent)
	require.Zero(t, last.IP.TOS)
	require.Equal(t, Difference{3, 1, datasets.AnswerKind, [2]string{"none", "tcp"}}, r.Differences[0])
	require.Equal(t, "step 3, answer 1: answer.kind is nothing from a, and tcp from b", r.Words(&r.Differences[0]))

	var b bytes.Buffer
	require.NoError(t, r.WriteText(&b))
	require.Contains(t, b.String(), "(silence)")
	require.Contains(t, b.String(), " 3  ACK seq snd.nxt ack rcv.nxt-1073741824 win 65535\n")
	paths, err := r.WriteFiles(cfg.Dir)
	require.NoError(t, err)
	require.Len(t, paths, 4)
	set, err := probegen.ReadFile(filepath.Join(cfg.Dir, "dialogue.jsonl"))
	require.NoError(t, err)
	require.Equal(t, r.Probe, set.Probes[0])
	for name, packets := range map[string]int{"a": 4, "b": 5} { // three sent; the SYN-ACK, and b's challenge
		capture, err := os.ReadFile(filepath.Join(cfg.Dir, name+".pcapng"))
		require.NoError(t, err)
		require.Equal(t, packets, strings.Count(string(capture), "\x45\x00\x00\x28")+strings.Count(string(capture), "\x45\x00\x00\x2c"), name)
	}
}

func TestShrinkOfMachinesThatAreAlike(t *testing.T) {
	cfg := config(t, "linux-5.15", "linux-5.15")
	cfg.Probe = longDialogue()
	_, err := Shrink(context.Background(), cfg)
	require.ErrorIs(t, err, ErrAlike)
	cfg.Pool.Machines = cfg.Pool.Machines[:1]
	_, err = Shrink(context.Background(), cfg)
	require.EqualError(t, err, "shrink: 1 machines: want two")
}

// TestChangesStopSomewhere: what all changes leave can't be changed, whatever
// the dialogue.
func TestChangesStopSomewhere(t *testing.T) {
	set, err := probegen.Generate("dialogue", probegen.Config{N: 300, Seed: 2})
	require.NoError(t, err)
	for _, p := range set.Probes {
		before := clone(&p)
		for range 3 {
			for _, change := range changesOf(&p) {
				q := clone(&p)
				change(&q)
				require.NoError(t, q.Check())
				p = q
			}
		}
		require.Empty(t, changesOf(&p))
		require.Len(t, p.Steps, len(before.Steps))
	}
}
