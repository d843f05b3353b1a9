package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary the program itself, so that tests can kill it.
const asProgram = "TICKLE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// tickle runs a command in the process and returns what it printed.
func tickle(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, &stdout, &stderr)
	require.Zero(t, code, "tickle %s: %s", strings.Join(args, " "), stderr.String())
	return stdout.String()
}

// fails runs a command that must fail, and returns its one line on stderr.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, &stdout, &stderr)
	require.NotZero(t, code, "tickle %s did not fail: %s", strings.Join(args, " "), stdout.String())
	line := strings.TrimSuffix(stderr.String(), "\n")
	require.NotEmpty(t, line)
	return line
}

// hashes gives the SHA-256 of every file below dir but those that hold times
// of day.
func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := make(map[string]string)
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch e.Name() {
		case "manifest.json", "report.json", "timing.json":
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		name, err := filepath.Rel(dir, path)
		sums[filepath.ToSlash(name)] = hex.EncodeToString(sum[:])
		return err
	}))
	require.NotEmpty(t, sums)
	return sums
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}
