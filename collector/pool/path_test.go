package pool

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// script is a link with a virtual clock that answers each packet after delay
// with what answer makes of it. It notes when it was sent what.
type script struct {
	now     int64
	delay   int64
	answer  func(p []byte) [][]byte
	pending []heldPacket
	sent    []heldPacket
	closed  bool
	real    bool // Receive stops at packets' times as a real clock does, silence is Timeout
}

func (s *script) Now() int64 { return s.now }

func (s *script) Send(p []byte) error {
	if s.closed {
		return ErrClosed
	}
	s.sent = append(s.sent, heldPacket{due: s.now, data: bytes.Clone(p)})
	for _, a := range s.answer(p) {
		s.pending = append(s.pending, heldPacket{due: s.now + s.delay, data: a})
	}
	return nil
}

func (s *script) Receive(buf []byte, until int64) (int, int64, bool, error) {
	if s.closed {
		return 0, 0, false, ErrClosed
	}
	if len(s.pending) > 0 && s.pending[0].due <= until {
		p := s.pending[0]
		s.pending = s.pending[1:]
		s.now = max(s.now, p.due)
		return copy(buf, p.data), p.due, true, nil
	}
	s.now = max(s.now, until)
	return 0, until, false, nil
}

func (s *script) Silence() Silence {
	if s.real {
		return Timeout
	}
	return Certain
}

func (s *script) Close() error { s.closed = true; return nil }

// echo answers a packet with itself.
func echo(p []byte) [][]byte { return [][]byte{bytes.Clone(p)} }

func wrap(t testing.TB, l Link, factors map[string]string) Link {
	t.Helper()
	w, err := Wrap(l, factors, 7)
	require.NoError(t, err)
	return w
}

// segment builds a packet with gopacket: an oracle for checksums.
func segment(t testing.TB, id uint16, syn bool, ttl uint8, options ...layers.TCPOption) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, Id: id, TTL: ttl, Protocol: layers.IPProtocolTCP, SrcIP: []byte{198, 18, 0, 1}, DstIP: []byte{192, 0, 2, 1}}
	tcp := &layers.TCP{SrcPort: 1000, DstPort: 22, Seq: 0xfffefdfc, Window: id, SYN: syn, Options: options}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp, gopacket.Payload("odd")))
	return bytes.Clone(b.Bytes())
}

func mss(v uint16) layers.TCPOption {
	return layers.TCPOption{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: binary.BigEndian.AppendUint16(nil, v)}
}

func option(kind layers.TCPOptionKind, data ...byte) layers.TCPOption {
	return layers.TCPOption{OptionType: kind, OptionLength: uint8(2 + len(data)), OptionData: data}
}

var (
	nop        = layers.TCPOption{OptionType: layers.TCPOptionKindNop, OptionLength: 1}
	sackOK     = option(layers.TCPOptionKindSACKPermitted)
	wscale     = option(layers.TCPOptionKindWindowScale, 7)
	timestamps = option(layers.TCPOptionKindTimestamps, 1, 2, 3, 4, 0, 0, 0, 0)
	sack       = option(layers.TCPOptionKindSACK, 1, 2, 3, 4, 5, 6, 7, 8)
)

// sums gives the one's complement sums of an IPv4 packet's header and TCP
// segment, 0 when the checksum is right. It adds all words anew.
func sums(p []byte) (ip, tcp uint32) {
	header := int(p[0]&15) * 4
	t := p[header:]
	pseudo := append(bytes.Clone(p[12:20]), 0, 6, byte(len(t)>>8), byte(len(t)))
	return residue(p[:header]), residue(append(pseudo, t...))
}

func residue(b []byte) uint32 {
	if len(b)%2 == 1 {
		b = append(bytes.Clone(b), 0)
	}
	var s uint64
	for i := 0; i < len(b); i += 2 {
		s += uint64(binary.BigEndian.Uint16(b[i:]))
	}
	return uint32(s % 0xffff)
}

func TestWrapNothing(t *testing.T) {
	l := &script{}
	for _, factors := range []map[string]string{nil, {"memory": "256"}, {"path.hops": "0", "path.loss": "0", "path.strip": "", "path.delay_us": "0"}} {
		require.Same(t, l, wrap(t, l, factors), "%v", factors)
	}
	_, err := Wrap(l, map[string]string{"path.hops": "x", "path.ttl": "0", "memory": "?"}, 1)
	require.EqualError(t, err, "path.hops: \"x\": expected a whole number from 0 to 254\npath.ttl: \"0\": expected a whole number from 1 to 255")
}

func TestCheckPath(t *testing.T) {
	for factor, values := range map[string][2][]string{
		"path.hops":      {{"0", "254"}, {"-1", "255", "1.5", ""}},
		"path.loss":      {{"0", "1e-6", "1"}, {"-0.1", "1.1", "NaN", "x"}},
		"path.delay_us":  {{"0", "60000000"}, {"60000001", "1ms"}},
		"path.jitter_us": {{"5"}, {"-5"}},
		"path.reorder":   {{"0.5"}, {"2"}},
		"path.ttl":       {{"1", "255"}, {"0", "256"}},
		"path.mss":       {{"1", "65535"}, {"0", "65536"}},
		"path.strip":     {{"", "sack", "timestamps,sack, wscale"}, {"mss", "sack;wscale", "sack,"}},
		"path.nat":       {nil, {"1"}},
	} {
		for _, v := range values[0] {
			require.NoError(t, CheckPath(map[string]string{factor: v}), "%s %q", factor, v)
		}
		for _, v := range values[1] {
			err := CheckPath(map[string]string{factor: v})
			require.ErrorContains(t, err, factor+": ", "%q", v)
			require.ErrorContains(t, err, "expected", "%q", v)
		}
	}
}

func TestRewrite(t *testing.T) {
	for name, c := range map[string]struct {
		factors  map[string]string
		in       []byte
		out      []byte // nil: dropped on the way to the machine
		answered []byte // nil: dropped on the way back
	}{
		"hops":             {map[string]string{"path.hops": "3"}, segment(t, 1, true, 64), segment(t, 1, true, 61), segment(t, 1, true, 58)},
		"hops on the edge": {map[string]string{"path.hops": "3"}, segment(t, 1, true, 4), segment(t, 1, true, 1), nil},
		"out of hops":      {map[string]string{"path.hops": "3"}, segment(t, 1, true, 3), nil, nil},
		"ttl":              {map[string]string{"path.ttl": "255"}, segment(t, 1, true, 3), segment(t, 1, true, 3), segment(t, 1, true, 255)},
		"ttl after hops":   {map[string]string{"path.ttl": "9", "path.hops": "1"}, segment(t, 1, true, 3), segment(t, 1, true, 2), segment(t, 1, true, 9)},
		"mss":              {map[string]string{"path.mss": "1360"}, segment(t, 1, true, 9, nop, mss(1460)), segment(t, 1, true, 9, nop, mss(1360)), segment(t, 1, true, 9, nop, mss(1360))},
		"mss is small":     {map[string]string{"path.mss": "1360"}, segment(t, 1, true, 9, mss(536)), segment(t, 1, true, 9, mss(536)), segment(t, 1, true, 9, mss(536))},
		"mss in no SYN":    {map[string]string{"path.mss": "1360"}, segment(t, 1, false, 9, mss(1460)), segment(t, 1, false, 9, mss(1460)), segment(t, 1, false, 9, mss(1460))},
		"strip": {map[string]string{"path.strip": "timestamps,sack"},
			segment(t, 1, true, 9, mss(1460), sackOK, timestamps, nop, wscale),
			segment(t, 1, true, 9, mss(1460), nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, wscale),
			segment(t, 1, true, 9, mss(1460), nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, wscale)},
		"strip in no SYN": {map[string]string{"path.strip": "sack,wscale"},
			segment(t, 1, false, 9, sack, wscale, timestamps),
			segment(t, 1, false, 9, slices.Concat(slices.Repeat([]layers.TCPOption{nop}, 13), []layers.TCPOption{timestamps})...),
			segment(t, 1, false, 9, slices.Concat(slices.Repeat([]layers.TCPOption{nop}, 13), []layers.TCPOption{timestamps})...)},
	} {
		t.Run(name, func(t *testing.T) {
			l := &script{answer: echo, delay: 10}
			w := wrap(t, l, c.factors)
			require.Equal(t, Certain, w.Silence())
			given := bytes.Clone(c.in)
			require.NoError(t, w.Send(given))
			require.Equal(t, c.in, given, "the sender's bytes are its own")
			if c.out == nil {
				require.Empty(t, l.sent)
			} else {
				require.Equal(t, c.out, l.sent[0].data)
			}
			buf := make([]byte, MaxPacket)
			n, at, ok, err := w.Receive(buf, 100)
			require.NoError(t, err)
			require.Equal(t, c.answered != nil, ok)
			if ok {
				require.Equal(t, c.answered, buf[:n])
				require.EqualValues(t, 10, at)
			} else {
				require.EqualValues(t, 100, w.Now(), "silence is certain until then")
			}
			require.NoError(t, w.Close())
			require.ErrorIs(t, w.Send(c.in), ErrClosed)
		})
	}
}

// all makes every rewriting happen.
var all = pathFactors{hops: 2, ttl: 77, mss: 500, strip: 1<<8 | 1<<5 | 1<<4 | 1<<3}

func TestForwardKeepsChecksums(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	changed := 0
	for range 20000 {
		opts := []layers.TCPOption{mss(uint16(rng.Uint32())), timestamps, wscale, sackOK, nop, nop, sack, nop}
		rng.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] })
		p := segment(t, uint16(rng.Uint32()), rng.IntN(2) == 0, uint8(3+rng.IntN(250)), opts[:rng.IntN(7)]...)
		for _, broken := range []bool{false, true} {
			if broken { // any difference, in a field that the path leaves alone
				p[4] ^= byte(1 + rng.IntN(255))
				p[24] ^= byte(1 + rng.IntN(255))
			}
			ip, tcp := sums(p)
			require.Equal(t, broken, ip != 0)
			require.Equal(t, broken, tcp != 0)
			before := bytes.Clone(p)
			require.True(t, all.forward(p, rng.IntN(2) == 0))
			afterIP, afterTCP := sums(p)
			require.Equal(t, ip, afterIP, "% x", before)
			require.Equal(t, tcp, afterTCP, "% x\n% x", before, p)
			require.Len(t, p, len(before))
			require.Equal(t, before[32]>>4, p[32]>>4, "the header keeps its length")
			if !bytes.Equal(before[20:], p[20:]) {
				changed++
			}
			p = segment(t, 3, true, 200, opts[:3]...)
		}
	}
	require.Greater(t, changed, 10000)
}

func TestForwardIPv6(t *testing.T) {
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolIPv6HopByHop, SrcIP: bytes.Repeat([]byte{1}, 16), DstIP: bytes.Repeat([]byte{2}, 16)}
	build := func(limit uint8, o layers.TCPOption) []byte {
		ip.HopLimit = limit
		tcp := &layers.TCP{SYN: true, Options: []layers.TCPOption{o}}
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		b := gopacket.NewSerializeBuffer()
		require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, tcp))
		extension := []byte{6, 0, 1, 4, 0, 0, 0, 0} // hop-by-hop, then TCP; PadN
		ip.Length = uint16(len(extension) + len(b.Bytes()))
		payload := slices.Concat(extension, b.Bytes())
		b = gopacket.NewSerializeBuffer()
		h := *ip
		h.NextHeader = 0
		require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{}, gopacket.Payload(payload)))
		head, _ := b.PrependBytes(40)
		head[0], head[6], head[7] = 0x60, 0, limit
		clear(head[1:6])
		binary.BigEndian.PutUint16(head[4:], ip.Length)
		copy(head[8:], ip.SrcIP)
		copy(head[24:], ip.DstIP)
		return bytes.Clone(b.Bytes())
	}
	p := build(64, mss(1440))
	require.True(t, (&pathFactors{hops: 2, mss: 1220}).forward(p, false))
	require.Equal(t, build(62, mss(1220)), p)
	require.False(t, (&pathFactors{hops: 62}).forward(p, false))
}

func FuzzForward(f *testing.F) {
	f.Add(segment(f, 1, true, 64, mss(1460), timestamps), true)
	f.Add([]byte{0x60, 39: 0}, false)
	f.Fuzz(func(t *testing.T, p []byte, answer bool) {
		before := bytes.Clone(p)
		if !all.forward(p, answer) {
			return
		}
		if len(p) != len(before) {
			t.Fatal("length changed")
		}
		if len(p) < 20 || p[0]>>4 != 4 || p[0]&15 != 5 {
			return
		}
		if residue(p[:20]) != residue(before[:20]) {
			t.Fatalf("checksum moved: % x to % x", before[:20], p[:20])
		}
	})
}
