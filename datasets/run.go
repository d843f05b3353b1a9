package datasets

import (
	"net/url"
	"path/filepath"
	"strings"
)

// RowsPerGroup is the number of rows of a row group of a run's files, but for
// the last. It is the same in all of them, so that a chunk of probes is the
// same row group of every machine's file.
const RowsPerGroup = 8192

// ManifestPath is where a run's manifest stands.
func ManifestPath(run string) string { return filepath.Join(run, "manifest.json") }

// SummaryPath is where a run keeps a machine's summaries under a plan. The
// file is there once the machine's part of the plan is complete.
func SummaryPath(run, plan, machine string) string {
	return filepath.Join(run, partName(plan), partName(machine)+".summary.parquet")
}

// ObservationPath is where a run keeps a machine's exchanges under a plan,
// when it keeps them.
func ObservationPath(run, plan, machine string) string {
	return filepath.Join(run, partName(plan), partName(machine)+".exchanges.parquet")
}

// partName makes a name fit for a file of any system, and keeps names apart.
func partName(name string) string {
	name = url.PathEscape(name)
	name = strings.NewReplacer(":", "%3A", "*", "%2A", "~", "%7E").Replace(name)
	if strings.Trim(name, ".") == "" {
		name = strings.ReplaceAll(name, ".", "%2E")
	}
	return name
}

// SummaryHeader says whose summaries a file holds.
type SummaryHeader struct {
	Machine string
	Plan    string
	Probes  string // SHA-256 of the probe set, hexadecimal
	Seed    uint64
	Layout  Layout
	FS      FS // nil: the host's
}

// Counts are what the engine counted while it made a file. They are kept in
// it, so that a run that is resumed reports them too.
type Counts struct {
	Sent       int64 `json:"sent"`       // packets of probes
	Exchanges  int64 `json:"exchanges"`  //
	Answered   int64 `json:"answered"`   // exchanges with an answer
	Duplicates int64 `json:"duplicates"` // answers to an exchange beyond the first
	Late       int64 `json:"late"`       // answers after their deadline
	Unmatched  int64 `json:"unmatched"`  // packets that answer nothing
	Malformed  int64 `json:"malformed"`  // packets that could not be decoded
	LinkLost   int64 `json:"link_lost"`  // packets that the link is known to have lost, both ways
	Restarts   int64 `json:"restarts"`   // of the machine, each of which began the part anew
	// Reboots are the features that only a planned start of the machine changed,
	// RebootsByChance how many there would be if each that varies had drawn its
	// starts by lot, and RebootCauses has their numbers by what differs.
	Reboots         int64            `json:"reboots,omitempty"`
	RebootsByChance float64          `json:"reboots_by_chance,omitempty"`
	RebootCauses    map[string]int64 `json:"reboot_causes,omitempty"`
	// Slow are the dialogues that were had once more, at a slow pace, SlowLeft those
	// for which there was no time, and Paced the features that were answered
	// otherwise then.
	Slow     int64 `json:"slow,omitempty"`
	SlowLeft int64 `json:"slow_left,omitempty"`
	Paced    int64 `json:"paced,omitempty"`
}

// Exchange is one sending of a probe and what came back, as a run keeps it.
// Times are in µs on the link's clock.
type Exchange struct {
	Probe   int32
	Repeat  uint16 // from 0
	Sent    int64
	Answers []Answer     // in order of arrival
	First   *Observation // fields of the first answer to a single packet; not looked at without one
}

// Answer is one packet that answered an exchange.
type Answer struct {
	At    int64
	Step  uint8 // of a dialogue that it came in, from 1; 0 in the answers to single packets
	Kind  Kind
	Bytes []byte // from the IP header on; kept only with KeepBytes
}

// ObservationHeader says whose exchanges a file holds, and how much of them.
type ObservationHeader struct {
	SummaryHeader
	Keep Keep
}

// Keep says what is kept of each answer's bytes.
type Keep uint8

// The choices. Ordered plans always keep bytes.
const (
	KeepFields Keep = iota // only decoded fields
	KeepBytes              // the packets too, all answers
)
