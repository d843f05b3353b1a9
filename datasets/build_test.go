package datasets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testRun is a run in memory, beside its folder.
type testRun struct {
	dir       string
	machines  []Machine
	summaries [][]Summary // by machine
	texts     Interner
}

// makeRun writes a run whose machines agree mostly, as machines do. The last
// machine loses a tenth of its probes.
func makeRun(t testing.TB, seed uint64, machines, probes int) *testRun {
	rng := rand.New(rand.NewPCG(seed, 3))
	r := &testRun{dir: t.TempDir()}
	kinds := make([][]Summary, 3)
	for k := range kinds {
		kinds[k] = randomSummaries(probes, rng, &r.texts)
	}
	now := time.Unix(1, 0).UTC()
	man := Manifest{Format: RunFormat, Pool: "test", PoolHash: "beef", Seed: seed, Finished: &now,
		Plans: []Plan{{Name: "random", SHA256: "cafe", N: probes, Repeats: 6, Order: Shuffled}}}
	for m := range machines {
		machine := Machine{Name: fmt.Sprintf("m%d", m), Group: fmt.Sprintf("g%d", m/2), Modelled: true,
			Labels: Labels{Kernel: [Levels]string{"Linux", "Linux 2", fmt.Sprint("Linux 2.", m%3)}, Distribution: [Levels]string{"Linux", "D", fmt.Sprint("D", m%2)}}}
		r.machines = append(r.machines, machine)
		s := append([]Summary(nil), kinds[rng.IntN(len(kinds))]...)
		for p := range s {
			s[p].Answered = 6 * min(1, s[p].Answered)
			if rng.IntN(10) == 0 {
				s[p].Fields[IPTTL] = FieldSummary{State: Present, Value: uint64(rng.IntN(9)), Distinct: 1}
			}
			if rng.IntN(20*probes) == 0 || m == machines-1 && rng.IntN(10) == 0 {
				s[p].Answered = 3
			}
		}
		r.summaries = append(r.summaries, s)
		h := SummaryHeader{Machine: machine.Name, Plan: "random", Probes: "cafe", Seed: seed}
		writeSummaries(t, SummaryPath(r.dir, "random", machine.Name), h, s, &r.texts)
		man.Parts = append(man.Parts, Part{Plan: "random", Machine: machine.Name})
	}
	man.Machines = r.machines
	require.NoError(t, man.Write(nil, r.dir))
	return r
}

// naive gives every column that stays as one string a cell, by definition.
// Only rows for which decides holds drop anything.
func (r *testRun) naive(loss LossPolicy, nondet NondetPolicy, decides func(row int) bool) map[Column][]string {
	probes := len(r.summaries[0])
	masked := make([]bool, len(r.machines))
	for m, s := range r.summaries {
		n := 0
		for p := range s {
			if s[p].Lossy() {
				n++
			}
		}
		masked[m] = float64(n) > 0.01*float64(probes)
	}
	out := make(map[Column][]string)
	for p := range probes {
		for f := range FieldID(NumFields) {
			drop := false
			var column []string
			for m := range r.machines {
				s := &r.summaries[m][p]
				x := s.Fields[f]
				cell := fmt.Sprintf("=%d", x.Value)
				may := !masked[m] && decides(m)
				switch {
				case s.Lossy():
					cell = "?"
					drop = drop || loss == DropProbe && may
				case x.State == Nondet:
					cell = "?"
					if nondet == Category {
						cell = "~"
					}
					drop = drop || nondet == DropNondet && may
				case x.State == Absent:
					cell = "-"
				case Catalogue[f].Type == Text:
					cell = "=" + r.texts.Text(x.Value)
				}
				column = append(column, cell)
			}
			if !drop {
				out[Column{Probe: int32(p), Field: f}] = column
			}
		}
	}
	return out
}

// decoded gives a selection's columns as naive does.
func decoded(d *Dataset, s *Selection) map[Column][]string {
	chosen := make(map[int32]bool)
	for _, id := range s.IDs {
		chosen[id] = true
	}
	out := make(map[Column][]string)
	m := d.Matrix
	for c, column := range m.Columns {
		if !chosen[m.Part[c]] {
			continue
		}
		var cells []string
		for _, code := range m.Codes(m.Part[c]) {
			cells = append(cells, m.cellText(c, code))
		}
		out[column] = cells
	}
	return out
}

func (m *Matrix) cellText(c int, code Code) string {
	if code == Missing {
		return "?"
	}
	switch v := m.Values(c)[code]; {
	case v.State == Absent:
		return "-"
	case v.State == Nondet:
		return "~"
	case Catalogue[m.Columns[c].Field].Type == Text:
		return "=" + m.Texts[v.Number]
	default:
		return fmt.Sprintf("=%d", v.Number)
	}
}

func everyRow(int) bool { return true }

func TestBuildIsTheNaiveMatrix(t *testing.T) {
	r := makeRun(t, 11, 9, 150)
	for _, loss := range []LossPolicy{DropProbe, MaskLoss} {
		for _, nondet := range []NondetPolicy{MaskNondet, DropNondet, Category} {
			t.Run(fmt.Sprint(loss, " ", nondet), func(t *testing.T) {
				d, err := Build(context.Background(), r.dir, BuildOptions{Loss: loss, Nondet: nondet})
				require.NoError(t, err)
				want := r.naive(loss, nondet, everyRow)
				got := decoded(d, d.Matrix.All())
				require.Equal(t, len(want), len(got))
				for column, cells := range want {
					if !slices.Equal(cells, got[column]) {
						require.Equal(t, cells, got[column], "%v", column)
					}
				}
				require.Equal(t, []LossyMachine{{"m8", d.Meta.LossyMachines[0].Probes}}, d.Meta.LossyMachines)
				checkPartitions(t, d.Matrix)
			})
		}
	}
}

// checkPartitions holds a matrix to its definition: two columns have one
// partition exactly when they group the rows alike.
func checkPartitions(t *testing.T, m *Matrix) {
	seen := make(map[string]int32)
	count := make([]int32, len(m.Parts))
	for c, p := range m.Part {
		key := string(appendCodes(nil, m.Codes(p)))
		if first, ok := seen[key]; ok {
			require.Equal(t, first, p)
		} else {
			require.Equal(t, int32(len(seen)), p, "partitions stand in order of their first column")
			require.Equal(t, int32(c), m.Parts[p].First)
			seen[key] = p
		}
		count[p]++
		require.Len(t, m.Values(c), m.Parts[p].Distinct)
		next := Code(0)
		for _, code := range m.Codes(p) {
			if !(code == Missing && m.Parts[p].Missing || code <= next && code < Code(m.Parts[p].Distinct)) {
				t.Fatalf("partition %d: code %d", p, code)
			}
			if code == next {
				next++
			}
		}
	}
	for p := range m.Parts {
		require.Equal(t, count[p], m.Parts[p].Columns)
	}
}

func TestFilterForIsTheNaiveFilter(t *testing.T) {
	r := makeRun(t, 5, 8, 200)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, nondet := range []NondetPolicy{MaskNondet, DropNondet} {
		d, err := Build(context.Background(), r.dir, BuildOptions{Loss: DropProbe, Nondet: nondet, Filter: FilterTrain})
		require.NoError(t, err)
		for range 4 {
			var rows []int32
			train := make(map[int]bool)
			for m := range r.machines {
				if rng.IntN(2) == 0 {
					rows, train[m] = append(rows, int32(m)), true
				}
			}
			s := d.FilterFor(rows, Prone)
			want := r.naive(DropProbe, nondet, func(m int) bool { return train[m] })
			require.Equal(t, len(want), s.D)
			mult := make(map[int32]int32)
			for c, column := range d.Matrix.Columns {
				if cells, ok := want[column]; ok {
					mult[d.Matrix.Part[c]]++
					for m, code := range d.Matrix.Codes(d.Matrix.Part[c]) {
						if got := d.Matrix.cellText(c, code); got != cells[m] {
							require.Equal(t, cells[m], got)
						}
					}
				}
			}
			for i, id := range s.IDs {
				require.Equal(t, mult[id], s.Mult[i])
			}
			require.Len(t, s.IDs, len(mult))
		}
	}
}

func TestSelectVetted(t *testing.T) {
	r := makeRun(t, 5, 4, 50)
	d, err := Build(context.Background(), r.dir, BuildOptions{})
	require.NoError(t, err)
	require.Equal(t, DropProbe, d.Meta.Loss, "a modelled pool")
	vetted := 0
	for f := range FieldID(NumFields) {
		if Catalogue[f].Vetted() {
			vetted++
		}
	}
	probes := len(d.Matrix.Columns) / NumFields
	require.Equal(t, probes*NumFields, d.Select(Prone).D)
	require.Equal(t, probes*vetted, d.Select(Vetted).D)
}

func TestBuildRepeats(t *testing.T) {
	r := makeRun(t, 8, 3, RowsPerGroup+40)
	var dirs []string
	var hashes []string
	for _, procs := range []int{1, 2} {
		old := runtime.GOMAXPROCS(procs)
		d, err := Build(context.Background(), r.dir, BuildOptions{Nondet: Category})
		runtime.GOMAXPROCS(old)
		require.NoError(t, err)
		dir := filepath.Join(t.TempDir(), "data")
		require.NoError(t, d.Write(nil, dir))
		dirs, hashes = append(dirs, dir), append(hashes, d.Hash())
	}
	require.Equal(t, hashes[0], hashes[1])
	files, err := os.ReadDir(dirs[0])
	require.NoError(t, err)
	require.Len(t, files, 6)
	for _, f := range files {
		a, err := os.ReadFile(filepath.Join(dirs[0], f.Name()))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dirs[1], f.Name()))
		require.NoError(t, err)
		require.True(t, string(a) == string(b), f.Name())
	}
	built, err := Build(context.Background(), r.dir, BuildOptions{Nondet: Category})
	require.NoError(t, err)
	opened, err := Open(dirs[0])
	require.NoError(t, err)
	opened.Meta.Files = nil
	require.Equal(t, built.Meta, opened.Meta)
	require.Equal(t, built.Matrix.Machines, opened.Matrix.Machines)
	require.True(t, reflect.DeepEqual(built.Matrix, opened.Matrix))
	require.Equal(t, built.Lossy, opened.Lossy)
}

// TestBuildOfSomeProbes: the columns of some probes are what they are among
// all, whatever the others lack.
func TestBuildOfSomeProbes(t *testing.T) {
	const run = "../testdata/lab/run"
	whole, err := Build(context.Background(), run, BuildOptions{Loss: MaskLoss})
	require.NoError(t, err)
	some, err := Build(context.Background(), run, BuildOptions{Loss: MaskLoss, Probes: []int{7, 3, 3, 90}})
	require.NoError(t, err)
	require.Equal(t, 3, some.Meta.Sent)
	require.Empty(t, some.Meta.LossyProbes)
	at := 0
	for c, column := range whole.Matrix.Columns {
		if column.Probe != 3 && column.Probe != 7 && column.Probe != 90 {
			continue
		}
		require.Equal(t, column, some.Matrix.Columns[at])
		codes, want := some.Matrix.Codes(some.Matrix.Part[at]), whole.Matrix.Codes(whole.Matrix.Part[c])
		for row := range want {
			require.Equal(t, whole.Matrix.cellText(c, want[row]), some.Matrix.cellText(at, codes[row]))
		}
		at++
	}
	require.Equal(t, at, len(some.Matrix.Columns))
	_, err = Build(context.Background(), run, BuildOptions{Probes: []int{200}})
	require.ErrorContains(t, err, "probe 200: plan random has probes 0 to 199")
}

func TestBuildEnds(t *testing.T) {
	r := makeRun(t, 8, 5, 40)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Build(ctx, r.dir, BuildOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestBuildRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, r *testRun)
		opt    BuildOptions
		want   string
	}{
		{"no run", func(t *testing.T, r *testRun) { require.NoError(t, os.Remove(ManifestPath(r.dir))) }, BuildOptions{}, "run folder"},
		{"unknown key", func(t *testing.T, r *testRun) { write(t, ManifestPath(r.dir), `{"bogus":1}`) }, BuildOptions{}, "bogus"},
		{"other format", func(t *testing.T, r *testRun) { write(t, ManifestPath(r.dir), `{"format":"tickle-run/9"}`) }, BuildOptions{}, "tickle-run/9"},
		{"machine gone", func(t *testing.T, r *testRun) { require.NoError(t, os.Remove(SummaryPath(r.dir, "random", "m1"))) }, BuildOptions{}, "m1.summary.parquet"},
		{"file of another machine", func(t *testing.T, r *testRun) {
			require.NoError(t, os.Rename(SummaryPath(r.dir, "random", "m0"), SummaryPath(r.dir, "random", "m1")))
		}, BuildOptions{Workers: 1}, "summary.parquet"},
		{"cut", func(t *testing.T, r *testRun) {
			require.NoError(t, os.Truncate(SummaryPath(r.dir, "random", "m1"), 1000))
		}, BuildOptions{}, "m1.summary.parquet: cut"},
		{"policy", func(t *testing.T, r *testRun) {}, BuildOptions{Loss: "none"}, "drop-probe or mask"},
		{"plan", func(t *testing.T, r *testRun) {}, BuildOptions{Plan: "nmap"}, `plan "nmap"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := makeRun(t, 1, 3, 20)
			c.damage(t, r)
			_, err := Build(context.Background(), r.dir, c.opt)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func write(t *testing.T, path, s string) { require.NoError(t, os.WriteFile(path, []byte(s), 0o666)) }

func TestOpenRefusesDamage(t *testing.T) {
	r := makeRun(t, 2, 4, 30)
	d, err := Build(context.Background(), r.dir, BuildOptions{})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(4, 4))
	for _, name := range []string{metaFile, machinesFile, columnsFile, partitionsFile, textsFile, lossyFile} {
		dir := t.TempDir()
		require.NoError(t, d.Write(nil, dir))
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		for range 20 {
			bad := append([]byte(nil), good...)
			bad[rng.IntN(len(bad))] ^= byte(1 + rng.IntN(255))
			write(t, path, string(bad))
			_, err = Open(dir)
			if name == metaFile && err == nil {
				continue // white space, or a key's case
			}
			require.Error(t, err)
			require.Contains(t, err.Error(), dir)
			require.False(t, strings.Contains(err.Error(), "\n"), err.Error())
		}
		write(t, path, string(good[:len(good)/2]))
		_, err = Open(dir)
		require.ErrorContains(t, err, name)
	}
}

func BenchmarkBuild(b *testing.B) {
	const machines, probes = 24, 2 * RowsPerGroup
	r := makeRun(b, 1, machines, probes)
	b.ReportAllocs()
	for b.Loop() {
		_, err := Build(context.Background(), r.dir, BuildOptions{})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(machines*probes*float64(NumFields)), "ns/cell")
}

func BenchmarkGroup(b *testing.B) {
	const rows, columns = 329, 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	cells := make([]cell, rows*4096)
	for p := range 4096 {
		kinds := 1 + rng.IntN(1+p%40)
		for r := range rows {
			cells[p*rows+r] = cell(rng.IntN(kinds) * 7919)
		}
	}
	machines := make([]Machine, rows)
	b.ReportAllocs()
	for b.Loop() {
		g := NewGrouper(machines)
		c := newCoder(rows)
		var codes []Code
		var values []Value
		each := apart(make([]bool, rows))
		for i := range columns {
			at := i % 4096 * rows
			codes, values = c.encode(cells[at:at+rows], each.of, codes[:0], values[:0])
			g.Add(Column{Probe: int32(i), Field: IPTTL}, codes, values)
		}
		g.Matrix(nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/columns, "ns/column")
}
