package lab

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"tickle/collector/stackhost/hosts"
)

// takeNPM puts a program for Node.js beside the files of its package. npm
// downloads the package and runs nothing of it.
func takeNPM(ctx context.Context, p hosts.Program, dir string) (map[string][]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, errors.New("there is no npm (Debian: npm)")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", p.NPM+"@"+p.Version)
	cmd.Dir = dir
	if err := runBuild(cmd); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, p.NPM+"-"+p.Version+".tgz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, name := range p.NPMFiles {
		wanted["package/"+name] = true
	}
	files, _, err := readTar(unzipped, func(name string) bool { return wanted[name] })
	if err != nil {
		return nil, err
	}
	if len(files) != len(wanted) {
		return nil, fmt.Errorf("the package holds %d of %v", len(files), p.NPMFiles)
	}
	out := map[string][]byte{}
	for name, data := range files {
		out[path.Base(name)] = data
	}
	for name, data := range p.Files {
		out[name] = data
	}
	return out, nil
}
