package probegen

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleSet has a probe of every kind: all transports, a dialogue with relative
// numbers, a step that only listens, a name that JSON escapes.
func sampleSet() *Set {
	ip := IPv4{TOS: 1, ID: 2, DF: true, TTL: 64}
	tcp := func(port PortClass, t TCP) *Packet { return &Packet{Port: port, IP: ip, TCP: &t} }
	return &Set{
		Header: Header{Format: Format, Family: "sample", Version: 2, Seed: 1<<64 - 1, N: 4,
			Options: map[string]string{"b": "2", "a": "<1>"}, Plan: &Plan{Ordered: true, Spacing: 100_000, Repeats: 3}},
		Probes: []Probe{
			{ID: 0, Steps: []Step{{Packet: tcp(OpenTCP, TCP{Seq: 1<<32 - 1, Reserved: 15, Flags: 255, Window: 65535, Urgent: 9, Options: Hex{2, 4, 5, 180}})}}},
			{ID: 1, Name: `a "dialogue" <é>`, Steps: []Step{
				{Packet: tcp(OpenTCP, TCP{Flags: SYN, SeqBase: SndNxt})},
				{Packet: tcp(OpenTCP, TCP{Flags: ACK, Seq: 1, SeqBase: SndNxt, Ack: 1<<32 - 1, AckBase: RcvNxt}), Wait: 500},
				{Wait: 60_000_000},
			}},
			{ID: 2, Steps: []Step{{Packet: &Packet{Port: ClosedUDP, IP: ip, UDP: &UDP{}, Payload: Hex("CCC")}}}},
			{ID: 3, Steps: []Step{{Packet: &Packet{Port: NoPort, IP: ip, ICMP: &ICMP{Type: 8, Code: 9, Rest: 0x1234_0001}}}}},
		},
	}
}

func written(t testing.TB, s *Set) []byte {
	var b bytes.Buffer
	require.NoError(t, s.Write(&b))
	return b.Bytes()
}

func TestReadIsTheInverseOfWrite(t *testing.T) {
	random, err := Generate("random", Config{N: 200, Seed: 4, Options: map[string]string{"payload-share": "20"}})
	require.NoError(t, err)
	for _, s := range []*Set{sampleSet(), random} {
		b := written(t, s)
		require.Equal(t, len(s.Probes)+1, bytes.Count(b, []byte("\n")))
		got, err := Read(bytes.NewReader(b), "set")
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(s, got)) // Equal would print all probes
		require.Equal(t, s.Hash(), got.Hash())
		require.Equal(t, fmt.Sprintf("%x", sha256.Sum256(b)), s.Hash())
	}
}

func TestReadTakesWhiteSpace(t *testing.T) {
	s := sampleSet()
	b := bytes.ReplaceAll(written(t, s), []byte(`,"`), []byte(" ,\t\""))
	b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	got, err := Read(bytes.NewReader(b), "set")
	require.NoError(t, err)
	require.Equal(t, s, got)
}

// TestReadErrors spoils a good file, one replacement at a time.
func TestReadErrors(t *testing.T) {
	good := string(written(t, sampleSet()))
	for _, c := range []struct{ old, new, want string }{
		{good, "", `x:1: line: want the header, have the end of the file`},
		{good, "[]\n", `x:1: line: want probegen.Header, have array`},
		{"tickle-probes/1", "tickle-probes/9", `x:1: format: want "tickle-probes/1", have "tickle-probes/9"`},
		{`"family":"sample",`, "", `x:1: version: want the field "family" here, in Write's order and spelling`},
		{`"family":"sample"`, `"family":""`, `x:1: family: want a name`},
		{`"version":2`, `"version":0`, `x:1: version: want 1 or more, have 0`},
		{`"n":4`, `"n":-4`, `x:1: n: want 1 to 10000000, have -4`},
		{`"n":4`, `"n":0`, `x:1: n: want 1 to 10000000, have 0`},
		{`"n":4`, `"n":"4"`, `x:1: n: want int, have string`},
		{`"n":4`, `"n":5`, `x:6: line: want probe 4 of 5, have the end of the file`},
		{`"n":4`, `"n":3`, `x:5: line: want the end of the file, as the header's n says`},
		{`"seed":18446744073709551615`, `"seed":-1`, `x:1: seed: want uint64, have number -1`},
		{`"spacing_us":100000`, `"spacing_us":-1`, `x:1: plan.spacing_us: want 0 or more, have -1`},
		{`"repeats":3`, `"repeats":0`, `x:1: plan.repeats: want 1 or more, have 0`},
		{`{"id":2`, `{"id":3`, `x:4: id: want 2, have 3`},
		{`"ttl":64`, `"ttl":0`, `x:2: steps[0].packet.ip.ttl: want 1 to 255`},
		{`"ttl":64`, `"ttl":256`, `x:2: steps.packet.ip.ttl: want uint8, have number 256`},
		{`"reserved":15`, `"reserved":16`, `x:2: steps[0].packet.tcp.reserved: want 0 to 15, have 16`},
		{`"020405b4"`, `"020405"`, `x:2: steps[0].packet.tcp.options: want a multiple of 4 bytes, at most 40, have 3`},
		{`"020405b4"`, `"` + strings.Repeat("01", 44) + `"`, `x:2: steps[0].packet.tcp.options: want a multiple of 4 bytes, at most 40, have 44`},
		{`"020405b4"`, `"020405b"`, `x:2: hexadecimal bytes: want an even number of the digits 0-9 and a-f`},
		{`"020405b4"`, `"020405B4"`, `x:2: steps[0].packet.tcp.options: want "020405b4", have "020405B4"`},
		{`"port":"open-tcp"`, `"port":"open"`, `x:2: port class "open": want open-tcp, closed-tcp, closed-udp or none`},
		{`"port":"open-tcp"`, `"port":"none"`, `x:2: steps[0].packet.port: want open-tcp or closed-tcp with tcp, have none`},
		{`"port":"closed-udp"`, `"port":"open-tcp"`, `x:4: steps[0].packet.port: want closed-udp with udp, have open-tcp`},
		{`"port":"none"`, `"port":"open-tcp"`, `x:5: steps[0].packet.port: want none with icmp, have open-tcp`},
		{`"udp":{}`, `"udp":{},"icmp":{"type":8,"code":0,"rest":1}`, `x:4: steps[0].packet: want exactly one of tcp, udp and icmp, have 2`},
		{`"udp":{},`, ``, `x:4: steps[0].packet: want exactly one of tcp, udp and icmp, have 0`},
		{`"seq_base":"snd.nxt"`, `"seq_base":"snd"`, `x:3: steps[0].packet.tcp.seq_base: want snd.nxt, snd.una, snd.edge or rcv.nxt, have "snd"`},
		{`"ack_base":"rcv.nxt"`, `"ack_base":"rcv"`, `x:3: steps[1].packet.tcp.ack_base: want snd.nxt, snd.una, snd.edge or rcv.nxt, have "rcv"`},
		{`{"wait_us":60000000}`, `{}`, `x:3: steps[2]: want a packet, a wait_us above 0, or both`},
		{`"wait_us":500`, `"wait_us":-500`, `x:3: steps[1].wait_us: want 0 or more, have -500`},
		{`"steps":[{"packet":{"port":"none","ip":{"tos":1,"id":2,"df":true,"ttl":64},"icmp":{"type":8,"code":9,"rest":305397761}}}]`, `"steps":[]`,
			`x:5: steps: want at least one`},
		{`"urgent":9`, `"urgent":9,"color":1`, `x:2: steps[0].packet.tcp.color: want the field "options" here, in Write's order and spelling`},
		{`"options":"020405b4"`, `"options":"020405b4","color":1`, `x:2: steps[0].packet.tcp.color: want no such field here: it is unknown, repeated, or empty`},
		{`"options":"020405b4"`, `"options":"020405b4","a\nb":1`, `x:2: steps[0].packet.tcp."a\nb": want no such field here: it is unknown, repeated, or empty`},
		{`"urgent":9`, `"urgent":9,"urgent":9`, `x:2: steps[0].packet.tcp.urgent: want the field "options" here, in Write's order and spelling`},
		{`,"urgent":9`, ``, `x:2: steps[0].packet.tcp.options: want the field "urgent" here, in Write's order and spelling`},
		{`"rest":305397761`, `"REST":305397761`, `x:5: steps[0].packet.icmp.REST: want the field "rest" here, in Write's order and spelling`},
		{`,"rest":305397761`, ``, `x:5: steps[0].packet.icmp.rest: want this field, have none`},
		{`"code":9`, `"code":null`, `x:5: steps[0].packet.icmp.code: want 0, have null`},
		{`"id":3,"steps"`, `"id":3,"name":"","steps"`, `x:5: name: want the field "steps" here, in Write's order and spelling`},
		{"}\n{\"id\":2", "}\n\n{\"id\":2", `x:4: line: want a JSON object: unexpected end of JSON input`},
		{"}\n{\"id\":2", "} {}\n{\"id\":2", `x:3: line: want a JSON object: invalid character '{' after top-level value`},
	} {
		t.Run(c.want, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			require.NotEqual(t, good, bad, c.old)
			s, err := Read(strings.NewReader(bad), "x")
			require.EqualError(t, err, c.want, "%s → %s", c.old, c.new)
			require.Nil(t, s)
		})
	}
}

// TestReadCut cuts a good file at every byte.
func TestReadCut(t *testing.T) {
	good := written(t, sampleSet())
	for n := range good {
		s, err := Read(bytes.NewReader(good[:n]), "x")
		require.Error(t, err, n)
		require.Nil(t, s)
		line := 1 + bytes.Count(good[:n], []byte("\n"))
		require.ErrorContains(t, err, fmt.Sprintf("x:%d: line: want ", line))
	}
}

func TestReadTooLongLine(t *testing.T) {
	_, err := Read(strings.NewReader(strings.Repeat(" ", maxLine+1)), "x")
	require.EqualError(t, err, "x:1: line: want at most 16777216 bytes")
}

var errFull = errors.New("no space left on device")

// fullDisk takes room bytes and no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (d *fullDisk) Read([]byte) (int, error) { return 0, errFull }

func TestFullDisk(t *testing.T) {
	s, err := Generate("random", Config{N: 1000})
	require.NoError(t, err)
	size := len(written(t, s))
	for _, room := range []int{0, 100, size / 2, size - 1} {
		require.ErrorIs(t, s.Write(&fullDisk{room}), errFull)
	}
	require.NoError(t, s.Write(&fullDisk{size}))
	_, err = Read(&fullDisk{}, "x")
	require.ErrorIs(t, err, errFull)
	require.ErrorContains(t, err, "x:1: ")
}

func TestWriteChecks(t *testing.T) {
	s := sampleSet()
	s.Probes[2].ID = 7
	var b bytes.Buffer
	require.EqualError(t, s.Write(&b), "probes[2].id: want 2, have 7")
	require.Zero(t, b.Len())
	require.Empty(t, s.Hash())
	s = sampleSet()
	s.Header.N++
	require.EqualError(t, s.Write(&b), "header.n: want 4, the number of probes, have 5")
	s = sampleSet()
	s.Header.Format = ""
	require.EqualError(t, s.Write(&b), `header.format: want "tickle-probes/1", have ""`)
	s = sampleSet()
	s.Probes[2].Steps[0].Packet.Payload = make(Hex, 65536-28)
	require.EqualError(t, s.Write(&b), "probes[2].steps[0].packet.payload: want a packet of at most 65535 bytes, have 65536")
	s.Probes[2].Steps[0].Packet.Payload = make(Hex, 65535-28)
	require.NoError(t, s.Write(&b))
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "probes.jsonl")
	s := sampleSet()
	require.NoError(t, s.WriteFile(path))
	got, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, s, got)

	bad := sampleSet()
	bad.Probes[0].ID = 1
	require.EqualError(t, bad.WriteFile(path), path+": probes[0].id: want 0, have 1")
	got, err = ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, s, got)

	taken := filepath.Join(dir, "taken")
	require.NoError(t, os.MkdirAll(filepath.Join(taken, "inside"), 0o755))
	require.Error(t, s.WriteFile(taken))
	require.Error(t, s.WriteFile(filepath.Join(dir, "missing", "probes.jsonl")))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "a temporary file is left")

	_, err = ReadFile(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// FuzzRead: what is read is written and read again as the same; what is not
// read gives one line that begins with the place.
func FuzzRead(f *testing.F) {
	f.Add(written(f, sampleSet()))
	random, err := Generate("random", Config{N: 3, Seed: 8})
	require.NoError(f, err)
	f.Add(written(f, random))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Read(bytes.NewReader(b), "x")
		if err != nil {
			require.Regexp(t, `^x:[0-9]+: [^\n\r]+$`, err.Error())
			return
		}
		again := written(t, s)
		s2, err := Read(bytes.NewReader(again), "x")
		require.NoError(t, err)
		require.Equal(t, again, written(t, s2))
		require.Equal(t, s.Hash(), s2.Hash())
		require.NoError(t, s.Show(new(bytes.Buffer), 0))
	})
}

func BenchmarkRead(b *testing.B) {
	s, err := Generate("random", Config{N: 5_000, Seed: 1})
	require.NoError(b, err)
	text := written(b, s)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := Read(bytes.NewReader(text), "x")
		require.NoError(b, err)
	}
}
