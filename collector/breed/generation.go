package breed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"

	"tickle/collector"
	"tickle/datasets"
	"tickle/probegen"
)

// How what seems to tell a pair is confirmed.
const (
	confirmRepeats = 4
	confirmMost    = 40 // probes at a time, those first that serve most pairs; the others have their turn later
)

// generation sends probes, and once more those that seem to tell pairs which
// are short of probes.
func (s *search) generation(ctx context.Context, n int, probes []probegen.Probe) error {
	before := s.packets
	screened, missing, err := s.send(ctx, fmt.Sprintf("generation-%03d", n), probes, collector.Plan{Repeats: s.Repeats, FullSpeed: true})
	if err != nil {
		return err
	}
	s.pending = append(s.pending, screened...)
	if err := s.confirm(ctx, n); err != nil {
		return err
	}
	s.cost = s.packets - before
	s.note(Generation{Number: n, Missing: missing})
	return nil
}

// confirm sends again the pending probes that a cover would choose, and takes
// into the archive those that tell the same pairs again.
func (s *search) confirm(ctx context.Context, n int) error {
	archived := len(s.archive)
	places := cover(slices.Concat(s.archive, s.pending), len(s.pairs), s.Keep)
	places = slices.DeleteFunc(places, func(i int) bool { return i < archived })
	places = places[:min(len(places), confirmMost)]
	if len(places) == 0 {
		return nil
	}
	for i := range places {
		places[i] -= archived
	}
	chosen := make([]found, len(places))
	for i, place := range places {
		chosen[i] = s.pending[place]
	}
	s.pending = without(s.pending, places)
	probes := probesAt(chosen, upTo(len(chosen)))
	again, _, err := s.send(ctx, fmt.Sprintf("generation-%03d-again", n), probes, collector.Plan{Repeats: confirmRepeats})
	if err != nil {
		return fmt.Errorf("confirming: %w", err)
	}
	for i := range again {
		f := &again[i]
		at := slices.IndexFunc(chosen, func(c found) bool { return contentOf(&c.probe) == contentOf(&f.probe) })
		for k := range f.told {
			f.told[k] &= chosen[at].told[k]
		}
		if f.told.Len() > 0 {
			s.archive = append(s.archive, *f)
		}
	}
	return nil
}

func upTo(n int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	return places
}

// send sends probes to the search's machines, as a plan says, and finds what
// tells pairs apart. Each run has addresses, ports and numbers of its own, so
// that nothing that a machine remembers of an earlier one is met.
func (s *search) send(ctx context.Context, dir string, probes []probegen.Probe, plan collector.Plan) (by []found, missing []string, err error) {
	plan.Name, plan.Machines, plan.Boots = probegen.BredFamily, s.machines, 1
	plan.Set = probegen.BredSet(probes, s.Collect.Seed, map[string]string{"run": dir})
	cfg := s.Collect
	cfg.Dir, cfg.Plans = filepath.Join(s.Collect.Dir, dir), []collector.Plan{plan}
	cfg.Seed = seedOf(s.Collect.Seed, dir)
	cfg.Backends = s.alive.backends(s.Collect.Backends)
	s.alive.begin()
	report, err := collector.Collect(ctx, cfg)
	if err != nil && !errors.Is(err, collector.ErrMachines) {
		return nil, nil, err
	}
	s.packets += float64(report.Total.Sent) / float64(len(s.machines))
	d, err := datasets.Build(ctx, cfg.Dir, datasets.BuildOptions{Loss: datasets.MaskLoss, Sources: s.sources, Workers: cfg.Workers})
	if err != nil {
		return nil, nil, err
	}
	rows := make([]int32, d.Matrix.Rows())
	for i := range rows {
		rows[i] = int32(i)
	}
	return s.take(s.labelPairs(d.Matrix), rows, plan.Set.Probes), d.Meta.Missing, nil
}

// seedOf draws the seed of one of a search's runs.
func seedOf(seed uint64, run string) uint64 {
	for _, c := range []byte(run) { // FNV-1a
		seed = (seed ^ uint64(c)) * 0x100000001b3
	}
	return rand.New(rand.NewPCG(seed, breedStream)).Uint64()
}

// labelPairs looks at what is vetted and has one value a label: a search
// among thousands of probes finds by chance what parts a few machines.
func (s *search) labelPairs(m *datasets.Matrix) *datasets.LabelPairs {
	var in [datasets.NumAllFields]bool
	for f := range datasets.FieldID(datasets.NumAllFields) {
		in[f] = f != datasets.IPChecksum && f != datasets.TCPChecksum && s.sources.Vetted(f)
	}
	l := datasets.NewLabelPairs(m, s.Hierarchy, s.Level, in)
	l.Uniform = true
	return l
}

// take gives the probes that tell some pair apart on the rows.
func (s *search) take(l *datasets.LabelPairs, rows []int32, probes []probegen.Probe) (by []found) {
	ids, told := l.ByProbe(rows)
	order := upTo(len(ids))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ids[a], ids[b]) })
	for _, i := range order {
		set := datasets.NewPairSet(len(s.pairs))
		for k, p := range l.Pairs {
			if at := slices.Index(s.pairs, pair{l.Classes[p[0]], l.Classes[p[1]]}); at >= 0 && told[i].Has(k) {
				set.Put(at)
			}
		}
		if set.Len() > 0 {
			p := probes[ids[i]]
			by = append(by, found{p, openingOf(&p), set})
		}
	}
	return by
}

// Shares of a generation, in percent; mutants are the rest.
const (
	freshShare     = 30
	reopenShare    = 30
	recombineShare = 15
)

// tries is how often a probe is made anew that was sent before.
const tries = 20

// offspring makes the probes of a generation, none of which was sent before.
func (s *search) offspring(n int) ([]probegen.Probe, error) {
	rng := rand.New(rand.NewPCG(s.Collect.Seed, breedStream+uint64(n)))
	worth := worths(s.archive, len(s.pairs))
	var probes []probegen.Probe
	for range s.Size {
		for range tries {
			p, err := s.child(worth, rng)
			if err != nil {
				return nil, err
			}
			if key := contentOf(&p); !s.sent[key] {
				s.sent[key] = true
				probes = append(probes, p)
				break
			}
		}
	}
	if len(probes) == 0 {
		return nil, errors.New("no probe came of the archive that was not sent before: " + strconv.Itoa(len(s.sent)) + " were")
	}
	return probes, nil
}

// child makes a probe.
func (s *search) child(worth []float64, rng *rand.Rand) (probegen.Probe, error) {
	v := rng.IntN(100)
	if s.Control || len(s.archive) == 0 {
		v = 0
	}
	switch {
	case v < freshShare:
		return s.breeder.Fresh(s.family)
	case v < freshShare+reopenShare:
		return s.breeder.Reopen(parent(s.archive, worth, rng)), nil
	case v < freshShare+reopenShare+recombineShare:
		return s.breeder.Recombine(parent(s.archive, worth, rng), parent(s.archive, worth, rng)), nil
	}
	return s.breeder.Mutate(parent(s.archive, worth, rng)), nil
}
