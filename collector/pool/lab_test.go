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
