package datasets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WholeFile is a file of a run folder that comes into being when Close
// succeeds, whole, and not at all otherwise.
type WholeFile struct{ f *atomicFile }

// CreateWhole starts the file at path, in a folder that exists. A nil fs is
// the host's.
func CreateWhole(fs FS, path string) (*WholeFile, error) {
	f, err := createAtomic(fs, path)
	if err != nil {
		return nil, err
	}
	return &WholeFile{f: f}, nil
}

// Write appends bytes.
func (w *WholeFile) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	if err != nil {
		err = fmt.Errorf("%s: write: %w", w.f.path, err)
	}
	return n, err
}

// Close completes the file: its bytes are on the disk before its name is.
func (w *WholeFile) Close() error { return w.f.commit() }

// Abort gives the file up and leaves nothing behind.
func (w *WholeFile) Abort() { w.f.abort() }

// WriteWhole writes a small file whole or not at all.
func WriteWhole(fs FS, path string, b []byte) error { return writeAtomic(fs, path, b) }

// RemoveStale removes the files that a killed run left incomplete, in the run
// folder and its plans' folders. Nothing may be writing there.
func RemoveStale(fs FS, run string) error {
	for _, pattern := range [...]string{"*" + tempSuffix, filepath.Join("*", "*"+tempSuffix)} {
		names, err := filepath.Glob(filepath.Join(globQuote(run), pattern))
		if err != nil {
			return fmt.Errorf("%s: %w", run, err)
		}
		for _, name := range names {
			if err := orHost(fs).Remove(name); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("remove what a killed run left: %w", err)
			}
		}
	}
	return nil
}

// globQuote makes a path stand for itself in a pattern. Windows has no quoting
// and no such characters but '['.
func globQuote(path string) string {
	if filepath.Separator == '\\' {
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
