package experiments

import (
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/experiments/stats"
	"tickle/probegen"
)

// equal asks what each plan tells with as many packets as the bred one has: of
// a plan with more, random subsets of its probes. A draw is a subset and a
// half of the images, the same half for every plan; where the search saw
// machines of the data, it is these and the others in place of halves.
func (r *reachRun) equal(t *levelTask) {
	at := slices.IndexFunc(r.plans, func(p reachPlan) bool { return p.name == probegen.BredFamily })
	if at < 0 {
		return
	}
	packets := float64(r.plans[at].probes) * r.plans[at].packets
	var asked []*equalPlan
	for i := range r.plans {
		asked = append(asked, r.ask(&r.plans[i], t, packets))
	}
	bred := asked[at]
	for _, scope := range scopesOf(bred.pairs.Families(t.hierarchy)) {
		in := bred.in(t, scope)
		for _, e := range asked {
			row := r.row(ReachEqual, e.plan, t)
			row.Scope, row.Test, row.Probes, row.Packets = scope, e.test, e.probes, Number(float64(e.probes)*e.plan.packets)
			var told, survive, gain []float64
			for d := range e.told {
				row.Pairs = max(row.Pairs, askable(e.pairs, e.halves[d][0], e.halves[d][1], in))
				told = append(told, float64(countIn(e.told[d], in)))
				survive = append(survive, float64(countIn(e.survive[d], in)))
				gain = append(gain, float64(countIn(bred.survive[d], in))-survive[d])
			}
			row.Told, row.ToldLow, row.ToldHigh = spreadOf(told)
			row.Survive, row.Low, row.High = spreadOf(survive)
			if e != bred {
				row.Gain, row.GainLow, row.GainHigh = spreadOf(gain)
			}
			if row.Pairs > 0 {
				r.rows = append(r.rows, row)
			}
		}
	}
}

// searches makes the rows of how far the searches for probes had come. They
// stand under the first hierarchy and level, whichever it was they searched for.
func (r *reachRun) searches(tasks []levelTask) {
	if len(tasks) == 0 {
		return
	}
	for i := range r.plans {
		p := &r.plans[i]
		for _, point := range p.points {
			row := r.row(ReachSearch, p, &tasks[0])
			row.Scope, row.Test, row.Probes = AllPairs, SearchMachines, 0
			row.Packets, row.Pairs, row.Told, row.Held = Number(point.Packets), p.asked, Number(point.Told), Number(point.Held)
			r.rows = append(r.rows, row)
		}
	}
}

// spreadOf gives the mean of draws, and between which 90 % of them lie. It
// sorts them.
func spreadOf(draws []float64) (m, low, high Number) {
	slices.Sort(draws)
	return Number(mean(draws)), Number(stats.Quantile(draws, 0.05)), Number(stats.Quantile(draws, 0.95))
}

// equalPlan is what a plan tells in each draw.
type equalPlan struct {
	plan    *reachPlan
	pairs   *datasets.LabelPairs
	test    string
	probes  int                // in a draw
	halves  [][2][]int32       // rows that differences are found on, and those they are tried on
	told    []datasets.PairSet // on all machines
	survive []datasets.PairSet // of those found on one half, on the other
}

// in says which pairs are in a scope. All plans have the same machines, and so
// the same pairs.
func (e *equalPlan) in(t *levelTask, scope string) func(pair int) bool {
	family := e.pairs.Families(t.hierarchy)
	return func(pair int) bool {
		return scope == AllPairs || family[e.pairs.Pairs[pair][0]] == scope && family[e.pairs.Pairs[pair][1]] == scope
	}
}

// ask draws subsets of a plan's probes with so many packets at most, one probe
// at least.
func (r *reachRun) ask(p *reachPlan, t *levelTask, packets float64) *equalPlan {
	e := &equalPlan{plan: p, test: OtherImages, probes: min(p.probes, max(1, int(packets/p.packets+1e-9)))} // rounding takes none from who has as many
	e.pairs = datasets.NewLabelPairs(p.data.Matrix, t.hierarchy, t.level, p.data.VettedFields())
	every := make([]int32, len(e.pairs.Labels))
	for i := range every {
		every[i] = int32(i)
	}
	groups, _ := groupsOf(p.data.Matrix)
	searched, others := r.apart(p)
	numbers := probesOf(p.data.Matrix)
	for d := range r.halves {
		search, test := datasets.HalfOf(e.pairs.Labels, groups, rand.New(rand.NewPCG(r.in.Seed, reachStream+1+uint64(d))))
		if len(searched) > 0 {
			search, test, e.test = searched, others, NeverSeen
		}
		of := e.pairs
		if e.probes < p.probes {
			of = e.pairs.Of(drawn(numbers, p.probes, e.probes, rand.New(rand.NewPCG(r.in.Seed, equalStream+uint64(d)))))
		}
		e.halves = append(e.halves, [2][]int32{search, test})
		e.told = append(e.told, of.Told(every))
		e.survive = append(e.survive, of.Survivors(search, test, of.Told(search)))
	}
	return e
}

// equalStream draws subsets of equal packets.
const equalStream = 0x657175616c << 20

// probesOf gives the numbers of the probes that have columns, ascending.
func probesOf(m *datasets.Matrix) []int32 {
	var numbers []int32
	for _, c := range m.Columns {
		if len(numbers) == 0 || numbers[len(numbers)-1] != c.Probe {
			numbers = append(numbers, c.Probe)
		}
	}
	return numbers
}

// drawn draws n of a plan's probes, of which only some have numbers here: the
// others have no column and tell nothing.
func drawn(numbers []int32, all, n int, rng *rand.Rand) []int32 {
	var out []int32
	for _, at := range rng.Perm(all)[:n] {
		if at < len(numbers) {
			out = append(out, numbers[at])
		}
	}
	slices.Sort(out)
	return out
}
