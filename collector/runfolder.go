package collector

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"tickle/datasets"
)

// ReportPath is where a run keeps its Report.
func ReportPath(run string) string { return filepath.Join(run, "report.json") }

// ReadReport reads the report of a run folder.
func ReadReport(run string) (*Report, error) {
	b, err := os.ReadFile(ReportPath(run))
	if err != nil {
		return nil, err
	}
	r := new(Report)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s: %w", ReportPath(run), err)
	}
	return r, nil
}

// manifest makes the manifest of a run that has not begun.
func (r *run) manifest() *datasets.Manifest {
	m := &datasets.Manifest{
		Format: datasets.RunFormat, Pool: r.cfg.Pool.Name, PoolHash: r.cfg.Pool.Hash(), Seed: r.cfg.Seed,
		Observations: r.observe.String(), SourcePort: r.cfg.SourcePort.String(), Deadline: r.cfg.Deadline,
		Raw: r.cfg.Keep == KeepRaw, Started: time.Now().UTC().Truncate(time.Second),
	}
	if r.cfg.Version != "" {
		m.Versions = map[string]string{"tickle": r.cfg.Version}
	}
	for i := range r.cfg.Pool.Machines {
		pm := &r.cfg.Pool.Machines[i]
		b := r.cfg.Backends[pm.Backend]
		m.Machines = append(m.Machines, datasets.Machine{Name: pm.Name, Group: pm.Image, Backend: pm.Backend,
			Stack: b.Stack(pm), Modelled: b.Modelled(), Labels: pm.Labels, Factors: pm.Factors})
	}
	for _, g := range r.programs {
		p := datasets.Plan{Name: g.plan.Name, Probes: g.plan.Set.Header, SHA256: g.hash, N: len(g.probes),
			Repeats: g.repeats, Order: datasets.Shuffled, Spacing: g.plan.spacing(), Machines: g.plan.Machines}
		if g.layout == datasets.Dialogues {
			p.Rows = g.rows()
		}
		if len(g.ends) > 1 {
			p.Boots = len(g.ends)
		}
		if g.plan.Order == Ordered {
			p.Order = datasets.Listed
		}
		m.Plans = append(m.Plans, p)
	}
	return m
}

// adoptManifest puts the manifest into a new run folder, or makes sure that
// the one in it is of the same run.
func (r *run) adoptManifest() error {
	want := r.manifest()
	have, err := datasets.ReadManifest(r.cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := unused(r.cfg.Dir); err != nil {
			return err
		}
		r.written = want
		return want.Write(r.cfg.files, r.cfg.Dir)
	}
	if err != nil {
		return err
	}
	if what := difference(have, want); what != "" {
		return fmt.Errorf("%s: this folder holds another run: %s; give another folder", datasets.ManifestPath(r.cfg.Dir), what)
	}
	r.written = have
	return nil
}

// unused makes sure that a folder without a manifest holds nothing but what a
// run that was killed while it wrote one leaves: a run folder's incomplete
// files are removed, and so nobody else's may be in it.
func unused(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); name != lockName && !strings.HasPrefix(name, filepath.Base(datasets.ManifestPath(dir))) {
			return fmt.Errorf("%s: holds %s and no run: give a new or an empty folder", dir, name)
		}
	}
	return nil
}

// difference names the first thing in which two runs differ such that their
// data cannot go together, or is empty.
func difference(have, want *datasets.Manifest) string {
	differ := func(what string, have, want any) string {
		return fmt.Sprintf("%s is %v there and %v here", what, have, want)
	}
	switch {
	case have.Format != want.Format:
		return differ("the format", have.Format, want.Format)
	case have.PoolHash != want.PoolHash:
		return differ("the pool's SHA-256", short(have.PoolHash)+" ("+have.Pool+")", short(want.PoolHash)+" ("+want.Pool+")")
	case !maps.Equal(have.Versions, want.Versions):
		return differ("the version of the program", have.Versions["tickle"], want.Versions["tickle"])
	case have.Seed != want.Seed:
		return differ("the seed", have.Seed, want.Seed)
	case have.Observations != want.Observations:
		return differ("observations", have.Observations, want.Observations)
	case have.SourcePort != want.SourcePort:
		return differ("the source port", have.SourcePort, want.SourcePort)
	case have.Deadline != want.Deadline:
		return differ("the deadline in µs", have.Deadline, want.Deadline)
	case have.Raw != want.Raw:
		return differ("keeping raw packets", have.Raw, want.Raw)
	case len(have.Plans) != len(want.Plans):
		return differ("the number of plans", len(have.Plans), len(want.Plans))
	}
	for i := range have.Plans {
		if what := planDifference(&have.Plans[i], &want.Plans[i]); what != "" {
			return what
		}
	}
	for i := range have.Machines { // the pools are the same: the backends may not be
		h, w := &have.Machines[i], &want.Machines[i]
		if h.Stack != w.Stack {
			return differ("the stack of machine "+h.Name, strconv.Quote(h.Stack), strconv.Quote(w.Stack))
		}
	}
	return ""
}

func planDifference(have, want *datasets.Plan) string {
	differ := func(what string, h, w any) string {
		return fmt.Sprintf("the %s of plan %s is %v there and %v here", what, have.Name, h, w)
	}
	switch {
	case have.Name != want.Name:
		return differ("name", have.Name, want.Name)
	case have.SHA256 != want.SHA256:
		return differ("probe set's SHA-256", short(have.SHA256), short(want.SHA256))
	case have.Repeats != want.Repeats:
		return differ("number of repeats", have.Repeats, want.Repeats)
	case have.Boots != want.Boots:
		return differ("number of boots", have.Boots, want.Boots)
	case have.Order != want.Order:
		return differ("order", have.Order, want.Order)
	case have.Spacing != want.Spacing:
		return differ("spacing in µs", have.Spacing, want.Spacing)
	case !reflect.DeepEqual(have.Machines, want.Machines):
		return differ("list of machines", have.Machines, want.Machines)
	}
	return ""
}

// short gives enough of a hash to tell it.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// finished says whether a part is complete, and gives its counts. A summary
// that is not sound, or not this run's, is an error.
func (r *run) finished(p part) (counts datasets.Counts, done bool, err error) {
	path := datasets.SummaryPath(p.run, p.program.plan.Name, p.machine.Name)
	f, err := datasets.OpenSummary(path)
	if errors.Is(err, fs.ErrNotExist) {
		return counts, false, nil
	}
	if err != nil {
		return counts, false, fmt.Errorf("%w; remove it to collect this machine again", err)
	}
	defer f.Close()
	want := r.header(p)
	want.FS = f.Header.FS
	if f.Header != want || f.Rows() != p.program.rows() {
		return counts, false, fmt.Errorf("%s: not the summaries of %d probes of plan %s to machine %s in this run: remove the file",
			path, p.program.rows(), p.program.plan.Name, p.machine.Name)
	}
	return f.Counts, true, nil
}

// header says whose file a part's is.
func (r *run) header(p part) datasets.SummaryHeader {
	return datasets.SummaryHeader{Machine: p.machine.Name, Plan: p.program.plan.Name, Probes: p.program.hash,
		Seed: r.cfg.Seed, Layout: p.program.layout, FS: r.cfg.files}
}

// close writes what became of the run: the report, and the manifest once it
// is known what is missing.
func (r *run) close(report *Report) error {
	b, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := datasets.WriteWhole(r.cfg.files, ReportPath(r.cfg.Dir), append(b, '\n')); err != nil {
		return err
	}
	m := *r.written
	m.Parts = m.Parts[:0:0]
	reached := true
	for i := range r.parts {
		result := &report.Machines[i]
		reached = reached && result.Error != notReached
		m.Parts = append(m.Parts, datasets.Part{Plan: result.Plan, Machine: result.Machine, Rate: result.Rate,
			Missing: cmp.Or(result.Error, result.Absent), Ended: result.Ended, Counts: result.stored()})
	}
	if m.Finished = r.written.Finished; reached && (m.Finished == nil || r.made > 0) {
		now := time.Now().UTC().Truncate(time.Second)
		m.Finished = &now
	}
	return m.Write(r.cfg.files, r.cfg.Dir)
}
