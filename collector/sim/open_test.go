package sim

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// dial opens a connection whose peer sends 1 as its initial sequence number
// and gives what to send next in it.
func (h *host) dial(options string) probe {
	h.send(h.bytes(probe{seq: 1, flags: flagSYN, options: options}))
	iss := tcpOf(h.next(ms)).Seq
	return probe{sport: h.port, seq: 2, ack: iss + 1, flags: flagACK}
}

// flags of an answer, its numbers less those of the connection, and its SACK
// blocks less the peer's initial number.
func relative(t *layers.TCP, iss uint32) string {
	if t == nil {
		return ""
	}
	s := ""
	for _, f := range []struct {
		set  bool
		name string
	}{{t.FIN, "F"}, {t.SYN, "S"}, {t.RST, "R"}, {t.ACK, "A"}} {
		if f.set {
			s += f.name
		}
	}
	if s == "R" {
		return s
	}
	s += fmt.Sprintf(" %d %d", t.Seq-iss, t.Ack-1)
	for _, o := range t.Options {
		if o.OptionType == layers.TCPOptionKindSACK {
			for i := 0; i+8 <= len(o.OptionData); i += 8 {
				s += fmt.Sprintf(" %d-%d", binary.BigEndian.Uint32(o.OptionData[i:])-1, binary.BigEndian.Uint32(o.OptionData[i+4:])-1)
			}
		}
	}
	return s
}

// say sends and gives the answer, in relative numbers, "" for silence.
func (h *host) say(p probe, iss uint32) string {
	h.send(h.bytes(p))
	a := h.next(ms)
	if a == nil {
		return ""
	}
	return relative(tcpOf(a), iss)
}

// TestOutOfOrder: text that comes early is acknowledged by its block, the
// latest first, and taken in when the gap closes; what comes twice is reported
// where RFC 2883 is.
func TestOutOfOrder(t *testing.T) {
	const sackOK = "020405b404020101"
	for name, twice := range map[string]string{"linux-5.10": " 1-11", "freebsd-12": "", "freebsd-13": " 1-11", "windows-10": "", "openbsd-7": ""} {
		h := start(t, name)
		p := h.dial(sackOK)
		iss := p.ack - 1
		at := func(from int, n int) string {
			p.seq, p.payload = uint32(1+from), string(make([]byte, n))
			return h.say(p, iss)
		}
		require.Empty(t, h.say(p, iss), name)
		require.Equal(t, "A 1 1 11-21", at(11, 10), name)
		require.Equal(t, "A 1 1 31-41 11-21", at(31, 10), name)
		require.Equal(t, "A 1 1 31-51 11-21", at(41, 10), name)
		require.Equal(t, "A 1 21 31-51", at(1, 10), name)
		require.Equal(t, "A 1 51", at(21, 10), name)
		require.Equal(t, "A 1 51"+twice, at(1, 10), name)
	}
	h := start(t, "linux-5.10")
	p := h.dial("020405b4") // without SACK
	iss := p.ack - 1
	p.seq, p.payload = 12, "x"
	require.Equal(t, "A 1 1", h.say(p, iss))
}

// TestTimestamps: an old one is acknowledged and dropped (RFC 7323 5.3); a
// segment without one is dropped where the system insists.
func TestTimestamps(t *testing.T) {
	stamps := func(v uint32) string { return fmt.Sprintf("0101080a%08x00000000", v) }
	for name, without := range map[string]string{"linux-5.10": "A 1 4", "freebsd-12": "A 1 4", "freebsd-13": ""} {
		h := start(t, name)
		p := h.dial("020405b4" + stamps(1000))
		iss := p.ack - 1
		p.options = stamps(1001)
		require.Empty(t, h.say(p, iss), name)
		p.payload, p.options = "a", stamps(1002)
		require.Equal(t, "A 1 2", h.say(p, iss), name)
		p.seq, p.options = 3, stamps(999)
		require.Equal(t, "A 1 2", h.say(p, iss), "%s: the old one is not taken", name)
		p.options = stamps(1002)
		require.Equal(t, "A 1 3", h.say(p, iss), name)
		p.seq, p.options = 4, ""
		require.Equal(t, without, h.say(p, iss), name)
	}
}

// TestUnsentAcknowledged: RFC 9293 answers, Linux does not; Linux challenges
// an acknowledgement of what is long gone (RFC 5961 5.2).
func TestUnsentAcknowledged(t *testing.T) {
	for name, want := range map[string][2]string{"linux-5.10": {"", "A 1 1"}, "linux-2.6.32": {"", "A 1 2"}, "freebsd-13": {"A 1 1", "A 1 2"}, "windows-10": {"A 1 1", "A 1 2"}} {
		h := start(t, name)
		p := h.dial("")
		iss := p.ack - 1
		require.Empty(t, h.say(p, iss), name)
		p.payload, p.ack = "a", iss+2
		require.Equal(t, want[0], h.say(p, iss), name)
		p.ack = iss + 1 - 1<<20
		require.Equal(t, want[1], h.say(p, iss), name)
	}
}

// TestActiveClose: told to close first, the machine goes through FIN-WAIT-1,
// FIN-WAIT-2 and TIME-WAIT, or CLOSING, and refuses data that nobody reads.
func TestActiveClose(t *testing.T) {
	for _, name := range Personalities() {
		open := func() (*host, probe, uint32) {
			h := start(t, name)
			p := h.dial("")
			iss := p.ack - 1
			p.payload = string(rune(closeByte))
			require.Equal(t, "A 1 2", h.say(p, iss), name)
			require.Equal(t, "FA 1 2", relative(tcpOf(h.next(ms)), iss), name)
			p.payload, p.seq = "", 3
			return h, p, iss
		}
		h, p, iss := open()
		require.Equal(t, "FA 1 2", relative(tcpOf(h.next(2*sec)), iss), "%s: the FIN again", name)
		p.ack++
		require.Empty(t, h.say(p, iss), name)
		require.Nil(t, h.next(10*sec), "%s: FIN-WAIT-2", name)
		p.flags = flagFIN | flagACK
		require.Equal(t, "A 2 3", h.say(p, iss), name)
		require.Equal(t, "A 2 3", h.say(p, iss), "%s: TIME-WAIT acknowledges the FIN again", name)
		p.seq, p.flags = 4, flagACK
		require.Empty(t, h.say(p, iss), name)
		require.Nil(t, h.next(700*sec))
		ended := "R"
		if findPersonality(name).pf {
			ended = "RA 2 3" // and its state
		}
		require.Equal(t, ended, h.say(p, iss), "%s: and ends", name)

		h, p, iss = open()
		p.flags = flagFIN | flagACK // not of its FIN
		require.Equal(t, "A 2 3", h.say(p, iss), "%s: CLOSING", name)
		require.Equal(t, "FA 1 3", relative(tcpOf(h.next(2*sec)), iss), "%s: the FIN again", name)
		p.seq, p.ack, p.flags = 4, p.ack+1, flagACK
		require.Empty(t, h.say(p, iss), name)
		require.Nil(t, h.next(10*sec), name)

		h, p, iss = open()
		p.ack++
		p.payload = "nobody"
		require.Equal(t, "R", h.say(p, iss), name)
	}
}

// TestHold: told to, the application stays in CLOSE-WAIT, where text and
// another FIN say nothing new.
func TestHold(t *testing.T) {
	for _, name := range []string{"linux-5.10", "freebsd-13", "windows-10", "solaris-11"} {
		h := start(t, name)
		p := h.dial("")
		iss := p.ack - 1
		p.payload, p.flags = string(rune(holdByte)), flagFIN|flagACK
		require.Equal(t, "A 1 3", h.say(p, iss), name)
		require.Nil(t, h.next(60*sec), name)
		p.seq, p.payload, p.flags = 4, "x", flagACK
		require.Empty(t, h.say(p, iss), name)
		p.seq, p.flags = 3, flagFIN|flagACK
		p.payload = ""
		require.Equal(t, "A 1 3", h.say(p, iss), name)
	}
}

// TestReassembly: any order of overlapping pieces ends with all of the text,
// and with the FIN.
func TestReassembly(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}} {
		c := conn{rcvNxt: 0xfffffff0}
		pieces := []span{{from: 0xfffffff0, to: 0xfffffffa}, {from: 0xfffffff8, to: 4, app: appHold}, {from: 4, to: 9}, {from: 7, to: 20, fin: true}}
		var got span
		for _, i := range order {
			c.store(pieces[i])
			for {
				next, ok := c.take()
				if !ok {
					break
				}
				c.rcvNxt = next.to
				got.app |= next.app
				got.fin = got.fin || next.fin
			}
		}
		require.Equal(t, uint32(20), c.rcvNxt, order)
		require.Equal(t, span{app: appHold, fin: true}, got, order)
		require.Zero(t, c.spans)
	}
}
