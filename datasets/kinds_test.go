package datasets

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Machines are of one kind where their bytes are the same, whatever a hash
// says.
func TestKindsAreToldApartByBytes(t *testing.T) {
	k := kinds{head: make(map[uint64]int32)}
	var got []int32
	for _, text := range []string{"aa", "bb", "aa", "a", "bb", "", "", "aab"} {
		start := len(k.bytes)
		k.bytes = append(k.bytes, text...)
		kind, seen := k.match(7, start) // one hash for all
		if seen {
			k.bytes = k.bytes[:start]
		} else {
			k.ends = append(k.ends, len(k.bytes))
		}
		got = append(got, kind)
	}
	require.Equal(t, []int32{0, 1, 0, 2, 1, 3, 3, 4}, got)
}

// Machines that answer alike are read as one and must still be told apart
// where one of them is lossy or masked.
func TestMachinesThatAnswerAlikeAreReadAsOne(t *testing.T) {
	const machines, probes = 12, 300
	r := &testRun{dir: t.TempDir()}
	now := time.Unix(1, 0).UTC()
	man := Manifest{Format: RunFormat, Pool: "test", Seed: 1, Finished: &now,
		Plans: []Plan{{Name: "random", SHA256: "cafe", N: probes, Repeats: 6, Order: Shuffled}}}
	for m := range machines {
		s := make([]Summary, probes)
		for p := range s {
			s[p] = Summary{Probe: int32(p), Repeats: 6, Answered: 6}
			for f := range s[p].Fields {
				s[p].Fields[f] = FieldSummary{State: Present, Value: uint64(p % 7), Distinct: 1}
				if p%11 == 0 {
					s[p].Fields[f] = FieldSummary{State: Nondet, Distinct: 2, First: 3}
				}
			}
			for _, f := range []FieldID{TCPOptionsOrder, TCPOptionsOther, TCPOptionsMalformed} {
				s[p].Fields[f] = FieldSummary{State: Absent, Distinct: 1}
			}
			if p == 20*m || m == machines-1 && p%9 == 0 { // the last is masked
				s[p].Answered = 2
			}
		}
		name := fmt.Sprintf("m%d", m)
		r.machines, r.summaries = append(r.machines, Machine{Name: name, Group: name}), append(r.summaries, s)
		writeSummaries(t, SummaryPath(r.dir, "random", name), SummaryHeader{Machine: name, Plan: "random", Probes: "cafe", Seed: 1}, s, &r.texts)
	}
	man.Machines = r.machines
	require.NoError(t, man.Write(nil, r.dir))
	for _, loss := range []LossPolicy{DropProbe, MaskLoss} {
		for _, nondet := range []NondetPolicy{MaskNondet, DropNondet, Category} {
			d, err := Build(context.Background(), r.dir, BuildOptions{Loss: loss, Nondet: nondet})
			require.NoError(t, err)
			require.Equal(t, r.naive(loss, nondet, everyRow), decoded(d, d.Matrix.All()), "%v, %v", loss, nondet)
		}
	}
	b, err := newBuilder(r.dir, &BuildOptions{})
	require.NoError(t, err)
	defer b.close()
	require.NoError(t, b.open(context.Background()))
	require.NoError(t, b.findLoss(context.Background()))
	b.grouper = NewGrouper(b.machines)
	u := newUnit(b)
	require.NoError(t, u.read(0, IPTTL))
	require.Equal(t, []int32{0}, u.kinds.first)
	require.Equal(t, []int64{machines}, u.kinds.machines)
}
