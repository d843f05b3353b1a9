package nmap4

import (
	"fmt"

	"tickle/datasets"
	"tickle/probegen"
)

// Run is a run folder with a plan of the family nmap4.
type Run struct {
	Manifest *datasets.Manifest
	Plan     string
	dir      string
	set      *probegen.Set
}

// OpenRun reads a run's manifest and makes the probes of its plan of the
// family nmap4 again. A run without one, or with several, is an error, as are
// probes that this program does not make any more.
func OpenRun(dir string) (*Run, error) {
	m, err := datasets.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Manifest: m, dir: dir}
	for i := range m.Plans {
		p := &m.Plans[i]
		if p.Probes.Family != "nmap4" {
			continue
		}
		if r.set != nil {
			return nil, fmt.Errorf("%s: plans %s and %s are both of the family nmap4: want one", datasets.ManifestPath(dir), r.Plan, p.Name)
		}
		r.Plan = p.Name
		r.set, err = probegen.Generate("nmap4", probegen.Config{Seed: p.Probes.Seed, Options: p.Probes.Options})
		if err != nil {
			return nil, fmt.Errorf("%s: plan %s: %w", datasets.ManifestPath(dir), p.Name, err)
		}
		if r.set.Hash() != p.SHA256 {
			return nil, fmt.Errorf("%s: plan %s: its probes, of version %d of the family nmap4, are not those of this program's version %d",
				datasets.ManifestPath(dir), p.Name, p.Probes.Version, r.set.Header.Version)
		}
	}
	if r.set == nil {
		return nil, fmt.Errorf("%s: no plan of the family nmap4", datasets.ManifestPath(dir))
	}
	return r, nil
}

// Scans gives a machine's scans, one a repeat. A machine that the run has not
// reached, and a file that is damaged, are errors that name it.
func (r *Run) Scans(machine string) ([]Scan, error) {
	path := datasets.ObservationPath(r.dir, r.Plan, machine)
	f, err := datasets.OpenObservations(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Header.Keep != datasets.KeepBytes {
		return nil, fmt.Errorf("%s: the answers' bytes are not kept", path)
	}
	var rows []datasets.Exchange
	texts := &datasets.Interner{}
	for g := range f.Groups() {
		more, err := f.Read(g, texts)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	scans, err := Scans(r.set, rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return scans, nil
}
