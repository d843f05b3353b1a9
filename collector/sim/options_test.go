package sim

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// TestReadOptions: odd options as tcp_parse_options and tcp_dooptions take them.
func TestReadOptions(t *testing.T) {
	for _, c := range []struct {
		name, options string
		want          offered
	}{
		{"none", "", offered{}},
		{"all", s1, offered{set: grantTS | grantSACK | grantScale, mss: 1460, scale: 10, tsVal: 0xffffffff}},
		{"last of duplicates", "020405b402040200" + "03030101" + "03030201", offered{set: grantScale, mss: 512, scale: 2}},
		{"zero MSS is none", "020405b402040000", offered{mss: 1460}},
		{"scale above 14", "03030f01", offered{set: grantScale, scale: 14}},
		{"nothing after the end", "00000000020405b4", offered{}},
		{"length 0 ends", "0300000004020101", offered{}},
		{"length 1 ends", "0301000004020101", offered{}},
		{"length past the end", "04020101" + "080a0000", offered{set: grantSACK}},
		{"kind without length", "0101" + "0102", offered{}},
		{"wrong length is passed over", "0203050104020101", offered{set: grantSACK}},
		{"unknown kind is passed over", "fe04aabb04020101", offered{set: grantSACK}},
		{"length reaches over others", "fe080402020405b4" + "04020101", offered{set: grantSACK}},
	} {
		b, err := hex.DecodeString(c.options)
		require.NoError(t, err)
		var got offered
		readOptions(b, &got)
		require.Equal(t, c.want, got, c.name)
	}
}

// TestOfferedMSS: syncache_respond of FreeBSD 7 to 11 offers what the peer did,
// down to 216; others offer what the interface takes.
func TestOfferedMSS(t *testing.T) {
	for _, c := range []struct{ personality, options, want string }{
		{"freebsd-11", "02040578", "M1400"},
		{"freebsd-11", "02040064", "M216"},
		{"freebsd-11", "02042328", "M1460"},
		{"freebsd-11", "", "M1460"},
		{"freebsd-13", "02040578", "M1460"},
		{"linux-5.10", "02040578", "M1460"},
		{"windows-10", "02040109", "M1460"},
		{"solaris-10", "02040109", "M1460"},
		{"openbsd-7", "02040109", "M1460"},
	} {
		h := start(t, c.personality)
		h.send(h.bytes(probe{flags: flagSYN, options: c.options}))
		require.Equal(t, c.want, optionText(tcpOf(h.next(ms))), "%s %s", c.personality, c.options)
	}
}

// TestTimestampOfZero: a SYN with timestamp 0 is granted the option since
// Linux 2.6.30.
func TestTimestampOfZero(t *testing.T) {
	const zero = "0101080a0000000000000000"
	for name, want := range map[string]string{"linux-2.6.26": "M1460", "linux-2.6.32": "M1460NNT10", "freebsd-9": "M1460NNT10"} {
		h := start(t, name)
		h.send(h.bytes(probe{flags: flagSYN, options: zero}))
		require.Equal(t, want, optionText(tcpOf(h.next(ms))), name)
	}
}

// TestTimestampClock: ticks in a hundred seconds, and what is echoed.
func TestTimestampClock(t *testing.T) {
	for name, want := range map[string]uint32{
		"linux-2.4": 100, "linux-2.6.9": 1000, "linux-3.16": 250, "linux-4.19": 1000,
		"windows-7": 100, "openbsd-6": 2, "solaris-10": 100, "freebsd-6": 1000, "windows-xp": 0,
	} {
		h := start(t, name)
		h.send(h.bytes(probe{seq: 1, flags: flagSYN, options: s1}))
		first := stamps(tcpOf(h.next(ms)))
		p := probe{sport: h.port, seq: 1, flags: flagSYN, options: s1}
		for h.next(ms) != nil {
		}
		h.send(h.bytes(probe{sport: h.port, seq: 2, flags: flagRST}))
		require.Nil(t, h.next(100*sec))
		h.send(h.bytes(p))
		second := stamps(tcpOf(h.next(ms)))
		if name == "windows-xp" {
			require.Equal(t, [4]uint32{}, [4]uint32{first[0], first[1], second[0], second[1]})
			continue
		}
		require.Equal(t, uint32(0xffffffff), first[1])
		if ts := findPersonality(name).ts; ts != tsRandomBases && ts != tsConnection {
			require.InDelta(t, 100*want, second[0]-first[0], 2, name)
		}
	}
}

func stamps(t *layers.TCP) (values [2]uint32) {
	for _, o := range t.Options {
		if o.OptionType == layers.TCPOptionKindTimestamps {
			values[0] = binary.BigEndian.Uint32(o.OptionData)
			values[1] = binary.BigEndian.Uint32(o.OptionData[4:])
		}
	}
	return values
}

// TestLayoutsAreWhole: every layout of every order fills whole words and has
// just what is granted.
func TestLayoutsAreWhole(t *testing.T) {
	for o := orderLinux; o <= orderSolaris11; o++ {
		for g, l := range o.layouts() {
			g := granted(g)
			require.Zero(t, l.n%4, "%d %s", o, o.text(g))
			require.LessOrEqual(t, l.n, 40)
			require.NotZero(t, l.mss)
			require.Equal(t, g.has(grantScale), l.scale != 0)
			require.Equal(t, g.has(grantTS), l.ts != 0)
			var read offered
			b := l.template
			binary.BigEndian.PutUint16(b[l.mss:], 1)
			readOptions(b[:l.n], &read)
			require.Equal(t, g, read.set, "%d %s", o, o.text(g))
		}
	}
}

// TestISN: the same four-tuple moves with a clock of 64 ns on Linux since
// 2.6.24 (RFC 6528); another tuple is unrelated.
func TestISN(t *testing.T) {
	h := start(t, "linux-5.10")
	ask := func(sport uint16) uint32 {
		h.send(h.bytes(probe{sport: sport, seq: 1, flags: flagSYN}))
		isn := tcpOf(h.next(ms)).Seq
		h.send(h.bytes(probe{sport: sport, seq: 2, flags: flagRST}))
		return isn
	}
	at := h.link.Now()
	first := ask(2000)
	gap := 10*ms - (h.link.Now() - at)
	require.Nil(t, h.next(gap))
	require.Equal(t, uint32(10*ms*1000/64), ask(2000)-first)
	require.Greater(t, ask(2001)-first, uint32(1e6))
}
