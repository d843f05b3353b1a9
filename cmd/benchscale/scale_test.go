package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test is its own child: a point's process is this program again.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-stage") {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestALineIsFittedAsItShouldBe(t *testing.T) {
	var l slope
	l.fit([]float64{1, 2, 4, 8}, []float64{3, 7, 11, 25})
	lx, ly := []float64{0, 1, 2, 3}, []float64{math.Log2(3), math.Log2(7), math.Log2(11), math.Log2(25)}
	b := (-1.5*ly[0] - .5*ly[1] + .5*ly[2] + 1.5*ly[3]) / 5 // by hand, in base 2
	require.InDelta(t, b, l.Exponent, 1e-12)
	a, rest := (ly[0]+ly[1]+ly[2]+ly[3])/4-1.5*b, 0.0
	for i := range lx {
		rest += (ly[i] - a - b*lx[i]) * (ly[i] - a - b*lx[i])
	}
	require.InDelta(t, math.Sqrt(rest/2/5), l.StdErr, 1e-12)
	require.InDelta(t, math.Exp2(a), l.Factor, 1e-12)
	require.InDelta(t, math.Log2(25./11), l.Last, 1e-12)

	l.fit([]float64{1, 4, 16, 16}, []float64{5, 40, 320, 320}) // 5·x^1.5
	require.InDelta(t, 1.5, l.Exponent, 1e-12)
	require.InDelta(t, 0, l.StdErr, 1e-7)
	require.InDelta(t, 5*math.Pow(9, 1.5), l.at(9), 1e-9)
}

func TestOnlyOneAxisDiffersAlongACurve(t *testing.T) {
	base := point{100, 10}
	var all []measurement
	for _, p := range base.around() {
		for _, stage := range []string{collectStage, storeStage} {
			all = append(all, measurement{point: p, Stage: stage, CPU: float64(p.Probes) * math.Pow(float64(p.Machines), 2)})
		}
	}
	fitted := slopes(base, all)
	require.Len(t, fitted, 4, "memory is not known and not fitted")
	g := growth{Base: base, Points: all, Slopes: fitted}
	require.NoError(t, g.draw(t.TempDir()))
	for _, l := range fitted {
		want, n := 1.0, 4
		if l.Axis == byMachines {
			want, n = 2, 3
		}
		require.InDelta(t, want, l.Exponent, 1e-3, l)
		require.Equal(t, n, l.N)
	}
}

func TestMachinesHaveNamesOfTheirOwn(t *testing.T) {
	for _, n := range []int{1, 20, 328, 329, 700} {
		p, err := machinesOf(n)
		require.NoError(t, err)
		require.Len(t, p.Machines, n)
		names := map[string]bool{}
		for i := range p.Machines {
			names[p.Machines[i].Name] = true
		}
		require.Len(t, names, n)
	}
}

func TestBenchMeasuresDrawsAndResumes(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-o", dir, "-probes", "32", "-machines", "4", "-rounds", "1", "-kills", "1"}, &out))
	require.Contains(t, out.String(), "killed 1 times")
	b, err := os.ReadFile(filepath.Join(dir, "scale.json"))
	require.NoError(t, err)
	var g growth
	require.NoError(t, json.Unmarshal(b, &g))
	require.Len(t, g.Points, 12)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"scale.json", "scale.png", "scale.svg"}, names)
}

// The paper's way of sending, at a size that a test can wait for: whatever the
// moment of the kills, the data is that of a run without any.
func TestAKilledRunEndsWithTheSameData(t *testing.T) {
	require.NoError(t, killed(context.Background(), t.TempDir(), point{1500, 24}, 4))
}

func TestDataThatDiffersIsNoticed(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "random"), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "random", name), []byte(text), 0o666))
	}
	require.ErrorContains(t, sameData(a, b), "no data")
	write(a, "x", "1")
	require.ErrorContains(t, sameData(a, b), "is not what")
	write(b, "x", "2")
	require.ErrorContains(t, sameData(a, b), "is not what")
	write(b, "x", "1")
	require.NoError(t, sameData(a, b))
	write(b, "y", "1")
	require.ErrorContains(t, sameData(a, b), "too many")
}
