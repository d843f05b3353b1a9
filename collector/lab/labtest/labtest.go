// Package labtest exchanges packets with machines of the lab, for tests and
// benchmarks of the backends that start them (build tag lab): does it start,
// answer, answer fast, and leave nothing behind. Serve plays such a machine for
// tests without a lab.
package labtest

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tickle/collector/lab"
	"tickle/collector/pool"
)

// Net is the addressing of a test's link.
var Net = pool.Net{Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24")}

// The IPv6 addresses that the backends use.
var (
	machine6 = netip.MustParseAddr("2001:db8::1")
	prober6  = netip.MustParseAddr("2001:db8:1::77")
)

// Names lists the items of a kind that the lab has, or skips the test.
// TICKLE_LAB_ONLY, a comma-separated list of patterns of names, keeps some.
func Names(t testing.TB, kind lab.Kind) []string {
	dir, err := lab.Dir()
	if err != nil {
		t.Skip(err)
	}
	m, err := lab.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, it := range m.Items {
		if it.Kind == kind && it.Missing == "" && wanted(it.Name) {
			names = append(names, it.Name)
		}
	}
	if len(names) == 0 {
		t.Skipf("the lab in %s has no %s: run make lab", dir, kind)
	}
	return names
}

func wanted(name string) bool {
	only := os.Getenv("TICKLE_LAB_ONLY")
	return only == "" || slices.ContainsFunc(strings.Split(only, ","), func(p string) bool {
		ok, err := filepath.Match(p, name)
		return ok && err == nil
	})
}

// Expect is what a machine is able to do beside answering SYNs over IPv4.
type Expect struct {
	IPv6     bool // has an IPv6 address
	NoResets bool // never sends a RST
}

// Exercise opens the machine, sees to its answers, measures how fast they
// come, closes it and sees to it that no process and no folder is left.
func Exercise(t *testing.T, b pool.Backend, m *pool.Machine, want Expect) {
	t.Helper()
	if err := b.Check(m); err != nil {
		t.Fatal(err)
	}
	temp, err := os.MkdirTemp("", "lab-") // short: sockets' paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	t.Setenv("TMPDIR", temp)
	start := time.Now()
	link, err := b.Open(t.Context(), m, Net, 1)
	if err != nil {
		t.Fatal(err)
	}
	boot := time.Since(start)
	memory := childrenMemory(t)
	syn(t, link, m.Ports.Open, false)
	if !want.NoResets {
		reset(t, link, m.Ports.Closed)
	}
	if want.IPv6 {
		syn(t, link, m.Ports.Open, true)
	}
	large(t, link, m.Ports.Open)
	rate, lost := Rate(t, link, m.Ports.Open, 20000, want.NoResets)
	if err := link.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	t.Logf("%s: up in %.2f s, %d MiB, %.0f exchanges/s with 64 in flight, %d of 20000 lost", b.Stack(m), boot.Seconds(), memory>>20, rate, lost)
	if lost > 20 {
		t.Errorf("%d of 20000 exchanges were lost: want a tenth of a percent at most", lost)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("folders %v are left", left)
	}
}

// syn opens a connection by half, checks the answer and resets it.
func syn(t *testing.T, link pool.Link, port uint16, v6 bool) {
	t.Helper()
	from := layers.TCPPort(2000)
	got := exchange(t, link, packet(t, &layers.TCP{SrcPort: from, DstPort: layers.TCPPort(port), Seq: 77, SYN: true, Window: 1024,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}}}}, v6), from)
	if got == nil || !got.SYN || !got.ACK || got.Ack != 78 {
		t.Errorf("a SYN to port %d (IPv6 %v) drew %+v: want a SYN-ACK of 78", port, v6, got)
		return
	}
	if err := link.Send(packet(t, &layers.TCP{SrcPort: from, DstPort: layers.TCPPort(port), Seq: 78, RST: true}, v6)); err != nil {
		t.Error(err)
	}
}

func reset(t *testing.T, link pool.Link, port uint16) {
	t.Helper()
	from := layers.TCPPort(2001)
	got := exchange(t, link, packet(t, &layers.TCP{SrcPort: from, DstPort: layers.TCPPort(port), Seq: 77, SYN: true, Window: 1024}, false), from)
	if got == nil || !got.RST {
		t.Errorf("a SYN to closed port %d drew %+v: want a RST", port, got)
	}
}

// large sends segments with as much data as a link takes, of no connection: what
// they do to a stack whose buffers are too small shows soon.
func large(t *testing.T, link pool.Link, port uint16) {
	t.Helper()
	data := make([]byte, 1400)
	for i := range 64 {
		tcp := &layers.TCP{SrcPort: layers.TCPPort(3000 + i), DstPort: layers.TCPPort(port), Seq: 5, Ack: 5, ACK: true, Window: 1024}
		if err := link.Send(packet(t, tcp, false, data...)); err != nil {
			t.Fatal(err)
		}
	}
	syn(t, link, port, false)
}

// packet is a TCP segment from the prober to the machine.
func packet(t testing.TB, tcp *layers.TCP, v6 bool, data ...byte) []byte {
	t.Helper()
	var ip interface {
		gopacket.NetworkLayer
		gopacket.SerializableLayer
	} = &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: Net.Prober.Addr().Next().Next().AsSlice(), DstIP: Net.Machine.AsSlice()}
	if v6 {
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: prober6.AsSlice(), DstIP: machine6.AsSlice()}
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp, gopacket.Payload(data)); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(b.Bytes())
}

// exchange sends a packet and gives the first TCP answer to that port, or nil
// after two seconds.
func exchange(t *testing.T, link pool.Link, packet []byte, port layers.TCPPort) *layers.TCP {
	t.Helper()
	if err := link.Send(packet); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, pool.MaxPacket)
	for until := link.Now() + 2_000_000; ; {
		n, _, ok, err := link.Receive(buf, until)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return nil
		}
		first := layers.LayerTypeIPv4
		if buf[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		}
		tcp, ok := gopacket.NewPacket(buf[:n], first, gopacket.Default).Layer(layers.LayerTypeTCP).(*layers.TCP)
		if ok && tcp.DstPort == port {
			return tcp
		}
	}
}

// Rate makes n exchanges with 64 in flight, ACKs that draw RSTs or (syns)
// SYNs that draw SYN-ACKs, and gives how many a second there were and how many
// were not answered within a second. It gives up after some flights.
func Rate(t testing.TB, link pool.Link, port uint16, n int, syns bool) (perSecond float64, lost int) {
	t.Helper()
	const flight, firstPort = 64, 10000
	first := &layers.TCP{SrcPort: firstPort, DstPort: layers.TCPPort(port), Seq: 5, Ack: 5, ACK: true, Window: 1024}
	if syns { // seqs takes no SYN with an acknowledgement number
		first.Ack, first.ACK, first.SYN = 0, false, true
	}
	probe := packet(t, first, false)
	end := packet(t, &layers.TCP{SrcPort: firstPort, DstPort: layers.TCPPort(port), Seq: 6, RST: true}, false)
	sum := binary.BigEndian.Uint16(probe[36:])
	buf := make([]byte, pool.MaxPacket)
	sent, answered := 0, 0
	start := link.Now()
	for answered < n {
		for sent < n && sent-answered < flight {
			setPort(probe, sum, firstPort, firstPort+sent%50000)
			if err := link.Send(probe); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		got, _, ok, err := link.Receive(buf, link.Now()+1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			lost += sent - answered
			if sent >= n || lost > 5*flight { // a second for each flight that is lost
				break
			}
			n -= sent - answered
			sent = answered
			continue
		}
		if got < 40 || buf[9] != 6 || buf[33]&0x06 == 0 {
			continue
		}
		answered++
		if syns {
			setPort(end, binary.BigEndian.Uint16(end[36:]), int(binary.BigEndian.Uint16(end[20:])), int(binary.BigEndian.Uint16(buf[22:])))
			if err := link.Send(end); err != nil {
				t.Fatal(err)
			}
		}
	}
	return float64(answered) / (float64(link.Now()-start) / 1e6), lost
}

// setPort changes the source port of a packet whose checksum was sum with the
// port old (RFC 1624).
func setPort(packet []byte, sum uint16, old, port int) {
	s := uint32(^sum) + uint32(^uint16(old)) + uint32(port)
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	binary.BigEndian.PutUint16(packet[20:], uint16(port))
	binary.BigEndian.PutUint16(packet[36:], ^uint16(s))
}

// children are the processes below this one.
func children(t testing.TB) []int {
	t.Helper()
	parents := map[int]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(s)))
		parents[pid], _ = strconv.Atoi(fields[1])
	}
	var out []int
	for pid := range parents {
		for p := parents[pid]; p > 1; p = parents[p] {
			if p == os.Getpid() {
				out = append(out, pid)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// childrenMemory is the resident memory of all below this process in bytes.
func childrenMemory(t testing.TB) int64 {
	var sum int64
	for _, pid := range children(t) {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
		if err != nil {
			continue
		}
		if fields := strings.Fields(string(b)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			sum += pages * int64(os.Getpagesize())
		}
	}
	return sum
}
