package collector

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
)

func TestRepeatsPlanDrawsFromTheSeed(t *testing.T) {
	p := &pool.Pool{}
	for i := range 30 {
		p.Machines = append(p.Machines, pool.Machine{Name: fmt.Sprintf("m%02d", i)})
	}
	a, err := RepeatsPlan(p, 1)
	require.NoError(t, err)
	b, err := RepeatsPlan(p, 1)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.Len(t, a.Machines, RepeatsMachines)
	require.IsIncreasing(t, a.Machines)
	require.Len(t, a.Set.Probes, RepeatsProbes)
	c, err := RepeatsPlan(p, 2)
	require.NoError(t, err)
	require.NotEqual(t, a.Machines, c.Machines)
	require.NotEqual(t, a.Set.Hash(), c.Set.Hash())

	p.Machines = p.Machines[:3]
	few, err := RepeatsPlan(p, 1)
	require.NoError(t, err)
	require.Len(t, few.Machines, 3, "a smaller pool is taken whole")
}
