package collector

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

var errInjected = errors.New("no space left on device")

// faultyDisk fails from its nth operation on. After a crash not even what is
// half-written can be removed. It never syncs, which takes most of a test's
// time.
type faultyDisk struct {
	mu    sync.Mutex
	left  int
	crash bool
}

func quickDisk() *faultyDisk { return &faultyDisk{left: math.MaxInt} }

func (d *faultyDisk) fails() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left--
	return d.left < 0
}

func (d *faultyDisk) Create(name string) (datasets.File, error) {
	if d.fails() {
		return nil, errInjected
	}
	f, err := os.Create(name)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) Rename(from, to string) error {
	if d.fails() {
		return errInjected
	}
	return os.Rename(from, to)
}

func (d *faultyDisk) Remove(name string) error {
	if d.crash && d.left < 0 {
		return errInjected
	}
	return os.Remove(name)
}

type faultyFile struct {
	*os.File
	disk *faultyDisk
}

func (f *faultyFile) Sync() error { return nil }

func (f *faultyFile) Write(b []byte) (int, error) {
	if f.disk.fails() {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, errInjected
	}
	return f.File.Write(b)
}

func TestCollectSurvivesFullDisksAndCrashes(t *testing.T) {
	small := func() Config {
		cfg := testConfig(t, t.TempDir(), backend{})
		cfg.Pool = testPool(2)
		return cfg
	}
	undisturbed := small()
	_, err := Collect(context.Background(), undisturbed)
	require.NoError(t, err)
	want := data(t, undisturbed.Dir)
	for _, crash := range []bool{false, true} {
		for operations := 0; ; operations += 1 + operations/8 {
			cfg := small()
			cfg.files, cfg.Workers = &faultyDisk{left: operations, crash: crash}, 1
			_, err := Collect(context.Background(), cfg)
			if err == nil {
				require.Greater(t, operations, 30)
				break
			}
			require.ErrorIs(t, err, errInjected)
			require.NotContains(t, err.Error(), "\n")
			require.Contains(t, err.Error(), filepath.Base(cfg.Dir), "the file is not named")
			if !crash {
				requireNoPartials(t, cfg.Dir)
			}
			cfg.files = quickDisk()
			_, err = Collect(context.Background(), cfg)
			require.NoError(t, err)
			requireNoPartials(t, cfg.Dir)
			requireSame(t, want, data(t, cfg.Dir))
		}
	}
}
