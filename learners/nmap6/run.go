package nmap6

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"tickle/datasets"
)

// Run is a run folder with a plan of the family nmap6.
type Run struct{ *datasets.FamilyRun }

// OpenRun is datasets.OpenFamilyRun of the family.
func OpenRun(dir string) (*Run, error) {
	r, err := datasets.OpenFamilyRun(dir, LearnerName)
	if err != nil {
		return nil, err
	}
	return &Run{r}, nil
}

// Scans gives a machine's answers, one a repeat: the first packet that came for
// each probe from the address that was asked. What others say of it (a router,
// or the machine by another address of its own, as lwIP does) Nmap does not take
// for an answer either. A machine that the run has not reached, and a file that
// is damaged, are errors that name it.
func (r *Run) Scans(machine string) ([]*Answers, error) {
	rows, err := r.Exchanges(machine)
	if err != nil {
		return nil, err
	}
	scans := make([]*Answers, r.Plan.Repeats)
	for i := range scans {
		scans[i] = &Answers{Answer: map[string]Answer{}}
	}
	for i := range rows {
		x := &rows[i]
		if int(x.Probe) >= len(r.Probes.Probes) || int(x.Repeat) >= len(scans) {
			return nil, fmt.Errorf("%s: probe %d, repeat %d: want ones of the plan", r.Path(machine), x.Probe, x.Repeat)
		}
		if k := slices.IndexFunc(x.Answers, fromTarget); k >= 0 {
			scans[x.Repeat].Answer[r.Probes.Probes[x.Probe].Name] = Answer{Packet: x.Answers[k].Bytes, Sent: x.Sent, Received: x.Answers[k].At}
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
		for i := range r.Probes.Probes {
			p := &r.Probes.Probes[i]
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
		return nil, nil, fmt.Errorf("%s: no machine has answers under the plan %s", datasets.ManifestPath(r.Dir), r.Plan.Name)
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
