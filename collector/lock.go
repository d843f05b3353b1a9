package collector

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// lockName is the file that keeps a second collector out of a run folder. The
// lock is the operating system's, which gives it up when its holder dies, so
// that none is ever stale; the text says who holds it.
const lockName = "collect.lock"

// lockRun takes the lock of a run folder. The file goes when it is released.
func lockRun(run string) (release func(), err error) {
	path := filepath.Join(run, lockName)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, fmt.Errorf("run folder: %w", err)
		}
		if err := lockFile(f); err != nil {
			who, _ := io.ReadAll(io.LimitReader(f, 100))
			_ = f.Close()
			return nil, fmt.Errorf("%s: another collector (%s) is at work in this run folder", path, strings.TrimSpace(string(who)))
		}
		if !stillThere(f, path) { // its last holder removed it meanwhile
			_ = f.Close()
			continue
		}
		if err := f.Truncate(0); err == nil {
			_, _ = fmt.Fprintf(f, "process %d\n", os.Getpid()) // for people only
		}
		return func() {
			_ = os.Remove(path) // where an open file cannot be removed it stays, and keeps nobody out
			_ = f.Close()
		}, nil
	}
}

// stillThere says whether path is f.
func stillThere(f *os.File, path string) bool {
	here, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(here, there)
}
