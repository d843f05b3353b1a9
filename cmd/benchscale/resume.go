package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// killed makes the run of a point twice: at once, and with its process killed
// at random moments, kills times, before it may end. It is an error when a
// file of data is not the same in both. The moments are drawn from the time
// that the undisturbed run took, so that they fall anywhere in it: into the
// making of probes, the sending, or the writing.
func killed(ctx context.Context, dir string, p point, kills int) error {
	whole, err := os.MkdirTemp(dir, "whole-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(whole)
	broken, err := os.MkdirTemp(dir, "killed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(broken)
	start := time.Now()
	if err := collectOnce(ctx, whole, p, 0); err != nil {
		return err
	}
	took := time.Since(start)
	for range kills {
		after := time.Duration(1 + rand.Int64N(int64(took)))
		if err := collectOnce(ctx, broken, p, after); err != nil && !errors.Is(err, errKilled) {
			return err
		}
	}
	if err := collectOnce(ctx, broken, p, 0); err != nil {
		return err
	}
	return sameData(whole, broken)
}

var errKilled = errors.New("killed")

// collectOnce runs the collecting process, and kills it after a time that is
// not zero.
func collectOnce(ctx context.Context, run string, p point, after time.Duration) error {
	c, stderr, err := command(ctx, collectStage, run, p)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	var shot atomic.Bool
	if after > 0 {
		timer := time.AfterFunc(after, func() {
			shot.Store(true)
			_ = c.Process.Kill() // fails only when it has ended
		})
		defer timer.Stop()
	}
	if err := c.Wait(); err != nil {
		if shot.Load() {
			return errKilled
		}
		return fmt.Errorf("collect: %w: %s", err, stderr)
	}
	return nil
}

// sameData compares the plans' folders of two runs, file by file. What stands
// beside them has times of day in it.
func sameData(a, b string) error {
	want, err := sums(a)
	if err != nil {
		return err
	}
	got, err := sums(b)
	if err != nil {
		return err
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("resume: %s is a file too many", name)
		}
	}
	for name, sum := range want {
		if got[name] != sum {
			return fmt.Errorf("resume: %s is not what the run that was not killed has", name)
		}
	}
	if len(want) == 0 {
		return errors.New("resume: no data")
	}
	return nil
}

// sums gives the SHA-256 of every file in the folders of dir.
func sums(dir string) (map[string][sha256.Size]byte, error) {
	all := make(map[string][sha256.Size]byte)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[name] = sha256.Sum256(b)
		return err
	})
	return all, err
}
