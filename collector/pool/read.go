package pool

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

//go:embed pools/*.yaml
var builtIn embed.FS

// Load reads the built-in pool of that name, or else the file at that path.
// What is neither gives an error that lists the built-in pools.
func Load(nameOrPath string) (*Pool, error) {
	if f, err := builtIn.Open("pools/" + nameOrPath + ".yaml"); err == nil {
		defer f.Close()
		return Read(f, nameOrPath+".yaml")
	}
	f, err := os.Open(nameOrPath)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, fmt.Errorf("pool %q: expected a file or a built-in pool (%s)", nameOrPath, strings.Join(BuiltIns(), ", "))
		}
		return nil, fmt.Errorf("pool: %w", err)
	}
	defer f.Close()
	return Read(f, nameOrPath)
}

// BuiltIns lists the names of the built-in pools in order.
func BuiltIns() []string {
	entries, err := builtIn.ReadDir("pools")
	if err != nil {
		panic("pool: " + err.Error()) // the folder is in the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(path.Base(e.Name()), ".yaml"))
	}
	return names
}

// Read reads a pool file; the package comment says what stands in one. name
// stands in errors and is the pool's name when the file gives none. When the
// file is wrong the error is Errors, with everything that is wrong in it.
func Read(r io.Reader, name string) (*Pool, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &source{file: name}
	p := &Pool{Name: name}
	if root := s.parse(data); root != nil {
		s.readPool(root, p)
	}
	if len(s.errs) > 0 {
		return nil, s.errs.sorted()
	}
	return p, nil
}

// readPool reads the top level and expands every entry.
func (s *source) readPool(root *node, p *Pool) {
	if !s.want(root, "", mapping) {
		return
	}
	s.knownKeys(root, "", "name", "defaults", "machines")
	var defaults layer
	if n := root.get("name"); n != nil {
		if text, ok := s.text(n, "name", "the pool's name"); ok {
			p.Name = text
		}
	}
	if n := root.get("defaults"); n != nil {
		s.knownKeys(n, "defaults", "backend", "labels", "ports", "factors", "options", "rate")
		defaults = s.readLayer(n, "defaults")
	}
	machines := root.get("machines")
	if machines == nil {
		s.errs.add(root.pos, "machines", "missing: expected a list of machines")
		return
	}
	if !s.want(machines, "machines", list) {
		return
	}
	if len(machines.items) == 0 {
		s.errs.add(machines.pos, "machines", "empty list: expected at least one machine")
	}
	rules := newRules(s)
	for i, n := range machines.items {
		field := fmt.Sprintf("machines[%d]", i)
		for _, v := range s.readEntry(n, field, defaults) {
			rules.variant(&v)
			p.Machines = s.expand(p.Machines, &v)
		}
	}
	rules.names(p.Machines)
}

// entryKeys may stand in an entry of machines, and all but images in an item
// of images.
var entryKeys = []string{"name", "backend", "image", "labels", "ports", "factors", "options", "rate", "vary", "zip", "images"}

// variant is one image of an entry, with everything that defaults and the
// entry say merged in, before vary and zip are expanded.
type variant struct {
	layer
	pos   Pos
	field string
	name  string
}

// readEntry gives the images of one entry of machines.
func (s *source) readEntry(n *node, field string, defaults layer) []variant {
	if !s.want(n, field, mapping) {
		return nil
	}
	s.knownKeys(n, field, entryKeys...)
	entry := variant{pos: n.pos, field: field, layer: defaults.merge(s.readLayer(n, field))}
	named := false
	entry.name, named = s.name(n, field)
	images := n.get("images")
	if images == nil {
		if entry.image == nil {
			s.errs.add(n.pos, join(field, "image"), "missing: expected the kernel build and distribution release")
		}
		return []variant{entry}
	}
	field = join(field, "images")
	if entry.image != nil {
		s.errs.add(entry.image.pos, join(entry.field, "image"), "both image and images: expected one of them")
	}
	if !s.want(images, field, list) {
		return nil
	}
	if len(images.items) == 0 {
		s.errs.add(images.pos, field, "empty list: expected at least one image")
	}
	var out []variant
	for i, item := range images.items {
		f := fmt.Sprintf("%s[%d]", field, i)
		if !s.want(item, f, mapping) {
			continue
		}
		s.knownKeys(item, f, entryKeys[:len(entryKeys)-1]...)
		own := s.readLayer(item, f)
		v := variant{pos: item.pos, field: f, layer: entry.merge(own)}
		if len(own.axes) == 0 {
			s.checkAxes(&v.layer, own.factors, f)
		}
		name, ok := s.name(item, f)
		if v.name = entry.name + "-" + name; v.image == nil && ok && named {
			v.image = &node{pos: item.pos, shape: scalar, text: v.name}
		}
		out = append(out, v)
	}
	return out
}

// name reads the name of an entry or image, which machine and file names are
// made of.
func (s *source) name(n *node, field string) (string, bool) {
	v := n.get("name")
	field = join(field, "name")
	if v == nil {
		s.errs.add(n.pos, field, "missing: expected a name")
		return "", false
	}
	text, ok := s.text(v, field, "a name")
	if ok && !validName(text) {
		s.errs.add(v.pos, field, "%q: expected letters, digits and . _ + - in parts joined by /, each led by a letter or digit", text)
		ok = false
	}
	return text, ok
}

// maxName is the length in bytes of the longest name of a machine: file
// systems take 255, endings included.
const maxName = 200

// validName reports whether s can stand in a machine's name on every system
// that names files after machines.
func validName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasSuffix(part, ".") {
			return false
		}
		for i, c := range []byte(part) {
			alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
			if !alnum && (i == 0 || strings.IndexByte("._+-", c) < 0) {
				return false
			}
		}
	}
	return true
}
