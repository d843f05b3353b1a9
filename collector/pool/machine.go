package pool

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"tickle/datasets"
)

// Machine is one host of a pool, as its pool file describes it after vary is
// expanded.
type Machine struct {
	Name    string          `json:"name"`
	Backend string          `json:"backend"`
	Image   string          `json:"image"` // the group: kernel build and distribution release
	Labels  datasets.Labels `json:"labels"`
	Ports   Ports           `json:"ports"`
	// Factors may change answers without being the operating system:
	// memory, sysctls, application, firewall, middlebox, hops, ….
	Factors map[string]string `json:"factors,omitempty"`
	// Options are the backend's own settings that are part of the image
	// (sim: personality). A nested mapping of the pool file is flattened
	// with dots, a list is the text of a JSON array of strings.
	Options map[string]string `json:"options,omitempty"`
	Rate    float64           `json:"rate,omitempty"` // packets a second of the machine's time; 0: the run's default
	Pos     Pos               `json:"-"`              // where the pool file describes it
}

// Ports are the machine's ports by class.
type Ports struct {
	Open   uint16 `json:"open"`   // TCP, something listens
	Closed uint16 `json:"closed"` // TCP, nothing listens
	UDP    uint16 `json:"udp"`    // UDP, nothing listens
}

// Pool is a set of machines with distinct names.
type Pool struct {
	Name     string    `json:"name"` // what the file says, else the file's path
	Machines []Machine `json:"machines"`
}

// Pos is a place in a pool file. Line and Col count from 1; the zero value is
// no place.
type Pos struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

// String gives file:line:col, or what of it is known.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// hashVersion leads what is hashed, so that a new meaning gives new hashes.
const hashVersion = "tickle pool 1\n"

// Hash gives the SHA-256 of the expanded machines in hexadecimal. It does not
// depend on the pool's name, on the file's layout or on how vary was written:
// two files with the same machines in the same order have the same hash.
func (p *Pool) Hash() string {
	h := sha256.New()
	h.Write([]byte(hashVersion))
	enc := json.NewEncoder(h) // writes the keys of maps in order
	for i := range p.Machines {
		if err := enc.Encode(&p.Machines[i]); err != nil {
			panic("pool: " + err.Error()) // strings and numbers always encode
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
