//go:build peers

package novelty_test

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

// python is Debian's, for which the package python3-sklearn is.
const python = "/usr/bin/python3"

func (r run) script() string {
	novelty, scores := "True", "-lof.score_samples(asked)"
	if r.outlier {
		novelty, scores = "False", "-lof.negative_outlier_factor_"
	}
	return fmt.Sprintf(`import numpy, warnings
from sklearn.neighbors import LocalOutlierFactor
warnings.simplefilter("ignore")
known, asked = (numpy.loadtxt(f, delimiter=",") for f in ("train.csv", "test.csv"))
lof = LocalOutlierFactor(n_neighbors=%d, metric="%s", novelty=%s).fit(known)
for score in %s: print("%%.12g" %% score)
`, r.k, r.metric, novelty, scores)
}

// run runs scikit-learn and gives what a golden file has. That is what the
// test then holds ours to; a golden file that differs, be it in a last digit,
// is told of, and written anew with -update, the flag of package peers.
func (r run) run(t *testing.T, known, asked []byte) string {
	if err := exec.Command(python, "-c", "import sklearn").Run(); err != nil {
		t.Fatalf("scikit-learn is not installed for %s: %v: apt-get install python3-sklearn", python, err)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train.csv"), known, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test.csv"), asked, 0o666))
	cmd := exec.Command(python, "-c", r.script())
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text := fmt.Sprintf("program: scikit-learn 1.2.1 (Debian 1.2.1+dfsg-1)\ncommand: %s -c\n\t%s\ndata: %x (SHA-256 of train.csv and test.csv, which the test makes: %+v)\n--- scores\n%s",
		python, strings.ReplaceAll(strings.TrimSpace(r.script()), "\n", "\n\t"), sha256.Sum256(append(known, asked...)), r.mix, out)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.MkdirAll(filepath.Dir(r.path()), 0o777))
		require.NoError(t, os.WriteFile(r.path(), []byte(text), 0o666))
	} else if r.read(t) != text {
		t.Logf("on this machine scikit-learn says something else than %s", r.path())
	}
	return text
}
