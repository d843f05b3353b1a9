// Package breed searches for probes that tell apart pairs of labels which no
// known probe tells apart: it keeps probes that tell some pair, changes and
// joins them, sends what comes of it to the machines of the search, and keeps
// what tells a pair more. It is an evolutionary search whose fitness is a
// measurement.
//
// A generation is sent at full speed first. What then seems to tell a pair that
// is short of probes is sent once more, with more repeats and at a slow pace
// too (collector.Plan): what a rate limit or chance told does not get into the
// archive, from which parents and winners come.
//
// Its opinion is that a search proves nothing about what it has seen. It has
// machines of its own, or sees half of the images of each label; what it found
// is judged on the others (experiment reach), and held against a control: the
// same search with random probes in place of offspring, at the same number of
// packets.
package breed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"tickle/collector"
	"tickle/datasets"
	"tickle/probegen"
)

// Config is a search. Collect has the folder of its runs, the pool, backends
// and seed; its plans are made here.
type Config struct {
	Collect collector.Config
	Start   *probegen.Set // where the search begins
	// Data is what Start's probes drew from the pool, of whose labels the search
	// then sees half of the images. nil: all machines of the pool are the
	// search's, and are sent Start's probes first, which counts.
	Data      *datasets.Dataset
	Hierarchy datasets.Hierarchy
	Level     int
	Size      int   // probes a generation; 0: DefaultSize
	Repeats   int   // sendings of each; 0: DefaultRepeats
	Budget    int64 // packets to a machine: no generation begins that would pass it, by what the last one took
	Patience  int   // generations that end the search when they add nothing to Held; 0: DefaultPatience
	Keep      int   // probes, of different openings, that are kept for each pair, where there are as many; 0: DefaultKeep
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

// Generation is how far a search has come. The first is what was known before,
// or what the probes that it begins with drew.
type Generation struct {
	Number  int      `json:"generation"`
	Packets int64    `json:"packets"` // to a machine, in all; the mean over machines
	Told    int      `json:"told"`    // pairs of labels that some probe tells apart on the search's machines
	Gained  int      `json:"gained"`  // of these, by this generation
	Pairs   int      `json:"pairs"`   // of labels that the search's machines have
	Held    int      `json:"held"`    // probes that the pairs have, of different openings, at most Keep each
	Probes  int      `json:"probes"`  // in the archive
	Missing []string `json:"missing"` // machines that failed in this generation
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
	sources  *datasets.Sources
	alive    *alive
	archive  []found // confirmed
	pending  []found // that seem to tell pairs
	sent     map[string]bool
	breeder  *probegen.Breeder
	packets  float64
	cost     float64 // packets of a generation
	result   Result
}

// ErrNothing is wrapped by what Run returns when there is nothing to search
// for, or nothing was found.
var ErrNothing = errors.New("nothing")

// Run searches until the budget is used, each pair has Keep probes of different
// openings, or Patience generations gained no such probe. The same configuration
// and machines that answer the same give the same result, and a search that was
// interrupted goes on where it was in its folder. Machines whose clocks are real
// run from its beginning to its end, and are started again only when they fail.
func Run(ctx context.Context, cfg Config) (r *Result, err error) {
	s, err := newSearch(cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.alive.close()) }()
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	idle := 0
	for n := 1; s.packets+s.cost <= float64(s.Budget) && idle < s.Patience; n++ {
		before := held(s.archive, len(s.pairs), s.Keep)
		if before == len(s.pairs)*s.Keep {
			break
		}
		probes, err := s.offspring(n)
		if err == nil {
			err = s.generation(ctx, n, probes)
		}
		if err != nil {
			return nil, fmt.Errorf("generation %d: %w", n, err)
		}
		if idle++; held(s.archive, len(s.pairs), s.Keep) > before {
			idle = 0
		}
	}
	winners := probesAt(s.archive, cover(s.archive, len(s.pairs), s.Keep))
	if len(winners) == 0 {
		return nil, fmt.Errorf("%w was found: no probe tells any pair of labels apart", ErrNothing)
	}
	s.result.Machines = s.machines
	s.result.Set, err = s.named(winners)
	return &s.result, err
}

// The names of what a search and its control find, as parts of a set.
const (
	BredPart    = probegen.BredFamily
	ControlPart = "control"
)

// named makes the winners a set of one part, that can be joined with others.
func (s *search) named(winners []probegen.Probe) (*probegen.Set, error) {
	options := s.options()
	name := BredPart
	if s.Control {
		name = ControlPart
	}
	set, err := probegen.Join([]string{name}, []*probegen.Set{probegen.BredSet(winners, s.Collect.Seed, options)})
	if err == nil {
		maps.Copy(set.Header.Options, options)
	}
	return set, err
}

// options say how the winners were found.
func (s *search) options() map[string]string {
	var points []probegen.SearchPoint
	for _, g := range s.result.Generations {
		points = append(points, probegen.SearchPoint{Packets: g.Packets, Told: g.Told, Held: g.Held})
	}
	return map[string]string{
		probegen.SearchedOption:      strings.Join(s.machines, " "),
		probegen.ImagesOption:        strings.Join(s.images(), " "),
		probegen.SearchPacketsOption: strconv.FormatInt(int64(s.packets), 10),
		probegen.ProgressOption:      probegen.FormatProgress(points),
		probegen.PairsOption:         strconv.Itoa(len(s.pairs)),
		"generations":                strconv.Itoa(len(s.result.Generations) - 1),
		"start":                      s.Start.Hash(),
		"control":                    strconv.FormatBool(s.Control),
	}
}

// images gives the images of the search's machines, in the pool's order.
func (s *search) images() []string {
	var images []string
	for i := range s.Collect.Pool.Machines {
		if m := &s.Collect.Pool.Machines[i]; slices.Contains(s.machines, m.Name) && !slices.Contains(images, m.Image) {
			images = append(images, m.Image)
		}
	}
	return images
}

func newSearch(cfg Config) (*search, error) {
	cfg.Size, cfg.Repeats = cmp.Or(cfg.Size, DefaultSize), cmp.Or(cfg.Repeats, DefaultRepeats)
	cfg.Patience, cfg.Keep = cmp.Or(cfg.Patience, DefaultPatience), cmp.Or(cfg.Keep, DefaultKeep)
	s := &search{Config: cfg, breeder: probegen.NewBreeder(cfg.Collect.Seed), family: cfg.Start.Header.Family,
		sources: datasets.DefaultSources(), alive: &alive{}, sent: make(map[string]bool)}
	if s.family == probegen.BredFamily {
		s.family = "random"
		if slices.ContainsFunc(cfg.Start.Probes, func(p probegen.Probe) bool { return len(p.Steps) > 1 }) {
			s.family = "dialogue"
		}
	}
	if _, err := probegen.NewBreeder(0).Fresh(s.family); err != nil {
		return nil, err
	}
	for i := range cfg.Start.Probes {
		s.sent[contentOf(&cfg.Start.Probes[i])] = true
	}
	if d := cfg.Data; d != nil {
		s.sources = d.Meta.Sources
		if have, want := d.Meta.Probes, cfg.Start.Hash(); have != want {
			return nil, fmt.Errorf("the data set is of probes with SHA-256 %.12s…: want the probes that the search begins with, %.12s…", have, want)
		}
		if have, want := d.Meta.Pool, cfg.Collect.Pool.Name; have != want {
			return nil, fmt.Errorf("the data set is of pool %q: want that of the search, %q", have, want)
		}
	}
	return s, s.afford()
}

// afford sees to it that the budget is enough for one generation.
func (s *search) afford() error {
	all := 0
	for i := range s.Start.Probes {
		all += s.Start.Probes[i].Packets()
	}
	mean := float64(all) / float64(len(s.Start.Probes))
	s.cost = mean * float64(s.Size*s.Repeats)
	want, begins := s.cost, ""
	if s.Data == nil {
		want += float64(all * s.Repeats)
		begins = fmt.Sprintf("the %d probes that the search begins with and ", len(s.Start.Probes))
	}
	if float64(s.Budget) < want {
		return fmt.Errorf("a budget of %d packets to a machine: want %.0f or more, for %sa generation of %d probes, each sent %d times", s.Budget, math.Ceil(want), begins, s.Size, s.Repeats)
	}
	return nil
}

// begin finds the search's machines and takes in what is known.
func (s *search) begin(ctx context.Context) error {
	if s.Data == nil {
		for i := range s.Collect.Pool.Machines {
			s.machines = append(s.machines, s.Collect.Pool.Machines[i].Name)
		}
		if err := s.pairUp(); err != nil {
			return err
		}
		cost := s.cost
		if err := s.generation(ctx, 0, s.Start.Probes); err != nil {
			return fmt.Errorf("the probes that the search begins with: %w", err)
		}
		s.cost = cost // the start is larger than a generation, or smaller
		return nil
	}
	l := s.labelPairs(s.Data.Matrix)
	rows := s.half(l)
	if err := s.pairUp(); err != nil {
		return err
	}
	s.archive = s.take(l, rows, s.Start.Probes)
	if held(s.archive, len(s.pairs), s.Keep) == len(s.pairs)*s.Keep {
		return fmt.Errorf("all pairs of labels (%d) are told apart by as many probes as are kept for each (%d): %w is left to search for", len(s.pairs), s.Keep, ErrNothing)
	}
	s.note(Generation{})
	return nil
}

// half draws the search's machines, half of each label's images, and gives
// their rows in the data.
func (s *search) half(l *datasets.LabelPairs) []int32 {
	m := s.Data.Matrix
	groups, number := make([]int32, m.Rows()), make(map[string]int32)
	for i := range groups {
		g, ok := number[m.Machines[i].Group]
		if !ok {
			g = int32(len(number))
			number[m.Machines[i].Group] = g
		}
		groups[i] = g
	}
	inPool := make(map[string]bool)
	for i := range s.Collect.Pool.Machines {
		inPool[s.Collect.Pool.Machines[i].Name] = true
	}
	rows, _ := datasets.HalfOf(l.Labels, groups, rand.New(rand.NewPCG(s.Collect.Seed, breedStream)))
	rows = slices.DeleteFunc(rows, func(r int32) bool { return !inPool[m.Machines[r].Name] })
	for _, r := range rows {
		s.machines = append(s.machines, m.Machines[r].Name)
	}
	return rows
}

// breedStream draws machines, parents and operators.
const breedStream = 0x6272656564 << 16

// pairUp makes the pairs of the labels that the search's machines have.
func (s *search) pairUp() error {
	var labels []string
	for i := range s.Collect.Pool.Machines {
		if m := &s.Collect.Pool.Machines[i]; slices.Contains(s.machines, m.Name) {
			labels = append(labels, m.Labels.At(s.Hierarchy, s.Level))
		}
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	for b := range labels {
		for a := range b {
			s.pairs = append(s.pairs, pair{labels[a], labels[b]})
		}
	}
	if len(s.pairs) == 0 {
		return fmt.Errorf("the machines of the search have no two labels at %s level %d: want two or more, have %q", s.Hierarchy, s.Level, labels)
	}
	return nil
}

// note records a generation, and tells Progress.
func (s *search) note(g Generation) {
	before := 0
	if n := len(s.result.Generations); n > 0 {
		before = s.result.Generations[n-1].Told
	}
	g.Packets, g.Pairs, g.Probes = int64(s.packets), len(s.pairs), len(s.archive)
	g.Told, g.Held = told(s.archive, len(s.pairs)).Len(), held(s.archive, len(s.pairs), s.Keep)
	g.Gained = g.Told - before
	s.result.Generations = append(s.result.Generations, g)
	if s.Progress != nil {
		s.Progress(g)
	}
}
