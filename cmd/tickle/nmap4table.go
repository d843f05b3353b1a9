package main

import (
	"context"
	"fmt"
	"path/filepath"

	"tickle/datasets"
	"tickle/datasets/formats"
	"tickle/learners/nmap4"
)

// nmapOSDB is the format of Nmap's database, a row a reference.
func nmapOSDB() formats.Format {
	return formats.Format{Name: nmap4.TableFormat, Import: importNmapOSDB, Takes: []string{"label", "draws", "seed", "any-class"}}
}

func importNmapOSDB(_ context.Context, path string, o formats.ImportOptions) (*datasets.Dataset, error) {
	if o.Draws < 1 {
		return nil, fmt.Errorf("--draws %d: want 1 or more", o.Draws)
	}
	db, sum, err := nmap4.OpenDatabase(path)
	if err != nil {
		return nil, err
	}
	t, err := db.Table(nmap4.TableOptions{Labels: o.Labels, Draws: o.Draws, Seed: o.Seed, AnyClass: o.AnyClass})
	if err != nil {
		return nil, fmt.Errorf("%s: --label: %w", path, err)
	}
	t.Meta.File, t.Meta.SHA256 = filepath.Base(path), sum
	d, err := datasets.FromTable(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}
