package nmap6_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

// What is printed of a fingerprint is what Nmap printed of it, byte for byte.
func TestPrintedFingerprintIsNmaps(t *testing.T) {
	b, err := os.ReadFile("testdata/debian12-nmap-7.93.txt")
	require.NoError(t, err)
	_, print := golden(t)
	_, want, _ := strings.Cut(string(b), "\nOS:")
	require.Equal(t, "OS:"+want, print.String())
}

// between puts addresses into a packet that ip made.
func between(from, to byte, packet []byte) []byte {
	packet[23], packet[39] = from, to
	return packet
}

// ports puts ports into a TCP header.
func ports(source, destination byte, segment []byte) []byte {
	segment[1], segment[3] = source, destination
	return segment
}

// capture writes packets, each 100 ms after the one before, as a pcap of
// Ethernet frames.
func capture(t testing.TB, packets ...[]byte) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	require.NoError(t, w.WriteFileHeader(65536, layers.LinkTypeEthernet))
	for i, p := range packets {
		frame := append(append(make([]byte, 12), 0x86, 0xdd), p...)
		info := gopacket.CaptureInfo{CaptureLength: len(frame), Length: len(frame), Timestamp: time.UnixMicro(int64(100_000 * i))}
		require.NoError(t, w.WritePacket(info, frame))
	}
	return b.Bytes()
}

// The options of S1 and T2 as documented.
var (
	optionsS1 = []byte{3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2}
	optionsT2 = []byte{3, 3, 10, 1, 2, 4, 1, 9, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2}
)

func TestCapture(t *testing.T) {
	s1 := between(1, 2, ip(6, 50, ports(9, 22, tcp(1, 2, optionsS1...))...))
	t2 := between(1, 2, ip(6, 50, ports(10, 22, tcp(128, 0, optionsT2...))...))
	other := between(1, 2, ip(6, 50, ports(11, 22, tcp(1024, 2, 2, 4, 5, 0xb4))...)) // no probe
	solicitation := append([]byte{135, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 16)...)
	solicitation[23] = 2
	ns := between(1, 2, ip(58, 255, solicitation...))
	advertisement := append([]byte{136, 0, 0, 0, 0x60, 0, 0, 0}, solicitation[8:]...)
	answerS1 := between(2, 1, ip(6, 64, ports(22, 9, tcp(7000, 0x12, 2, 4, 1, 0))...))
	errorT2 := between(2, 1, ip(58, 64, append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, t2...)...))
	b := capture(t, other, ns, s1, s1, answerS1, answerS1, t2, between(3, 1, ip(6, 64, ports(22, 9, tcp(1, 4))...)), errorT2, ns, between(2, 1, ip(58, 255, advertisement...)))
	scans, err := nmap6.ReadCapture(bytes.NewReader(b))
	require.NoError(t, err)
	require.Len(t, scans, 1)
	a := scans[0]
	require.Equal(t, "::2", a.Machine.String())
	require.Len(t, a.Answer, 3)
	require.Equal(t, nmap6.Answer{Packet: answerS1, Sent: 300_000, Received: 400_000}, a.Answer["S1"])
	require.Equal(t, errorT2, a.Answer["T2"].Packet)
	require.Equal(t, nmap6.Direct, a.Distance.Method)
	v := a.Vectorize(nmap6.V793)
	require.Equal(t, 7000.0, value(t, v, "S1.TCP_WINDOW"))
	require.Equal(t, 128.0, value(t, v, "T2.TCP_WINDOW"), "Nmap takes the header that an error quotes")
	require.Equal(t, 136.0, value(t, v, "NS.ICMPV6_TYPE"))

	_, err = nmap6.ReadCapture(bytes.NewReader(capture(t, other, ns)))
	require.ErrorContains(t, err, "no probe")
	_, err = nmap6.ReadCapture(bytes.NewReader(b[:len(b)-3]))
	require.ErrorContains(t, err, "packet 11")
	_, err = nmap6.ReadCapture(strings.NewReader("S1.PLEN\n"))
	require.ErrorContains(t, err, "pcap")
}

func FuzzCapture(f *testing.F) {
	f.Add(capture(f, between(1, 2, ip(6, 50, ports(9, 22, tcp(1, 2, optionsS1...))...)), between(2, 1, ip(6, 64, ports(22, 9, tcp(7000, 0x12))...))))
	f.Fuzz(func(t *testing.T, b []byte) {
		scans, err := nmap6.ReadCapture(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, s := range scans {
			requireFinite(t, s.Vectorize(nmap6.Current))
		}
	})
}
