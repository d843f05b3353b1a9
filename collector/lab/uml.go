package lab

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"strings"
)

// A foreign program runs with the C library that it was linked to, which this
// host may not have, and without root: its interpreter is the relative path
// "ld.so", so that it is run in the folder where its own ld.so and libraries
// lie, with LD_LIBRARY_PATH=. (Path, LoaderEnv). A wrapper "ld.so PROGRAM"
// would not do, for User-mode Linux executes /proc/self/exe again.
const loader = "ld.so"

// LoaderEnv is what a program with libraries of its own needs in its
// environment; its working folder must be that of its file.
const LoaderEnv = "LD_LIBRARY_PATH=."

const umlPackage = "user-mode-linux"

// pickUML chooses the package of a version ("6.12um1": a rebuild is as good)
// and the C library of its suite.
func pickUML(version string, have []candidate) ([]candidate, error) {
	for _, c := range have {
		if c.pkg != umlPackage || c.version != version && !strings.HasPrefix(c.version, version+"+") {
			continue
		}
		for _, l := range have {
			if l.pkg == "libc6" && l.suite == c.suite {
				return []candidate{c, l}, nil
			}
		}
	}
	return nil, fmt.Errorf("no suite of the archive has %s %s", umlPackage, version)
}

// buildUML makes the files of a User-mode Linux: the kernel, which is a
// program, its libraries and the initramfs.
func buildUML(ctx context.Context, debs []string) (map[string][]byte, error) {
	files, _, err := readDeb(ctx, debs[0], func(p string) bool { return p == "usr/bin/linux.uml" || isModule(p) })
	if err != nil {
		return nil, err
	}
	kernel := files["usr/bin/linux.uml"]
	if kernel == nil {
		return nil, errors.New("the package holds no usr/bin/linux.uml")
	}
	out, err := withLibraries(ctx, kernel, debs[1:])
	if err != nil {
		return nil, err
	}
	if out["kernel"], err = setInterpreter(kernel, loader); err != nil {
		return nil, err
	}
	out["initrd"], err = buildInitrd(ctx, newModules(files), []string{"ipv6"})
	return out, err
}

// setInterpreter overwrites the path of an ELF program's interpreter, which
// must not grow.
func setInterpreter(program []byte, interpreter string) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		if uint64(len(interpreter)) >= p.Filesz {
			return nil, fmt.Errorf("interpreter %q does not fit into %d bytes", interpreter, p.Filesz)
		}
		out := bytes.Clone(program)
		clear(out[p.Off : p.Off+p.Filesz])
		copy(out[p.Off:], interpreter)
		return out, nil
	}
	return nil, errors.New("the program has no interpreter")
}

// withLibraries takes from the packages the interpreter and every library
// that program needs, and those need.
func withLibraries(ctx context.Context, program []byte, debs []string) (map[string][]byte, error) {
	all, links := map[string][]byte{}, map[string]string{}
	for _, deb := range debs {
		files, l, err := readDeb(ctx, deb, func(p string) bool { return strings.Contains(path.Base(p), ".so") })
		if err != nil {
			return nil, err
		}
		for p, data := range files {
			all[path.Base(p)] = data
		}
		for p, to := range l {
			links[path.Base(p)] = path.Base(to)
		}
	}
	get := func(name string) []byte {
		for range 3 { // libx.so.1 → libx-1.2.so, and the like
			if data := all[name]; data != nil {
				return data
			}
			name = links[name]
		}
		return nil
	}
	out := map[string][]byte{}
	if out[loader] = get("ld-linux-x86-64.so.2"); out[loader] == nil {
		return nil, errors.New("the packages hold no ld-linux-x86-64.so.2")
	}
	for todo := [][]byte{program}; len(todo) > 0; {
		needed, err := neededLibraries(todo[0])
		if err != nil {
			return nil, err
		}
		todo = todo[1:]
		for _, name := range needed {
			if out[name] != nil || strings.HasPrefix(name, "ld-linux") {
				continue
			}
			if out[name] = get(name); out[name] == nil {
				return nil, fmt.Errorf("the packages hold no %s", name)
			}
			todo = append(todo, out[name])
		}
	}
	return out, nil
}

func neededLibraries(program []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ImportedLibraries()
}
