package probegen

import (
	"encoding/binary"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func dialogues(t testing.TB, n int, o map[string]string) *Set {
	s, err := Generate("dialogue", Config{N: n, Seed: 3, Options: o})
	require.NoError(t, err)
	require.NoError(t, s.Check())
	return s
}

// TestDialogueBytes: the generator may not change without a new version.
func TestDialogueBytes(t *testing.T) {
	require.Equal(t, "acd831f69281514ed1f8727038d53b48", dialogues(t, 500, nil).Hash()[:32])
}

// TestDialoguesReachEveryState: each opening and state occurs, the machine
// closes first where it must, and random segments follow.
func TestDialoguesReachEveryState(t *testing.T) {
	names := map[string]int{}
	for _, p := range dialogues(t, 5000, nil).Probes {
		open, state, _ := strings.Cut(p.Name, "/")
		names[open]++
		names[state]++
		before := map[string]int{"": 0, "syn-rcvd": 1, "established": 2, "close-wait": 4, "last-ack": 3,
			"fin-wait-1": 3, "fin-wait-2": 4, "closing": 4, "time-wait": 5}[state]
		if open == "simultaneous" {
			before++
		}
		require.Greater(t, len(p.Steps), before, p.Name)
		for i, s := range p.Steps {
			fin := i < before && s.Packet != nil && s.Until == FIN
			require.Equal(t, s.Until != 0, fin)
		}
	}
	for _, o := range openings {
		require.Greater(t, names[o.name], 300, o.name)
	}
	for _, s := range append([]string{"stray", "icmp", "udp"}, dialogueStates...) {
		require.Greater(t, names[s], 60, s)
	}
	require.Greater(t, names["established"], 2000)
}

// TestDialoguesAreRelative: but for the opening's own, no number inside a
// connection is absolute, so that a dialogue means the same on every machine.
func TestDialoguesAreRelative(t *testing.T) {
	options := map[uint8]int{}
	for _, p := range dialogues(t, 3000, map[string]string{"stray-share": "0"}).Probes {
		for i, s := range p.Steps {
			if s.Packet == nil || s.Packet.TCP == nil {
				continue
			}
			tcp := s.Packet.TCP
			require.Equal(t, i == 0, tcp.SeqBase == Absolute)
			if tcp.Flags&ACK != 0 {
				require.Equal(t, RcvNxt, tcp.AckBase)
			}
			for b := []byte(tcp.Options); len(b) > 0; {
				kind, _, rest, ok := NextOption(b)
				if !ok {
					options[255]++
					break
				}
				options[kind]++
				b = rest
			}
		}
	}
	for _, kind := range []uint8{KindTimestamps, KindSACK, kindMD5, kindAO, kindMultipath, kindFastOpen, kindExperiment, 255} {
		require.Positive(t, options[kind], kind)
	}
}

// TestDialogueOptions: shares and the bound on segments hold.
func TestDialogueOptions(t *testing.T) {
	s := dialogues(t, 2000, map[string]string{"stray-share": "50", "udp-share": "0", "icmp-share": "50", "segments-max": "2"})
	stray := 0
	for _, p := range s.Probes {
		require.LessOrEqual(t, len(p.Steps), 2)
		if p.Name == "stray" {
			stray++
		} else {
			require.Equal(t, "icmp", p.Name)
		}
	}
	shareNear(t, "stray", stray, 2000, 0.5)
	_, err := Generate("dialogue", Config{N: 1, Options: map[string]string{"stray-share": "99"}})
	require.EqualError(t, err, "family dialogue: options stray-share, udp-share, icmp-share: want at most 100 percent together, have 105")
}

// TestDialogueTemplates: templates with numbers in options, at even and odd
// places, are the packets made anew, whose checksums are right by the bytes.
func TestDialogueTemplates(t *testing.T) {
	from, to := netip.MustParseAddrPort("198.18.0.5:4321"), netip.MustParseAddrPort("192.0.2.1:22")
	n := Numbers{Seq: 0xfffffff0, Ack: 0x01020304, Una: 77, Edge: 1 << 31, Recent: 0xabcdef01}
	odd := &Packet{Port: OpenTCP, IP: IPv4{TTL: 9}, TCP: &TCP{Flags: ACK, EchoBase: TSRecent, SACKBase: SndEdge,
		Options: append(AppendSACK(AppendTimestamps(Hex{KindNOP}, 5, 6), [2]uint32{1, 1<<32 - 1}), 0, 0, 0)}}
	packets := []*Packet{odd}
	for _, p := range dialogues(t, 300, nil).Probes {
		for _, s := range p.Steps {
			if s.Packet != nil {
				packets = append(packets, s.Packet)
			}
		}
	}
	var together Templates
	for _, p := range packets {
		one, err := together.Add(p)
		require.NoError(t, err)
		want, err := p.AppendRelative(nil, from, to, n)
		require.NoError(t, err)
		got, err := one.AppendRelative(nil, from, to, n)
		require.NoError(t, err)
		require.Equal(t, want, got)
		if _, err := one.AppendTo(nil, from, to); p.relative() {
			require.ErrorIs(t, err, errRelative)
		}
	}
	b, err := odd.AppendRelative(nil, from, to, n)
	require.NoError(t, err)
	word := func(at int) uint32 { return binary.BigEndian.Uint32(b[40+at:]) }
	require.Equal(t, []uint32{5, 6 + n.Recent, 1 + n.Edge, n.Edge - 1}, []uint32{word(3), word(7), word(13), word(17)})
}

func TestDialoguesAreReadBack(t *testing.T) {
	s := dialogues(t, 300, nil)
	got, err := Read(strings.NewReader(string(written(t, s))), "set")
	require.NoError(t, err)
	require.True(t, reflect.DeepEqual(s, got))
}

// TestBasesOfOptionsAreChecked: a base needs the option whose numbers count
// from it.
func TestBasesOfOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		tcp  TCP
		want string
	}{
		{TCP{EchoBase: RcvNxt}, `packet.tcp.echo_base: want ts.recent, have "rcv.nxt"`},
		{TCP{EchoBase: TSRecent}, "packet.tcp.echo_base: want it only with a whole timestamps option"},
		{TCP{EchoBase: TSRecent, Options: Hex{KindEOL, KindNOP, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0}}, "packet.tcp.echo_base: want it only with a whole timestamps option"},
		{TCP{SACKBase: RcvNxt, Options: Hex{5, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}, "packet.tcp.sack_base: want it only with a whole SACK option"},
		{TCP{SACKBase: TSRecent}, `packet.tcp.sack_base: want snd.nxt, snd.una, snd.edge or rcv.nxt, have "ts.recent"`},
	} {
		p := Packet{Port: OpenTCP, IP: IPv4{TTL: 1}, TCP: &c.tcp}
		require.EqualError(t, p.Check(), c.want)
	}
}

// TestDialoguesFitAnEthernet: no packet is longer than a link carries.
func TestDialoguesFitAnEthernet(t *testing.T) {
	long := 0
	for _, six := range []string{"0", "100"} {
		for _, p := range dialogues(t, 3000, map[string]string{"ipv6-share": six}).Probes {
			for _, s := range p.Steps {
				if s.Packet != nil {
					require.LessOrEqual(t, s.Packet.Len(), ethernetMTU)
					if s.Packet.Len() == ethernetMTU {
						long++
					}
				}
			}
		}
	}
	require.Greater(t, long, 100)
}

func TestLadder(t *testing.T) {
	p := Probe{Steps: []Step{
		{Packet: &Packet{Port: OpenTCP, IP: IPv4{TTL: 1}, TCP: &TCP{Seq: 7, Flags: SYN, Window: 9, Options: openings[0].options(3)}}},
		{Packet: &Packet{Port: OpenTCP, IP: IPv4{TTL: 1}, TCP: &TCP{SeqBase: SndNxt, Ack: 1<<32 - 1, AckBase: RcvNxt, Flags: ACK | PSH, Urgent: 2,
			Options: AppendTimestamps(Hex{1, 1}, 3, 4), EchoBase: TSRecent}, Payload: Hex{AppClose}}, Until: FIN},
		{Packet: &Packet{Port: NoPort, IP: IPv4{TTL: 1, TOS: 3}, ICMP: &ICMP{Type: 8, Code: 1}}},
		{Wait: 120_000},
	}}
	require.Equal(t, []string{
		" 1  SYN seq 7 win 9 <Maximum segment size: 1460 bytes; SACK permitted; Timestamps: TSval 3, TSecr 0; Window scale: 7 (multiply by 128); 1 NOP>",
		" 2  PSH, ACK seq snd.nxt ack rcv.nxt-1 win 0 urg 2 <TS val 3 ecr ts.recent+4; 2 NOP> len 1 (close!) … until FIN",
		" 3  ICMP type 8 code 1 tos 0x03",
		" 4  (silent) … 0.12 s",
	}, p.Ladder())
}
