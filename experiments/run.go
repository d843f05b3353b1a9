package experiments

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"tickle/datasets"
)

// The codes of warnings of experiments that look at a run.
const (
	WarnNoPlan    = "no-plan"    // the run lacks a plan: no rows
	WarnMissing   = "missing"    // machines of a plan without files
	WarnLossySets = "lossy-sets" // probes that some sendings of which drew no answer
	WarnChecksums = "checksums"  // raw checksums follow the sendings' own addresses and ports
	WarnNoSingles = "no-singles" // the run keeps no single exchanges of a machine
)

// scope is what a result rests on when that is a part of a run and not the
// whole data set.
type scope struct {
	plan            string
	machines        []datasets.Machine
	probes, repeats int
}

// narrow makes p speak of the scope alone.
func (s *scope) narrow(p *Provenance) {
	if s == nil {
		return
	}
	p.Plan, p.Machines, p.Probes, p.Repeats, p.Dropped = s.plan, len(s.machines), s.probes, s.repeats, 0
	p.Real, p.Modelled = 0, 0
	groups := make(map[string]bool)
	for i := range s.machines {
		groups[s.machines[i].Group] = true
		if s.machines[i].Modelled {
			p.Modelled++
		} else {
			p.Real++
		}
	}
	p.Groups = len(groups)
}

// planOf is a plan of a run, with the machines whose part is complete.
type planOf struct {
	run      string
	manifest *datasets.Manifest
	plan     *datasets.Plan
	machines []datasets.Machine // in the pool's order
	missing  []string
}

// autoPlan stands for the plan named random, or the run's only one.
const autoPlan = "auto"

// planOption is that of experiments on any plan.
var planOption = Option{Name: "plan", Default: autoPlan, Doc: "the plan of the run, of packets or dialogues; auto: random, or the only one"}

// openPlan finds a plan in the run folder. Where the run has no such plan it
// is nil, and the warning says which there are, and then why it is wanted. A
// run of another pool than the data's is an error.
func openPlan(in *Input, name, why string) (*planOf, []Warning, error) {
	m, err := datasets.ReadManifest(in.Run)
	if err != nil {
		return nil, nil, err
	}
	if pool := in.Data.Origin.Pool; pool != "" && m.Pool != pool {
		return nil, nil, fmt.Errorf("%s: pool %q: want %q, the data set's", datasets.ManifestPath(in.Run), m.Pool, pool)
	}
	var names []string
	at := -1
	for i := range m.Plans {
		names = append(names, m.Plans[i].Name)
		if names[i] == name || name == autoPlan && (names[i] == "random" || len(m.Plans) == 1) {
			at = i
		}
	}
	if at < 0 {
		if name == autoPlan {
			name = "random"
		}
		return nil, []Warning{noPlan(in, name, "it has "+strings.Join(names, ", ")+"; "+why)}, nil
	}
	p := &planOf{run: in.Run, manifest: m, plan: &m.Plans[at]}
	for i := range m.Machines {
		machine := &m.Machines[i]
		if p.plan.Machines != nil && !slices.Contains(p.plan.Machines, machine.Name) {
			continue
		}
		if _, err := os.Stat(p.summaryPath(machine.Name)); err != nil {
			p.missing = append(p.missing, machine.Name)
			continue
		}
		p.machines = append(p.machines, *machine)
	}
	return p, nil, nil
}

// places is the number of places for answers that a machine's part has: one a
// probe, or those of the dialogues.
func (p *planOf) places() int {
	if p.isDialogues() {
		return p.plan.Rows
	}
	return p.plan.N
}

func (p *planOf) isDialogues() bool { return p.plan.Layout() == datasets.Dialogues }

// fields are those that answers have under the plan.
func (p *planOf) fields() []datasets.FieldID { return p.plan.Layout().Fields() }

func (p *planOf) summaryPath(machine string) string {
	return datasets.SummaryPath(p.run, p.plan.Name, machine)
}

// scope is all of the plan that the run holds.
func (p *planOf) scope() *scope {
	return &scope{plan: p.plan.Name, machines: p.machines, probes: p.plan.N, repeats: p.plan.Repeats}
}

// warnings says which machines of the plan are not there.
func (p *planOf) warnings() []Warning {
	if len(p.missing) == 0 {
		return nil
	}
	return []Warning{{Code: WarnMissing, Cell: "plan " + p.plan.Name, Text: fmt.Sprintf("%d machines have no summaries and are left out: %s", len(p.missing), shortList(p.missing))}}
}

// checksums warns that raw checksums vary for a reason that is no machine's.
func (p *planOf) checksums() []Warning {
	if p.manifest.SourcePort == "fixed" {
		return nil
	}
	return []Warning{{Code: WarnChecksums, Cell: "plan " + p.plan.Name, Text: "every sending has an address and port of its own, and raw checksums vary with them"}}
}

// noPlan is the warning of a result that has no rows, for the run has not
// what they would rest on.
func noPlan(in *Input, name, want string) Warning {
	return Warning{Code: WarnNoPlan, Text: fmt.Sprintf("%s has no plan %q: %s", strings.TrimRight(in.Run, "/"), name, want)}
}

// each reads the summaries of every machine, on in.Workers goroutines. work
// is given the machine's place in p.machines, and what it keeps must be by
// place. Of several errors the one of the first machine is returned.
func (p *planOf) each(ctx context.Context, in *Input, work func(i int, f *datasets.SummaryFile) error) error {
	return eachMachine(ctx, in, len(p.machines), func(i int) error {
		f, err := datasets.OpenSummary(p.summaryPath(p.machines[i].Name))
		if err != nil {
			return err
		}
		err = work(i, f)
		if closed := f.Close(); err == nil {
			err = closed
		}
		return err
	})
}

// eachMachine runs work for 0 … n-1 on in.Workers goroutines until one fails
// or ctx ends, and tells in.Progress.
func eachMachine(ctx context.Context, in *Input, n int, work func(i int) error) error {
	workers := in.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	next, finished, failed := 0, 0, n
	var failure error
	for range min(workers, n) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= n || failure != nil || ctx.Err() != nil
				mu.Unlock()
				if stop {
					return
				}
				err := work(i)
				mu.Lock()
				if err != nil && i < failed {
					failed, failure = i, err
				}
				finished++
				if in.Progress != nil {
					in.Progress(finished, n, "machines")
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if failure != nil {
		return failure
	}
	return ctx.Err()
}

// observationPath is where the single exchanges of a machine are, if they are
// kept.
func (p *planOf) observationPath(machine int) string {
	return datasets.ObservationPath(p.run, p.plan.Name, p.machines[machine].Name)
}
