package nmap6

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/probegen"
)

// Run is a run folder with a plan of the family nmap6.
type Run struct {
	Manifest *datasets.Manifest
	Plan     *datasets.Plan
	dir      string
	set      *probegen.Set
}

// OpenRun reads a run's manifest and makes the probes of its plan of the
// family nmap6 again. A run without one, or with several, is an error, as are
// probes that this program does not make any more.
func OpenRun(dir string) (*Run, error) {
	m, err := datasets.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Manifest: m, dir: dir}
	for i := range m.Plans {
		p := &m.Plans[i]
		if p.Probes.Family != LearnerName {
			continue
		}
		if r.Plan != nil {
			return nil, fmt.Errorf("%s: plans %s and %s are both of the family nmap6: want one", datasets.ManifestPath(dir), r.Plan.Name, p.Name)
		}
		r.Plan = p
		r.set, err = probegen.Generate(LearnerName, probegen.Config{Seed: p.Probes.Seed, Options: p.Probes.Options})
		if err != nil {
			return nil, fmt.Errorf("%s: plan %s: %w", datasets.ManifestPath(dir), p.Name, err)
		}
		if r.set.Hash() != p.SHA256 {
			return nil, fmt.Errorf("%s: plan %s: its probes, of version %d of the family nmap6, are not those of this program's version %d",
				datasets.ManifestPath(dir), p.Name, p.Probes.Version, r.set.Header.Version)
		}
	}
	if r.set == nil {
		return nil, fmt.Errorf("%s: no plan of the family nmap6", datasets.ManifestPath(dir))
	}
	return r, nil
}

// Scans gives a machine's answers, one a repeat: the first packet that came for
// each probe from the address that was asked. What others say of it (a router,
// or the machine by another address of its own, as lwIP does) Nmap does not take
// for an answer either. A machine that the run has not reached, and a file that
// is damaged, are errors that name it.
func (r *Run) Scans(machine string) ([]*Answers, error) {
	path := datasets.ObservationPath(r.dir, r.Plan.Name, machine)
	f, err := datasets.OpenObservations(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Header.Keep != datasets.KeepBytes {
		return nil, fmt.Errorf("%s: the answers' bytes are not kept", path)
	}
	scans := make([]*Answers, r.Plan.Repeats)
	for i := range scans {
		scans[i] = &Answers{Answer: map[string]Answer{}}
	}
	texts := &datasets.Interner{}
	for g := range f.Groups() {
		rows, err := f.Read(g, texts)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			x := &rows[i]
			if int(x.Probe) >= len(r.set.Probes) || int(x.Repeat) >= len(scans) {
				return nil, fmt.Errorf("%s: probe %d, repeat %d: want ones of the plan", path, x.Probe, x.Repeat)
			}
			if k := slices.IndexFunc(x.Answers, fromTarget); k >= 0 {
				scans[x.Repeat].Answer[r.set.Probes[x.Probe].Name] = Answer{Packet: x.Answers[k].Bytes, Sent: x.Sent, Received: x.Answers[k].At}
			}
		}
	}
	for _, s := range scans {
		s.Distance = r.distance(s)
	}
	return scans, nil
}

// fromTarget says whether an answer comes from the address that was asked,
// which an ICMPv6 error quotes. Other answers always do.
func fromTarget(a datasets.Answer) bool {
	all := headers(a.Bytes)
	i := slices.IndexFunc(all, func(h header) bool { return h.proto == protoICMPv6 })
	if i < 0 || !isICMPv6Error(all[i].bytes[0]) {
		return true
	}
	return i+1 < len(all) && all[i+1].proto == protoIPv6 && bytes.Equal(a.Bytes[8:24], all[i+1].bytes[24:40])
}

// distance is what answers tell of how far away a machine is: the hop limit of
// a probe that an error to IE2 or U1 quotes; else it is on the link if it
// answered a neighbour solicitation, which no router passes on.
func (r *Run) distance(a *Answers) Distance {
	for _, name := range []string{"IE2", "U1"} {
		for i := range r.set.Probes {
			p := &r.set.Probes[i]
			if p.Name != name {
				continue
			}
			if answer, ok := a.Answer[name]; ok {
				if d, ok := QuotedDistance(p.Steps[0].Packet.IP6.HopLimit, answer.Packet); ok {
					return d.orDirect()
				}
			}
		}
	}
	if _, ok := a.Answer["NS"]; ok {
		return Distance{Method: Direct, Hops: 1}
	}
	return Distance{}
}

// Missing says why a machine has no complete part in the run's plan, as that it
// has no IPv6; it is empty where it has one.
func (r *Run) Missing(machine string) string {
	for i := range r.Manifest.Parts {
		if p := &r.Manifest.Parts[i]; p.Plan == r.Plan.Name && p.Machine == machine {
			return p.Missing
		}
	}
	return "not reached"
}

// Table gives the vectors of the first repeat as a table, a row a machine, with
// the machines' own labels. Machines that the run has not reached are left out
// and named; a run that reached none is an error.
func (r *Run) Table(d Dialect) (t *datasets.Imported, missing []string, err error) {
	t = &datasets.Imported{Meta: datasets.TableMeta{Format: "run", File: r.Manifest.Pool, SHA256: r.Manifest.PoolHash}}
	var vectors []LabelledVector
	for i := range r.Manifest.Machines {
		m := &r.Manifest.Machines[i]
		if r.Missing(m.Name) != "" {
			missing = append(missing, m.Name)
			continue
		}
		scans, err := r.Scans(m.Name)
		if err != nil {
			return nil, nil, err
		}
		t.Rows = append(t.Rows, *m)
		vectors = append(vectors, LabelledVector{ID: m.Name, Vector: *scans[0].Vectorize(d)})
	}
	if len(vectors) == 0 {
		return nil, nil, fmt.Errorf("%s: no machine has answers under the plan %s", datasets.ManifestPath(r.dir), r.Plan.Name)
	}
	t.Columns = Columns(vectors)
	return t, missing, nil
}

// Start is the time of the first sending.
func (a *Answers) Start() int64 {
	first := int64(math.MaxInt64)
	for _, answer := range a.Answer {
		first = min(first, answer.Sent)
	}
	if len(a.Answer) == 0 {
		return 0
	}
	return first
}
