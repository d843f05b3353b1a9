package pool

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func demo(t *testing.T) *Pool {
	t.Helper()
	p, err := Load("demo")
	require.NoError(t, err)
	return p
}

func TestDemoIsWhatItSays(t *testing.T) {
	r := Check(demo(t), backends(fake{name: "sim"}, fake{name: "netstack"}))
	require.Empty(t, r.Errors)
	require.GreaterOrEqual(t, r.Machines, 60)
	require.Equal(t, r.Machines, r.Runnable)
	size := map[string]int{}
	for _, l := range r.Labels {
		size[l.Hierarchy+"/"+l.Label] = l.Machines
		if l.Level == 2 && !strings.HasPrefix(l.Label, "gVisor") {
			require.GreaterOrEqual(t, l.Images, EnoughImages, "%s %s", l.Hierarchy, l.Label)
		}
	}
	require.Greater(t, 2*size["kernel/Linux"], r.Machines, "skewed to Linux")
	for _, d := range []string{"Debian", "CentOS", "Fedora"} {
		require.Greater(t, size["distribution/Ubuntu"], size["distribution/"+d], "and within it to Ubuntu")
	}
	for _, s := range []string{"Windows", "BSD", "Solaris", "gVisor"} {
		require.GreaterOrEqual(t, size["kernel/"+s], 6, s)
	}
	require.False(t, slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Kind == "clones" }), "%v", r.Warnings)
}

// TestDemoCrossesFactors allows only what is nested by nature to follow a
// label.
func TestDemoCrossesFactors(t *testing.T) {
	nested := regexp.MustCompile(`^(backend|port\.open|ttl|sack|rcvbuf|sndbuf|cc|rack)$`)
	crossed := 0
	for _, a := range Check(demo(t), nil).Associations {
		if a.Corrected == nil || nested.MatchString(a.Variable) {
			continue
		}
		require.LessOrEqual(t, *a.Corrected, ConfounderV, "%s with %s %d", a.Variable, a.Hierarchy, a.Level)
		crossed++
	}
	require.GreaterOrEqual(t, crossed, 6*12, "a dozen factors at six levels")
}

// TestDemoCrossesKernelsAndReleases: where each release had one kernel, the
// two hierarchies would be one.
func TestDemoCrossesKernelsAndReleases(t *testing.T) {
	kernels, releases := map[string]map[string]bool{}, map[string]map[string]bool{}
	add := func(m map[string]map[string]bool, a, b string) {
		if m[a] == nil {
			m[a] = map[string]bool{}
		}
		m[a][b] = true
	}
	for _, m := range demo(t).Machines {
		add(kernels, m.Labels.Kernel[2], m.Labels.Distribution[2])
		add(releases, m.Labels.Distribution[2], m.Labels.Kernel[2])
	}
	several := func(m map[string]map[string]bool) (n int) {
		for _, others := range m {
			if len(others) > 1 {
				n++
			}
		}
		return n
	}
	require.GreaterOrEqual(t, several(kernels), 6)
	require.GreaterOrEqual(t, several(releases), 6)
}

func TestDemoNamesTheVersionOfGVisor(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^\s*gvisor\.dev/gvisor (\S+)`).FindSubmatch(mod)
	require.NotNil(t, version)
	stacks, images := 0, map[string]bool{}
	for _, m := range demo(t).Machines {
		if m.Backend != "netstack" {
			continue
		}
		stacks++
		images[m.Image] = true
		require.Equal(t, "gVisor", m.Labels.Kernel[0])
		require.Equal(t, "gVisor "+string(version[1]), m.Labels.Kernel[2])
		require.Equal(t, "gVisor "+string(version[1]), m.Labels.Distribution[2])
		require.Contains(t, m.Image, string(version[1]))
	}
	require.Equal(t, 6, stacks, "more would be one large group, unseen whenever it is held out")
	require.Len(t, images, 1)
}
