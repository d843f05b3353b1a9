// Package shrink finds the shortest dialogue that still tells two machines
// apart: delta debugging (Zeller and Hildebrandt 2002) of its steps, and then
// of what each step has that a peer who means well would not send. The
// candidates of a round go to both machines together, in one run.
package shrink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tickle/collector"
	"tickle/collector/pool"
	"tickle/datasets"
	"tickle/probegen"
)

// Config says what is to be shrunk. All but Fields, Seed and Progress is needed.
type Config struct {
	Pool     *pool.Pool // of the two machines
	Backends map[string]pool.Backend
	Probe    probegen.Probe
	Fields   datasets.FieldSet // that may tell them apart; empty: Vetted
	Seed     uint64
	Dir      string                                // for the last run, which has the packets; must not exist, or be empty
	Progress func(round, candidates int, p string) // before each round; nil: not at all
	Version  string
}

// Difference is a feature in which the two machines differ.
type Difference struct {
	Step, Answer uint8 // from 1
	Field        datasets.FieldID
	Values       [2]string // as each machine has it
}

// Result is the shortest dialogue that was found.
type Result struct {
	Probe       probegen.Probe
	Machines    [2]string
	Systems     [2]string    // as the run's manifest names their stacks: "Linux 6.12.107 (…)"
	Differences []Difference // in order of step, answer and field; at least one
	Answers     [2][][]string
	Rounds      int
	Sent        int // dialogues, to each machine
}

// searchRepeats is how often each candidate is sent while searching; the last
// run, which decides, has the collector's own number over two starts.
const searchRepeats = 3

// ErrAlike is what Shrink returns when the dialogue tells the machines not
// apart to begin with.
var ErrAlike = errors.New("the dialogue does not tell the two machines apart")

// Shrink shrinks cfg.Probe. What it returns was found on machines started
// twice; when that takes a candidate's difference away, the one before counts.
func Shrink(ctx context.Context, cfg Config) (*Result, error) {
	if len(cfg.Pool.Machines) != 2 {
		return nil, fmt.Errorf("shrink: %d machines: want two", len(cfg.Pool.Machines))
	}
	if cfg.Fields == "" {
		cfg.Fields = datasets.Vetted
	}
	s := &search{cfg: cfg, sources: datasets.DefaultSources()}
	defer s.clean()
	start := cfg.Probe
	splits, err := s.try(ctx, []probegen.Probe{start}, "as it is")
	if err != nil {
		return nil, err
	}
	if !splits[0] {
		return nil, ErrAlike
	}
	history := []probegen.Probe{start}
	current, err := s.removeSteps(ctx, start)
	if err != nil {
		return nil, err
	}
	history = append(history, current)
	if current, err = s.simplify(ctx, current); err != nil {
		return nil, err
	}
	history = append(history, current)
	for _, p := range slices.Backward(history) {
		r, err := s.confirm(ctx, p)
		if !errors.Is(err, ErrAlike) {
			return r, err
		}
	}
	return nil, ErrAlike
}

// search is a shrinking under way.
type search struct {
	cfg     Config
	sources *datasets.Sources
	rounds  int
	sent    int
	dirs    []string
}

func (s *search) clean() {
	for _, dir := range s.dirs {
		_ = os.RemoveAll(dir) // in the system's folder for such
	}
}

// removeSteps is delta debugging of the list of steps: chunks of ever smaller
// size are left out, as long as what remains still splits.
func (s *search) removeSteps(ctx context.Context, p probegen.Probe) (probegen.Probe, error) {
	for size := (len(p.Steps) + 1) / 2; size >= 1; {
		var candidates []probegen.Probe
		for from := 0; from < len(p.Steps) && len(p.Steps) > 1; from += size {
			c := p
			c.Steps = slices.Concat(p.Steps[:from], p.Steps[min(from+size, len(p.Steps)):])
			if len(c.Steps) > 0 {
				candidates = append(candidates, c)
			}
		}
		i, err := s.first(ctx, candidates, fmt.Sprintf("without %d of %d steps", size, len(p.Steps)))
		if err != nil {
			return p, err
		}
		if i >= 0 {
			p = candidates[i]
			size = min(size, (len(p.Steps)+1)/2)
			continue
		}
		if size == 1 {
			break
		}
		size = (size + 1) / 2
	}
	return p, nil
}

// simplify makes the steps that are left as plain as they can be. All single
// changes are tried at once, and then as many of those that did no harm
// together as can be.
func (s *search) simplify(ctx context.Context, p probegen.Probe) (probegen.Probe, error) {
	for {
		var harmless []change
		all := changesOf(&p)
		splits, err := s.try(ctx, applyEach(&p, all), fmt.Sprintf("%d ways simpler", len(all)))
		if err != nil {
			return p, err
		}
		for i, c := range all {
			if splits[i] {
				harmless = append(harmless, c)
			}
		}
		if len(harmless) == 0 {
			return p, nil
		}
		var together []probegen.Probe
		for n := len(harmless); n >= 1; n-- {
			c := clone(&p)
			for _, h := range harmless[:n] {
				h(&c)
			}
			together = append(together, c)
		}
		i, err := s.first(ctx, together, fmt.Sprintf("up to %d at once", len(harmless)))
		if err != nil || i < 0 {
			return p, err
		}
		p = together[i]
	}
}

// first gives the first candidate that splits, or -1.
func (s *search) first(ctx context.Context, candidates []probegen.Probe, what string) (int, error) {
	splits, err := s.try(ctx, candidates, what)
	return slices.Index(splits, true), err
}

// try sends candidates to both machines and says which of them split.
func (s *search) try(ctx context.Context, candidates []probegen.Probe, what string) ([]bool, error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "tickle-shrink-")
	if err != nil {
		return nil, err
	}
	s.dirs = append(s.dirs, dir)
	s.rounds++
	if s.cfg.Progress != nil {
		s.cfg.Progress(s.rounds, len(candidates), what)
	}
	plan := collector.Plan{Repeats: searchRepeats, Boots: 1}
	if err := s.collect(ctx, dir, candidates, plan); err != nil {
		return nil, err
	}
	found, err := s.compare(dir, len(candidates))
	splits := make([]bool, len(candidates))
	for i := range found {
		splits[i] = len(found[i]) > 0
	}
	return splits, err
}

const planName = "shrink"

// collect runs probes on both machines.
func (s *search) collect(ctx context.Context, dir string, probes []probegen.Probe, plan collector.Plan) error {
	set := &probegen.Set{Header: probegen.Header{Format: probegen.Format, Family: planName, Version: 1, Seed: s.cfg.Seed, N: len(probes) + 1}}
	// A set is of dialogues when one of its probes has several steps, which
	// what a search comes down to may not have: this one is for that.
	two := probegen.Probe{Steps: []probegen.Step{probes[0].Steps[0], {Wait: 1}}}
	for i, p := range append(slices.Clone(probes), two) {
		p.ID = i
		set.Probes = append(set.Probes, p)
	}
	plan.Name, plan.Set = planName, set
	_, err := collector.Collect(ctx, collector.Config{Dir: dir, Pool: s.cfg.Pool, Backends: s.cfg.Backends, Plans: []collector.Plan{plan},
		Seed: s.cfg.Seed, Keep: collector.KeepRaw, Observations: collector.ObserveAll, Version: s.cfg.Version})
	s.sent += len(probes) * plan.Repeats
	return err
}

// confirm runs one probe as any plan is, and gives all there is to say of it.
func (s *search) confirm(ctx context.Context, p probegen.Probe) (*Result, error) {
	dir := filepath.Join(s.cfg.Dir, "run")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	s.rounds++
	if s.cfg.Progress != nil {
		s.cfg.Progress(s.rounds, 1, "on machines started twice")
	}
	plan := collector.Plan{Repeats: collector.DefaultRepeats, Boots: collector.DefaultBoots}
	if err := s.collect(ctx, dir, []probegen.Probe{p}, plan); err != nil {
		return nil, err
	}
	found, err := s.compare(dir, 1)
	if err != nil {
		return nil, err
	}
	if len(found[0]) == 0 {
		return nil, ErrAlike
	}
	p.ID = 0
	r := &Result{Probe: p, Differences: found[0], Rounds: s.rounds, Sent: s.sent}
	man, err := datasets.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	for i := range r.Machines {
		r.Machines[i], r.Systems[i] = s.cfg.Pool.Machines[i].Name, man.Machines[i].Stack
		if r.Answers[i], err = answers(dir, r.Machines[i], &p); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// answers reads what the first sending of a run's first probe drew.
func answers(dir, machine string, p *probegen.Probe) ([][]string, error) {
	f, err := datasets.OpenObservations(datasets.ObservationPath(dir, planName, machine))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	exchanges, err := f.Read(0, new(datasets.Interner))
	if err != nil {
		return nil, err
	}
	for i := range exchanges {
		if exchanges[i].Probe == 0 && exchanges[i].Repeat == 0 {
			return collector.AnswerLadder(p, exchanges[i].Answers)
		}
	}
	return nil, fmt.Errorf("%s: no exchange of probe 0", datasets.ObservationPath(dir, planName, machine))
}
