package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A table is imported, summed up, learned from and exported again.
func TestDatasetImport(t *testing.T) {
	text := "kind,size,colour\n"
	for range 15 {
		text += "a,1,red\nb,2.5,green\n"
	}
	path, data := write(t, "t.csv", text), t.TempDir()+"/data"
	tickle(t, "dataset", "import", path, "--format", "csv", "--label", "kind", "-o", data)
	require.Contains(t, tickle(t, "dataset", "info", data), "1 nominal, 0 of them constant, and 1 numeric")
	require.Equal(t, text, tickle(t, "dataset", "export", data))
	libsvm := t.TempDir() + "/t.libsvm"
	tickle(t, "dataset", "export", data, "--format", "libsvm", "-o", libsvm)
	tickle(t, "dataset", "import", libsvm, "-o", data+"2")
	require.Equal(t, "size,colour,kind\n"+"1,red,a", tickle(t, "dataset", "export", data+"2", "--label", "kind")[:len("size,colour,kind\n1,red,a")])
	tickle(t, "experiment", "accuracy", "--data", data, "--learners", "j48", "--folds", "3", "-o", data+"/../out")
	b, err := os.ReadFile(data + "/../out/accuracy/table.csv")
	require.NoError(t, err)
	require.Contains(t, string(b), "label,0,j48,prone,grouped,1")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{path, "--label", "knd"}, `"kind"`},
		{[]string{path, "--format", "cvs", "--label", "kind"}, `"csv"`},
		{[]string{path, "--label", "kind", "--any-class"}, "--any-class: format csv has no use for it: want it with nmap-os-db alone"},
		{[]string{path, "--label", "kind", "--draws", "1"}, "--draws: format csv has no use for it"},
		{[]string{path, "--format", "p0f", "--label", "kind"}, "--label: format p0f has no use for it: want it with csv, arff, libsvm, parquet, nmap-os-db alone"},
		{[]string{path, "--format", "nmap-os-db", "--group", "kind"}, "--group: format nmap-os-db has no use for it"},
		{[]string{path, "--format", "nmap-os-db", "--draws", "0"}, "--draws 0: want 1 or more"},
		{[]string{path, "--separator", "ab", "--label", "kind"}, "--separator"},
		{[]string{path + "x", "--format", "csv", "--label", "kind"}, path + "x"},
	} {
		require.Contains(t, fails(t, append([]string{"dataset", "import", "-o", data + "3"}, c.args...)...), c.want)
		require.NoDirExists(t, data+"3")
	}
}
