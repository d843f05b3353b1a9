package collector

import "tickle/datasets"

// Counts is what happened on a link beside the answers themselves.
type Counts struct {
	Sent       int64 `json:"sent"`       // packets of probes
	Exchanges  int64 `json:"exchanges"`  // copies of probes, each of one packet or more
	Answered   int64 `json:"answered"`   // of those, with at least one answer in time
	Answers    int64 `json:"answers"`    // all in time, duplicates among them
	Duplicates int64 `json:"duplicates"` // answers after the first of their exchange and step
	Late       int64 `json:"late"`       // after the deadline of their exchange
	Unmatched  int64 `json:"unmatched"`  // that belong to nothing that was sent
	Malformed  int64 `json:"malformed"`  // too broken to say what they belong to
	Teardowns  int64 `json:"teardowns"`  // RSTs sent to close what a probe opened
	Fences     int64 `json:"fences"`     // sent
	FencesLost int64 `json:"fences_lost"`
	Restarts   int64 `json:"restarts"` // of the machine, each of which began its part anew
	// Reboots are the features (of dialogues: probe, step, answer, field) that
	// had one value as long as the machine ran and another after it was started
	// again, in a plan of several boots. They count as nondeterministic.
	// RebootsByChance is how many there would be if each that varies had drawn
	// its boots by lot, and RebootCauses counts them by what differs.
	Reboots         int64            `json:"reboots,omitempty"`
	RebootsByChance float64          `json:"reboots_by_chance,omitempty"`
	RebootCauses    map[string]int64 `json:"reboot_causes,omitempty"`
	// Slow are the dialogues that were had once more at a slow pace, since they
	// met silence that may be a limit's, and are no exchanges. SlowLeft are those
	// for which there was no time. Paced are the features that were answered
	// otherwise then. They count as nondeterministic.
	Slow     int64 `json:"slow,omitempty"`
	SlowLeft int64 `json:"slow_left,omitempty"`
	Paced    int64 `json:"paced,omitempty"`
}

// Add adds what b counts.
func (c *Counts) Add(b *Counts) {
	c.Sent += b.Sent
	c.Exchanges += b.Exchanges
	c.Answered += b.Answered
	c.Answers += b.Answers
	c.Duplicates += b.Duplicates
	c.Late += b.Late
	c.Unmatched += b.Unmatched
	c.Malformed += b.Malformed
	c.Teardowns += b.Teardowns
	c.Fences += b.Fences
	c.FencesLost += b.FencesLost
	c.Restarts += b.Restarts
	c.Reboots += b.Reboots
	c.RebootsByChance += b.RebootsByChance
	if c.RebootCauses == nil && b.RebootCauses != nil {
		c.RebootCauses = make(map[string]int64)
	}
	for cause, n := range b.RebootCauses {
		c.RebootCauses[cause] += n
	}
	c.Slow += b.Slow
	c.SlowLeft += b.SlowLeft
	c.Paced += b.Paced
}

// MachineReport is one machine's part of a plan.
type MachineReport struct {
	Machine string   `json:"machine"`
	Plan    string   `json:"plan"`
	Error   string   `json:"error,omitempty"`  // why its part is missing
	Absent  string   `json:"absent,omitempty"` // why it has no part in the plan, which is no failure: it has no IPv6
	Ended   []string `json:"ended,omitempty"`  // why the machine ended each time that it was started again
	Seconds float64  `json:"seconds"`          // of real time
	// Rate is how many exchanges a second were begun at most: the machine's
	// own rate, or what was found to be below a limit of its stack's. 0: none.
	Rate float64 `json:"rate,omitempty"`
	Counts
}

// Report is what became of a run. It holds times of day and is the one part
// of a run that two runs with the same seed do not share.
type Report struct {
	Machines []MachineReport `json:"machines"` // in order of plan and pool
	Total    Counts          `json:"total"`
	Seconds  float64         `json:"seconds"` // of this start of the run
	Warnings []string        `json:"warnings,omitempty"`
}

// stored gives what of c goes into a part's files.
func (c *Counts) stored() datasets.Counts {
	return datasets.Counts{Sent: c.Sent, Exchanges: c.Exchanges, Answered: c.Answered, Duplicates: c.Duplicates,
		Late: c.Late, Unmatched: c.Unmatched, Malformed: c.Malformed, LinkLost: c.FencesLost, Restarts: c.Restarts,
		Reboots: c.Reboots, RebootsByChance: c.RebootsByChance, RebootCauses: c.RebootCauses, Slow: c.Slow, SlowLeft: c.SlowLeft, Paced: c.Paced}
}
