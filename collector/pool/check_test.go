package pool

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rows turns a table of counts into the two variables that it counts.
func rows(table [][]int) (x, y []int) {
	for i, row := range table {
		for j, n := range row {
			for range n {
				x, y = append(x, i), append(y, j)
			}
		}
	}
	return x, y
}

func TestCramer(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		table            [][]int
		plain, corrected float64
		digits           float64 // of the source
	}{
		// The first three are printed by R: cramerV of package rcompanion on
		// matrix(c(7,9,12,8), nrow=2) and matrix(c(6,9,8,5,12,9), nrow=2)
		// gives 0.1617 and 0.1775 (statology.org, "How to calculate Cramer's
		// V in R"); assocstats(margin.table(HairEyeColor, c(1,2))) of package
		// vcd gives 0.279. The corrected values follow by hand from
		// Bergsma's formulas: with χ²/n = 0.02614 below 1/35 it is 0; for
		// hair and eyes χ² = 138.29, n = 592, φ̃² = 0.21837, r̃ = c̃ = 3.98477.
		"R 2x2":     {[][]int{{7, 12}, {9, 8}}, 0.1617, 0, 5e-5},
		"R 2x3":     {[][]int{{6, 8, 12}, {9, 5, 9}}, 0.1775, 0, 5e-5},
		"R hair":    {[][]int{{68, 20, 15, 5}, {119, 84, 54, 29}, {26, 17, 14, 14}, {7, 94, 10, 16}}, 0.279, 0.2705, 5e-4},
		"identical": {[][]int{{10, 0}, {0, 10}}, 1, 1, 1e-12},
		"free":      {[][]int{{5, 5}, {5, 5}}, 0, 0, 1e-12},
		// χ²/n = 0.36, n = 20: φ̃² = 0.36 − 1/19, r̃ − 1 = 1 − 1/19, so that
		// Ṽ² = (6.84 − 1)/18.
		"by hand":         {[][]int{{8, 2}, {2, 8}}, 0.6, math.Sqrt(5.84 / 18), 1e-12},
		"an empty column": {[][]int{{8, 0, 2}, {2, 0, 8}}, 0.6, math.Sqrt(5.84 / 18), 1e-12},
		"one row":         {[][]int{{3, 4, 5}}, nan, nan, 0},
		"one column":      {[][]int{{3}, {4}}, nan, nan, 0},
		"nothing":         {nil, nan, nan, 0},
		"one machine":     {[][]int{{1}}, nan, nan, 0},
		"all different":   {[][]int{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, 1, nan, 1e-12},
	} {
		t.Run(name, func(t *testing.T) {
			x, y := rows(c.table)
			for range 2 { // it is symmetric
				plain, corrected := cramer(x, y)
				if math.IsNaN(c.plain) {
					require.True(t, math.IsNaN(plain), "plain %v", plain)
				} else {
					require.InDelta(t, c.plain, plain, c.digits)
				}
				if math.IsNaN(c.corrected) {
					require.True(t, math.IsNaN(corrected), "corrected %v", corrected)
				} else {
					require.InDelta(t, c.corrected, corrected, c.digits)
				}
				x, y = y, x
			}
		})
	}
}

// fake is a backend that dislikes some images.
type fake struct {
	name  string
	wrong map[string]error
}

func (f fake) Name() string            { return f.name }
func (f fake) Modelled() bool          { return true }
func (f fake) Stack(m *Machine) string { return f.name + " " + m.Image }
func (f fake) Check(m *Machine) error  { return f.wrong[m.Image] }
func (f fake) Open(context.Context, *Machine, Net, uint64) (Link, error) {
	return nil, errors.New("a check starts nothing")
}

func backends(bs ...fake) map[string]Backend {
	m := map[string]Backend{}
	for _, b := range bs {
		m[b.name] = b
	}
	return m
}

func TestCheck(t *testing.T) {
	p := read(t, twoEntries)
	r := Check(p, backends(fake{"sim", map[string]error{"CentOS 6.2": errors.Join(errors.New("no such kernel"), errors.New("no such\nmemory"))}}))
	var lines []string
	for _, e := range r.Errors {
		lines = append(lines, e.Error())
	}
	require.Equal(t, []string{
		"f.yaml:16:9: machine linux-2.6.32-centos6/m512-rmem4096_87380_1: no such kernel",
		"f.yaml:16:9: machine linux-2.6.32-centos6/m512-rmem4096_87380_1: no such memory",
		"f.yaml:16:9: machine linux-2.6.32-centos6/m1024-rmem4096_87380_2: no such kernel",
		"f.yaml:16:9: machine linux-2.6.32-centos6/m1024-rmem4096_87380_2: no such memory",
		`f.yaml:24:5: machine g: backend: unknown "netstack": expected one of sim`,
	}, lines)
	require.Equal(t, 7, r.Machines)
	require.Equal(t, 4, r.Runnable)
	require.Equal(t, 3, r.Images)
	require.Equal(t, p.Hash(), r.Hash)
	require.Equal(t, []Count{{"netstack", 1}, {"sim", 6}}, r.Backends)
	require.Contains(t, r.Labels, LabelCount{"kernel", 2, "Linux 2.6.32", 6, 2})
	require.Contains(t, r.Labels, LabelCount{"distribution", 0, "gVisor", 1, 1})
	var messages []string
	for _, w := range r.Warnings {
		if w.Kind == "images" {
			messages = append(messages, w.Message)
		}
	}
	require.Equal(t, []string{
		`kernel level 2: "Linux 2.6.32" has 2 images: expected at least 3`,
		`kernel level 2: "gVisor v1" has 1 image: expected at least 3`,
		`distribution level 2: "Debian 6" has 1 image: expected at least 3`,
		`distribution level 2: "CentOS 6" has 1 image: expected at least 3`,
		`distribution level 2: "gVisor v1" has 1 image: expected at least 3`,
	}, messages)
}

// confounded is a pool of two systems with eight images each: the backend is
// the system's own, memory follows it but for two machines, hops are crossed.
func confounded() *Pool {
	p := &Pool{Name: "confounded"}
	for i := range 16 {
		system, backend := "A", "sim"
		if i >= 8 {
			system, backend = "B", "netstack"
		}
		memory := backend
		if i == 0 || i == 8 {
			memory = "same"
		}
		m := Machine{Name: string(rune('a' + i)), Backend: backend, Image: string(rune('a' + i)), Ports: Ports{22, 1, 2},
			Factors: map[string]string{"memory": memory, "path.hops": []string{"0", "3"}[i%2]}}
		m.Labels.Kernel = [3]string{system, system + "1", system + "1.1"}
		m.Labels.Distribution = m.Labels.Kernel
		p.Machines = append(p.Machines, m)
	}
	return p
}

func TestAssociations(t *testing.T) {
	p := confounded()
	r := Check(p, backends(fake{name: "sim"}, fake{name: "netstack"}))
	require.Empty(t, r.Errors)
	require.Len(t, r.Associations, 6*6)
	find := func(variable string) Association {
		return r.Associations[slices.IndexFunc(r.Associations, func(a Association) bool { return a.Variable == variable })]
	}
	require.InDelta(t, 1, *find("backend").Corrected, 1e-12)
	require.True(t, find("backend").Confounder)
	require.InDelta(t, math.Sqrt(14.0/16), *find("memory").V, 1e-12, "7²/(7·8)·2 + 1/(2·8)·2 − 1")
	require.True(t, find("memory").Confounder)
	require.InDelta(t, 0, *find("path.hops").V, 1e-12)
	require.False(t, find("path.hops").Confounder)
	for _, constant := range []string{"address", "port.open", "rate"} {
		a := find(constant)
		require.Nil(t, a.V)
		require.Nil(t, a.Corrected)
		require.Equal(t, 1, a.Values)
	}
	var confounders []string
	for _, w := range r.Warnings {
		if w.Kind == "confounder" {
			confounders = append(confounders, w.Message)
		}
	}
	require.Len(t, confounders, 2*5, "level 0 is said once")
	require.Contains(t, confounders, "backend follows kernel level 0 (Cramér's V 1.00, 2 of 2 labels with one value alone): a learner may learn it instead of the system")

	var text strings.Builder
	require.NoError(t, r.WriteText(&text))
	require.Contains(t, text.String(), "pool confounded: 16 machines, 16 images, 8 netstack, 8 sim; 16 can run here\n")
	require.Contains(t, text.String(), "\nbackend    2       1.00*     1.00*     1.00*     1.00*           1.00*           1.00*\n")
	require.Contains(t, text.String(), "\naddress    1       n/a       n/a ")

	data, err := json.Marshal(r)
	require.NoError(t, err)
	require.Contains(t, string(data), `{"variable":"rate","hierarchy":"kernel","level":0,"values":1,"labels":2,"v":null,"corrected":null,"confounder":false}`)
}

func TestClones(t *testing.T) {
	p := confounded() // a, c, e, … differ in name and image alone
	r := Check(p, nil)
	i := slices.IndexFunc(r.Warnings, func(w Warning) bool { return w.Kind == "clones" })
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, `images "b" and "d": machines b and d differ in nothing: folds may put one in training and one in test`, r.Warnings[i].Message)
	for i := range p.Machines {
		p.Machines[i].Factors["seed"] = p.Machines[i].Name
	}
	require.False(t, slices.ContainsFunc(Check(p, nil).Warnings, func(w Warning) bool { return w.Kind == "clones" }))
}
