package probegen

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestShow compares with golden files, which were written by Show and read
// against the layouts of RFC 791, 9293, 768 and 792 by eye; the bytes in them
// are held to other oracles in wire_test.go. UPDATE_GOLDEN=1 writes them anew.
func TestShow(t *testing.T) {
	s := sampleSet()
	s.Probes[0].Steps[0].Packet.Payload = Hex("GET / HTTP/1.0\r\n\r\n")
	for id, name := range []string{"tcp", "dialogue", "udp", "icmp"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, s.Show(&b, id))
			golden := filepath.Join("testdata", "show-"+name+".txt")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), b.String())
		})
	}
}

func TestShowOptions(t *testing.T) {
	for _, c := range []struct {
		options []byte
		want    []string
	}{
		{Hex{2, 4, 5, 180}, []string{"TCP Option - Maximum segment size: 1460 bytes"}},
		{Hex{1, 3, 3, 7}, []string{"TCP Option - No-Operation (NOP)", "TCP Option - Window scale: 7 (multiply by 128)"}},
		{Hex{1, 3, 3, 15}, []string{"TCP Option - No-Operation (NOP)", "TCP Option - Window scale: 15 (above 14, the largest that RFC 7323 allows)"}},
		{Hex{4, 2, 0, 9}, []string{"TCP Option - SACK permitted", "TCP Option - End of Option List (EOL)", "After the End of Option List: 09"}},
		{AppendSACK(Hex{1, 1}, [2]uint32{10, 20}, [2]uint32{30, 40}), []string{"TCP Option - No-Operation (NOP)", "TCP Option - No-Operation (NOP)", "TCP Option - SACK 10-20 30-40"}},
		{AppendTimestamps(Hex{1, 1}, 1<<32-1, 7), []string{"TCP Option - No-Operation (NOP)", "TCP Option - No-Operation (NOP)", "TCP Option - Timestamps: TSval 4294967295, TSecr 7"}},
		{Hex{2, 3, 5, 1}, []string{"TCP Option - Kind 2, length 3: 05", "TCP Option - No-Operation (NOP)"}},
		{Hex{254, 4, 0xf9, 0x89}, []string{"TCP Option - Kind 254, length 4: f989"}},
		{Hex{1, 1, 1, 2}, []string{"TCP Option - No-Operation (NOP)", "TCP Option - No-Operation (NOP)", "TCP Option - No-Operation (NOP)", "TCP Option - Malformed option of kind 2: 02"}},
		{Hex{8, 10, 1, 2}, []string{"TCP Option - Malformed option of kind 8: 080a0102"}},
	} {
		s := sampleSet()
		s.Probes[0].Steps[0].Packet.TCP.Options = c.options
		var b bytes.Buffer
		require.NoError(t, s.Show(&b, 0))
		_, after, ok := strings.Cut(b.String(), "    Options: (")
		require.True(t, ok)
		after, _, ok = strings.Cut(after, "\n\n")
		require.True(t, ok)
		lines := strings.Split(after, "\n")[1:]
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], "        ")
		}
		require.Equal(t, c.want, lines)
	}
}

func TestDSCPName(t *testing.T) {
	// From IANA's registry of differentiated services codepoints.
	for v, want := range map[uint8]string{0: "Default", 8: "Class Selector 1", 56: "Class Selector 7", 10: "Assured Forwarding 11",
		14: "Assured Forwarding 13", 38: "Assured Forwarding 43", 46: "Expedited Forwarding", 1: "Unknown", 11: "Unknown", 42: "Unknown"} {
		require.Equal(t, want, dscpName(v), v)
	}
}

func TestShowErrors(t *testing.T) {
	s := sampleSet()
	var b bytes.Buffer
	require.EqualError(t, s.Show(&b, 4), "probe 4: want an id from 0 to 3")
	require.EqualError(t, s.Show(&b, -1), "probe -1: want an id from 0 to 3")
	s.Probes[0].Steps[0].Packet.IP.TTL = 0
	require.EqualError(t, s.Show(&b, 0), "probe 0: steps[0].packet.ip.ttl: want 1 to 255")
	require.Zero(t, b.Len())
	require.ErrorIs(t, s.Show(&fullDisk{10}, 1), errFull)
}

func TestNextOption(t *testing.T) {
	for _, c := range []struct {
		b          []byte
		kind       uint8
		data, rest []byte
		ok         bool
	}{
		{nil, 0, nil, nil, false},
		{[]byte{0, 5}, 0, nil, []byte{5}, true},
		{[]byte{1}, 1, nil, []byte{}, true},
		{[]byte{2, 4, 5, 180, 1}, 2, []byte{5, 180}, []byte{1}, true},
		{[]byte{4, 2}, 4, []byte{}, []byte{}, true},
		{[]byte{4}, 4, nil, []byte{4}, false},
		{[]byte{4, 0, 1}, 4, nil, []byte{4, 0, 1}, false},
		{[]byte{4, 1, 1}, 4, nil, []byte{4, 1, 1}, false},
		{[]byte{2, 4, 5}, 2, nil, []byte{2, 4, 5}, false},
	} {
		kind, data, rest, ok := NextOption(c.b)
		require.Equal(t, c.kind, kind)
		require.Equal(t, c.data, data)
		require.Equal(t, c.rest, rest)
		require.Equal(t, c.ok, ok)
	}
}
