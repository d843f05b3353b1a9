package datasets

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCatalogue(t *testing.T) {
	paper := map[string]int{}
	names := map[string]bool{}
	for id, f := range Catalogue {
		require.Equal(t, FieldID(id), f.ID)
		require.NotEmpty(t, f.Name)
		require.False(t, names[f.Name], f.Name)
		names[f.Name] = true
		require.True(t, strings.HasSuffix(f.Reason, "."), f.Name)
		require.Equal(t, Likely, f.Sources[SourceOS], f.Name)
		got, ok := FieldByName(f.Name)
		require.True(t, ok && got == f.ID)
		if f.Paper {
			paper[f.Name[:strings.IndexByte(f.Name, '.')]]++
		}
	}
	// Figure 8 has 12 and 21, two of each being addresses and ports.
	require.Equal(t, map[string]int{"ip": 10, "tcp": 19}, paper)
	_, ok := FieldByName("ip.src")
	require.False(t, ok)
	for f, vetted := range map[FieldID]bool{TCPFlags: true, TCPAck: true, TCPOptionsOrder: true, IPFlags: true,
		IPTTL: false, TCPWScale: false, TCPWindow: false, IPID: false, TCPSeq: false, IPChecksum: false, AnswerKind: false} {
		require.Equal(t, vetted, Catalogue[f].Vetted(), Catalogue[f].Name)
	}
}

func TestLoadSources(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	write(t, path, "# none changes\n")
	s, err := LoadSources(path)
	require.NoError(t, err)
	require.Equal(t, DefaultSources(), s)
	write(t, path, "tcp.window:\n  likely: [os]\n  barely: [config, hardware]\ntcp.ack: {likely: [os, network]}\n")
	s, err = LoadSources(path)
	require.NoError(t, err)
	require.True(t, s.Vetted(TCPWindow))
	require.Equal(t, BarelyPossible, s[TCPWindow][SourceHardware])
	require.Equal(t, None, s[TCPWindow][SourceApplication])
	require.False(t, s.Vetted(TCPAck))
	require.Equal(t, Catalogue[IPTTL].Sources, s[IPTTL])
	b, err := json.Marshal(s)
	require.NoError(t, err)
	var again Sources
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, *s, again)

	for yaml, want := range map[string]string{
		"tcp.windw: {}\n":                               `:1:1: field "tcp.windw"`,
		"tcp.window:\n  likly: [os]\n":                  `:2:3: tcp.window: key "likly"`,
		"tcp.window:\n  likely: [os, moon]\n":           `:2:16: tcp.window: source "moon"`,
		"tcp.window:\n  likely: os\n":                   `:2:11: tcp.window: want a list`,
		"tcp.window:\n  likely: [os]\n  barely: [os]\n": `:3:12: tcp.window: source "os" is named twice`,
		"tcp.window: [os]\n":                            `want a mapping`,
		"[1, 2]\n":                                      `want a mapping`,
		"tcp.window:\n  likely: [os]\ntcp.window: {}\n": `tcp.window`,
		"tcp.window:\n  likely: [[os]]\n":               `tcp.window: source`,
		"tcp.window: {likely: [os]\n":                   ``,
		"tcp.ack: {likely: [os]}\n---\ntcp.seq: {}\n":   `one YAML document`,
	} {
		write(t, path, yaml)
		_, err := LoadSources(path)
		require.ErrorContains(t, err, path+":", yaml)
		require.ErrorContains(t, err, want, yaml)
		require.NotContains(t, err.Error(), "\n")
	}
}

func FuzzSources(f *testing.F) {
	f.Add([]byte("tcp.window:\n  likely: [os]\n"))
	f.Add([]byte("tcp.window: {likely: [os, &a moon], barely: *a}"))
	f.Add([]byte("? [a]\n: b"))
	f.Add([]byte("- a: !!binary x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSources(b)
		if (s == nil) == (err == nil) {
			t.Fatalf("%v, %v", s, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q", err)
		}
	})
}

func TestLabels(t *testing.T) {
	l := Labels{Kernel: [Levels]string{"Linux", "Linux 2.6", "Linux 2.6.32"}, Distribution: [Levels]string{"Linux", "Debian", "Debian 6"}}
	require.Equal(t, "Linux 2.6", l.At(Kernel, 1))
	require.Equal(t, "Debian 6", l.At(Distribution, 2))
	for _, h := range Hierarchies {
		got, err := ParseHierarchy(h.String())
		require.NoError(t, err)
		require.Equal(t, h, got)
	}
	_, err := ParseHierarchy("os")
	require.ErrorContains(t, err, "kernel or distribution")
	require.Panics(t, func() { l.At(0, 0) })
}
