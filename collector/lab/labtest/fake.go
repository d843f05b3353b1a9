package labtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"tickle/collector/lab"
)

// Main runs a package's tests with a folder of their own for the state files
// of processes, and fails them for a goroutine that is left.
func Main(m *testing.M) {
	// The lab stays where it is.
	made, err := lab.Dir()
	if err == nil {
		err = os.Setenv("TICKLE_LAB", made)
	}
	var dir string
	if err == nil {
		dir, err = os.MkdirTemp("", "labtest-")
	}
	if err == nil {
		err = os.Setenv("XDG_CACHE_HOME", dir)
	}
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// Fake makes a lab of the test's own, with items whose files all are program,
// and points TICKLE_LAB at it.
func Fake(t *testing.T, program string, items ...lab.Item) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TICKLE_LAB", dir)
	for _, it := range items {
		for _, file := range it.Files {
			path := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(program, path); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := json.Marshal(&lab.Manifest{Format: lab.ManifestFormat, Items: items})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lab.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
}
