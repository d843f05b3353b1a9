package datasets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// BuildOptions says how a data set is made from a run. The zero value masks
// nondeterminism, drops lossy probes of modelled pools only, and looks at all
// machines.
type BuildOptions struct {
	Plan    string // empty: "random", or the run's only plan
	Loss    LossPolicy
	Nondet  NondetPolicy
	Filter  Filter
	Sources *Sources // nil: DefaultSources
	Only    []string // machines; nil: all of the plan
	Probes  []int    // numbers; nil: all of the plan
	Workers int      // goroutines at most; 0: GOMAXPROCS
	// Progress is told, by one goroutine at a time, how many of all steps are done.
	Progress func(done, total int)
}

// Build makes a data set of a run's summaries. It reads one field of one row
// group of all machines at a time: beside the matrix, and the footers of the
// files, its memory is that, once a worker. The result does not depend on
// Workers. A machine that the run gave up on is left out and named; a run
// that is not finished is an error, as is a file of another run.
func Build(ctx context.Context, run string, opt BuildOptions) (*Dataset, error) {
	b, err := newBuilder(run, &opt)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	if err := b.findLoss(ctx); err != nil {
		return nil, err
	}
	if err := b.group(ctx); err != nil {
		return nil, err
	}
	return b.finish(), nil
}

// lossyShare is the share of probes above which a machine is lossy itself.
const lossyShare = 0.01

type builder struct {
	opt      BuildOptions
	plan     *Plan
	d        *Dataset
	machines []Machine
	paths    []string
	files    []*SummaryFile
	masked   []bool // machines
	each     kinds  // every machine apart
	skip     []bool // probes that are not among the options'
	drop     []bool // probes
	slots    []Slot // rows of the files
	lossy    []Pair

	mu      sync.Mutex
	grouper *Grouper
	texts   Interner
	done    int
}

func newBuilder(run string, opt *BuildOptions) (*builder, error) {
	man, err := ReadManifest(run)
	if err != nil {
		return nil, err
	}
	b := &builder{opt: *opt}
	if b.plan, err = man.plan(opt.Plan); err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestPath(run), err)
	}
	if man.Finished == nil {
		return nil, fmt.Errorf("%s: the run is not finished: collect again to go on with it", ManifestPath(run))
	}
	missing := make(map[string]bool)
	for _, p := range man.Parts {
		if p.Plan == b.plan.Name && p.Missing != "" {
			missing[p.Machine] = true
		}
	}
	meta := Meta{Format: DatasetFormat, Catalogue: CatalogueVersion, Pool: man.Pool, PoolHash: man.PoolHash, Plan: b.plan.Name,
		Probes: b.plan.SHA256, Seed: man.Seed, Sent: b.plan.N, Repeats: b.plan.Repeats, Sources: opt.Sources,
		Dialogues: b.plan.Layout() == Dialogues}
	for _, m := range man.Machines {
		if b.plan.Machines != nil && !slices.Contains(b.plan.Machines, m.Name) || opt.Only != nil && !slices.Contains(opt.Only, m.Name) {
			continue
		}
		if missing[m.Name] {
			meta.Missing = append(meta.Missing, m.Name)
			continue
		}
		if m.Modelled {
			meta.Modelled++
		}
		b.machines = append(b.machines, m)
		b.paths = append(b.paths, SummaryPath(run, b.plan.Name, m.Name))
	}
	if n := len(b.machines); n == 0 || n >= int(Missing) {
		return nil, fmt.Errorf("%s: %d machines with summaries: want 1 to %d", ManifestPath(run), n, Missing-1)
	}
	if meta.Sources == nil {
		meta.Sources = DefaultSources()
	}
	if err := policies(opt, &meta, len(b.machines)); err != nil {
		return nil, err
	}
	b.d = &Dataset{Meta: meta}
	return b, b.choose()
}

// choose leaves out the probes that are not wanted.
func (b *builder) choose() error {
	b.skip = make([]bool, b.plan.N)
	if b.opt.Probes == nil {
		return nil
	}
	for i := range b.skip {
		b.skip[i] = true
	}
	b.d.Meta.Sent = 0
	for _, probe := range b.opt.Probes {
		if probe < 0 || probe >= b.plan.N {
			return fmt.Errorf("probe %d: plan %s has probes 0 to %d", probe, b.plan.Name, b.plan.N-1)
		}
		if b.skip[probe] {
			b.skip[probe] = false
			b.d.Meta.Sent++
		}
	}
	return nil
}

// plan finds the plan that a data set is made of.
func (m *Manifest) plan(name string) (*Plan, error) {
	for i := range m.Plans {
		if p := &m.Plans[i]; p.Name == name || name == "" && (p.Name == "random" || len(m.Plans) == 1) {
			return p, nil
		}
	}
	names := make([]string, len(m.Plans))
	for i, p := range m.Plans {
		names[i] = p.Name
	}
	return nil, fmt.Errorf("plan %q: want one of %q", name, names)
}

// policies checks the options and writes what they mean into meta.
func policies(opt *BuildOptions, meta *Meta, machines int) error {
	meta.Loss, meta.Nondet, meta.Filter = opt.Loss, opt.Nondet, opt.Filter
	switch opt.Loss {
	case "":
		meta.Loss = MaskLoss
		if meta.Modelled == machines {
			meta.Loss = DropProbe
		}
	case DropProbe, MaskLoss:
	default:
		return fmt.Errorf("loss policy %q: want drop-probe or mask", opt.Loss)
	}
	switch opt.Nondet {
	case "":
		meta.Nondet = MaskNondet
	case MaskNondet, DropNondet, Category:
	default:
		return fmt.Errorf("nondeterminism policy %q: want mask, drop or category", opt.Nondet)
	}
	switch opt.Filter {
	case "":
		meta.Filter = FilterAll
	case FilterAll, FilterTrain:
	default:
		return fmt.Errorf("filter %q: want all or train", opt.Filter)
	}
	return nil
}

func (b *builder) close() {
	for _, f := range b.files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// each runs work for 0 … n-1 on the workers, each of which has a state that
// start makes, and ends early on an error or when ctx ends. Of several errors
// it returns that of the least index that was reached.
func each[S any](ctx context.Context, n, workers int, start func() S, work func(s S, i int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, failed := 0, n
	var first error
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == n || first != nil || ctx.Err() != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for range min(workers, n) {
		wg.Go(func() {
			s := start()
			for i, ok := take(); ok; i, ok = take() {
				if err := work(s, i); err != nil {
					mu.Lock()
					if i < failed {
						failed, first = i, err
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(first, ctx.Err())
}

// open opens every machine's file and checks that it belongs to the run.
func (b *builder) open(ctx context.Context) error {
	b.files = make([]*SummaryFile, len(b.machines))
	rows := cmp.Or(b.plan.Rows, b.plan.N)
	groups := (rows + RowsPerGroup - 1) / RowsPerGroup
	err := each(ctx, len(b.files), b.opt.Workers, noState, func(_ struct{}, i int) error {
		f, err := OpenSummary(b.paths[i])
		if err != nil {
			return err
		}
		b.files[i] = f
		want := SummaryHeader{Machine: b.machines[i].Name, Plan: b.plan.Name, Probes: b.plan.SHA256, Seed: b.d.Meta.Seed, Layout: b.plan.Layout()}
		if f.Header != want {
			return fmt.Errorf("%s: is of another run: has %+v, want %+v", b.paths[i], f.Header, want)
		}
		if f.Rows() != rows || f.Groups() != groups {
			return fmt.Errorf("%s: %d rows in %d row groups: want %d in %d", b.paths[i], f.Rows(), f.Groups(), rows, groups)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.place()
}

// place reads from the first file what its rows are. findLoss sees to it that
// they are the same in all.
func (b *builder) place() error {
	for g := range b.files[0].Groups() {
		slots, err := b.files[0].Slots(g)
		if err != nil {
			return err
		}
		b.slots = append(b.slots, slots...)
	}
	for r, s := range b.slots {
		if s.Probe < 0 || int(s.Probe) >= b.plan.N || r > 0 && compareSlots(b.slots[r-1], s) >= 0 || b.plan.Rows == 0 && int(s.Probe) != r {
			return fmt.Errorf("%s: column probe: row %d has probe %d: want them in order, and less than %d", b.paths[0], r, s.Probe, b.plan.N)
		}
	}
	return nil
}

func noState() struct{} { return struct{}{} }

// findLoss finds the lossy pairs and decides which machines are masked and
// which probes are dropped.
func (b *builder) findLoss(ctx context.Context) error {
	found := make([][]Pair, len(b.files))
	err := each(ctx, len(b.files), b.opt.Workers, func() *[2]cells { return new([2]cells) }, func(c *[2]cells, i int) error {
		for g := range b.files[i].Groups() {
			if err := b.groupLoss(i, g, c, &found[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	meta := &b.d.Meta
	b.masked, b.drop = make([]bool, len(b.files)), make([]bool, b.plan.N)
	for i, pairs := range found {
		pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return b.skip[p.Probe] })
		meta.LossyCells += int64(len(pairs))
		b.lossy = append(b.lossy, pairs...)
		probes := distinctProbes(pairs)
		if b.masked[i] = float64(probes) > lossyShare*float64(meta.Sent); b.masked[i] {
			meta.LossyMachines = append(meta.LossyMachines, LossyMachine{b.machines[i].Name, probes})
		}
	}
	b.each = apart(b.masked)
	if meta.Loss == DropProbe && meta.Filter == FilterAll {
		for _, p := range b.lossy {
			b.drop[p.Probe] = b.drop[p.Probe] || !b.masked[p.Machine]
		}
	}
	for p, drop := range b.drop {
		if drop {
			meta.LossyProbes = append(meta.LossyProbes, int32(p))
		}
		b.drop[p] = drop || b.skip[p]
	}
	b.lossy = slices.DeleteFunc(b.lossy, func(p Pair) bool { return b.drop[p.Probe] })
	slices.SortFunc(b.lossy, comparePairs)
	return nil
}

// distinctProbes counts the probes of pairs in order.
func distinctProbes(pairs []Pair) int {
	n := 0
	for i := range pairs {
		if i == 0 || pairs[i].Probe != pairs[i-1].Probe {
			n++
		}
	}
	return n
}

func comparePairs(a, b Pair) int {
	return cmp.Or(compareSlots(a.slot(), b.slot()), cmp.Compare(a.Machine, b.Machine))
}

// groupLoss appends machine i's lossy pairs in a row group, whose probes it
// checks.
func (b *builder) groupLoss(i, g int, c *[2]cells, lossy *[]Pair) error {
	t := b.files[i].t
	first := g * RowsPerGroup
	slots, err := b.files[i].Slots(g)
	if err != nil {
		return err
	}
	if want := min(RowsPerGroup, len(b.slots)-first); len(slots) != want {
		return fmt.Errorf("%s: column probe: row group %d has %d rows, want %d", t.path, g, len(slots), want)
	}
	for r, s := range slots {
		if s != b.slots[first+r] {
			return fmt.Errorf("%s: column probe: row %d has probe %d: want %d, as %s has", t.path, first+r, s.Probe, b.slots[first+r].Probe, b.paths[0])
		}
	}
	if err := t.read(g, colRepeats, &c[0]); err != nil {
		return err
	}
	if err := t.read(g, colAnswered, &c[1]); err != nil {
		return err
	}
	for r, n := range c[1].ints {
		if n < 0 || n > c[0].ints[r] {
			return fmt.Errorf("%s: column answered: probe %d has %d of %d answered", t.path, slots[r].Probe, n, c[0].ints[r])
		}
		if n > 0 && n < c[0].ints[r] {
			*lossy = append(*lossy, Pair{slots[r].Probe, int32(i), slots[r].Step, slots[r].Answer})
		}
	}
	return nil
}

// group reads every field of every row group and groups their columns.
func (b *builder) group(ctx context.Context) error {
	b.grouper = NewGrouper(b.machines)
	groups := (len(b.slots) + RowsPerGroup - 1) / RowsPerGroup
	fields := b.plan.Layout().Fields()
	total := groups * len(fields)
	return each(ctx, total, b.opt.Workers, func() *unit { return newUnit(b) }, func(u *unit, i int) error {
		if err := u.read(i/len(fields), fields[i%len(fields)]); err != nil {
			return err
		}
		u.columns()
		b.mu.Lock()
		defer b.mu.Unlock()
		u.merge()
		b.done++
		if b.opt.Progress != nil {
			b.opt.Progress(b.done, total)
		}
		return nil
	})
}

// finish puts everything in an order that depends on nothing but the data.
func (b *builder) finish() *Dataset {
	order := make([]int, b.texts.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		if b.texts.texts[x] < b.texts.texts[y] {
			return -1
		}
		return 1
	})
	texts, rank := make([]string, len(order)), make([]uint64, len(order))
	for i, at := range order {
		texts[i], rank[at] = b.texts.texts[at], uint64(i)
	}
	d := b.d
	d.Matrix = b.grouper.Matrix(texts)
	for c := range d.Matrix.Columns {
		if Catalogue[d.Matrix.Columns[c].Field].Type != Text {
			continue
		}
		values := d.Matrix.Values(c)
		for i := range values {
			if values[i].State == Present {
				values[i].Number = rank[values[i].Number]
			}
		}
	}
	d.Lossy = b.lossy
	d.Meta.Columns = len(d.Matrix.Columns)
	d.Meta.SHA256 = d.contentHash()
	return d
}
