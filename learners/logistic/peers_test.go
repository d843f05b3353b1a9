//go:build peers

package logistic_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run runs LIBLINEAR and gives what a golden file has. The golden file must
// say the same, unless it is written anew with -update, the flag of package
// peers.
func (r run) run(t *testing.T, data []byte) string {
	if _, err := exec.LookPath("liblinear-train"); err != nil {
		t.Fatal("LIBLINEAR is not installed: apt-get install liblinear-tools")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train.txt"), data, 0o666))
	args := strings.Fields(r.command())
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	model, err := os.ReadFile(filepath.Join(dir, "model.txt"))
	require.NoError(t, err)
	text := r.golden(data, string(model))
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.MkdirAll(filepath.Dir(r.path()), 0o777))
		require.NoError(t, os.WriteFile(r.path(), []byte(text), 0o666))
	} else {
		require.Equal(t, r.read(t), text, "LIBLINEAR says something else than %s", r.path())
	}
	return text
}
