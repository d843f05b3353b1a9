package datasets

import (
	"fmt"

	"tickle/probegen"
)

// FamilyRun is a run folder with a plan of a family whose answers are read as
// bytes, as Nmap's.
type FamilyRun struct {
	Manifest *Manifest
	Plan     *Plan
	Probes   *probegen.Set // as they were sent
	Dir      string
}

// OpenFamilyRun reads a run's manifest and makes the probes of its plan of the
// family again. A run without one, or with several, is an error, as are probes
// that this program does not make any more.
func OpenFamilyRun(dir, family string) (*FamilyRun, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	r := &FamilyRun{Manifest: m, Dir: dir}
	for i := range m.Plans {
		switch p := &m.Plans[i]; {
		case p.Probes.Family != family:
		case r.Plan != nil:
			return nil, fmt.Errorf("%s: plans %s and %s are both of the family %s: want one", ManifestPath(dir), r.Plan.Name, p.Name, family)
		default:
			r.Plan = p
		}
	}
	if r.Plan == nil {
		return nil, fmt.Errorf("%s: no plan of the family %s", ManifestPath(dir), family)
	}
	if r.Probes, err = probegen.Generate(family, probegen.Config{Seed: r.Plan.Probes.Seed, Options: r.Plan.Probes.Options}); err != nil {
		return nil, fmt.Errorf("%s: plan %s: %w", ManifestPath(dir), r.Plan.Name, err)
	}
	if r.Probes.Hash() != r.Plan.SHA256 {
		return nil, fmt.Errorf("%s: plan %s: its probes, of version %d of the family %s, are not those of this program's version %d",
			ManifestPath(dir), r.Plan.Name, r.Plan.Probes.Version, family, r.Probes.Header.Version)
	}
	return r, nil
}

// Path is where a machine's exchanges under the plan stand.
func (r *FamilyRun) Path(machine string) string {
	return ObservationPath(r.Dir, r.Plan.Name, machine)
}

// Exchanges reads all of a machine's exchanges under the plan, with the bytes
// of the answers. A machine that the run has not reached, and a file that is
// damaged or has no bytes, are errors that name the file.
func (r *FamilyRun) Exchanges(machine string) ([]Exchange, error) {
	f, err := OpenObservations(r.Path(machine))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Header.Keep != KeepBytes {
		return nil, fmt.Errorf("%s: the answers' bytes are not kept", r.Path(machine))
	}
	var rows []Exchange
	texts := &Interner{}
	for g := range f.Groups() {
		more, err := f.Read(g, texts)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// Missing says why a machine has no complete part in the plan, as that it has
// no IPv6; it is empty where it has one.
func (r *FamilyRun) Missing(machine string) string {
	for i := range r.Manifest.Parts {
		if p := &r.Manifest.Parts[i]; p.Plan == r.Plan.Name && p.Machine == machine {
			return p.Missing
		}
	}
	return "not reached"
}
