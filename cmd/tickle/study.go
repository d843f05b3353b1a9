package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners/all"
	"tickle/reports"
)

// experimentRun runs a study file.
func (p *program) experimentRun() *cobra.Command {
	run := experiments.StudyRun{Learners: all.Registry().Parse, Version: version()}
	share := ""
	c := &cobra.Command{
		Use:   "run STUDY.yaml",
		Short: "Run an experiment on every combination of data sets, labels, learners, splits and options",
		Long: `Runs the cells of a study file, as

  experiment: accuracy             # the default
  seed: 1                          # the default
  data: [{path: demo/data}, {path: lab/data, run: lab/run}]
  labels: [kernel, distribution]
  learners: [forest, "ibk:k=1"]
  splits: [paper, grouped]
  options: {folds: 10, fields: [prone, vetted]}

Lists are crossed; relative paths are from the file's folder. Each cell has a
folder in OUT/cells, keyed by a hash of its definition and of its data. A
finished cell is kept and skipped when the study runs again; one that fails is
recorded with its error and tried again by the next start. Beside them OUT gets
study.json with the state of each cell, table.csv with the rows of all, one
result and page for each data set and, of accuracy, the learners against each
other.

--cells 3/10 runs the third of ten shares, so that a cluster's job array can
spread one study: all shares write into the same folder.`,
		Example: "  tickle experiment run study.yaml -o out/study --cells 1/2",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if run.Share, err = parseShare(share); err != nil {
				return err
			}
			run.Command = fmt.Sprintf("tickle experiment run %s -o %s", args[0], run.Dir)
			return p.runStudy(c, args[0], &run)
		},
	}
	f := c.Flags()
	f.StringVar(&share, "cells", "", "the share of the cells to run, as `I/N` (default: all)")
	f.IntVar(&run.Workers, "workers", 0, "goroutines; 0: one a processor; changes no result")
	f.StringVarP(&run.Dir, "output", "o", "", "the `FOLDER` of the study")
	must(c.MarkFlagRequired("output"))
	return c
}

// parseShare reads "I/N".
func parseShare(s string) (experiments.Share, error) {
	if s == "" {
		return experiments.Share{}, nil
	}
	first, all, _ := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(all)
	if err1 != nil || err2 != nil || i < 1 || i > n {
		return experiments.Share{}, fmt.Errorf("--cells %q: want I/N, as 1/4 for the first of four shares", s)
	}
	return experiments.Share{I: i, N: n}, nil
}

func (p *program) runStudy(c *cobra.Command, path string, run *experiments.StudyRun) error {
	var err error
	if run.Study, err = experiments.ReadStudy(path); err != nil {
		return err
	}
	run.Open = func(path string) (*experiments.Data, error) {
		d, err := datasets.Open(path)
		if err != nil {
			return nil, err
		}
		return experiments.Of(path, d), nil
	}
	if err := os.MkdirAll(run.Dir, 0o755); err != nil {
		return err
	}
	show := p.stage("cells")
	run.Progress = func(done, total int, note string) { show.set(int64(done), int64(total), note) }
	states, err := run.Run(c.Context())
	show.end(err == nil)
	if err != nil {
		return err
	}
	count := make(map[string]int)
	first := ""
	for _, s := range states {
		count[s.State]++
		if s.State == experiments.StateFailed && first == "" {
			first = s.Error
		}
	}
	for _, folder := range run.Folders() {
		results, err := filepath.Glob(filepath.Join(folder, "*", "result.json"))
		if err != nil {
			return err
		}
		if len(results) == 0 {
			continue
		}
		if err := redraw(folder, reports.Options{Width: reports.Page}); err != nil {
			return err
		}
	}
	list := filepath.Join(run.Dir, "study.json")
	p.say("%s: %d of %d cells finished, %d failed", list, count[experiments.StateFinished], len(states), count[experiments.StateFailed])
	if n := count[experiments.StateFailed]; n > 0 {
		return fmt.Errorf("%s: %d of %d cells failed; the first: %s", list, n, len(states), first)
	}
	return nil
}
