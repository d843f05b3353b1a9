//go:build unix

package ether

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

var testConfig = Config{
	Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/24"),
	Machine6: netip.MustParseAddr("2001:db8::1"), Prober6: netip.MustParsePrefix("2001:db8:1::/64"),
}

var machineMAC = []byte{2, 0, 0, 0, 0, 9}

// newPair gives a link and the machine's end of it.
func newPair(t *testing.T, cfg Config) (*Link, *Datagrams) {
	t.Helper()
	near, file, err := DatagramPair()
	require.NoError(t, err)
	far, err := FileDatagrams(file)
	require.NoError(t, err)
	l := NewLink(near, cfg)
	t.Cleanup(func() { l.Close(); far.Close() })
	return l, far
}

func read(t *testing.T, c Carrier) []byte {
	t.Helper()
	buf := make([]byte, MaxFrame)
	n, _, err := c.ReadFrame(buf, time.Now().Add(10*time.Second))
	require.NoError(t, err)
	return buf[:n]
}

func serialize(t *testing.T, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...))
	return b.Bytes()
}

// The oracle of every frame here is gopacket 1.1.19.
func TestARPIsAnsweredForEveryProberAddress(t *testing.T) {
	l, far := newPair(t, testConfig)
	for _, addr := range []string{"198.18.0.1", "198.18.0.255"} {
		a := netip.MustParseAddr(addr)
		require.NoError(t, far.WriteFrame(serialize(t,
			&layers.Ethernet{SrcMAC: machineMAC, DstMAC: broadcast, EthernetType: layers.EthernetTypeARP},
			&layers.ARP{AddrType: 1, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
				SourceHwAddress: machineMAC, SourceProtAddress: testConfig.Machine.AsSlice(), DstHwAddress: make([]byte, 6), DstProtAddress: a.AsSlice()})))
		_, _, ok, err := l.Receive(make([]byte, pool.MaxPacket), l.Now()+1000)
		require.NoError(t, err)
		require.False(t, ok)
		p := gopacket.NewPacket(read(t, far), layers.LayerTypeEthernet, gopacket.Default)
		arp, _ := p.Layer(layers.LayerTypeARP).(*layers.ARP)
		require.NotNil(t, arp)
		require.EqualValues(t, 2, arp.Operation)
		require.Equal(t, []byte(DefaultMAC), arp.SourceHwAddress)
		require.Equal(t, a.AsSlice(), arp.SourceProtAddress)
		require.Equal(t, machineMAC, arp.DstHwAddress)
	}
}

func TestNeighbourSolicitationIsAnswered(t *testing.T) {
	l, far := newPair(t, testConfig)
	target := netip.MustParseAddr("2001:db8:1::77")
	ip := &layers.IPv6{Version: 6, HopLimit: 255, NextHeader: layers.IPProtocolICMPv6, SrcIP: testConfig.Machine6.AsSlice(), DstIP: netip.MustParseAddr("ff02::1:ff00:77").AsSlice()}
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(135, 0)}
	require.NoError(t, icmp.SetNetworkLayerForChecksum(ip))
	require.NoError(t, far.WriteFrame(serialize(t,
		&layers.Ethernet{SrcMAC: machineMAC, DstMAC: broadcast, EthernetType: layers.EthernetTypeIPv6}, ip, icmp,
		&layers.ICMPv6NeighborSolicitation{TargetAddress: target.AsSlice()})))
	_, _, ok, err := l.Receive(make([]byte, pool.MaxPacket), l.Now()+1000)
	require.NoError(t, err)
	require.False(t, ok)
	frame := read(t, far)
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	na, _ := p.Layer(layers.LayerTypeICMPv6NeighborAdvertisement).(*layers.ICMPv6NeighborAdvertisement)
	require.NotNil(t, na)
	require.Equal(t, target.AsSlice(), []byte(na.TargetAddress))
	require.Equal(t, []byte(DefaultMAC), na.Options[0].Data)
	// A right checksum sums to zero with itself in place.
	require.Zero(t, icmp6Checksum(frame[headerLen:]))
}

func TestSendAsksForTheMachineAndStripsPadding(t *testing.T) {
	l, far := newPair(t, testConfig)
	packet := serialize(t,
		&layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: 6, SrcIP: testConfig.Machine.AsSlice(), DstIP: testConfig.Prober.Addr().Next().AsSlice()},
		gopacket.Payload("1234"))
	done := make(chan error, 1)
	go func() {
		ask := make([]byte, MaxFrame)
		n, _, err := far.ReadFrame(ask, time.Now().Add(10*time.Second))
		if err == nil && n >= headerLen {
			reply := append([]byte{}, DefaultMAC...)
			reply = append(reply, machineMAC...)
			reply = append(reply, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
			reply = append(reply, machineMAC...)
			reply = append(reply, testConfig.Machine.AsSlice()...)
			reply = append(reply, ask[22:32]...)
			err = far.WriteFrame(reply)
		}
		done <- err
	}()
	sent := bytes.Clone(packet)
	copy(sent[12:], packet[16:20])
	copy(sent[16:], packet[12:16])
	require.NoError(t, l.Send(sent))
	require.NoError(t, <-done)
	frame := read(t, far)
	require.Equal(t, machineMAC, frame[:6])
	require.Equal(t, sent, frame[headerLen:])

	padded := append(append(bytes.Clone(frame[:headerLen]), packet...), make([]byte, 60-headerLen-len(packet))...)
	require.NoError(t, far.WriteFrame(padded))
	buf := make([]byte, pool.MaxPacket)
	n, _, ok, err := l.Receive(buf, l.Now()+10_000_000)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, packet, buf[:n])
}

func TestForeignFramesAreIgnored(t *testing.T) {
	l, far := newPair(t, testConfig)
	stranger := serialize(t,
		&layers.Ethernet{SrcMAC: machineMAC, DstMAC: []byte(DefaultMAC), EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: 6, SrcIP: testConfig.Machine.AsSlice(), DstIP: []byte{203, 0, 113, 9}})
	for _, frame := range [][]byte{{1, 2, 3}, stranger, append(bytes.Clone(stranger[:12]), 0x88, 0xcc, 0)} {
		require.NoError(t, far.WriteFrame(frame))
	}
	_, _, ok, err := l.Receive(make([]byte, pool.MaxPacket), l.Now()+20_000)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestAMachineThatIsGoneIsAnError(t *testing.T) {
	cfg := testConfig
	cfg.Died = func() error { return errors.New("out of memory") }
	l, far := newPair(t, cfg)
	require.NoError(t, far.Close())
	packet := make([]byte, 20)
	packet[0] = 0x45
	copy(packet[16:], testConfig.Machine.AsSlice())
	require.ErrorIs(t, l.Send(packet), pool.ErrClosed)
	require.ErrorIs(t, l.Send(packet), pool.ErrClosed)
	require.ErrorContains(t, l.Send(packet), "out of memory")
}

// No packet for anybody but the machine leaves through a link.
func TestOnlyTheMachineIsSentTo(t *testing.T) {
	cfg := testConfig
	cfg.MachineMAC = machineMAC
	l, far := newPair(t, cfg)
	packet := func(first byte, length, at int, to string) []byte {
		b := make([]byte, length)
		b[0] = first
		copy(b[at:], netip.MustParseAddr(to).AsSlice())
		return b
	}
	for _, p := range [][]byte{
		{}, {0x45}, packet(0x45, 20, 16, "203.0.113.9"), packet(0x45, 20, 16, "255.255.255.255"),
		packet(0x60, 40, 24, "2001:db8::2"), packet(0x60, 40, 24, "ff02::1"), packet(0x75, 40, 16, "192.0.2.1"),
	} {
		require.ErrorContains(t, l.Send(p), "not for 192.0.2.1")
	}
	for _, p := range [][]byte{packet(0x45, 20, 16, "192.0.2.1"), packet(0x60, 40, 24, "2001:db8::1"), packet(0x60, 40, 24, "ff02::1:ff00:1")} {
		require.NoError(t, l.Send(p))
		require.Equal(t, p, read(t, far)[headerLen:])
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) == 0 || len(frame) > 2000 {
			return
		}
		l, far := newPair(t, testConfig)
		require.NoError(t, far.WriteFrame(frame))
		_, _, _, err := l.Receive(make([]byte, pool.MaxPacket), l.Now())
		require.NoError(t, err)
	})
}
