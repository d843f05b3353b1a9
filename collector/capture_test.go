package collector

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/datasets"
)

func TestCaptureHasAllPacketsAndSaysWhoseTheyAre(t *testing.T) {
	var stacks []*stack
	b := backend{mood: mood{record: true, duplicate: 3, late: 3, stray: 9, malformed: 9}, configure: func(_ *pool.Machine, l *virtualLink) { stacks = append(stacks, l.stack) }}
	cfg := testConfig(t, t.TempDir(), b)
	cfg.Pool, cfg.Plans, cfg.Keep = testPool(1), cfg.Plans[:1], KeepRaw
	cfg.Plans[0].Pace = 10_000 // so that what is late comes before the end
	report, err := Collect(context.Background(), cfg)
	require.NoError(t, err)

	f, err := os.Open(CapturePath(cfg.Dir, "random", "m00"))
	require.NoError(t, err)
	defer f.Close()
	reader, err := pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
	require.NoError(t, err)
	require.Equal(t, layers.LinkTypeRaw, reader.LinkType())
	index, err := os.Open(CaptureIndexPath(cfg.Dir, "random", "m00"))
	require.NoError(t, err)
	defer index.Close()
	rows, err := csv.NewReader(index).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"packet", "time_us", "kind", "probe", "repeat", "step"}, rows[0])

	kinds := map[string]int64{}
	sent := stacks[0].sent
	last := int64(0)
	for i, row := range rows[1:] {
		packet, info, err := reader.ReadPacketData()
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(i+1), row[0])
		require.Equal(t, strconv.FormatInt(info.Timestamp.UnixMicro(), 10), row[1])
		require.GreaterOrEqual(t, info.Timestamp.UnixMicro(), last)
		last = info.Timestamp.UnixMicro()
		kinds[row[2]]++
		if row[2] == "probe" || row[2] == "teardown" {
			require.Equal(t, sent[0], packet)
			sent = sent[1:]
		}
		if row[2] == "probe" {
			id, err := strconv.Atoi(row[3])
			require.NoError(t, err)
			want := cfg.Plans[0].Set.Probes[id].Steps[0].Packet
			require.Equal(t, want.IP.ID, uint16(packet[4])<<8|uint16(packet[5]))
			require.Equal(t, want.TCP.Seq, parseTCP(packet[20:]).seq)
		}
	}
	_, _, err = reader.ReadPacketData()
	require.ErrorIs(t, err, io.EOF)
	require.Empty(t, sent)
	total := report.Total
	require.Equal(t, map[string]int64{"probe": total.Sent, "answer": total.Answers, "late": total.Late, "unmatched": total.Unmatched,
		"malformed": total.Malformed, "teardown": total.Teardowns}, kinds)
}

func TestOrderedPlansKeepBytesAndTimes(t *testing.T) {
	cfg := testConfig(t, t.TempDir(), backend{mood: mood{delay: 120}})
	cfg.Observations = ObserveNone
	_, err := Collect(context.Background(), cfg)
	require.NoError(t, err)
	require.NoFileExists(t, datasets.ObservationPath(cfg.Dir, "random", "m00"))
	require.NoFileExists(t, CapturePath(cfg.Dir, "random", "m00"))
	require.FileExists(t, CapturePath(cfg.Dir, "ordered", "m00"))
	f, err := datasets.OpenObservations(datasets.ObservationPath(cfg.Dir, "ordered", "m00"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := f.Read(0, new(datasets.Interner))
	require.NoError(t, err)
	require.Len(t, rows, 9)
	for i, row := range rows { // by probe, then repeat
		require.EqualValues(t, i/3, row.Probe)
		require.EqualValues(t, i%3, row.Repeat)
		require.Equal(t, int64(i/3+i%3*3)*DefaultSpacing, row.Sent)
		require.Len(t, row.Answers, 1)
		require.Equal(t, row.Sent+120, row.Answers[0].At)
		p, ok := parseIPv4(row.Answers[0].Bytes)
		require.True(t, ok)
		if row.Probe == 1 {
			require.EqualValues(t, "hello", bytes.TrimLeft(p.body[8:], "\x00"))
		}
	}
}

// FuzzAccept sends anything at the engine in the middle of a run: it may
// count it or answer it, but goes on, and sends to the machine alone.
func FuzzAccept(f *testing.F) {
	f.Add(segment(nil, nil), uint16(0))
	f.Add(segment([]byte{2, 4}, nil)[:30], uint16(7))
	p, _ := parseIPv4(segment(nil, nil))
	f.Add(icmpPacket(&p, 3, 3, 0, p.packet[:28]), uint16(9))
	f.Add(icmpPacket(&p, 0, 3, 0, nil), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, copy uint16) {
		e := start(t, setup{plan: Plan{Set: dialogueSet()}, backend: backend{mood: mood{delay: 10}}})
		injected := false
		e.link.onSend = func() {
			if injected || e.next < 10 {
				return
			}
			injected = true
			if len(b) > pool.MaxPacket {
				b = b[:pool.MaxPacket]
			}
			if len(b) >= 24 { // so that it gets past the first doors
				source := e.g.pairs.source(uint64(copy) % 40)
				addr := source.Addr().As4()
				at := append(append([]byte{192, 0, 2, 1}, addr[:]...), 0, 22, byte(source.Port()>>8), byte(source.Port()))
				for i, v := range at {
					b[12+i] = v
				}
			}
			e.link.deliver(0, b)
		}
		require.NoError(t, e.run(context.Background()))
		require.EqualValues(t, 36, e.counts.Exchanges)
		require.Zero(t, e.dialogues.active)
		for c := range e.g.copies() {
			require.Contains(t, []exchangeState{sent, over}, e.tape.copies[c].state)
		}
		var tr transcriber
		tr.reset(6)
		for c := range e.g.copies() {
			require.NoError(t, tr.observe(e.engine, uint32(c), c%6))
		}
	})
}
