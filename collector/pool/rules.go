package pool

import (
	"slices"
	"strings"

	"tickle/datasets"
)

// rules are what holds between the parts of a pool.
type rules struct {
	*source
	parents [2]map[levelLabel]string // the label above, and where it was first said
	images  map[string]imageLabels
}

type levelLabel struct {
	level int
	label string
}

// imageLabels are the labels that an image was first given.
type imageLabels struct {
	labels datasets.Labels
	pos    Pos
}

func newRules(s *source) *rules {
	r := &rules{source: s, images: map[string]imageLabels{}}
	for i := range r.parents {
		r.parents[i] = map[levelLabel]string{}
	}
	return r
}

// variant reports what is wrong with one image.
func (r *rules) variant(v *variant) {
	if v.backend == nil {
		r.errs.add(v.pos, join(v.field, "backend"), "missing: expected the name of a backend")
	}
	r.ports(v)
	if r.labels(v) {
		r.image(v)
	}
}

func (r *rules) ports(v *variant) {
	field := join(v.field, "ports")
	if v.ports[0] == nil {
		r.errs.add(v.pos, join(field, "open"), "missing: expected an open TCP port")
		return
	}
	closed, pos := v.ports[1].port(DefaultClosed), v.pos
	if v.ports[1] != nil {
		pos = v.ports[1].pos
	}
	if open := v.ports[0].port(0); open != 0 && open == closed {
		r.errs.add(pos, join(field, "closed"), "port %d is also open: expected another TCP port", open)
	}
}

// labels reports labels that make no tree. It returns whether they are all
// there.
func (r *rules) labels(v *variant) bool {
	complete := true
	for i, h := range hierarchyKeys {
		field := join(v.field, "labels."+h)
		labels := v.labels[i]
		if labels == nil {
			r.errs.add(v.pos, field, "missing: expected 3 levels, from coarse to fine")
		}
		if len(labels) != datasets.Levels || slices.ContainsFunc(labels, func(n *node) bool { return n.shape != scalar }) {
			complete = false
			continue
		}
		for level := 1; level < datasets.Levels; level++ {
			key := levelLabel{level, labels[level].text}
			parent := labels[level-1].text
			if first, ok := r.parents[i][key]; !ok {
				r.parents[i][key] = parent
			} else if first != parent {
				r.errs.add(labels[level].pos, field, "%q stands under %q: expected %q, as before", key.label, parent, first)
			}
		}
	}
	if complete && v.labels[0][0].text != v.labels[1][0].text {
		r.errs.add(v.labels[1][0].pos, join(v.field, "labels.distribution"), "level 0 is %q: expected %q, as in kernel", v.labels[1][0].text, v.labels[0][0].text)
	}
	return complete
}

// image reports an image with two sets of labels: it would put rows of
// different classes into one group as if they were clones.
func (r *rules) image(v *variant) {
	if v.image == nil || v.image.text == "" {
		return
	}
	m := v.machine()
	first, ok := r.images[m.Image]
	if !ok {
		r.images[m.Image] = imageLabels{m.Labels, v.pos}
		return
	}
	if first.labels != m.Labels {
		r.errs.add(v.pos, join(v.field, "image"), "%q has other labels in line %d: expected one set of labels an image", m.Image, first.pos.Line)
	}
}

// names reports machines of one name, and names too long for a file's. Case is ignored because files are named
// after machines, and not all systems tell a from A.
func (r *rules) names(machines []Machine) {
	seen := map[string]Pos{}
	for i := range machines {
		m := &machines[i]
		key := strings.ToLower(m.Name)
		if key == "" || strings.HasSuffix(key, "-") {
			continue // a part was missing, which is reported
		}
		if first, ok := seen[key]; ok {
			r.errs.add(m.Pos, "name", "machine %q stands twice: expected distinct names (first in line %d)", m.Name, first.Line)
			continue
		}
		seen[key] = m.Pos
		if len(m.Name) > maxName {
			r.errs.add(m.Pos, "name", "machine %.40q… has a name of %d bytes: expected at most %d", m.Name, len(m.Name), maxName)
		}
	}
}
