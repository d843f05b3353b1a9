package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// maxFile bounds one file of a package in bytes: a kernel is a tenth of it.
const maxFile = 256 << 20

// readDeb reads the files of a package that keep wants, by their paths
// without a leading "./", and follows no links but tells where they lead.
// Nothing is unpacked to disk.
func readDeb(ctx context.Context, deb string, keep func(path string) bool) (files map[string][]byte, links map[string]string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	var errText bytes.Buffer
	cmd.Stderr = &errText
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	files, links, err = readTar(out, keep)
	if err != nil {
		cancel() // it has more to say than we read
	}
	if werr := cmd.Wait(); err == nil && werr != nil {
		err = fmt.Errorf("dpkg-deb: %w: %s", werr, strings.TrimSpace(errText.String()))
	}
	return files, links, err
}

func readTar(r io.Reader, keep func(path string) bool) (files map[string][]byte, links map[string]string, err error) {
	files, links = map[string][]byte{}, map[string]string{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// What follows the end mark must be read too: a closed
			// pipe would be an error of the writer's.
			_, err = io.Copy(io.Discard, r)
			return files, links, err
		}
		if err != nil {
			return nil, nil, err
		}
		path := strings.TrimPrefix(h.Name, "./")
		if !keep(path) {
			continue
		}
		switch h.Typeflag {
		case tar.TypeReg:
			if h.Size > maxFile {
				return nil, nil, fmt.Errorf("%s: %d bytes", path, h.Size)
			}
			if files[path], err = io.ReadAll(t); err != nil {
				return nil, nil, err
			}
		case tar.TypeSymlink:
			links[path] = h.Linkname
		}
	}
}
