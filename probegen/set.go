package probegen

import "slices"

// Header is the first line of a probe file and says how the set was made.
type Header struct {
	Format  string            `json:"format"` // "tickle-probes/1"
	Family  string            `json:"family"`
	Version int               `json:"version"` // of the family's generator
	Seed    uint64            `json:"seed"`
	N       int               `json:"n"`
	Options map[string]string `json:"options,omitempty"` // that differ from the family's defaults
	Plan    *Plan             `json:"plan,omitempty"`    // how the family wants to be sent, when not at random
}

// Plan is how a family's probes are sent where the order matters.
type Plan struct {
	Ordered bool  `json:"ordered"`    // in list order, alone on a silent machine
	Spacing int64 `json:"spacing_us"` // between sendings
	Repeats int   `json:"repeats"`
	// Gaps are the times in µs between each probe's sending and the next, where
	// they are not all Spacing; the last is before the list's next repeat.
	Gaps []int64 `json:"gaps_us,omitempty"`
}

func (p *Plan) clone() *Plan {
	if p == nil {
		return nil
	}
	c := *p
	c.Gaps = slices.Clone(p.Gaps)
	return &c
}

// Set is an ordered list of probes with its header. Probes[i].ID is i.
type Set struct {
	Header Header
	Probes []Probe
}
