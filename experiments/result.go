// Package experiments measures what classifiers of a data set are worth. An
// experiment is a function from data, options and a seed to a Result, and a
// Result holds all that is needed to trust it or to doubt it: typed rows,
// warnings as values, where the data came from, and every single prediction,
// so that a metric can be computed again by somebody else. Experiments
// compute and never draw; package reports draws and never computes.
//
// A metric is always defined, or n/a (see Number): it is never quietly zero.
// Everything fitted is fitted inside the fold. The same data, options and
// seed give the same Result for any number of CPUs.
package experiments

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"tickle/datasets"
)

// Schema is the version of result.json. It rises when a field changes its
// meaning or goes; new fields do not raise it.
const Schema = 1

// Result is what an experiment found.
type Result struct {
	Schema     int               `json:"schema"`
	Experiment string            `json:"experiment"` // the entry's name
	Title      string            `json:"title"`
	Config     map[string]string `json:"config"` // every option of the entry and "learners", as it was run
	Provenance Provenance        `json:"provenance"`
	Classes    []ClassList       `json:"classes,omitempty"`
	Columns    []Column          `json:"columns"`
	Rows       any               `json:"rows"` // a slice of the experiment's row struct; see RowsOf
	Warnings   []Warning         `json:"warnings"`

	// Predictions and Assignments are files of their own beside result.json.
	// ReadResult leaves them nil; see ReadPredictions.
	Predictions []Prediction `json:"-"`
	Assignments []Assignment `json:"-"`

	scope *scope // what Run narrows the provenance to; nil: the whole data set
}

// Provenance says where a result comes from, as every figure must.
type Provenance struct {
	Data     string   `json:"data"`      // the data set's name or path, as given
	DataHash string   `json:"data_hash"` // SHA-256 of its content, hex
	Pool     string   `json:"pool"`
	Plan     string   `json:"plan,omitempty"`  // of the run, where the rows rest on one and not on the data set
	Table    bool     `json:"table,omitempty"` // an imported table: its rows need not be machines, and pool names the file
	Machines int      `json:"machines"`        // rows: Real + Modelled
	Real     int      `json:"real"`            // machines whose answers come from a real stack
	Modelled int      `json:"modelled"`        // machines whose answers come from a model of one
	Groups   int      `json:"groups"`
	Probes   int      `json:"probes"`  // probes whose answers are in the data
	Dropped  int      `json:"dropped"` // probes that were sent and left out by the loss policy
	Repeats  int      `json:"repeats"` // sendings of each probe
	Seed     uint64   `json:"seed"`
	Version  string   `json:"version"`  // of the program
	Policies Policies `json:"policies"` // by which the data set was built
	Command  string   `json:"command"`  // makes this result again
}

// Policies says how a data set treats loss and nondeterminism.
type Policies struct {
	Loss   string          `json:"loss"`   // "drop-probe" or "mask"
	Nondet string          `json:"nondet"` // "mask", "drop" or "category"
	Filter datasets.Filter `json:"filter"` // rows that decided: "all" (transductive where something was dropped) or "train"
}

// ClassList names the classes of one level. Scores stand in its order.
type ClassList struct {
	Hierarchy string   `json:"hierarchy"`
	Level     int      `json:"level"`
	Names     []string `json:"names"` // ascending
}

// Warning is a reason to doubt part of a result. It travels with it and is
// shown with it.
type Warning struct {
	Code string `json:"code"` // stable, for programs: see the constants
	Cell string `json:"cell"` // what it is about, as "kernel level 2"; "" for the whole result
	Text string `json:"text"` // one sentence, as "n=4 is too small to tell at α=0.05"
}

// The codes of warnings.
const (
	WarnFewClasses   = "few-classes"   // a level with fewer than two classes has no rows
	WarnSmallN       = "small-n"       // too few groups for any significance
	WarnThinClasses  = "thin-classes"  // classes with fewer groups than folds
	WarnUnseen       = "unseen"        // classes with one group: never seen in training when held out
	WarnFewFolds     = "few-folds"     // fewer folds than asked for, since there are fewer rows or groups
	WarnTransductive = "transductive"  // the filter looked at the test rows
	WarnModelled     = "modelled-pool" // no or not every machine is real
)

// RowsOf gives the rows of r, whose experiment must have the row type T.
func RowsOf[T any](r *Result) ([]T, error) {
	rows, ok := r.Rows.([]T)
	if !ok {
		return nil, fmt.Errorf("result of %s: rows are %T, not %T", r.Experiment, r.Rows, rows)
	}
	return rows, nil
}

// ClassesAt gives the class names of a level, nil when the result has none.
func (r *Result) ClassesAt(h datasets.Hierarchy, level int) []string {
	for _, c := range r.Classes {
		if c.Hierarchy == h.String() && c.Level == level {
			return c.Names
		}
	}
	return nil
}

// Write writes result.json and, where r has them, predictions.parquet and
// splits.csv into dir, which it makes. Each file is written under another
// name and renamed, result.json last: a folder with a result.json is whole.
// Equal results are equal bytes.
func (r *Result) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if r.Predictions != nil {
		if err := WriteFile(filepath.Join(dir, "predictions.parquet"), r.writePredictions); err != nil {
			return err
		}
	}
	if r.Assignments != nil {
		write := func(w io.Writer) error { return WriteAssignments(w, r.Assignments) }
		if err := WriteFile(filepath.Join(dir, "splits.csv"), write); err != nil {
			return err
		}
	}
	return WriteFile(filepath.Join(dir, "result.json"), r.WriteJSON)
}

// WriteJSON writes result.json: indented, one line a field, keys in the order
// of the structs.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// ReadResult reads a result.json. Its Rows have the row type of its
// experiment; an unknown experiment, another schema or a malformed field is
// an error that names the file.
func ReadResult(path string) (*Result, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := parseResult(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func parseResult(b []byte) (*Result, error) {
	var head struct {
		Schema     int    `json:"schema"`
		Experiment string `json:"experiment"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("want a result: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("schema %d: want %d", head.Schema, Schema)
	}
	entry, err := Find(head.Experiment)
	if err != nil {
		return nil, err
	}
	rows := reflect.New(reflect.TypeOf(entry.Rows))
	r := &Result{Rows: rows.Interface()}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("want a result of %s: %w", entry.Name, err)
	}
	r.Rows = rows.Elem().Interface()
	same := func(a, b Column) bool { return a.Name == b.Name && a.Type == b.Type }
	if !slices.EqualFunc(r.Columns, ColumnsOf(r.Rows), same) {
		return nil, fmt.Errorf("columns of another version of experiment %s: run it again", entry.Name)
	}
	return r, nil
}
