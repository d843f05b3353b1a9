package nmap4

import (
	"fmt"

	"tickle/datasets"
)

// Run is a run folder with a plan of the family nmap4.
type Run struct{ *datasets.FamilyRun }

// OpenRun is datasets.OpenFamilyRun of the family.
func OpenRun(dir string) (*Run, error) {
	r, err := datasets.OpenFamilyRun(dir, "nmap4")
	if err != nil {
		return nil, err
	}
	return &Run{r}, nil
}

// Scans gives a machine's scans, one a repeat. A machine that the run has not
// reached, and a file that is damaged, are errors that name it.
func (r *Run) Scans(machine string) ([]Scan, error) {
	rows, err := r.Exchanges(machine)
	if err != nil {
		return nil, err
	}
	scans, err := Scans(r.Probes, rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Path(machine), err)
	}
	return scans, nil
}
