package experiments

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/probegen"
)

// TestPacketFieldsAgainstBytes reads the fields where the standards put them
// in the packet's bytes.
func TestPacketFieldsAgainstBytes(t *testing.T) {
	set, err := probegen.Generate("random", probegen.Config{N: 200, Seed: 2})
	require.NoError(t, err)
	from, to := netip.MustParseAddrPort("198.18.0.1:4000"), netip.MustParseAddrPort("192.0.2.1:22")
	for i := range set.Probes {
		p := set.Probes[i].Steps[0].Packet
		b, err := p.AppendTo(nil, from, to)
		require.NoError(t, err)
		got := packetFields(p)
		at := func(f datasets.FieldID, want uint64) {
			require.Equal(t, strconv.FormatUint(want, 10), got[f], "probe %d, %v", i, f)
		}
		word := func(i int) uint64 { return uint64(binary.BigEndian.Uint16(b[i:])) }
		long := func(i int) uint64 { return uint64(binary.BigEndian.Uint32(b[i:])) }
		at(datasets.IPVersion, uint64(b[0]>>4))
		at(datasets.IPIHL, uint64(b[0]&15))
		at(datasets.IPTOS, uint64(b[1]))
		at(datasets.IPLen, word(2))
		at(datasets.IPID, word(4))
		at(datasets.IPFlags, word(6)>>13)
		at(datasets.IPOffset, word(6)&0x1fff)
		at(datasets.IPTTL, uint64(b[8]))
		at(datasets.IPProto, uint64(b[9]))
		require.Equal(t, uint8(probegen.ProtoTCP), b[9])
		at(datasets.TCPSeq, long(24))
		at(datasets.TCPAck, long(28))
		at(datasets.TCPOffset, uint64(b[32]>>4))
		at(datasets.TCPReserved, uint64(b[32]&15))
		at(datasets.TCPFlags, uint64(b[33]))
		at(datasets.TCPWindow, word(34))
		at(datasets.TCPUrgent, word(38))
		at(datasets.TCPPayload, uint64(len(b))-20-4*uint64(b[32]>>4))
		require.Empty(t, got[datasets.IPChecksum]+got[datasets.TCPChecksum])
	}
}

func TestOptionFields(t *testing.T) {
	b := probegen.AppendMSS(nil, 1460)
	b = probegen.AppendMSS(b, 536)
	b = append(b, probegen.KindNOP, 254, 3, 9)
	b = probegen.AppendWindowScale(b, 7)
	b = probegen.AppendSACKPermitted(b)
	b = probegen.AppendSACK(b, [2]uint32{1, 2}, [2]uint32{3, 4})
	b = append(b, probegen.KindEOL)
	b = probegen.AppendTimestamps(b, 8, 9)
	require.Equal(t, "MSS,MSS,NOP,254,WS,SACKOK,SACK,EOL", optionOrder(b))
	got := map[datasets.FieldID]uint64{}
	optionFields(b, func(f datasets.FieldID, v uint64) { got[f] = v })
	require.Equal(t, map[datasets.FieldID]uint64{
		datasets.TCPMSS: 1460, datasets.TCPWScale: 7, datasets.TCPSACKOK: 1,
		datasets.TCPSACKLeft: 1, datasets.TCPSACKRight: 2, datasets.TCPSACKMore: 1,
	}, got)
	require.Equal(t, `""`, optionOrder(nil))
	require.Equal(t, `""`, optionOrder([]byte{2}))
}
