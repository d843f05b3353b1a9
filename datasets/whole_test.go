package datasets

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWholeFileIsThereOnceItIsClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	w, err := CreateWhole(nil, path)
	require.NoError(t, err)
	_, err = w.Write([]byte("all of it"))
	require.NoError(t, err)
	require.NoFileExists(t, path)
	require.NoError(t, w.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "all of it", string(b))
}

func TestRemoveStaleLeavesWhatIsComplete(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run[1]*")
	plan := filepath.Join(run, "random")
	require.NoError(t, os.MkdirAll(plan, 0o777))
	for _, name := range []string{"a", "a" + tempSuffix} {
		require.NoError(t, os.WriteFile(filepath.Join(run, name), nil, 0o666))
		require.NoError(t, os.WriteFile(filepath.Join(plan, name), nil, 0o666))
	}
	require.NoError(t, RemoveStale(nil, run))
	for _, dir := range []string{run, plan} {
		require.FileExists(t, filepath.Join(dir, "a"))
		require.NoFileExists(t, filepath.Join(dir, "a"+tempSuffix))
	}
}
