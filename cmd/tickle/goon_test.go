package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// TestAStudyGoesOnWithoutMachinesThatFail: what collect ends with is a warning
// in reproduce, and the data names the machine.
func TestAStudyGoesOnWithoutMachinesThatFail(t *testing.T) {
	pl, err := pool.Load("demo")
	require.NoError(t, err)
	pl.Machines = append([]pool.Machine{}, pl.Machines[:2]...)
	pl.Machines[1].Backend, pl.Machines[1].Options = "uml", map[string]string{"kernel": "none"}
	pl.Machines[1].Factors = nil
	set, err := probegen.Generate("random", probegen.Config{N: 5, Seed: 1})
	require.NoError(t, err)
	var said bytes.Buffer
	r := &reproduction{program: &program{stdout: &said, stderr: &said}}
	cfg := collector.Config{Dir: t.TempDir(), Pool: pl, Backends: backends(), Seed: 1, Plans: []collector.Plan{{Name: "random", Set: set}}}
	require.ErrorIs(t, r.runCollect(context.Background(), cfg), collector.ErrMachines)
	require.NoError(t, r.runCollectAndGoOn(context.Background(), cfg))
	require.Contains(t, said.String(), "the study goes on without them")
	d, err := datasets.Build(context.Background(), cfg.Dir, datasets.BuildOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{pl.Machines[1].Name}, d.Meta.Missing)
}
