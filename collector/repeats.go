package collector

import (
	"math/rand/v2"
	"slices"

	"tickle/collector/pool"
	"tickle/probegen"
)

// The size of the paper's experiment on determinism (its Figures 2b and 3a).
const (
	RepeatsProbes   = 20
	RepeatsMachines = 10
	RepeatsSendings = 1500
)

// RepeatsPlan is the plan "repeats": a few random probes, sent to a few
// machines so often that what varies at all is seen to vary. Probes and
// machines are drawn from the seed, apart from those of any other plan.
func RepeatsPlan(p *pool.Pool, seed uint64) (Plan, error) {
	random := rand.New(rand.NewPCG(seed, 0x72657065617473)) // "repeats"
	set, err := probegen.Generate("random", probegen.Config{N: RepeatsProbes, Seed: random.Uint64()})
	if err != nil {
		return Plan{}, err
	}
	drawn := random.Perm(len(p.Machines))[:min(RepeatsMachines, len(p.Machines))]
	slices.Sort(drawn)
	plan := Plan{Name: "repeats", Set: set, Repeats: RepeatsSendings}
	for _, i := range drawn {
		plan.Machines = append(plan.Machines, p.Machines[i].Name)
	}
	return plan, nil
}
