package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tickle/learners"
)

// StudyRun runs a study into a folder: a folder for each cell below Dir/cells,
// and beside it what follows from all cells. A cell whose folder has a
// result.json is finished and is never run again; one that failed has an
// error.json and is tried anew by the next start.
type StudyRun struct {
	Study *Study
	Dir   string
	// Open opens a data set.
	Open func(path string) (*Data, error)
	// Learners reads a specification of learners.
	Learners func(spec string) ([]learners.Configured, error)
	Share    Share
	Workers  int
	Version  string
	Command  string // that starts the study again
	// Progress, where given, is told how many cells of the share are done.
	Progress func(done, total int, note string)
}

// Share is the I-th of N parts of a study's cells: those numbered I, I+N, I+2N
// and so on. Shares may run at the same time in one folder. The zero value is
// all cells.
type Share struct{ I, N int }

// has reports whether the cell at i, counted from 0, is in the share.
func (s Share) has(i int) bool { return s.N <= 1 || i%s.N == s.I-1 }

// CellState is what has become of a cell.
type CellState struct {
	Key   string    `json:"key"`   // its folder
	State string    `json:"state"` // "finished", "failed" or "missing"
	Error string    `json:"error,omitempty"`
	Cell  StudyCell `json:"cell"`
}

// The states of cells.
const (
	StateFinished = "finished"
	StateFailed   = "failed"
	StateMissing  = "missing"
)

// cellFailure is error.json.
type cellFailure struct {
	Error string    `json:"error"`
	Cell  StudyCell `json:"cell"`
}

// Run runs the cells of the share that are not finished, one after the other,
// and then writes what follows from all that lie in the folder (see Merge).
// A cell that fails is recorded, and the rest goes on: it is in the states and
// is no error here. When ctx ends it returns its error, and a later start goes
// on from there.
func (s *StudyRun) Run(ctx context.Context) ([]CellState, error) {
	cells, err := s.Study.cells()
	if err != nil {
		return nil, err
	}
	for i := range cells {
		if _, err := s.learnersOf(&cells[i]); err != nil {
			return nil, err
		}
	}
	total, done := 0, 0
	for i := range cells {
		if s.Share.has(i) {
			total++
		}
	}
	var data *Data
	var openError error
	opened := ""
	seen := make(map[string]string)
	for i := range cells {
		c := &cells[i]
		if c.Data.Path != opened {
			data, openError = s.Open(c.Data.Path)
			opened = c.Data.Path
		}
		if openError == nil {
			c.DataHash = data.Origin.Hash
			if other, twice := seen[c.Key()]; twice {
				return nil, fmt.Errorf("data sets %s and %s: the same data in the same cells (SHA-256 %s): want each once", other, c.Data.Path, c.DataHash)
			}
			seen[c.Key()] = c.Data.Path
		}
		if !s.Share.has(i) {
			continue
		}
		if s.Progress != nil {
			s.Progress(done, total, c.String())
		}
		if err := s.finish(ctx, c, data, openError); err != nil {
			return nil, err
		}
		done++
	}
	if s.Progress != nil {
		s.Progress(done, total, "")
	}
	return s.merge(cells)
}

func (s *StudyRun) learnersOf(c *StudyCell) ([]learners.Configured, error) {
	if c.Learners == "" {
		return nil, nil
	}
	return s.Learners(c.Learners)
}

// String says shortly what the cell is.
func (c *StudyCell) String() string {
	return fmt.Sprintf("%s %s", filepath.Base(c.Data.Path), c.Learners)
}

func (s *StudyRun) folder(c *StudyCell) string { return filepath.Join(s.Dir, "cells", c.Key()) }

// finish runs a cell unless it is finished.
func (s *StudyRun) finish(ctx context.Context, c *StudyCell, data *Data, failure error) error {
	dir := s.folder(c)
	_, err := os.Stat(filepath.Join(dir, "result.json"))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// What an earlier start left half done, or its error.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var result *Result
	if failure == nil {
		result, failure = s.run(ctx, c, data)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if failure != nil {
		return writeJSONFile(filepath.Join(dir, "error.json"), cellFailure{failure.Error(), *c})
	}
	return result.Write(dir)
}

func (s *StudyRun) run(ctx context.Context, c *StudyCell, data *Data) (*Result, error) {
	e, err := Find(c.Experiment)
	if err != nil {
		return nil, err
	}
	configured, err := s.learnersOf(c)
	if err != nil {
		return nil, err
	}
	return Run(ctx, e, &Input{
		Data: data, Run: c.Data.Run, Learners: configured, Options: c.Options,
		Seed: c.Seed, Workers: s.Workers, Version: s.Version, Command: s.Command,
	})
}

// states says what has become of every cell.
func (s *StudyRun) states(cells []StudyCell) ([]CellState, error) {
	states := make([]CellState, len(cells))
	for i := range cells {
		c := &cells[i]
		states[i] = CellState{Key: c.Key(), State: StateMissing, Cell: *c}
		dir := s.folder(c)
		if _, err := os.Stat(filepath.Join(dir, "result.json")); err == nil {
			states[i].State = StateFinished
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "error.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var f cellFailure
		if err == nil {
			err = json.Unmarshal(b, &f)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "error.json"), err)
		}
		states[i].State, states[i].Error = StateFailed, f.Error
	}
	return states, nil
}

// writeJSONFile writes v indented, whole or not at all.
func writeJSONFile(path string, v any) error {
	return WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		return e.Encode(v)
	})
}
