package datasets

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// FS is how files are written; folders are made on the host in any case. A
// nil FS is the host's; tests put a full disk in its place.
type FS interface {
	// Create makes or truncates a file for writing.
	Create(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	Sync() error
}

type hostFS struct{}

func (hostFS) Create(name string) (File, error) { return os.Create(name) }
func (hostFS) Rename(from, to string) error     { return os.Rename(from, to) }
func (hostFS) Remove(name string) error         { return os.Remove(name) }

func orHost(fs FS) FS {
	if fs == nil {
		return hostFS{}
	}
	return fs
}

// tempSuffix ends the name of a file that is not complete yet.
const tempSuffix = ".part"

// atomicFile is a file that comes into being whole or not at all.
type atomicFile struct {
	fs   FS
	path string
	f    File
}

func createAtomic(fs FS, path string) (*atomicFile, error) {
	a := &atomicFile{fs: orHost(fs), path: path}
	f, err := a.fs.Create(path + tempSuffix)
	if err != nil {
		return nil, fmt.Errorf("%s: create: %w", path, err)
	}
	a.f = f
	return a, nil
}

func (a *atomicFile) Write(b []byte) (int, error) { return a.f.Write(b) }

// commit gives the file its name once its bytes are on the disk.
func (a *atomicFile) commit() error {
	err := a.f.Sync()
	if cerr := a.f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = a.fs.Rename(a.path+tempSuffix, a.path)
	}
	if err != nil {
		_ = a.fs.Remove(a.path + tempSuffix)
		return fmt.Errorf("%s: write: %w", a.path, err)
	}
	if a.fs == FS(hostFS{}) {
		syncDir(filepath.Dir(a.path))
	}
	return nil
}

// abort leaves nothing behind.
func (a *atomicFile) abort() {
	_ = a.f.Close()
	_ = a.fs.Remove(a.path + tempSuffix)
}

// syncDir makes a rename durable where the system can; elsewhere the rename
// is atomic all the same.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// writeAtomic writes a small file whole or not at all.
func writeAtomic(fs FS, path string, b []byte) error {
	a, err := createAtomic(fs, path)
	if err != nil {
		return err
	}
	if _, err := a.Write(b); err != nil {
		a.abort()
		return fmt.Errorf("%s: write: %w", path, err)
	}
	return a.commit()
}
