package datasets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"tickle/probegen"
)

// RunFormat is the format of the run folders that this program writes.
const RunFormat = "tickle-run/1"

// Manifest says what a run holds: the pool, the plans and how they were sent.
type Manifest struct {
	Format       string            `json:"format"` // RunFormat
	Pool         string            `json:"pool"`   // name
	PoolHash     string            `json:"pool_sha256"`
	Seed         uint64            `json:"seed"`
	Versions     map[string]string `json:"versions,omitempty"` // of the program and of what it runs, by name
	Observations string            `json:"observations"`       // all, none or the number of machines
	SourcePort   string            `json:"source_port"`        // block or fixed
	Deadline     int64             `json:"deadline_us"`        // how long an exchange is open at most; 0: the engine's default
	Raw          bool              `json:"raw,omitempty"`      // every packet of every plan is kept
	Started      time.Time         `json:"started"`
	Finished     *time.Time        `json:"finished,omitempty"` // nil while there are machines left to try
	Machines     []Machine         `json:"machines"`           // in the pool's order
	Plans        []Plan            `json:"plans"`
	Parts        []Part            `json:"parts,omitempty"` // in order of plan, then machine
}

// Plan is a plan as it was sent: a probe set, to which machines, how often,
// in which order and pace.
type Plan struct {
	Name     string          `json:"name"`
	Probes   probegen.Header `json:"probes"`
	SHA256   string          `json:"probes_sha256"`  // of the probe file's bytes
	N        int             `json:"n"`              // probes; their IDs are 0 … n-1
	Rows     int             `json:"rows,omitempty"` // places for answers in a plan of dialogues; 0: it is of single packets
	Repeats  int             `json:"repeats"`
	Boots    int             `json:"boots,omitempty"` // starts of each machine that the repeats are spread over; 0: one
	Order    Order           `json:"order"`
	Spacing  int64           `json:"spacing_us"`         // between sendings
	Machines []string        `json:"machines,omitempty"` // nil: all
}

// Layout says what the rows of the plan's files are.
func (p *Plan) Layout() Layout {
	if p.Rows > 0 {
		return Dialogues
	}
	return Packets
}

// Order is the order in which a plan's copies are sent.
type Order string

// The orders.
const (
	Shuffled Order = "shuffled" // one seeded order, the same for every machine
	Listed   Order = "listed"   // the set's, repeat after repeat
)

// Part is what came of one machine under one plan.
type Part struct {
	Plan    string   `json:"plan"`
	Machine string   `json:"machine"`
	Rate    float64  `json:"rate,omitempty"` // packets a second of the machine's time; 0: as spaced
	Missing string   `json:"missing,omitempty"`
	Ended   []string `json:"ended,omitempty"` // why the machine ended, each time that it was started again
	Counts  Counts   `json:"counts"`
}

// Write puts the manifest into the run folder, whole or not at all.
func (m *Manifest) Write(fs FS, run string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", ManifestPath(run), err)
	}
	return writeAtomic(fs, ManifestPath(run), append(b, '\n'))
}

// ReadManifest reads the manifest of a run folder and checks it.
func ReadManifest(run string) (*Manifest, error) {
	path := ManifestPath(run)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	m := new(Manifest)
	if err := decodeStrict(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// check finds what JSON cannot: names that stand twice or nowhere, and plans
// that cannot have been sent.
func (m *Manifest) check() error {
	if m.Format != RunFormat {
		return fmt.Errorf("format %q: want %q", m.Format, RunFormat)
	}
	machines := make(map[string]bool, len(m.Machines))
	for i, x := range m.Machines {
		if x.Name == "" || machines[x.Name] {
			return fmt.Errorf("machines[%d].name %q: want a name that no other has", i, x.Name)
		}
		machines[x.Name] = true
	}
	plans := make(map[string]bool, len(m.Plans))
	for i, p := range m.Plans {
		if p.Name == "" || plans[p.Name] {
			return fmt.Errorf("plans[%d].name %q: want a name that no other has", i, p.Name)
		}
		plans[p.Name] = true
		if p.N < 1 || p.N > math.MaxInt32 || p.Repeats < 1 || p.Repeats > math.MaxUint16 {
			return fmt.Errorf("plans[%d]: n %d, repeats %d: want at least 1, and at most %d and %d", i, p.N, p.Repeats, math.MaxInt32, math.MaxUint16)
		}
		if p.Rows != 0 && (p.Rows < p.N || p.Rows > math.MaxInt32) {
			return fmt.Errorf("plans[%d].rows: %d: want none, or at least one a probe and at most %d", i, p.Rows, math.MaxInt32)
		}
		for _, name := range p.Machines {
			if !machines[name] {
				return fmt.Errorf("plans[%d].machines: %q: want a machine of the run", i, name)
			}
		}
	}
	for i, p := range m.Parts {
		if !plans[p.Plan] || !machines[p.Machine] {
			return fmt.Errorf("parts[%d]: plan %q, machine %q: want ones of the run", i, p.Plan, p.Machine)
		}
	}
	return nil
}

// decodeStrict decodes one JSON value that knows no other fields and is
// followed by nothing.
func decodeStrict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("at byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("at byte %d: want nothing after the JSON object", dec.InputOffset())
	}
	return nil
}
