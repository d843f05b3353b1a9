package experiments

import "tickle/datasets"

// outcomes says how often each outcome of a field that varied came, among the
// sendings of one probe to one machine.
type outcomes struct {
	field datasets.FieldID
	// times[t] is the number of outcomes that came t times.
	times   map[int]int
	silent  int // sendings without an answer
	sending int // all
}

// agree is the probability that the answers among k of the sendings, drawn at
// random without replacement, have no two different outcomes. Draws in which
// nothing was answered agree with every outcome, and are counted once.
func (o *outcomes) agree(k int) float64 {
	all := func(of int) float64 { return noneOf(o.sending, o.sending-of, k) } // of k, all are among so many
	p, different := 0.0, 0
	for _, t := range sortedInts(o.times) {
		p += float64(o.times[t]) * all(t+o.silent)
		different += o.times[t]
	}
	return p - float64(different-1)*all(o.silent)
}

// absentOutcome stands for a field that an answer does not have. Values are
// below 2^62 (see datasets.SummaryWriter).
const absentOutcome = 1 << 63

// readOutcomes gives the outcomes of every field that varied on a machine,
// by probe, then field.
func readOutcomes(path string, plan *datasets.Plan) ([]outcomes, error) {
	f, err := datasets.OpenObservations(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	counts := make([][datasets.NumFields]map[uint64]int, plan.N)
	answered := make([]int, plan.N)
	var texts datasets.Interner
	for g := range f.Groups() {
		exchanges, err := f.Read(g, &texts)
		if err != nil {
			return nil, err
		}
		for i := range exchanges {
			x := &exchanges[i]
			if len(x.Answers) == 0 {
				continue
			}
			answered[x.Probe]++
			for field := range datasets.FieldID(datasets.NumFields) {
				v, ok := x.First.Get(field)
				if !ok {
					v = absentOutcome
				}
				at := &counts[x.Probe][field]
				if *at == nil {
					*at = make(map[uint64]int)
				}
				(*at)[v]++
			}
		}
	}
	var out []outcomes
	for probe := range counts {
		for field, values := range counts[probe] {
			if len(values) < 2 {
				continue
			}
			o := outcomes{field: datasets.FieldID(field), times: make(map[int]int), silent: plan.Repeats - answered[probe], sending: plan.Repeats}
			for _, t := range values {
				o.times[t]++
			}
			out = append(out, o)
		}
	}
	return out, nil
}
