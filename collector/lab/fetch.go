package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tickle/collector/pool"
	"tickle/collector/stackhost/hosts"
)

// Options are what Fetch may be told. The zero value fetches what the
// built-in pool "lab" needs into Dir.
type Options struct {
	Dir    string     // of the lab; "": Dir()
	Pool   *pool.Pool // whose machines' items are wanted; nil: the built-in "lab"
	Only   []string   // patterns (path.Match) of kind/name, e.g. "stack/gvisor-*"; none: everything
	Source string     // this module's source tree, of which guests' first process is built; "": found above the working folder or the program
	Log    io.Writer  // a line an item; nil: none
}

// jobs is how many items are worked on at a time: downloads wait for the
// archive, builds for the processor.
const jobs = 3

// builtInPool is the pool whose machines "make lab" fetches.
const builtInPool = "lab"

// fetcher is one run of Fetch.
type fetcher struct {
	dir      string
	log      io.Writer
	source   string                   // Options.Source
	archive  func() (*archive, error) // opened when first needed
	packages []candidate              // that the archive has of those wanted

	mu       sync.Mutex
	manifest *Manifest
}

// Fetch downloads and builds what the machines of a pool need, keeps of it
// what they run (a kernel and its initramfs, a program and its libraries) and
// writes lab.json after every item, so that an interrupted run is continued.
// What is there already, of the same sources, is kept. An item that cannot be
// had is in the manifest with the reason, and is tried again next time; that
// is no error of Fetch's, nor are items that nobody wants any more.
//
// Packages come from the archive that this machine's apt is configured with,
// of several suites, through a state of its own in the lab's folder; Go
// modules and toolchains by the go command, npm packages by npm. Nothing is installed and nothing
// needs root. It needs apt, dpkg-deb, xz, go, cc and npm; what is not there costs
// the items that need it.
func Fetch(ctx context.Context, opts Options) (*Manifest, error) {
	f, items, err := newFetcher(ctx, opts)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(f.dir, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if f.manifest, err = Read(f.dir); err != nil {
		return nil, err
	}
	work := make(chan want)
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for w := range work {
				f.fetch(ctx, w)
			}
		})
	}
	for _, w := range items {
		work <- w
	}
	close(work)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return f.manifest, f.manifest.write(f.dir)
}

func newFetcher(ctx context.Context, opts Options) (*fetcher, []want, error) {
	f := &fetcher{dir: opts.Dir, log: opts.Log, source: opts.Source}
	if f.log == nil {
		f.log = io.Discard
	}
	var err error
	if f.dir == "" {
		if f.dir, err = Dir(); err != nil {
			return nil, nil, err
		}
	}
	if f.dir, err = filepath.Abs(f.dir); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return nil, nil, err
	}
	p := opts.Pool
	if p == nil {
		if p, err = pool.Load(builtInPool); err != nil {
			return nil, nil, err
		}
	}
	items, err := only(wants(p), opts.Only)
	if err != nil {
		return nil, nil, err
	}
	f.archive = sync.OnceValues(func() (*archive, error) {
		f.say("reading the package lists of %d suites", len(suites))
		a, err := openArchive(ctx, filepath.Join(f.dir, "apt"))
		if err == nil {
			f.packages, err = a.find(ctx, packageNames(items)...)
		}
		return a, err
	})
	return f, items, nil
}

// want is an item that a machine needs.
type want struct {
	kind Kind
	name string
}

func (w want) String() string { return string(w.kind) + "/" + w.name }

// needs are the options that name an item, by backend.
var needs = map[string]struct {
	kind   Kind
	option string
}{
	"qemu":      {Kernel, "kernel"},
	"uml":       {UML, "kernel"},
	"stackhost": {Stack, "program"},
}

// wants lists what a pool's machines need, in the pool's order.
func wants(p *pool.Pool) []want {
	var out []want
	for i := range p.Machines {
		m := &p.Machines[i]
		n, ok := needs[m.Backend]
		if !ok {
			continue
		}
		items := []want{{n.kind, m.Options[n.option]}}
		if n.kind != Stack {
			items = append(items, want{Guest, Init})
		}
		for _, w := range items {
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}

func only(items []want, patterns []string) ([]want, error) {
	if len(patterns) == 0 {
		return items, nil
	}
	var out []want
	for _, w := range items {
		for _, p := range patterns {
			ok, err := path.Match(p, w.String())
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", p, err)
			}
			if ok {
				out = append(out, w)
				break
			}
		}
	}
	return out, nil
}

// packageNames are the packages that items may need.
func packageNames(items []want) []string {
	names := []string{"libc6"}
	for _, w := range items {
		switch w.kind {
		case Kernel:
			whole, split := kernelPackages(w.name)
			names = append(append(names, whole), split...)
		case UML:
			names = append(names, umlPackage)
		case Stack:
			if p, err := hosts.Find(w.name); err == nil && p.Package != "" {
				names = append(names, p.Package)
				if p.Library != "" {
					names = append(names, libraryPackages(append(p.Needed, p.Library, p.Library+"0"))...)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fetch has one item made, unless it is there, and notes how that went.
func (f *fetcher) fetch(ctx context.Context, w want) {
	recipe, err := f.recipe(w)
	if err == nil && f.has(w, recipe) {
		f.say("%-45s there", w)
		return
	}
	it := Item{Kind: w.kind, Name: w.name, Recipe: recipe}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = f.make(ctx, w, &it)
	}
	if ctx.Err() != nil {
		return // not the item's fault
	}
	if err != nil {
		it.Missing = strings.Join(strings.Fields(err.Error()), " ")
		it.Files, it.SHA256 = nil, nil
		f.say("%-45s MISSING: %s", w, it.Missing)
	} else {
		f.say("%-45s made from %s", w, it.Origin)
	}
	if err := f.note(it); err != nil {
		f.say("%-45s %v", w, err)
	}
}

func (f *fetcher) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fmt.Fprintf(f.log, format+"\n", args...)
}

// has tells whether the lab has the item, made by the same recipe.
func (f *fetcher) has(w want, recipe string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	it := f.manifest.find(w.kind, w.name)
	if recipe == "" || it == nil || it.Missing != "" || it.Recipe != recipe || len(it.Files) == 0 {
		return false
	}
	for _, file := range it.Files {
		if _, err := os.Stat(filepath.Join(f.dir, file)); err != nil {
			return false
		}
	}
	return true
}

// note puts the item into the manifest, on disk too.
func (f *fetcher) note(it Item) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := f.manifest.find(it.Kind, it.Name); old != nil {
		*old = it
	} else {
		f.manifest.Items = append(f.manifest.Items, it)
	}
	slices.SortFunc(f.manifest.Items, func(a, b Item) int {
		return strings.Compare(string(a.Kind)+"/"+a.Name, string(b.Kind)+"/"+b.Name)
	})
	return f.manifest.write(f.dir)
}

// recipeVersion changes when items are made otherwise than before.
const recipeVersion = "1"

// recipe hashes what an item is made of beside its packages, which its name
// fixes.
func (f *fetcher) recipe(w want) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, recipeVersion, w)
	switch w.kind {
	case Guest:
		return "", nil // the go command knows what is new
	case Stack:
		p, err := hosts.Find(w.name)
		if err != nil {
			return "", err
		}
		b, err := json.Marshal(&p)
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// make makes an item in a folder of its own beside where it belongs, and
// moves its files there in one step.
func (f *fetcher) make(ctx context.Context, w want, it *Item) error {
	if strings.ContainsAny(w.name, "/\\\x00") || w.name == "" || w.name[0] == '.' {
		return fmt.Errorf("%q is not a name", w.name)
	}
	work, err := os.MkdirTemp(f.dir, "work-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	files, err := f.build(ctx, w, it, work)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("nothing was made")
	}
	final := filepath.Join(string(w.kind), w.name)
	staged := filepath.Join(work, "item")
	it.Files, it.SHA256 = map[string]string{}, map[string]string{}
	for role, data := range files {
		if err := writeSynced(filepath.Join(staged, role), data); err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		it.Files[role], it.SHA256[role] = filepath.Join(final, role), hex.EncodeToString(sum[:])
	}
	target := filepath.Join(f.dir, final)
	if err := errors.Join(os.RemoveAll(target), os.MkdirAll(filepath.Dir(target), 0o755)); err != nil {
		return err
	}
	return os.Rename(staged, target)
}

// build gives an item's files by role.
func (f *fetcher) build(ctx context.Context, w want, it *Item, work string) (map[string][]byte, error) {
	var program hosts.Program
	switch w.kind {
	case Guest:
		it.Origin = "this module"
		return buildInit(ctx, f.source, work)
	case Stack:
		var err error
		if program, err = hosts.Find(w.name); err != nil {
			return nil, err
		}
		switch {
		case program.Module != "":
			it.Version, it.Origin = program.Version, program.Module
			return buildGo(ctx, program, work)
		case program.NPM != "":
			it.Version, it.Origin = program.Version, "npm package "+program.NPM
			return takeNPM(ctx, program, work)
		}
	}
	a, err := f.archive()
	if err != nil {
		return nil, err
	}
	var pkgs []candidate
	switch w.kind {
	case Kernel:
		pkgs, err = pickKernel(w.name, f.packages)
	case UML:
		pkgs, err = pickUML(w.name, f.packages)
	case Stack:
		if pkgs, err = pickC(program, f.packages); program.Binary != "" {
			pkgs, err = pickBinary(program, f.packages)
		}
	default:
		err = fmt.Errorf("kind %q is not one that is fetched", w.kind)
	}
	if err != nil {
		return nil, err
	}
	it.Version, it.Origin = pkgs[0].version, pkgs[0].pkg+" of "+pkgs[0].suite
	debs, err := a.download(ctx, work, pkgs)
	if err != nil {
		return nil, err
	}
	switch w.kind {
	case Kernel:
		return buildKernel(ctx, debs)
	case UML:
		return buildUML(ctx, debs)
	default:
		if program.Binary != "" {
			return takeBinary(ctx, program, debs)
		}
		return buildC(ctx, program, work, debs)
	}
}
