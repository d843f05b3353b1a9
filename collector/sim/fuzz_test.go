package sim

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

func open(t testing.TB, seed uint64, personality string, settings ...string) pool.Link {
	link, err := Backend{}.Open(context.Background(), testMachine(personality, settings...), testNet, seed)
	require.NoError(t, err)
	return link
}

// randomProbes gives packets like those of the random family: any flags, any
// options, right checksums, few ports so that some meet.
func randomProbes(n int) [][]byte {
	r := rand.New(rand.NewPCG(7, 7))
	var all [][]byte
	for range n {
		switch r.IntN(20) {
		case 0:
			all = append(all, udp(r.IntN(600), byte(r.Uint32())))
			continue
		case 1:
			all = append(all, echo(r.IntN(600), byte(r.Uint32()), byte(r.Uint32())))
			continue
		}
		all = append(all, randomTCP(r))
	}
	return all
}

func randomTCP(r *rand.Rand) []byte {
	options := make([]byte, 4*r.IntN(11))
	for i := range options {
		options[i] = byte(r.Uint32())
		if r.IntN(2) == 0 {
			options[i] = [...]byte{2, 4, 3, 3, 8, 10, 1, 0, 4, 2}[r.IntN(10)]
		}
	}
	b := make([]byte, 40+len(options)+r.IntN(9))
	ipHeader(b, protoTCP, byte(r.IntN(4)), byte(r.Uint32()), r.IntN(2) == 0)
	t := b[20:]
	copy(t[20:], options)
	binary.BigEndian.PutUint16(t, uint16(2000+r.IntN(40)))
	binary.BigEndian.PutUint16(t[2:], openPort)
	if r.IntN(8) == 0 {
		t[3] = closedPort
	}
	binary.BigEndian.PutUint32(t[4:], r.Uint32())
	binary.BigEndian.PutUint32(t[8:], r.Uint32())
	t[12], t[13] = uint8(5+len(options)/4)<<4|byte(r.IntN(16)), byte(r.Uint32())
	if r.IntN(2) == 0 {
		t[13] = [...]byte{flagSYN, flagACK, flagSYN | flagECE | flagCWR, flagRST}[r.IntN(4)]
	}
	binary.BigEndian.PutUint16(t[16:], slowChecksum(b[12:20], []byte{0, protoTCP, byte(len(t) >> 8), byte(len(t))}, t))
	return b
}

// TestAnswersWellFormed: every answer of every personality to random probes,
// in and out of connections, decodes in gopacket with right checksums.
func TestAnswersWellFormed(t *testing.T) {
	probes := randomProbes(400)
	for _, name := range Personalities() {
		for _, firewall := range []string{"none", "drop", "reject"} {
			if firewall == "reject" && findPersonality(name).family == windows {
				continue
			}
			h := &host{t: t, link: open(t, 5, name, "firewall="+firewall), buf: make([]byte, pool.MaxPacket)}
			answers := 0
			for _, b := range probes {
				before := append([]byte(nil), b...)
				h.send(b)
				require.Equal(t, before, b, "Send writes into its packet")
				for h.next(500) != nil {
					answers++
				}
			}
			require.Greater(t, answers, 20, "%s %s", name, firewall)
		}
	}
}

// FuzzSend: no bytes make a machine panic or answer badly.
func FuzzSend(f *testing.F) {
	for i, b := range randomProbes(20) {
		f.Add(uint8(i), b)
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		names := Personalities()
		h := &host{t: t, link: open(t, 5, names[int(which)%len(names)]), buf: make([]byte, pool.MaxPacket)}
		for range 3 {
			h.send(b)
			repair(b)
			h.send(b)
			for h.next(sec) != nil {
			}
		}
	})
}

// repair makes a packet's lengths, addresses and checksums right, so that the
// fuzzer gets past them.
func repair(b []byte) {
	if len(b) < 40 {
		return
	}
	b[0] = 0x45
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	b[6], b[7] = 0x40, 0
	copy(b[12:], []byte{198, 18, 0, 3, 192, 0, 2, 1})
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], slowChecksum(b[:20]))
	n := len(b) - 20
	switch b[9] {
	case protoTCP:
		b[36], b[37] = 0, 0
		binary.BigEndian.PutUint16(b[36:], slowChecksum(b[12:20], []byte{0, protoTCP, byte(n >> 8), byte(n)}, b[20:]))
	case protoICMP:
		b[22], b[23] = 0, 0
		binary.BigEndian.PutUint16(b[22:], slowChecksum(b[20:]))
	}
}

// FuzzChecksum holds the fast checksum to RFC 1071 word by word.
func FuzzChecksum(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Add(make([]byte, 64))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got [2]byte
		binary.LittleEndian.PutUint16(got[:], checksum(add(0, b)))
		require.Equal(t, slowChecksum(b), binary.BigEndian.Uint16(got[:]))
	})
}

// TestBadPacketsAreDropped: what no stack answers (RFC 1122 3.2.1, 4.2.2.7).
func TestBadPacketsAreDropped(t *testing.T) {
	h := start(t, "linux-5.10")
	good := h.bytes(probe{flags: flagSYN, dport: closedPort, seq: 3})
	h.send(good)
	require.NotNil(t, h.next(ms))
	for name, spoil := range map[string]func(b []byte){
		"IP checksum":  func(b []byte) { b[10]++ },
		"TCP checksum": func(b []byte) { b[36]++ },
		"TCP payload":  func(b []byte) { b[39]++ },
		"IP version":   func(b []byte) { b[0] = 0x65 },
		"destination":  func(b []byte) { b[19]++; b[11]--; repairIP(b) },
		"source":       func(b []byte) { b[13]++; repairIP(b) },
		"total length": func(b []byte) { b[3]++; repairIP(b) },
		"fragment":     func(b []byte) { b[7]++; repairIP(b) },
		"data offset":  func(b []byte) { b[32] = 4 << 4 },
	} {
		b := append([]byte(nil), good...)
		spoil(b)
		h.send(b)
		require.Nil(t, h.next(ms), name)
	}
}

func repairIP(b []byte) {
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], slowChecksum(b[:20]))
	b[36], b[37] = 0, 0
	binary.BigEndian.PutUint16(b[36:], slowChecksum(b[12:20], []byte{0, protoTCP, 0, byte(len(b) - 20)}, b[20:]))
}

// BenchmarkExchange is a SYN with options, its SYN-ACK, and the RST that ends
// the half-open connection: an exchange as the engine makes it, with its
// teardown, at 1 ms of virtual time. The other cases are one packet each.
func BenchmarkExchange(b *testing.B) {
	h := &host{t: b, port: 1000}
	var syns, rsts, acks [256][]byte
	for i := range syns {
		sport := uint16(5000 + i)
		syns[i] = h.bytes(probe{src: byte(i), sport: sport, seq: 1, flags: flagSYN, options: s1})
		rsts[i] = h.bytes(probe{src: byte(i), sport: sport, seq: 2, flags: flagRST})
		acks[i] = h.bytes(probe{src: byte(i), sport: sport, seq: 2, ack: 9, flags: flagACK, options: s1})
	}
	run := func(name, personality string, first, second *[256][]byte) {
		b.Run(name+"/"+personality, func(b *testing.B) {
			link := open(b, 1, personality, "memory=1024")
			buf := make([]byte, pool.MaxPacket)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				k := i & 255
				until := link.Now() + ms
				_ = link.Send(first[k])
				_, _, ok, _ := link.Receive(buf, until)
				if second != nil {
					_ = link.Send(second[k])
				}
				if ok {
					link.Receive(buf, until)
				}
			}
		})
	}
	for _, personality := range []string{"linux-5.10", "windows-10", "freebsd-14", "solaris-10"} {
		run("SYN+RST", personality, &syns, &rsts)
		run("ACK", personality, &acks, nil)
		run("RST", personality, &rsts, nil)
	}
}
