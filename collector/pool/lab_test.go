package pool

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What issue 3 asks of the pool of real machines.
func TestTheLabIsManyStacksAndImages(t *testing.T) {
	p, err := Load("lab")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(p.Machines), 60)
	stacks, kernels, images := map[string]bool{}, map[string]bool{}, map[string]map[string]bool{}
	for i := range p.Machines {
		m := &p.Machines[i]
		stacks[m.Labels.Kernel[0]] = true
		require.Equal(t, m.Labels.Kernel[0], m.Labels.Distribution[0], "level 0 is the same in both")
		if m.Backend == "qemu" {
			kernels[m.Options["kernel"]] = true
		}
		of := m.Labels.Kernel[2]
		if images[of] == nil {
			images[of] = map[string]bool{}
		}
		images[of][m.Image] = true
	}
	require.ElementsMatch(t, []string{"Linux", "gVisor", "lwIP", "libslirp", "passt", "v86", "ns-3", "soypat/seqs"},
		slices.Collect(maps.Keys(stacks)))
	require.Len(t, kernels, 32)
	var few []string
	for of, names := range images {
		if len(names) < 3 {
			few = append(few, of)
		}
	}
	require.ElementsMatch(t, []string{"lwIP 2.1", "lwIP 2.2", "libslirp of QEMU"}, few, "the packages have no more of them")
}

// What tells two machines of pool kernels apart is their kernels': they have no
// settings, and kernels of the lab.
func TestKernelsDifferInNothingElse(t *testing.T) {
	of, err := Load("kernels")
	require.NoError(t, err)
	lab, err := Load("lab")
	require.NoError(t, err)
	series, images := map[string]string{}, map[string]string{} // of the lab's kernels
	for i := range lab.Machines {
		if m := &lab.Machines[i]; m.Backend == "qemu" {
			series[m.Options["kernel"]], images[m.Options["kernel"]] = m.Labels.Kernel[2], m.Image
		}
	}
	labels := map[string]bool{}
	for i := range of.Machines {
		m := &of.Machines[i]
		require.Empty(t, m.Factors, m.Name)
		require.Len(t, m.Options, 1, m.Name)
		require.Equal(t, series[m.Options["kernel"]], strings.TrimSuffix(m.Labels.Kernel[2], " again"), m.Name)
		labels[m.Labels.Kernel[2]] = true
		if m.Name != "linux-5.10-again" { // which is to be another
			require.Equal(t, images[m.Options["kernel"]], m.Image, m.Name)
		}
	}
	require.Len(t, labels, len(of.Machines))
	require.Equal(t, of.Machines[0].Options, of.Machines[len(of.Machines)-1].Options)
}
