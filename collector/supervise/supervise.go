// Package supervise keeps machines running between collections. A supervisor
// owns the machines of a pool and a named socket for each; a collection that
// finds them uses them and leaves them running, until the supervisor is told
// to end. Machines inside the process need no supervisor: they start in
// microseconds and their clocks are virtual.
package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tickle/collector/pool"
	"tickle/collector/process"
)

// State is what a supervisor says of itself, in its folder's up.json.
type State struct {
	Owner    process.ID `json:"owner"`
	Pool     string     `json:"pool"`
	PoolHash string     `json:"pool_sha256"`
	Machines []string   `json:"machines"` // those that run; machine i has the socket i.sock
}

// Folder is the folder of a pool's supervisor, one for each pool and user.
func Folder(p *pool.Pool) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("supervisor's folder: %w", err)
	}
	// A socket's path has 107 bytes at most (unix(7)): half the hash will do.
	return filepath.Join(dir, "tickle", "up", p.Hash()[:32]), nil
}

func statePath(dir string) string { return filepath.Join(dir, "up.json") }
func socketPath(dir string, index int) string {
	return filepath.Join(dir, fmt.Sprintf("%d.sock", index))
}

// Find gives the state of the pool's supervisor, nil when none runs.
func Find(p *pool.Pool) (*State, error) {
	dir, err := Folder(p)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(statePath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", statePath(dir), err)
	}
	if !process.Running(s.Owner) {
		return nil, nil
	}
	return &s, nil
}

func (s *State) write(dir string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	temp := statePath(dir) + ".new"
	if err := os.WriteFile(temp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, statePath(dir))
}
