// Package lab fetches and builds the real machines of the lab: kernels and
// libraries of several Debian suites, unpacked and never installed, and small
// programs around stacks. What it could have and what not stands in its
// manifest, and the backends find their files by it.
package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dir is the folder of the lab: TICKLE_LAB, or tickle/lab in the user's cache.
func Dir() (string, error) {
	if dir := os.Getenv("TICKLE_LAB"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("lab folder: %w (set TICKLE_LAB)", err)
	}
	return filepath.Join(dir, "tickle", "lab"), nil
}

// Kind is a kind of item in the lab. Its name is the folder of such items.
type Kind string

// The kinds.
const (
	Kernel Kind = "kernel" // a Linux kernel and its initramfs, for QEMU
	UML    Kind = "uml"    // a User-mode Linux
	Stack  Kind = "stack"  // a program around a TCP/IP stack
	Guest  Kind = "guest"  // our own first process of guests; its one item is Init
)

// Init is the name of the item, and the role of its file, of guests' first
// process.
const Init = "init"

// Item is one thing that the lab has, or wanted to have.
type Item struct {
	Kind    Kind              `json:"kind"`
	Name    string            `json:"name"`              // as pool files name it: "6.1.0-50-cloud-amd64", "gvisor-20240306", "lwip-2.1.3"
	Version string            `json:"version,omitempty"` // of the package or module
	Origin  string            `json:"origin,omitempty"`  // package and suite, or module
	Files   map[string]string `json:"files,omitempty"`   // role to path below the lab's folder
	SHA256  map[string]string `json:"sha256,omitempty"`  // role to the file's hash
	Recipe  string            `json:"recipe,omitempty"`  // hash of what it was made of beside packages
	Missing string            `json:"missing,omitempty"` // why it could not be had
}

// Manifest lists the lab's items, in order of kind and name.
type Manifest struct {
	Format string `json:"format"` // ManifestFormat
	Items  []Item `json:"items"`
}

// ManifestFormat is the version of lab.json.
const ManifestFormat = "tickle-lab/1"

// Read reads dir's lab.json. A lab that was never made is an empty manifest.
func Read(dir string) (*Manifest, error) {
	path := filepath.Join(dir, "lab.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return &Manifest{Format: ManifestFormat}, nil
	}
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.Format != ManifestFormat {
		return nil, fmt.Errorf("%s: format %q, want %q", path, m.Format, ManifestFormat)
	}
	return &m, nil
}

// Upstream is the version of an item without the packager's part
// ("5.10.218-1" is 5.10.218), or empty when the lab has not the item.
func Upstream(kind Kind, name string) string {
	dir, err := Dir()
	if err != nil {
		return ""
	}
	m, err := Read(dir)
	if err != nil {
		return ""
	}
	it := m.find(kind, name)
	if it == nil {
		return ""
	}
	version := it.Version
	if i := strings.LastIndexByte(version, '-'); i > 0 {
		version = version[:i]
	}
	return strings.ReplaceAll(version, "~", "-") // 7.3~rc7 is 7.3-rc7
}

// ErrNotMade means that the lab has not the item, and make lab might help.
var ErrNotMade = errors.New("not in the lab: run make lab")

// Find gives the absolute path of an item's file by its role. When the lab
// could not have the item the error says why.
func Find(kind Kind, name, role string) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	m, err := Read(dir)
	if err != nil {
		return "", err
	}
	it := m.find(kind, name)
	if it == nil {
		return "", fmt.Errorf("%s %s: %w", kind, name, ErrNotMade)
	}
	if it.Missing != "" {
		return "", fmt.Errorf("%s %s is missing from the lab: %s", kind, name, it.Missing)
	}
	path, ok := it.Files[role]
	if !ok {
		return "", fmt.Errorf("%s %s: the lab has no file %q of it", kind, name, role)
	}
	path = filepath.Join(dir, path)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s %s: %w", kind, name, err)
	}
	return path, nil
}
