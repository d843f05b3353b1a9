package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// write puts the manifest into dir, whole or not at all.
func (m *Manifest) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "lab.json")
	if err := writeSynced(path+".new", append(b, '\n')); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// writeSynced writes a file, executable for programs among them, and its
// folder where it is missing.
func writeSynced(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// find gives the item, or nil.
func (m *Manifest) find(kind Kind, name string) *Item {
	for i := range m.Items {
		if m.Items[i].Kind == kind && m.Items[i].Name == name {
			return &m.Items[i]
		}
	}
	return nil
}

// buildInit builds our first process of guests from this module's sources.
func buildInit(ctx context.Context, source, work string) (map[string][]byte, error) {
	if source == "" {
		var err error
		if source, err = findSource(); err != nil {
			return nil, err
		}
	}
	out := filepath.Join(work, Init)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w -buildid=", "-buildvcs=false", "-o", out, "./collector/guest/init")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if err := runBuild(cmd); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	return map[string][]byte{Init: b}, err
}

// findSource finds this module's source tree above the working folder or the
// program.
func findSource() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, dir := range starts {
		for {
			b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
			if err == nil && bytes.HasPrefix(b, []byte("module tickle\n")) {
				return dir, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("guests' first process is built from the source tree of tickle, which is neither above the working folder nor above the program")
}
