package experiments

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tickle/datasets"
)

// MachineRow is a machine of the pool.
type MachineRow struct {
	Machine      string `json:"machine"`
	Stack        string `json:"stack" doc:"what answers"`
	Answers      string `json:"answers" doc:"real: of the stack itself; modelled: of a model of it"`
	Kernel       string `json:"kernel" doc:"finest label of the hierarchy"`
	Distribution string `json:"distribution" doc:"finest label of the hierarchy"`
	Factors      string `json:"factors" doc:"what was set about it and its path"`
	Missing      string `json:"missing" doc:"the plans that it has no part in, and why; empty: none"`
	Ended        string `json:"ended" doc:"the plans under which it ended and was started again, and why; empty: none"`
	Boots        string `json:"boots" doc:"features of dialogues that varied only where it was started again, how many would by chance of all that vary, and by what they differ"`
	Image        string `json:"image" extra:"yes" doc:"what folds may not split: the same kernel build or release"`
	Backend      string `json:"backend" extra:"yes" doc:"what runs it"`
}

var machines = Entry{
	Name:          "machines",
	Title:         "The machines",
	Summary:       "Every machine: what answers, its labels, what was set about it, where it is missing, and what a restart changed.",
	NeedsMachines: true,
	Rows:          []MachineRow{},
	Run:           runMachines,
}

func runMachines(_ context.Context, in *Input) (*Result, error) {
	all := in.Data.Matrix.Machines
	notes := make(map[string]machineNotes)
	if in.Run != "" {
		own, err := datasets.ReadManifest(in.Run)
		if err != nil {
			return nil, err
		}
		if own.Pool == in.Data.Origin.Pool {
			all = own.Machines
		}
		runs, err := runsBeside(in.Run, own)
		if err != nil {
			return nil, err
		}
		for _, m := range append([]*datasets.Manifest{own}, runs...) {
			for i := range m.Parts {
				p := &m.Parts[i]
				notes[p.Machine] = notes[p.Machine].with(p)
			}
		}
	}
	rows := make([]MachineRow, len(all))
	for i := range all {
		rows[i] = machineRow(&all[i], notes[all[i].Name])
	}
	return &Result{Rows: rows}, nil
}

// machineNotes are what the plans' parts say of a machine.
type machineNotes struct{ missing, ended, boots []string }

func (n machineNotes) with(p *datasets.Part) machineNotes {
	if p.Missing != "" {
		n.missing = append(n.missing, p.Plan+": "+p.Missing)
	}
	for _, why := range p.Ended {
		n.ended = append(n.ended, p.Plan+": "+why)
	}
	if c := &p.Counts; c.Reboots > 0 {
		var causes []string
		for _, cause := range sortedKeys(c.RebootCauses) {
			causes = append(causes, fmt.Sprintf("%s %d", cause, c.RebootCauses[cause]))
		}
		n.boots = append(n.boots, fmt.Sprintf("%s: %d (%.1f by chance): %s", p.Plan, c.Reboots, c.RebootsByChance, strings.Join(causes, ", ")))
	}
	return n
}

func machineRow(m *datasets.Machine, n machineNotes) MachineRow {
	row := MachineRow{
		Machine: m.Name, Image: m.Group, Stack: m.Stack, Backend: m.Backend, Answers: "real",
		Kernel: m.Labels.At(datasets.Kernel, datasets.Levels-1), Distribution: m.Labels.At(datasets.Distribution, datasets.Levels-1),
		Missing: strings.Join(n.missing, "; "), Ended: strings.Join(n.ended, "; "), Boots: strings.Join(n.boots, "; "),
	}
	if m.Modelled {
		row.Answers = "modelled"
	}
	var factors []string
	for _, name := range sortedKeys(m.Factors) {
		factors = append(factors, name+" "+m.Factors[name])
	}
	row.Factors = strings.Join(factors, ", ")
	return row
}

// runsBeside gives the manifests of the runs RUN-NAME beside a run, of the same
// pool, in order of name.
func runsBeside(run string, own *datasets.Manifest) (list []*datasets.Manifest, err error) {
	files, err := filepath.Glob(datasets.ManifestPath(strings.TrimRight(run, "/") + "-*"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", run, err)
	}
	slices.Sort(files)
	for _, file := range files {
		m, err := datasets.ReadManifest(filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		if m.Pool == own.Pool {
			list = append(list, m)
		}
	}
	return list, nil
}
