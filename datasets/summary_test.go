package datasets

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// answer makes an observation of fields and values in turn.
func answer(pairs ...uint64) (o Observation) {
	for i := 0; i < len(pairs); i += 2 {
		o.Set(FieldID(pairs[i]), pairs[i+1])
	}
	return o
}

func TestSummarize(t *testing.T) {
	ttl := func(v uint64) Observation { return answer(uint64(AnswerKind), uint64(KindTCP), uint64(IPTTL), v) }
	rst := answer(uint64(AnswerKind), uint64(KindTCP))
	yes, no := true, false
	for _, c := range []struct {
		name     string
		obs      []Observation
		answered []bool
		ttl      FieldSummary
		kind     FieldSummary
		n        uint16
		lossy    bool
	}{
		{"one value", []Observation{ttl(64), ttl(64), ttl(64)}, []bool{yes, yes, yes},
			FieldSummary{Present, 64, 1, 0}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 3, false},
		{"two values", []Observation{ttl(64), ttl(64), ttl(63)}, []bool{yes, yes, yes},
			FieldSummary{Nondet, 0, 2, 3}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 3, false},
		{"three values", []Observation{ttl(1), ttl(2), ttl(1), ttl(3)}, []bool{yes, yes, yes, yes},
			FieldSummary{Nondet, 0, 3, 2}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 4, false},
		{"absence is an outcome", []Observation{ttl(64), rst}, []bool{yes, yes},
			FieldSummary{Nondet, 0, 2, 2}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 2, false},
		{"absent with the value of before", []Observation{rst, rst}, []bool{yes, yes},
			FieldSummary{Absent, 0, 1, 0}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 2, false},
		{"never answered", []Observation{ttl(9), ttl(8)}, []bool{no, no},
			FieldSummary{Absent, 0, 1, 0}, FieldSummary{Present, uint64(KindNone), 1, 0}, 0, false},
		{"lossy: only answers count", []Observation{ttl(9), ttl(64), ttl(64)}, []bool{no, yes, yes},
			FieldSummary{Present, 64, 1, 0}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 2, true},
		{"lossy and varying: first counts repeats", []Observation{ttl(64), ttl(9), ttl(63)}, []bool{yes, no, yes},
			FieldSummary{Nondet, 0, 2, 3}, FieldSummary{Present, uint64(KindTCP), 1, 0}, 2, true},
		{"kinds differ", []Observation{ttl(64), answer(uint64(AnswerKind), uint64(KindICMP))}, []bool{yes, yes},
			FieldSummary{Nondet, 0, 2, 2}, FieldSummary{Nondet, 0, 2, 2}, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Summary{Probe: 7, Answers: 5}
			Summarize(&s, c.obs, c.answered)
			require.Equal(t, c.ttl, s.Fields[IPTTL])
			require.Equal(t, c.kind, s.Fields[AnswerKind])
			require.Equal(t, FieldSummary{Absent, 0, 1, 0}, s.Fields[TCPWindow])
			require.Equal(t, c.n, s.Answered)
			require.Equal(t, uint16(len(c.obs)), s.Repeats)
			require.Equal(t, c.lossy, s.Lossy())
			require.Equal(t, [2]uint32{7, 5}, [2]uint32{uint32(s.Probe), s.Answers})
		})
	}
}

// randomSummaries are n summaries over every state and type.
func randomSummaries(n int, rng *rand.Rand, texts *Interner) []Summary {
	out := make([]Summary, n)
	for i := range out {
		s := &out[i]
		s.Probe, s.Repeats, s.Answered = int32(i), 6, 6
		answered := rng.IntN(2) == 0
		switch {
		case !answered:
			s.Answered = 0
		case rng.IntN(50) == 0:
			s.Answered = 4
		}
		s.Answers = uint32(s.Answered)
		for f := range s.Fields {
			s.Fields[f] = FieldSummary{State: Absent, Distinct: 1}
			if !answered || FieldID(f) >= ICMPType {
				continue
			}
			v := uint64(rng.IntN(4))
			if manyValued[f] {
				v = uint64(rng.Uint32())
			}
			if Catalogue[f].Type == Text {
				v = texts.ID(fmt.Appendf(nil, "MSS,%d", v))
			}
			s.Fields[f] = FieldSummary{State: Present, Value: v, Distinct: 1}
			if rng.IntN(20) == 0 {
				s.Fields[f] = FieldSummary{State: Nondet, Distinct: uint16(2 + rng.IntN(5)), First: uint16(2 + rng.IntN(5))}
			}
		}
		s.Fields[AnswerKind] = FieldSummary{State: Present, Value: uint64(KindNone), Distinct: 1}
		if answered {
			s.Fields[AnswerKind].Value = uint64(KindTCP)
		}
	}
	return out
}

func writeSummaries(t testing.TB, path string, h SummaryHeader, s []Summary, texts *Interner) {
	w, err := CreateSummary(path, h)
	require.NoError(t, err)
	w.SetCounts(Counts{Exchanges: int64(len(s)) * 6, Late: 3})
	for i := range s {
		if err := w.Write(&s[i], texts); err != nil {
			t.Fatal(err)
		}
	}
	require.NoError(t, w.Close())
}

func TestSummaryFile(t *testing.T) {
	var texts, again Interner
	h := SummaryHeader{Machine: "m 1", Plan: "random", Probes: "ab12", Seed: 1<<64 - 1}
	want := randomSummaries(2*RowsPerGroup+17, rand.New(rand.NewPCG(1, 2)), &texts)
	path := filepath.Join(t.TempDir(), "new", "a.parquet")
	writeSummaries(t, path, h, want, &texts)
	f, err := OpenSummary(path)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, h, f.Header)
	require.Equal(t, int64(3), f.Counts.Late)
	require.Equal(t, 3, f.Groups())
	var got []Summary
	for g := range f.Groups() {
		s, err := f.Read(g, &again)
		require.NoError(t, err)
		got = append(got, s...)
	}
	require.Equal(t, len(want), len(got))
	for i := range want {
		for _, field := range []FieldID{TCPOptionsOrder, TCPOptionsOther, TCPOptionsMalformed} {
			if a, b := &want[i].Fields[field], &got[i].Fields[field]; a.State == Present && b.State == Present {
				require.Equal(t, texts.Text(a.Value), again.Text(b.Value))
				a.Value, b.Value = 0, 0
			}
		}
		if want[i] != got[i] {
			require.Equal(t, want[i], got[i])
		}
	}
	path2 := filepath.Join(t.TempDir(), "b.parquet")
	writeSummaries(t, path2, h, randomSummaries(2*RowsPerGroup+17, rand.New(rand.NewPCG(1, 2)), new(Interner)), &texts)
	a, err := os.ReadFile(path)
	require.NoError(t, err)
	b, err := os.ReadFile(path2)
	require.NoError(t, err)
	require.True(t, string(a) == string(b), "the same summaries must be the same bytes")
}

func BenchmarkSummaryWrite(b *testing.B) {
	var texts Interner
	s := randomSummaries(50_000, rand.New(rand.NewPCG(1, 2)), &texts)
	path := filepath.Join(b.TempDir(), "a.parquet")
	b.ReportAllocs()
	for b.Loop() {
		writeSummaries(b, path, SummaryHeader{}, s, &texts)
	}
	info, err := os.Stat(path)
	require.NoError(b, err)
	b.ReportMetric(float64(info.Size())/50_000, "B/probe")
}

func BenchmarkSummaryRead(b *testing.B) {
	var texts Interner
	s := randomSummaries(50_000, rand.New(rand.NewPCG(1, 2)), &texts)
	path := filepath.Join(b.TempDir(), "a.parquet")
	writeSummaries(b, path, SummaryHeader{}, s, &texts)
	var c cells
	b.ReportAllocs()
	for b.Loop() {
		f, err := OpenSummary(path)
		require.NoError(b, err)
		for g := range f.Groups() {
			for i := range summaryColumns(Packets) {
				require.NoError(b, f.t.read(g, i, &c))
			}
		}
		require.NoError(b, f.Close())
	}
}
