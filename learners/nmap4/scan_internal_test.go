package nmap4

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/probegen"
)

// TestUnreachable works U1 by hand: what a port unreachable quotes is as it was
// sent (G), or shown.
func TestUnreachable(t *testing.T) {
	set, err := probegen.Generate("nmap4", probegen.Config{Seed: 1})
	require.NoError(t, err)
	e := Exchange{Name: "U1", Packet: set.Probes[8].Steps[0].Packet}
	prober, machine := netip.MustParseAddrPort("198.18.0.1:40000"), netip.MustParseAddrPort("192.0.2.1:40125")
	answer := func(change func(outer, icmp, quoted []byte)) string {
		quoted, err := e.Packet.AppendTo(nil, prober, machine)
		require.NoError(t, err)
		outer := append([]byte{0x45, 0, 1, 0x64, 0, 0, 0, 0, 64, probegen.ProtoICMP, 0, 0}, 192, 0, 2, 1, 198, 18, 0, 1)
		icmp := []byte{3, 3, 0, 0, 0, 0, 0, 0}
		change(outer, icmp, quoted)
		e.Answers = [][]byte{append(append(outer, icmp...), quoted...)}
		return (&Scan{Exchanges: []Exchange{e}}).Fingerprint().String()
	}
	good := func(outer, icmp, quoted []byte) {}
	require.Equal(t, "U1(R=Y%DF=N%T=40%IPL=164%UN=0%RIPL=G%RID=G%RIPCK=G%RUCK=G%RUD=G)\n", answer(good))
	for name, c := range map[string]struct {
		change func(outer, icmp, quoted []byte)
		want   string
	}{
		"swapped length":      {func(_, _, q []byte) { q[2], q[3] = q[3], q[2] }, "RIPL=4801%RID=G%RIPCK=I"},
		"swapped identifier":  {func(_, _, q []byte) { q[4], q[5] = q[5], q[4] }, "RIPL=G%RID=4210%RIPCK=I"},
		"no header checksum":  {func(_, _, q []byte) { q[10], q[11] = 0, 0 }, "RIPCK=Z"},
		"no UDP checksum":     {func(_, _, q []byte) { q[26], q[27] = 0, 0 }, "RUCK=0"},
		"changed data":        {func(_, _, q []byte) { q[100] = 'D' }, "RUD=I"},
		"unused word":         {func(_, i, _ []byte) { i[4], i[6], i[7] = 1, 2, 3 }, "UN=203"}, // seen: its last two bytes
		"not fragmented":      {func(o, _, _ []byte) { o[6] = 0x40 }, "DF=Y"},
		"other code":          {func(_, i, _ []byte) { i[1] = 13 }, "U1(R=N)"},
		"another's":           {func(o, _, _ []byte) { o[12] = 127 }, "U1(R=N)"}, // seen
		"three routers":       {func(o, _, q []byte) { o[8], q[8] = 61, q[8]-3 }, "T=40%"},
		"a time that went up": {func(_, _, q []byte) { q[8]++ }, "T=3F%"}, // seen,
	} {
		require.Contains(t, answer(c.change), c.want, name)
	}
	require.Equal(t, "U1(R=N)\n", (&Scan{Exchanges: []Exchange{{Name: "U1", Packet: e.Packet}}}).Fingerprint().String())
}

// TestDoubledIdentifiers: Nmap 7.93 was seen to take a SYN-ACK with the
// identifier of the one before for the same.
func TestDoubledIdentifiers(t *testing.T) {
	set, err := probegen.Generate("nmap4", probegen.Config{Seed: 1})
	require.NoError(t, err)
	scan := func(ids ...byte) string {
		s := &Scan{}
		for i, id := range ids {
			p := set.Probes[i].Steps[0].Packet
			answer := make([]byte, 40)
			answer[0], answer[5], answer[8], answer[9], answer[32], answer[33] = 0x45, id, 64, probegen.ProtoTCP, 0x50, probegen.SYN|probegen.ACK
			answer[27] = 1 // a sequence number
			ack := p.TCP.Seq + 1
			answer[28], answer[29], answer[30], answer[31] = byte(ack>>24), byte(ack>>16), byte(ack>>8), byte(ack)
			s.Exchanges = append(s.Exchanges, Exchange{Name: set.Probes[i].Name, Packet: p, Sent: int64(i) * 100_000, Answers: [][]byte{answer}})
		}
		return s.Fingerprint().Test("SEQ").String()
	}
	require.Equal(t, "SEQ(SP=0%GCD=0%ISR=0%TI=I%TS=U)", scan(1, 2, 3, 4, 5, 6))
	require.Equal(t, "SEQ(TI=I%TS=U)", scan(1, 1, 2, 2, 3, 3), "three are too few for SP")
	require.Equal(t, "SEQ(TS=U)", scan(7, 7, 7, 7, 7, 7))
	require.Equal(t, "SEQ(SP=0%GCD=0%ISR=0%TI=Z%TS=U)", scan(0, 0, 0, 0, 0, 0))
}
