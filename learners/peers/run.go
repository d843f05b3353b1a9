//go:build peers

package peers

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// jar is where Debian's package weka puts the program.
const jar = "/usr/share/java/weka.jar"

// run runs Weka and gives its text, as a golden file has it. The golden file
// must say the same, unless it is written anew.
func run(t testing.TB, c Case, path string, f files) string {
	t.Helper()
	installed(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train.arff"), f.train, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test.arff"), f.test, 0o666))
	args := append([]string{"-cp", jar, c.Class, "-t", "train.arff", "-T", "test.arff"}, c.Options...)
	var b strings.Builder
	fmt.Fprintf(&b, "program: Weka %s\ncommand: java %s [-p 0 -distribution]\ndata: %s (SHA-256 of train.arff and test.arff, which package peers makes: %+v)\n",
		version(t), strings.Join(args, " "), f.hash, c.Mix)
	b.WriteString("--- model\n")
	if !c.PredictionsOnly {
		model, _, _ := strings.Cut(java(t, dir, args), "\n\nTime taken to build model")
		b.WriteString(strings.TrimLeft(model, "\n") + "\n")
	}
	b.WriteString("--- predictions\n")
	for _, line := range strings.Split(java(t, dir, append(args, "-p", "0", "-distribution")), "\n") {
		if strings.Contains(line, ":") && !strings.HasPrefix(line, "=") {
			b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
		}
	}
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o666))
	} else {
		require.Equal(t, readGolden(t, path), b.String(), "Weka says something else than %s", path)
	}
	return b.String()
}

// installed fails the test when Weka is not there.
func installed(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		t.Fatal("Java is not installed: apt-get install default-jre-headless")
	}
	if _, err := os.Stat(jar); err != nil {
		t.Fatalf("Weka is not installed: %v: apt-get install weka", err)
	}
}

// version gives the version that Weka says it is.
func version(t testing.TB) string {
	first, _, _ := strings.Cut(java(t, t.TempDir(), []string{"-cp", jar, "weka.core.Version"}), "\n")
	return first
}

// java runs Java and gives its output.
func java(t testing.TB, dir string, args []string) string {
	cmd := exec.Command("java", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "java %s\n%s", strings.Join(args, " "), out)
	return string(out)
}
