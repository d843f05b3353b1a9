package experiments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/experiments/stats"
)

// ProbeCountRow is a point of the curve: so many probes, drawn at random from
// all.
type ProbeCountRow struct {
	Fields     string     `json:"fields"`
	Probes     int        `json:"probes" doc:"s, in a random subset of the N that the data set has"`
	Mean       Number     `json:"mean" unit:"pairs" decimals:"2" doc:"pairs told apart, over all subsets of this size: Σ over pairs of 1 − C(N−d,s)/C(N,s), where d of the N probes tell the pair apart; exact"`
	SpreadLow  Number     `json:"spread_low" unit:"pairs" decimals:"1" doc:"5 % of the drawn subsets tell fewer apart"`
	SpreadHigh Number     `json:"spread_high" unit:"pairs" decimals:"1" doc:"5 % of the drawn subsets tell more apart"`
	Share      Number     `json:"share" unit:"share" decimals:"3" doc:"mean over pairs"`
	Pairs      int        `json:"pairs" extra:"yes" doc:"pairs of machines, drawn without replacement"`
	SameImage  int        `json:"same_image" extra:"yes" doc:"pairs of two machines with one image, which only a field that is no matter of the operating system tells apart"`
	Paper      PaperValue `json:"paper" doc:"about 30 of its 200 pairs with all probes, by vetted fields; read from the axis of its Figure 2a"`
}

// VettedSameKind is the set of vetted fields, of probes that a pair answered
// with the same kind of packet. A firewall's silence makes every field absent,
// and a field that is absent on one machine and not on the other differs: what
// is then told apart is the kind of answer, which is no vetted field.
const VettedSameKind = "vetted-same-kind"

// WarnFewPairs says that there are fewer pairs of machines than asked for.
const WarnFewPairs = "few-pairs"

// WarnNoProbes says that the data do not come from probes.
const WarnNoProbes = "no-probes"

var probeCount = Entry{
	Name:          "probe-count",
	Title:         "Machine pairs told apart against number of probes",
	PaperFigure:   "Figure 2a",
	Summary:       "How many random pairs of machines a random set of probes tells apart: a pair is told apart when a field is a value or absent on both and differs; what is nondeterministic or lossy on either never counts.",
	NeedsMachines: true,
	Options: []Option{
		{Name: "pairs", Default: "200", Doc: "random pairs of machines"},
		{Name: "subsets", Default: "200", Doc: "subsets of each size that are drawn for the spread"},
		{Name: "fields", Default: "vetted," + VettedSameKind, Doc: "field sets; " + VettedSameKind + " looks at vetted fields only where both machines answered the probe with the same kind of packet, or not at all", Values: []string{"vetted", VettedSameKind, "prone"}, List: true},
	},
	Rows: []ProbeCountRow{},
	Run:  runProbeCount,
}

func runProbeCount(ctx context.Context, in *Input) (*Result, error) {
	m := in.Data.Matrix
	var pairs, subsets int
	if err := in.integers(whole{"pairs", 1, &pairs}, whole{"subsets", 1, &subsets}); err != nil {
		return nil, err
	}
	r, rows := &Result{}, []ProbeCountRow{}
	total := m.Rows() * (m.Rows() - 1) / 2
	switch {
	case in.Data.Origin.Probes == 0 || m.Names != nil:
		r.Warnings = append(r.Warnings, Warning{Code: WarnNoProbes, Text: "the data set does not come from probes: no rows"})
	case total == 0:
		r.Warnings = append(r.Warnings, Warning{Code: WarnFewPairs, Text: "one machine makes no pair: no rows"})
	default:
		if pairs > total {
			r.Warnings = append(r.Warnings, Warning{Code: WarnFewPairs, Text: fmt.Sprintf("%d machines make %d pairs, not %d: all are taken", m.Rows(), total, pairs)})
		}
		drawn := drawPairs(m.Rows(), min(pairs, total), rand.New(rand.NewPCG(in.Seed, pairStream)))
		for _, fields := range in.list("fields") {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c := newPairCurve(in.Data, drawn, fields)
			rows = append(rows, c.rows(in.Seed, subsets)...)
		}
	}
	r.Rows = rows
	return r, nil
}

// Streams of PCG(seed, stream) in this experiment.
const (
	pairStream   = 0x70616972 // "pair"
	subsetStream = 0x73756273 // "subs"
)

// drawPairs draws n different unordered pairs of 0 … rows-1 by Floyd's
// algorithm (Bentley and Floyd 1987), in ascending order.
func drawPairs(rows, n int, rng *rand.Rand) [][2]int {
	total := rows * (rows - 1) / 2
	chosen := make(map[int]bool, n)
	for i := total - n; i < total; i++ {
		k := rng.IntN(i + 1)
		if chosen[k] {
			k = i
		}
		chosen[k] = true
	}
	pairs := make([][2]int, 0, n)
	at := 0
	for a := range rows {
		for b := a + 1; b < rows; b++ {
			if chosen[at] {
				pairs = append(pairs, [2]int{a, b})
			}
			at++
		}
	}
	return pairs
}

// pairCurve knows which probe tells which pair apart.
type pairCurve struct {
	data   *Data
	fields string
	pairs  [][2]int
	// told has a set for each probe that tells some pair apart; the other
	// probes, of n in all, tell none.
	told []datasets.PairSet
	n    int
}

func newPairCurve(d *Data, pairs [][2]int, fields string) *pairCurve {
	c := &pairCurve{data: d, fields: fields, pairs: pairs, n: d.Origin.Probes}
	m, vetted := d.Matrix, d.VettedFields()
	words := (len(pairs) + 63) / 64
	parts := make([]datasets.PairSet, len(m.Parts)) // of each partition, when it is met
	set, kinds, probe := make(datasets.PairSet, words), make(datasets.PairSet, words), int32(-1)
	flush := func() {
		set.Remove(kinds)
		if set.Len() > 0 {
			c.told = append(c.told, slices.Clone(set))
		}
		clear(set)
		clear(kinds)
	}
	for i, column := range m.Columns {
		if column.Probe != probe {
			flush()
			probe = column.Probe
		}
		ofKinds := fields == VettedSameKind && column.Field == datasets.AnswerKind
		if fields != string(datasets.Prone) && !vetted[column.Field] && !ofKinds {
			continue
		}
		p := m.Part[i]
		if m.Parts[p].Distinct < 2 {
			continue
		}
		differ := parts[p]
		if differ == nil {
			differ = c.differ(m.Codes(p), nil)
			parts[p] = differ
		}
		// Under the category policy a code may mean that the field varied.
		if values := m.Values(i); slices.ContainsFunc(values, func(v datasets.Value) bool { return v.State == datasets.Nondet }) {
			differ = c.differ(m.Codes(p), values)
		}
		if ofKinds {
			kinds.Add(differ)
		} else {
			set.Add(differ)
		}
	}
	flush()
	return c
}

// differ gives the pairs whose codes are there and not the same, and, where
// values are given, none of them Nondet.
func (c *pairCurve) differ(codes []datasets.Code, values []datasets.Value) datasets.PairSet {
	known := func(code datasets.Code) bool {
		return code != datasets.Missing && (values == nil || values[code].State != datasets.Nondet)
	}
	s := datasets.NewPairSet(len(c.pairs))
	for i, p := range c.pairs {
		if a, b := codes[p[0]], codes[p[1]]; a != b && known(a) && known(b) {
			s[i/64] |= 1 << (i % 64)
		}
	}
	return s
}

// rows makes the points of the curve.
func (c *pairCurve) rows(seed uint64, subsets int) []ProbeCountRow {
	sizes := logGrid(c.n)
	d := make([]int, len(c.pairs)) // probes that tell the pair apart
	for _, set := range c.told {
		for i := range d {
			d[i] += int(set[i/64] >> (i % 64) & 1)
		}
	}
	counts := c.draw(sizes, subsets, rand.New(rand.NewPCG(seed, subsetStream)))
	rows := make([]ProbeCountRow, len(sizes))
	same := 0
	for _, p := range c.pairs {
		if c.data.Matrix.Machines[p[0]].Group == c.data.Matrix.Machines[p[1]].Group {
			same++
		}
	}
	for i, s := range sizes {
		mean := 0.0
		for _, k := range d {
			mean += 1 - noneOf(c.n, k, s)
		}
		slices.Sort(counts[i])
		rows[i] = ProbeCountRow{
			Fields: c.fields, Probes: s, Mean: Number(mean), Share: Number(mean / float64(len(d))),
			SpreadLow: Number(stats.Quantile(counts[i], 0.05)), SpreadHigh: Number(stats.Quantile(counts[i], 0.95)),
			Pairs: len(d), SameImage: same,
		}
	}
	if last := &rows[len(rows)-1]; c.fields == string(datasets.Vetted) && last.Pairs == 200 {
		last.Paper = PaperValue{"=", 30}
	}
	return rows
}

// draw gives for each size the pairs that each drawn subset tells apart. One
// random order of all probes makes one subset of every size: its beginning.
func (c *pairCurve) draw(sizes []int, subsets int, rng *rand.Rand) [][]float64 {
	counts := make([][]float64, len(sizes))
	order := make([]int, c.n)
	for i := range order {
		order[i] = i
	}
	for range subsets {
		rng.Shuffle(c.n, func(i, j int) { order[i], order[j] = order[j], order[i] })
		set := datasets.NewPairSet(len(c.pairs))
		at := 0
		for i, s := range sizes {
			for ; at < s; at++ {
				// Numbers from len(told) on stand for the probes that tell
				// none apart.
				if k := order[at]; k < len(c.told) {
					set.Add(c.told[k])
				}
			}
			counts[i] = append(counts[i], float64(set.Len()))
		}
	}
	return counts
}

// noneOf is C(n−d,s)/C(n,s): the probability that s of n, drawn without
// replacement, hold none of d.
func noneOf(n, d, s int) float64 {
	if d+s > n {
		return 0
	}
	// d and s may change places, and the smaller makes the shorter product.
	k, l := min(d, s), max(d, s)
	p := 1.0
	for i := 0; i < k && p > 1e-30; i++ {
		p *= float64(n-l-i) / float64(n-i)
	}
	return p
}

// logGrid gives whole numbers that are about evenly apart on a logarithmic
// axis: 1, 2, 3, 5, 7 and their tens, up to n itself.
func logGrid(n int) []int {
	var grid []int
	for ten := 1; ten <= n; ten *= 10 {
		for _, k := range [...]int{1, 2, 3, 5, 7} {
			if k*ten < n {
				grid = append(grid, k*ten)
			}
		}
	}
	return append(grid, n)
}
