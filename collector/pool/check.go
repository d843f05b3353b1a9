package pool

import "io"

// CheckReport is what Check finds in a pool.
type CheckReport struct {
	Pool         string        `json:"pool"`
	Hash         string        `json:"hash"`
	Machines     int           `json:"machines"`
	Images       int           `json:"images"`
	Errors       Errors        `json:"errors"`   // none: the pool can be collected here
	Warnings     []string      `json:"warnings"` // what a study on this pool must live with
	Associations []Association `json:"associations"`
}

// Association is how closely a variable of the machines follows a level of
// their labels.
type Association struct {
	Variable  string `json:"variable"` // a factor, "backend", "address", "port.open" or "rate"
	Hierarchy string `json:"hierarchy"`
	Level     int    `json:"level"`
}

// Check finds what is wrong with a pool on this host, and what would mislead
// a study on it. It starts no machine. backends are by name.
func Check(p *Pool, backends map[string]Backend) *CheckReport { return &CheckReport{} }

// WriteText writes the report for people.
func (r *CheckReport) WriteText(w io.Writer) error { return nil }
