// Package breed searches for probes that tell apart pairs of labels which no
// known probe tells apart: it keeps probes that tell some pair, changes and
// joins them, sends what comes of it to the machines of the search, and keeps
// what tells a pair more. It is an evolutionary search whose fitness is a
// measurement.
//
// Its opinion is that a search proves nothing about what it has seen. Of each
// label it sees half of the images, and what it found is judged on the others
// (experiment reach), and held against a control: the same search with random
// probes in place of offspring, at the same number of packets.
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
	"strings"

	"tickle/collector"
	"tickle/datasets"
	"tickle/probegen"
)

// Config is a search. Collect has the folder of its runs, the pool of all
// machines that Data knows, backends and seed; its plans are made here.
type Config struct {
	Collect   collector.Config
	Start     *probegen.Set     // where the search begins
	Data      *datasets.Dataset // what Start's probes drew from the pool
	Hierarchy datasets.Hierarchy
	Level     int
	Size      int   // probes a generation; 0: DefaultSize
	Repeats   int   // sendings of each; 0: DefaultRepeats
	Budget    int64 // packets to a machine, after which no generation begins
	Patience  int   // generations without gain that end the search; 0: DefaultPatience
	Keep      int   // probes that are kept for each pair, where there are as many; 0: DefaultKeep
	// Control sends random probes alone.
	Control  bool
	Progress func(Generation) // called after each; nil: not at all
}

// Defaults of a search.
const (
	DefaultSize     = 100
	DefaultRepeats  = 2
	DefaultPatience = 3
	DefaultKeep     = 3
)

// Generation is how far a search has come. The first is what was known before.
type Generation struct {
	Number  int   `json:"generation"`
	Packets int64 `json:"packets"` // to a machine, in all; the mean over machines
	Told    int   `json:"told"`    // pairs of labels that some probe tells apart on the search's machines
	Gained  int   `json:"gained"`  // of these, by this generation
	Pairs   int   `json:"pairs"`   // of labels that the search's machines have
}

// Result is what a search found.
type Result struct {
	Set         *probegen.Set // a greedy cover of the pairs told, Keep times
	Machines    []string      // that the search saw
	Generations []Generation
}

// search is a Run under way.
type search struct {
	Config
	machines []string
	family   string // of fresh probes
	pairs    []pair // of the search's machines, ascending
	archive  []found
	breeder  *probegen.Breeder
	packets  float64
	result   Result
}

// pair is two labels, ascending.
type pair [2]string

// found is a probe with the pairs that it tells apart.
type found struct {
	probe probegen.Probe
	told  datasets.PairSet // by place in search.pairs
}

// Run searches until the budget is used, all pairs are told apart, or Patience
// generations gained nothing. The same configuration and machines that answer
// the same give the same result, and a search that was interrupted goes on
// where it was in its folder.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	s, err := newSearch(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	idle := 0
	for n := 1; s.packets < float64(s.Budget) && idle < s.Patience; n++ {
		told := s.told().Len()
		if told == len(s.pairs) {
			break
		}
		if err := s.generation(ctx, n); err != nil {
			return nil, fmt.Errorf("generation %d: %w", n, err)
		}
		if idle++; s.told().Len() > told {
			idle = 0
		}
	}
	winners := s.cover()
	if len(winners) == 0 {
		return nil, errors.New("no probe tells any pair of labels apart")
	}
	s.result.Machines = s.machines
	s.result.Set = probegen.BredSet(winners, s.Collect.Seed, map[string]string{
		probegen.SearchedOption: strings.Join(s.machines, " "),
		"packets":               strconv.FormatInt(int64(s.packets), 10),
		"generations":           strconv.Itoa(len(s.result.Generations) - 1),
		"start":                 s.Start.Hash(),
		"control":               strconv.FormatBool(s.Control),
	})
	return &s.result, nil
}

func newSearch(cfg Config) (*search, error) {
	cfg.Size, cfg.Repeats = cmp.Or(cfg.Size, DefaultSize), cmp.Or(cfg.Repeats, DefaultRepeats)
	cfg.Patience, cfg.Keep = cmp.Or(cfg.Patience, DefaultPatience), cmp.Or(cfg.Keep, DefaultKeep)
	s := &search{Config: cfg, breeder: probegen.NewBreeder(cfg.Collect.Seed), family: cfg.Start.Header.Family}
	if s.family == probegen.BredFamily {
		s.family = "random"
		if slices.ContainsFunc(cfg.Start.Probes, func(p probegen.Probe) bool { return len(p.Steps) > 1 }) {
			s.family = "dialogue"
		}
	}
	if have, want := cfg.Data.Meta.Probes, cfg.Start.Hash(); have != want {
		return nil, fmt.Errorf("the data set is of probes with SHA-256 %.12s…: want the probes that the search begins with, %.12s…", have, want)
	}
	if _, err := probegen.NewBreeder(0).Fresh(s.family); err != nil {
		return nil, err
	}
	return s, nil
}

// begin draws the search's machines and takes in what is known.
func (s *search) begin() error {
	m := s.Data.Matrix
	l := s.labelPairs(m)
	groups, number := make([]int32, m.Rows()), make(map[string]int32)
	inPool := make(map[string]bool)
	for i := range s.Collect.Pool.Machines {
		inPool[s.Collect.Pool.Machines[i].Name] = true
	}
	for i := range groups {
		g, ok := number[m.Machines[i].Group]
		if !ok {
			g = int32(len(number))
			number[m.Machines[i].Group] = g
		}
		groups[i] = g
	}
	rows, _ := datasets.HalfOf(l.Labels, groups, rand.New(rand.NewPCG(s.Collect.Seed, breedStream)))
	rows = slices.DeleteFunc(rows, func(r int32) bool { return !inPool[m.Machines[r].Name] })
	labels := make(map[string]bool)
	for _, r := range rows {
		s.machines = append(s.machines, m.Machines[r].Name)
		labels[l.Classes[l.Labels[r]]] = true
	}
	for _, p := range l.Pairs {
		if a, b := l.Classes[p[0]], l.Classes[p[1]]; labels[a] && labels[b] {
			s.pairs = append(s.pairs, pair{a, b})
		}
	}
	if len(s.pairs) == 0 {
		return errors.New("the machines of the search have one label: want two or more")
	}
	s.take(l, rows, s.Start.Probes)
	s.note(0, 0)
	return nil
}

// breedStream draws machines, parents and operators.
const breedStream = 0x6272656564 << 16

// labelPairs looks at what is vetted and has one value a label: a search
// among thousands of probes finds by chance what parts a few machines.
func (s *search) labelPairs(m *datasets.Matrix) *datasets.LabelPairs {
	var in [datasets.NumAllFields]bool
	for f := range datasets.FieldID(datasets.NumAllFields) {
		in[f] = f != datasets.IPChecksum && f != datasets.TCPChecksum && s.Data.Meta.Sources.Vetted(f)
	}
	l := datasets.NewLabelPairs(m, s.Hierarchy, s.Level, in)
	l.Uniform = true
	return l
}

// take adds the probes that tell some pair apart on the rows to the archive.
func (s *search) take(l *datasets.LabelPairs, rows []int32, probes []probegen.Probe) {
	ids, told := l.ByProbe(rows)
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ids[a], ids[b]) })
	for _, i := range order {
		set := datasets.NewPairSet(len(s.pairs))
		for k, p := range l.Pairs {
			if at := slices.Index(s.pairs, pair{l.Classes[p[0]], l.Classes[p[1]]}); at >= 0 && told[i].Has(k) {
				set.Put(at)
			}
		}
		if set.Len() > 0 {
			s.archive = append(s.archive, found{probes[ids[i]], set})
		}
	}
}

// told gives the pairs that the archive tells apart.
func (s *search) told() datasets.PairSet {
	all := datasets.NewPairSet(len(s.pairs))
	for i := range s.archive {
		all.Add(s.archive[i].told)
	}
	return all
}

// note records a generation and tells Progress.
func (s *search) note(n, before int) {
	told := s.told().Len()
	g := Generation{Number: n, Packets: int64(s.packets), Told: told, Gained: told - before, Pairs: len(s.pairs)}
	s.result.Generations = append(s.result.Generations, g)
	if s.Progress != nil {
		s.Progress(g)
	}
}

// generation makes, sends and judges one generation.
func (s *search) generation(ctx context.Context, n int) error {
	before := s.told().Len()
	probes, err := s.offspring(n)
	if err != nil {
		return err
	}
	set := probegen.BredSet(probes, s.Collect.Seed, map[string]string{"generation": strconv.Itoa(n)})
	cfg := s.Collect
	cfg.Dir = filepath.Join(s.Collect.Dir, fmt.Sprintf("generation-%03d", n))
	cfg.Plans = []collector.Plan{{Name: probegen.BredFamily, Set: set, Repeats: s.Repeats, Machines: s.machines}}
	report, err := collector.Collect(ctx, cfg)
	if err != nil && !errors.Is(err, collector.ErrMachines) {
		return err
	}
	s.packets += float64(report.Total.Sent) / float64(max(1, len(s.machines)))
	d, err := datasets.Build(ctx, cfg.Dir, datasets.BuildOptions{Loss: datasets.MaskLoss, Sources: s.Data.Meta.Sources, Workers: cfg.Workers})
	if err != nil {
		return err
	}
	rows := make([]int32, d.Matrix.Rows())
	for i := range rows {
		rows[i] = int32(i)
	}
	s.take(s.labelPairs(d.Matrix), rows, probes)
	s.note(n, before)
	return nil
}

// Shares of a generation, in percent; mutants are the rest.
const (
	freshShare     = 30
	recombineShare = 25
)

// offspring makes the probes of a generation.
func (s *search) offspring(n int) ([]probegen.Probe, error) {
	rng := rand.New(rand.NewPCG(s.Collect.Seed, breedStream+uint64(n)))
	worth := s.worth()
	var probes []probegen.Probe
	for range s.Size {
		v := rng.IntN(100)
		if s.Control || len(s.archive) == 0 {
			v = 0
		}
		switch {
		case v < freshShare:
			p, err := s.breeder.Fresh(s.family)
			if err != nil {
				return nil, err
			}
			probes = append(probes, p)
		case v < freshShare+recombineShare:
			probes = append(probes, s.breeder.Recombine(s.parent(worth, rng), s.parent(worth, rng)))
		default:
			probes = append(probes, s.breeder.Mutate(s.parent(worth, rng)))
		}
	}
	return probes, nil
}

// worth of a probe is the sum over the pairs it tells of one over the number
// of probes that do: what few can is worth most.
func (s *search) worth() []float64 {
	by := make([]int, len(s.pairs))
	for i := range s.archive {
		for k := range by {
			if s.archive[i].told.Has(k) {
				by[k]++
			}
		}
	}
	worth := make([]float64, len(s.archive))
	for i := range worth {
		for k := range by {
			if s.archive[i].told.Has(k) {
				worth[i] += 1 / float64(by[k])
			}
		}
	}
	return worth
}

// parent is the best of three probes of the archive, drawn at random.
func (s *search) parent(worth []float64, rng *rand.Rand) *probegen.Probe {
	best := rng.IntN(len(worth))
	for range 2 {
		if i := rng.IntN(len(worth)); worth[i] > worth[best] {
			best = i
		}
	}
	return &s.archive[best].probe
}

// cover chooses probes until each told pair has Keep of them, or all that
// there are: each time the one that serves most pairs still short, the first
// of equals.
func (s *search) cover() []probegen.Probe {
	need := make([]int, len(s.pairs))
	for k := range need {
		for i := range s.archive {
			if s.archive[i].told.Has(k) && need[k] < s.Keep {
				need[k]++
			}
		}
	}
	chosen := make([]bool, len(s.archive))
	var winners []probegen.Probe
	for {
		best, most := -1, 0
		for i := range s.archive {
			serves := 0
			for k := range need {
				if !chosen[i] && need[k] > 0 && s.archive[i].told.Has(k) {
					serves++
				}
			}
			if serves > most {
				best, most = i, serves
			}
		}
		if best < 0 {
			return winners
		}
		chosen[best] = true
		winners = append(winners, s.archive[best].probe)
		for k := range need {
			if s.archive[best].told.Has(k) {
				need[k]--
			}
		}
	}
}
