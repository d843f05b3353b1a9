package nmap4_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/learners/nmap4"
	"tickle/probegen"
)

// TestNmapsOwnScans computes fingerprints from what went between Nmap 7.93 and
// machines that answer oddly, and compares all tests with what Nmap printed.
// To record them again, as root and with Nmap installed:
//
//	go test -tags root -run TestOddAnswersAsNmap ./cmd/tickle -save DIR
func TestNmapsOwnScans(t *testing.T) {
	files, err := filepath.Glob("testdata/odd-*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			var recorded struct {
				Nmap []string
				Scan nmap4.Scan
			}
			require.NoError(t, json.Unmarshal(b, &recorded))
			want := strings.Join(recorded.Nmap[1:], "\n") + "\n" // without SCAN
			require.Equal(t, want, recorded.Scan.Fingerprint().String())
		})
	}
}

// TestScansOfARun: the repeats of a run come apart, and what was not sent is
// left out of a fingerprint.
func TestScansOfARun(t *testing.T) {
	set, err := probegen.Generate("nmap4", probegen.Config{Seed: 1})
	require.NoError(t, err)
	rows := []datasets.Exchange{{Probe: 9, Repeat: 1, Sent: 7}, {Probe: 0, Repeat: 0}}
	scans, err := nmap4.Scans(set, rows)
	require.NoError(t, err)
	require.Len(t, scans, 2)
	require.Equal(t, "T1(R=N)\n", scans[0].Fingerprint().String())
	require.Equal(t, "ECN(R=N)\n", scans[1].Fingerprint().String())

	silent := []datasets.Exchange{{Probe: 13}, {Probe: 14}, {Probe: 15}}
	scans, err = nmap4.Scans(set, silent)
	require.NoError(t, err)
	require.Empty(t, scans[0].Fingerprint().String(), "no port is known to be closed")
	reset := make([]byte, 40)
	reset[0], reset[8], reset[9], reset[32], reset[33] = 0x45, 64, 6, 0x50, 4
	silent[1].Answers = []datasets.Answer{{Bytes: reset}}
	scans, err = nmap4.Scans(set, silent)
	require.NoError(t, err)
	require.Equal(t, "T5(R=N)\nT6(R=Y%DF=N%TG=40%W=0%S=Z%A=Z%F=R%O=%RD=0%Q=)\nT7(R=N)\n", scans[0].Fingerprint().String())

	_, err = nmap4.Scans(set, append(rows, rows[0]))
	require.EqualError(t, err, "exchange 2: probe 9 is there twice in repeat 1")
	_, err = nmap4.Scans(set, []datasets.Exchange{{Probe: 16}})
	require.EqualError(t, err, "exchange 0: probe 16: want 0 to 15")
	set.Header.Family = "random"
	_, err = nmap4.Scans(set, rows)
	require.EqualError(t, err, "probes of family random: want nmap4")
}

// FuzzFingerprint: no answer makes it panic, and what it prints can be read.
func FuzzFingerprint(f *testing.F) {
	set, err := probegen.Generate("nmap4", probegen.Config{Seed: 1})
	require.NoError(f, err)
	f.Add([]byte{0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 18, 0, 1}, uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, mask uint16) {
		var s nmap4.Scan
		for i := range set.Probes {
			e := nmap4.Exchange{Name: set.Probes[i].Name, Packet: set.Probes[i].Steps[0].Packet, Sent: int64(i) * 1000}
			if mask>>i&1 == 0 {
				e.Answers = [][]byte{b}
			}
			s.Exchanges = append(s.Exchanges, e)
		}
		print := s.Fingerprint()
		again, err := nmap4.Parse(strings.NewReader("SCAN(V=7.93)\n"+print.String()), "fuzz")
		require.NoError(t, err)
		require.Equal(t, print.String(), strings.TrimPrefix(again.String(), "SCAN(V=7.93)\n"))
	})
}
