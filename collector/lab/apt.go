package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// suites are where packages are looked for, old ones first: a version that two
// suites have is taken from the first.
var suites = []string{
	"bullseye", "bullseye-security", "bookworm", "bookworm-security", "bookworm-backports",
	"trixie", "trixie-security", "trixie-backports", "forky", "sid", "experimental",
}

// keyring is where Debian keeps its archive's keys.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// archive is the package archive that this machine is set up with, seen
// through a state of its own: nothing of the machine's apt is changed, and
// nothing is installed.
type archive struct {
	dir  string
	opts []string
}

// candidate is a version of a package in a suite.
type candidate struct{ pkg, version, suite string }

// openArchive reads the suites' lists. The archive's address comes from the
// machine's own configuration.
func openArchive(ctx context.Context, dir string) (*archive, error) {
	main, security, err := archiveBases(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	signed := ""
	if _, err := os.Stat(keyring); err == nil {
		signed = "[signed-by=" + keyring + "] "
	}
	var list strings.Builder
	for _, s := range suites {
		base := main
		if strings.HasSuffix(s, "-security") {
			base = security
		}
		if base != "" {
			fmt.Fprintf(&list, "deb %s%s %s main\n", signed, base, s)
		}
	}
	sources := filepath.Join(dir, "sources.list")
	if err := os.WriteFile(sources, []byte(list.String()), 0o644); err != nil {
		return nil, err
	}
	a := &archive{dir: dir, opts: []string{
		"-o", "Dir::Etc::sourcelist=" + sources, "-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "Dir::State::lists=" + filepath.Join(dir, "lists"), "-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		// Images of containers turn the caches off.
		"-o", "Dir::Cache::pkgcache=pkgcache.bin", "-o", "Dir::Cache::srcpkgcache=srcpkgcache.bin",
		"-o", "Acquire::Languages=none", "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		// An old suite's lists are no longer signed anew.
		"-o", "Acquire::Check-Valid-Until=false",
		"-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64",
		// The lab's folder need not be readable for apt's own user.
		"-o", "APT::Sandbox::User=root",
	}}
	if _, err := a.run(ctx, "", "apt-get", "-qq", "update"); err != nil {
		return nil, err
	}
	_, err = a.run(ctx, "", "apt-cache", "gencaches")
	return a, err
}

// archiveBases are the addresses of Debian's archive and of its security
// updates in apt's configuration; the latter may be missing.
func archiveBases(ctx context.Context) (main, security string, err error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)|$(LABEL)").Output()
	if err != nil {
		return "", "", fmt.Errorf("apt-get indextargets: %w (kernels and libraries come from Debian packages)", err)
	}
	for line := range strings.Lines(string(out)) {
		switch base, label, _ := strings.Cut(strings.TrimSpace(line), "|"); label {
		case "Debian":
			main = base
		case "Debian-Security":
			security = base
		}
	}
	if main == "" {
		err = errors.New("apt's configuration names no Debian archive whose lists are here: run apt-get update")
	}
	return main, security, err
}

// run runs an apt program in dir with the archive's options.
func (a *archive) run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, slices.Concat(a.opts, args)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var errText bytes.Buffer
	cmd.Stderr = &errText
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, firstError(errText.String()))
	}
	return out, nil
}

// address is a URL up to its last part, and a host's number.
var address = regexp.MustCompile(`[a-z+]+://\S*/| *\[IP: [^]]*\]`)

// firstError is the first line of apt's that is an error, else the last line.
func firstError(text string) string {
	// The archive's address is nobody's business.
	text = address.ReplaceAllString(text, "")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, l := range lines {
		if strings.HasPrefix(l, "E: ") {
			return strings.TrimPrefix(l, "E: ")
		}
	}
	return lines[len(lines)-1]
}

// find lists the versions of packages in order of suites; packages that no
// suite has are missing from the result.
func (a *archive) find(ctx context.Context, pkgs ...string) ([]candidate, error) {
	out, err := a.run(ctx, "", "apt-cache", append([]string{"madison"}, pkgs...)...)
	if err != nil {
		return nil, err
	}
	return parseMadison(string(out)), nil
}

// parseMadison reads lines such as "pkg | version | URI suite/main amd64
// Packages" and puts them in order of suites.
func parseMadison(text string) []candidate {
	var out []candidate
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 3 {
			continue
		}
		words := strings.Fields(cells[2])
		if len(words) < 2 {
			continue
		}
		suite, _, _ := strings.Cut(words[1], "/")
		out = append(out, candidate{strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), suite})
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return slices.Index(suites, a.suite) - slices.Index(suites, b.suite)
	})
	return out
}

// download puts the packages into dir and gives their files, in order.
func (a *archive) download(ctx context.Context, dir string, pkgs []candidate) ([]string, error) {
	args := []string{"-qq", "download"}
	for _, p := range pkgs {
		args = append(args, p.pkg+"="+p.version)
	}
	if _, err := a.run(ctx, dir, "apt-get", args...); err != nil {
		return nil, err
	}
	files := make([]string, len(pkgs))
	for i, p := range pkgs {
		// apt writes the colon of an epoch as %3a.
		found, err := filepath.Glob(filepath.Join(dir, p.pkg+"_"+strings.ReplaceAll(p.version, ":", "%3a")+"_*.deb"))
		if err != nil {
			return nil, err
		}
		if len(found) != 1 {
			return nil, fmt.Errorf("apt-get download %s=%s left %d files", p.pkg, p.version, len(found))
		}
		files[i] = found[0]
	}
	return files, nil
}
