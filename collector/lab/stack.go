package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tickle/collector/stackhost/hosts"
)

// buildGo builds a program around a Go stack in a module of its own, with the
// toolchain that its version needs, which the go command fetches as a module.
func buildGo(ctx context.Context, p hosts.Program, dir string) (map[string][]byte, error) {
	for name, data := range p.Files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return nil, err
		}
	}
	args := []string{"build", "-trimpath", "-o", "program"}
	if p.LDFlags != "" {
		args = append(args, "-ldflags="+p.LDFlags)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = dir
	// -mod=mod: go.sum is made here, from the checksum database.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off", "GOOS=linux", "GOARCH=amd64")
	if p.Toolchain != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN="+p.Toolchain)
	}
	if err := runBuild(cmd); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(filepath.Join(dir, "program"))
	return map[string][]byte{"program": program}, err
}

// pickBinary chooses the package of a program that is ready, of the first suite
// with that upstream version, and a C library new enough for it.
func pickBinary(p hosts.Program, have []candidate) ([]candidate, error) {
	for _, c := range have {
		if c.pkg != p.Package || !strings.HasPrefix(c.version, p.Version+"-") {
			continue
		}
		for _, l := range have {
			if l.pkg == "libc6" && l.suite == libcSuite {
				return []candidate{c, l}, nil
			}
		}
	}
	return nil, fmt.Errorf("no suite of the archive has %s %s", p.Package, p.Version)
}

// takeBinary takes a program and its libraries from its package.
func takeBinary(ctx context.Context, p hosts.Program, debs []string) (map[string][]byte, error) {
	files, _, err := readDeb(ctx, debs[0], func(f string) bool { return f == p.Binary })
	if err != nil {
		return nil, err
	}
	program := files[p.Binary]
	if program == nil {
		return nil, fmt.Errorf("the package holds no %s", p.Binary)
	}
	out, err := withLibraries(ctx, program, debs[1:])
	if err != nil {
		return nil, err
	}
	out[p.File()], err = setInterpreter(program, loader)
	return out, err
}

// pickC chooses the packages of a C stack: the first version of its library
// with that upstream version, the library itself, and a C library new enough
// for both it and what this host's compiler makes.
func pickC(p hosts.Program, have []candidate) ([]candidate, error) {
	for _, dev := range have {
		if dev.pkg != p.Package || !strings.HasPrefix(dev.version, p.Version+"+") && !strings.HasPrefix(dev.version, p.Version+"-") {
			continue
		}
		for _, lib := range have {
			if lib.version != dev.version || lib.suite != dev.suite || lib.pkg == dev.pkg || !strings.HasPrefix(lib.pkg, p.Library) {
				continue
			}
			return append([]candidate{dev, lib}, neededPackages(p, dev.suite, have)...), nil
		}
	}
	return nil, fmt.Errorf("no suite of the archive has %s %s with its library", p.Package, p.Version)
}

// neededPackages are the C library and those of other libraries, of libcSuite
// or, where that has another version of a library, of the program's own suite.
func neededPackages(p hosts.Program, suite string, have []candidate) []candidate {
	var out []candidate
	for _, pkg := range append([]string{"libc6"}, libraryPackages(p.Needed)...) {
		for _, s := range []string{libcSuite, suite} {
			i := slices.IndexFunc(have, func(c candidate) bool { return c.pkg == pkg && c.suite == s })
			if i >= 0 {
				out = append(out, have[i])
				break
			}
		}
	}
	return out
}

// libraryPackages are the packages that libraries may be in: Debian renamed
// them with the 64-bit time.
func libraryPackages(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, n, n+"t64")
	}
	return out
}

// libcSuite is the suite whose C library runs the C programs: newer than the
// host's compiler needs and than what their libraries need.
const libcSuite = "trixie"

// buildC compiles a program around a C stack against the headers and the
// shared library of its packages.
func buildC(ctx context.Context, p hosts.Program, dir string, debs []string) (map[string][]byte, error) {
	compiler, args := "cc", []string{"-O2", "-Wall", "-o", "program"}
	if p.Files["main.cc"] != nil {
		compiler, args = "c++", []string{"-O1", "-std=" + p.Standard, "-w", "-o", "program"}
	}
	cc, err := exec.LookPath(compiler)
	if err != nil {
		return nil, fmt.Errorf("there is no compiler %s (Debian: gcc, g++, libc6-dev)", compiler)
	}
	headers, _, err := readDeb(ctx, debs[0], func(f string) bool { return strings.HasPrefix(f, "usr/include/") })
	if err != nil {
		return nil, err
	}
	for f, data := range headers {
		if err := writeBelow(dir, f, data); err != nil {
			return nil, err
		}
	}
	libraries, err := stackLibraries(ctx, p, debs[1])
	if err != nil {
		return nil, err
	}
	for _, i := range p.Includes {
		args = append(args, "-isystem", i)
	}
	for name, data := range p.Files {
		if err := writeBelow(dir, name, data); err != nil {
			return nil, err
		}
		args = append(args, name)
	}
	for i, library := range libraries {
		name := fmt.Sprintf("library%d.so", i)
		if err := writeBelow(dir, name, library); err != nil {
			return nil, err
		}
		args = append(args, name)
	}
	args = append(args, "-lpthread",
		// The library is of a suite whose C library is not this host's.
		"-Wl,--unresolved-symbols=ignore-in-shared-libs", "-Wl,--dynamic-linker="+loader)
	cmd := exec.CommandContext(ctx, cc, args...)
	cmd.Dir = dir
	if err := runBuild(cmd); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		return nil, err
	}
	files, err := withLibraries(ctx, program, debs[1:])
	if err != nil {
		return nil, err
	}
	files["program"] = program
	return files, nil
}

// stackLibraries are the shared libraries of a stack's package that its program
// is linked with.
func stackLibraries(ctx context.Context, p hosts.Program, deb string) ([][]byte, error) {
	files, _, err := readDeb(ctx, deb, func(f string) bool { return strings.Contains(path.Base(f), ".so") })
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, link := range p.Links {
		i := len(out)
		for name, data := range files {
			if strings.HasPrefix(path.Base(name), link+".so") {
				out = append(out[:i], data)
			}
		}
		if len(out) == i {
			return nil, fmt.Errorf("the package holds no %s.so", link)
		}
	}
	return out, nil
}

func writeBelow(dir, name string, data []byte) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// runBuild runs a compiler; its error ends with the compiler's last line.
func runBuild(cmd *exec.Cmd) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, lines[len(lines)-1])
	}
	return nil
}
