//go:build peers

package logistic_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func (r run) command() string {
	return fmt.Sprintf("liblinear-train -s 0 -e 1e-8 -c %v -B %v -q train.txt model.txt", r.c, r.bias)
}

// golden is what a golden file says: the first lines say where the rest, the
// model that LIBLINEAR wrote, comes from.
func (r run) golden(data []byte, model string) string {
	return fmt.Sprintf("program: LIBLINEAR 2.3.0 (Debian liblinear-tools 2.3.0+dfsg-5)\ncommand: %s\ndata: %x (SHA-256 of train.txt, which the test makes: %+v)\n--- model\n%s",
		r.command(), sha256.Sum256(data), r.mix, model)
}

// run runs LIBLINEAR and gives what a golden file has. That is what the test
// then holds ours to; a golden file that differs, be it in a last digit, is
// told of, and written anew with -update, the flag of package peers.
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
	} else if r.read(t) != text {
		t.Logf("on this machine LIBLINEAR says something else than %s", r.path())
	}
	return text
}
