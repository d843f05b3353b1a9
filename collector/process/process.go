// Package process starts the programs behind machines so that none outlives
// its owner. A child dies with its parent where the kernel can see to that,
// and what it leaves (itself after a SIGKILL of its owner, folders, network
// namespaces) stands in a state file with the process's start time and the
// host's boot, so that the next start removes exactly what a dead owner left
// and never another process that inherited its number.
package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ID names a process beyond the life of its number. Start is in clock ticks
// since boot, as the kernel tells it.
type ID struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
	Boot  string `json:"boot"`
}

// Record is what one owner has to remove when it ends: a state file.
type Record struct {
	Owner      ID       `json:"owner"`
	Processes  []ID     `json:"processes,omitempty"`
	Folders    []string `json:"folders,omitempty"`    // removed with all that is in them
	Namespaces []string `json:"namespaces,omitempty"` // names of network namespaces
}

// folderPrefix begins the name of every folder that Record may remove.
const folderPrefix = "tickle-"

// StateDir is the folder of state files, one for each user.
func StateDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	dir = filepath.Join(dir, "tickle", "state")
	return dir, os.MkdirAll(dir, 0o700)
}

// write puts r into path, whole or not at all.
func (r *Record) write(path string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// Reap removes what dead owners left: it reads every state file of dir and,
// where the owner is no longer running, kills what still runs of its
// processes, removes its folders and namespaces, and then the file. It
// returns how many owners it cleaned up after.
func Reap(dir string) (int, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return 0, err
	}
	reaped := 0
	var errs []error
	for _, path := range files {
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // another start was quicker
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var r Record
		if err := json.Unmarshal(b, &r); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		if Running(r.Owner) {
			continue
		}
		if err := r.remove(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
		reaped++
	}
	return reaped, errors.Join(errs...)
}

func (r *Record) remove() error {
	var errs []error
	for _, p := range r.Processes {
		errs = append(errs, kill(p))
	}
	for _, name := range r.Namespaces {
		errs = append(errs, deleteNamespace(name))
	}
	for _, dir := range r.Folders {
		// A state file is only a file: it removes nothing but what
		// this program makes.
		if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), folderPrefix) {
			errs = append(errs, fmt.Errorf("folder %q is not one of ours", dir))
			continue
		}
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
