package lab

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os/exec"
	"path"
	"strings"
)

// The modules that a guest needs, beside what they depend on: its network
// card, and what a firewall's rules are made of.
var (
	cardModules     = []string{"virtio_pci", "virtio_net"}
	firewallModules = []string{"crc32c_generic", "nf_tables", "nf_conntrack", "nft_ct", "nft_reject_inet"}
)

// optionalModules are those without which a kernel does too: crc32c_generic
// is what libcrc32c asks for by an alias until 6.x; ipv6 is no module any more
// since 7.x, and then not listed as built in; User-mode Linux has no reject.
var optionalModules = map[string]bool{"crc32c_generic": true, "ipv6": true, "nft_reject_inet": true}

// modules are the kernel's modules of a package.
type modules struct {
	files   map[string][]byte // by path: .ko or .ko.xz
	byName  map[string]string // name with underscores to path
	builtin map[string]bool   // names
}

// isModule tells whether a path of a package is one of a kernel's modules, or
// its list of what is built in.
func isModule(p string) bool {
	return strings.Contains(p, "/modules/") && (strings.HasSuffix(p, ".ko") || strings.HasSuffix(p, ".ko.xz") || path.Base(p) == "modules.builtin")
}

// moduleName is a file's module: "-" and "_" are one.
func moduleName(file string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".xz"), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

func newModules(files map[string][]byte) *modules {
	m := &modules{files: files, byName: map[string]string{}, builtin: map[string]bool{}}
	for p, data := range files {
		switch {
		case path.Base(p) == "modules.builtin":
			for line := range bytes.Lines(data) {
				m.builtin[moduleName(string(bytes.TrimSpace(line)))] = true
			}
		case isModule(p):
			m.byName[moduleName(p)] = p
		}
	}
	return m
}

// module is one to load.
type module struct {
	name string
	data []byte // not compressed
}

// resolve gives the modules wanted and all that they depend on, in an order
// in which each comes after what it needs.
func (m *modules) resolve(ctx context.Context, want []string) ([]module, error) {
	var out []module
	seen := map[string]bool{}
	var visit func(name, by string) error
	visit = func(name, by string) error {
		if seen[name] || m.builtin[name] {
			return nil
		}
		seen[name] = true
		p, ok := m.byName[name]
		if !ok {
			if optionalModules[name] {
				return nil
			}
			return fmt.Errorf("module %s, which %s needs, is neither in the package nor built in", name, by)
		}
		data := m.files[p]
		if strings.HasSuffix(p, ".xz") {
			var err error
			if data, err = unxz(ctx, data); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		depends, err := moduleDepends(data)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, d := range depends {
			if err := visit(d, name); err != nil {
				return err
			}
		}
		out = append(out, module{name, data})
		return nil
	}
	for _, name := range want {
		if err := visit(name, "the guest"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// moduleDepends reads "depends=" of an ELF module's .modinfo, which holds
// name=value strings, each ended by a NUL.
func moduleDepends(data []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := f.Section(".modinfo")
	if s == nil {
		return nil, fmt.Errorf("no section .modinfo")
	}
	info, err := s.Data()
	if err != nil {
		return nil, err
	}
	var out []string
	for entry := range bytes.SplitSeq(info, []byte{0}) {
		list, ok := bytes.CutPrefix(entry, []byte("depends="))
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(string(list), ",") {
			if name != "" {
				out = append(out, strings.ReplaceAll(name, "-", "_"))
			}
		}
	}
	return out, nil
}

// unxz decompresses with the program xz: modules are packed so since 6.12.
func unxz(ctx context.Context, data []byte) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "xz", "-dc")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("xz (Debian: xz-utils): %w", err)
	}
	return out, nil
}
