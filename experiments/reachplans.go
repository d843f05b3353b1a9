package experiments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tickle/datasets"
	"tickle/probegen"
)

// sentPlan is a plan that a run has, by its place in the manifest.
type sentPlan struct {
	run      string
	manifest *datasets.Manifest
	at       int
}

// open builds a data set of every plan that the run, or one beside it, has, of
// the machines that have a part in all of them.
func (r *reachRun) open(ctx context.Context) error {
	var found []sentPlan
	for _, name := range r.in.list("plans") {
		p, err := r.find(name)
		if err != nil {
			return err
		}
		if p == nil {
			r.result.Warnings = append(r.result.Warnings, noPlan(r.in, name, "its probes are not compared"))
			continue
		}
		found = append(found, *p)
	}
	if len(found) == 0 {
		return errors.New("the run has none of the plans: nothing to compare")
	}
	common := r.common(found)
	if len(common) == 0 {
		return errors.New("no machine has a part in all plans: nothing to compare")
	}
	for i := range found {
		p, err := r.openPlan(ctx, &found[i], common)
		if err != nil {
			return fmt.Errorf("plan %s: %w", found[i].plan().Name, err)
		}
		r.plans = append(r.plans, *p)
	}
	return nil
}

// common gives the machines that have a part in all plans, in the pool's order,
// and warns of those that have not.
func (r *reachRun) common(plans []sentPlan) []string {
	lacking := make(map[string]bool)
	for i := range plans {
		has := plans[i].has()
		for _, m := range r.in.Data.Matrix.Machines {
			if !has[m.Name] {
				lacking[m.Name] = true
			}
		}
	}
	var common, left []string
	for _, m := range r.in.Data.Matrix.Machines {
		if lacking[m.Name] {
			left = append(left, m.Name)
		} else {
			common = append(common, m.Name)
		}
	}
	if len(left) > 0 {
		r.result.Warnings = append(r.result.Warnings, Warning{WarnNotInAllPlans, "",
			fmt.Sprintf("%d machines have no part in all plans, and none in the comparison: %s", len(left), strings.Join(left, ", "))})
	}
	return common
}

// WarnNotInAllPlans says that plans are compared on fewer machines than the
// data has.
const WarnNotInAllPlans = "not-in-all-plans"

func (p *sentPlan) plan() *datasets.Plan { return &p.manifest.Plans[p.at] }

// has gives the machines with a part in the plan.
func (p *sentPlan) has() map[string]bool {
	has := make(map[string]bool)
	for i := range p.manifest.Parts {
		if q := &p.manifest.Parts[i]; q.Plan == p.plan().Name && q.Missing == "" {
			has[q.Machine] = true
		}
	}
	return has
}

// openPlan builds the data set of a plan.
func (r *reachRun) openPlan(ctx context.Context, p *sentPlan, common []string) (*reachPlan, error) {
	plan := p.plan()
	if names := plan.Probes.Options[probegen.SearchedOption]; names != "" {
		r.searched = strings.Split(names, " ")
	}
	sent, exchanges := 0.0, 0.0
	for i := range p.manifest.Parts {
		if q := &p.manifest.Parts[i]; q.Plan == plan.Name {
			sent, exchanges = sent+float64(q.Counts.Sent), exchanges+float64(q.Counts.Exchanges)
		}
	}
	data, err := r.build(ctx, p, common)
	if err != nil {
		return nil, err
	}
	if data.Origin.Probes == 0 || exchanges == 0 {
		return nil, errors.New("no probe is left")
	}
	return &reachPlan{plan.Name, data, data.Origin.Probes, sent / exchanges * float64(plan.Repeats)}, nil
}

// find gives the plan of a name: the run's own, or that of the folder RUN-PLAN
// beside it, of the same pool; nil where neither has it.
func (r *reachRun) find(plan string) (*sentPlan, error) {
	in := func(m *datasets.Manifest) int {
		return slices.IndexFunc(m.Plans, func(p datasets.Plan) bool { return p.Name == plan })
	}
	own, err := datasets.ReadManifest(r.in.Run)
	if err != nil {
		return nil, err
	}
	if at := in(own); at >= 0 {
		return &sentPlan{r.in.Run, own, at}, nil
	}
	beside := strings.TrimRight(r.in.Run, "/") + "-" + plan
	m, err := datasets.ReadManifest(beside)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case m.Pool != own.Pool:
		return nil, fmt.Errorf("%s: pool %q: want %q, as %s has", datasets.ManifestPath(beside), m.Pool, own.Pool, r.in.Run)
	}
	if at := in(m); at >= 0 {
		return &sentPlan{beside, m, at}, nil
	}
	return nil, nil
}

// build builds the data set of some machines under a plan, unless it is the one
// that is given.
func (r *reachRun) build(ctx context.Context, p *sentPlan, machines []string) (*Data, error) {
	o, plan := &r.in.Data.Origin, p.plan().Name
	if o.Plan == plan && o.Pool == p.manifest.Pool && o.Table == nil && len(machines) == r.in.Data.Matrix.Rows() {
		return r.in.Data, nil
	}
	d, err := datasets.Build(ctx, p.run, datasets.BuildOptions{Plan: plan, Only: machines, Sources: r.in.Data.SourcesOf(), Workers: r.in.Workers})
	if err != nil {
		return nil, err
	}
	return Of(p.run+" plan "+plan, d), nil
}
