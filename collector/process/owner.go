package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Owner keeps the state file of this process: what it has started and made,
// and must remove. It is safe for concurrent use.
type Owner struct {
	path string

	mu     sync.Mutex
	record Record
}

var (
	ownMu sync.Mutex
	own   *Owner
)

// Own gives this process's owner. The first call reaps what dead owners left.
func Own() (*Owner, error) {
	ownMu.Lock()
	defer ownMu.Unlock()
	if own != nil {
		return own, nil
	}
	dir, err := StateDir()
	if err != nil {
		return nil, err
	}
	if _, err := Reap(dir); err != nil {
		return nil, err
	}
	o, err := newOwner(dir)
	if err != nil {
		return nil, err
	}
	own = o
	return own, nil
}

func newOwner(dir string) (*Owner, error) {
	me, err := Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	return &Owner{path: filepath.Join(dir, fmt.Sprintf("%d-%d.json", me.PID, me.Start)), record: Record{Owner: me}}, nil
}

// change edits the record and its file; an empty record has no file.
func (o *Owner) change(edit func(*Record)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	edit(&o.record)
	r := &o.record
	if len(r.Processes)+len(r.Folders)+len(r.Namespaces) == 0 {
		if err := os.Remove(o.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	return r.write(o.path)
}

// TempDir makes a folder that does not outlive this process. remove removes
// it now.
func (o *Owner) TempDir() (dir string, remove func() error, err error) {
	if dir, err = os.MkdirTemp("", folderPrefix); err != nil {
		return "", nil, err
	}
	if err := o.change(func(r *Record) { r.Folders = append(r.Folders, dir) }); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, func() error {
		return errors.Join(os.RemoveAll(dir), o.change(func(r *Record) {
			r.Folders = slices.DeleteFunc(r.Folders, func(d string) bool { return d == dir })
		}))
	}, nil
}

// Namespace notes a named network namespace that this process is about to
// make; forget is called when it is gone.
func (o *Owner) Namespace(name string) (forget func() error, err error) {
	err = o.change(func(r *Record) { r.Namespaces = append(r.Namespaces, name) })
	return func() error {
		return o.change(func(r *Record) {
			r.Namespaces = slices.DeleteFunc(r.Namespaces, func(n string) bool { return n == name })
		})
	}, err
}
