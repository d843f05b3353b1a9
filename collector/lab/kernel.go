package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"tickle/collector/guest"
)

// kernelPackages are the packages of a kernel release ("6.1.0-50-cloud-amd64"):
// one, or from 6.19 on the kernel, its modules and the list of what is built
// in apart.
func kernelPackages(release string) (whole string, split []string) {
	return "linux-image-" + release, []string{"linux-binary-" + release, "linux-modules-" + release, "linux-base-" + release}
}

// pickKernel chooses what to download for a kernel release.
func pickKernel(release string, have []candidate) ([]candidate, error) {
	whole, split := kernelPackages(release)
	first := func(pkg string) *candidate {
		for i := range have {
			if have[i].pkg == pkg {
				return &have[i]
			}
		}
		return nil
	}
	var parts []candidate
	var lacks []string
	for _, pkg := range split {
		if c := first(pkg); c != nil {
			parts = append(parts, *c)
		} else {
			lacks = append(lacks, pkg)
		}
	}
	switch w := first(whole); {
	case len(lacks) == 0:
		return parts, nil
	case len(parts) > 0:
		// The archive drops the parts of old kernels at different times.
		return nil, fmt.Errorf("the archive has %s no more", strings.Join(lacks, " and "))
	case w != nil:
		return []candidate{*w}, nil
	default:
		return nil, fmt.Errorf("no suite of the archive has a package %s", whole)
	}
}

// buildKernel makes the files of a kernel for QEMU from its packages.
func buildKernel(ctx context.Context, debs []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, deb := range debs {
		// Since 7.x the image lies beside the modules instead of in /boot.
		got, _, err := readDeb(ctx, deb, func(p string) bool { return isKernel(p) || isModule(p) })
		if err != nil {
			return nil, err
		}
		for p, data := range got {
			files[p] = data
		}
	}
	var image []byte
	for p, data := range files {
		if isKernel(p) {
			image = data
		}
	}
	if image == nil {
		return nil, errors.New("the packages hold no vmlinuz")
	}
	initrd, err := buildInitrd(ctx, newModules(files), cardModules)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"kernel": image, "initrd": initrd}, nil
}

func isKernel(p string) bool {
	return strings.HasPrefix(path.Base(p), "vmlinuz") && !strings.HasSuffix(p, "/")
}

// buildInitrd packs the modules that want names and those of a firewall, with
// a list of each in loading order. A backend adds our first process and its
// configuration when it starts a machine, so that a change of ours costs no
// download.
func buildInitrd(ctx context.Context, m *modules, want []string) ([]byte, error) {
	var files []guest.File
	card, err := m.resolve(ctx, want)
	if err != nil {
		return nil, err
	}
	firewall, err := m.resolve(ctx, firewallModules)
	if err != nil {
		return nil, err
	}
	packed := map[string]bool{}
	for _, l := range []struct {
		name string
		mods []module
	}{{guest.ModuleList, card}, {guest.FirewallModuleList, firewall}} {
		var list bytes.Buffer
		for _, mod := range l.mods {
			file := "m/" + mod.name + ".ko"
			fmt.Fprintf(&list, "/%s\n", file)
			if !packed[file] {
				packed[file] = true
				files = append(files, guest.File{Name: file, Data: mod.data})
			}
		}
		files = append(files, guest.File{Name: l.name, Data: list.Bytes()})
	}
	return guest.Initramfs(files), nil
}
