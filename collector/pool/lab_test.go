package pool

import (
	"maps"
	"slices"
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

// What tells two machines of pools kernels and breeding apart is their kernels':
// they have no settings, and kernels of the lab, with all its series.
func TestKernelsDifferInNothingElse(t *testing.T) {
	lab, err := Load("lab")
	require.NoError(t, err)
	of := map[string]*Machine{} // the lab's, by kernel
	series := map[string]bool{}
	for i := range lab.Machines {
		if m := &lab.Machines[i]; m.Backend == "qemu" {
			of[m.Options["kernel"]] = m
			series[m.Labels.Kernel[2]] = true
		}
	}
	for _, name := range []string{"kernels", "breeding"} {
		p, err := Load(name)
		require.NoError(t, err)
		labels := map[string]bool{}
		for i := range p.Machines {
			m := &p.Machines[i]
			require.Empty(t, m.Factors, m.Name)
			require.Len(t, m.Options, 1, m.Name)
			labels[m.Labels.Kernel[2]] = true
			if name == "kernels" && i == len(p.Machines)-1 { // the first once more, which is to be another
				require.Equal(t, p.Machines[0].Options, m.Options)
				require.Equal(t, p.Machines[0].Labels.Kernel[2]+" again", m.Labels.Kernel[2])
				continue
			}
			there := of[m.Options["kernel"]]
			require.Equal(t, there.Labels, m.Labels, m.Name)
			require.Equal(t, there.Image, m.Image, m.Name)
			require.True(t, series[m.Labels.Kernel[2]], m.Name)
			if name == "breeding" {
				require.NotContains(t, there.Factors, "memory", "other memory is kept for the judgement")
			}
		}
		require.Len(t, labels, len(p.Machines))
		require.GreaterOrEqual(t, len(labels), len(series))
	}
}
