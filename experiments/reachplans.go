package experiments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
	"tickle/probegen"
)

// sentPlan is a plan that a run has, by its place in the manifest, or a part
// of one whose set is joined.
type sentPlan struct {
	name     string
	run      string
	manifest *datasets.Manifest
	at       int
	part     *probegen.Part // nil: the whole plan
}

// open builds a data set of every plan that the run, or one beside it, has, of
// the machines that have a part in all of them and that no search for probes
// knew.
func (r *reachRun) open(ctx context.Context) error {
	var found []sentPlan
	for _, name := range r.in.list("plans") {
		p, err := r.find(name)
		if err != nil {
			return err
		}
		if p == nil {
			if name != reachControl { // there is none where nothing was bred, and that is said
				r.result.Warnings = append(r.result.Warnings, noPlan(r.in, name, "its probes are not compared"))
			}
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
			return fmt.Errorf("plan %s: %w", found[i].name, err)
		}
		r.plans = append(r.plans, *p)
	}
	return nil
}

// common gives the machines that have a part in all plans, in the pool's order,
// but for those that a search knew which had others for itself; and warns of
// those that are left out.
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
	known := r.known(plans)
	var common, left, seen []string
	for _, m := range r.in.Data.Matrix.Machines {
		switch {
		case lacking[m.Name]:
			left = append(left, m.Name)
		case slices.Contains(known, m.Group):
			seen = append(seen, m.Name)
		default:
			common = append(common, m.Name)
		}
	}
	r.leave(WarnNotInAllPlans, left, "have no part in all plans, and none in the comparison")
	r.leave(WarnSearched, seen, "are of images that the search for probes saw, and have no part in the comparison")
	return common
}

// leave warns of machines that are left out.
func (r *reachRun) leave(code string, machines []string, why string) {
	if len(machines) > 0 {
		r.result.Warnings = append(r.result.Warnings, Warning{code, "",
			fmt.Sprintf("%d machines %s: %s", len(machines), why, strings.Join(machines, ", "))})
	}
}

// known gives the images that a search saw on machines of its own. Where it saw
// machines of the data, these are set apart by test NeverSeen, and none is left
// out.
func (r *reachRun) known(plans []sentPlan) (images []string) {
	for i := range plans {
		options := plans[i].plan().Probes.Options
		r.searched = append(r.searched, strings.Fields(options[probegen.SearchedOption])...)
		images = append(images, strings.Fields(options[probegen.ImagesOption])...)
	}
	for _, m := range r.in.Data.Matrix.Machines {
		if slices.Contains(r.searched, m.Name) {
			return nil
		}
	}
	return images
}

// What reach leaves out.
const (
	WarnNotInAllPlans = "not-in-all-plans" // plans are compared on fewer machines than the data has
	WarnSearched      = "searched"         // so that bred probes are judged by strangers
)

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
	out := &reachPlan{name: p.name, data: data, probes: data.Origin.Probes, packets: sent / exchanges * float64(plan.Repeats), search: NA}
	if p.part != nil {
		whole, err := p.whole()
		if err != nil {
			return nil, err
		}
		out.packets *= float64(p.part.Packets) / float64(len(p.part.Probes)) / whole
		if p.part.Searched > 0 {
			out.search = Number(p.part.Searched)
		}
		out.points = p.part.Progress
		out.asked, _ = strconv.Atoi(plan.Probes.Options[probegen.PairsOption]) // 0 where it is not said
	}
	return out, nil
}

// whole is the packets of a probe of the joined set, in the mean.
func (p *sentPlan) whole() (float64, error) {
	n, err := strconv.Atoi(p.plan().Probes.Options[probegen.JoinedPacketsOption])
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s: plan %s: option %s: want a number from 1 on", datasets.ManifestPath(p.run), p.plan().Name, probegen.JoinedPacketsOption)
	}
	return float64(n) / float64(p.plan().N), nil
}

// find gives the plan of a name: the run's own, or that of the folder RUN-PLAN
// beside it, of the same pool, or the part of that name of the bred plan; nil
// where there is none.
func (r *reachRun) find(name string) (*sentPlan, error) {
	for _, plan := range []string{name, probegen.BredFamily} {
		p, err := r.findPlan(plan)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		parts, err := p.plan().Probes.Parts()
		if err != nil {
			return nil, fmt.Errorf("%s: plan %s: %w", datasets.ManifestPath(p.run), plan, err)
		}
		p.name = name
		if at := slices.IndexFunc(parts, func(q probegen.Part) bool { return q.Name == name }); at >= 0 {
			p.part = &parts[at]
			return p, nil
		}
		if plan == name {
			return p, nil
		}
	}
	return nil, nil
}

// findPlan gives a plan of the run or of that beside it.
func (r *reachRun) findPlan(plan string) (*sentPlan, error) {
	in := func(m *datasets.Manifest) int {
		return slices.IndexFunc(m.Plans, func(p datasets.Plan) bool { return p.Name == plan })
	}
	own, err := datasets.ReadManifest(r.in.Run)
	if err != nil {
		return nil, err
	}
	if at := in(own); at >= 0 {
		return &sentPlan{run: r.in.Run, manifest: own, at: at}, nil
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
		return &sentPlan{run: beside, manifest: m, at: at}, nil
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
	build := datasets.BuildOptions{Plan: plan, Only: machines, Sources: r.in.Data.SourcesOf(), Workers: r.in.Workers}
	if p.part != nil {
		build.Probes = p.part.Probes
	}
	d, err := datasets.Build(ctx, p.run, build)
	if err != nil {
		return nil, err
	}
	return Of(p.run+" plan "+p.name, d), nil
}
