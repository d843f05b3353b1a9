package pool

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// layer is what defaults, an entry or an image says of machines. Nil is
// silence, so that a lower layer shines through.
type layer struct {
	backend, image, rate *node
	labels               [2][]*node // kernel, distribution
	labelsPos            [2]Pos
	ports                [3]*node // open, closed, udp
	factors, options     []setting
	axes                 []axis // vary and zip, when axesSet
	axesSet              [2]bool
}

// setting is one factor or option.
type setting struct {
	key   string
	pos   Pos
	value string
}

// axis is a factor with the values that it takes in turn. All zipped axes of
// a layer step together.
type axis struct {
	key    string
	pos    Pos
	values []string
	zipped bool
}

var (
	hierarchyKeys = [...]string{"kernel", "distribution"}
	portKeys      = [...]string{"open", "closed", "udp"}
)

// merge lays over on l. Factors, options and ports merge one by one, labels
// by hierarchy, vary and zip as a whole.
func (l layer) merge(over layer) layer {
	for _, f := range []struct {
		dst **node
		src *node
	}{{&l.backend, over.backend}, {&l.image, over.image}, {&l.rate, over.rate}} {
		if f.src != nil {
			*f.dst = f.src
		}
	}
	for i, n := range over.labels {
		if n != nil {
			l.labels[i], l.labelsPos[i] = n, over.labelsPos[i]
		}
	}
	for i, n := range over.ports {
		if n != nil {
			l.ports[i] = n
		}
	}
	l.factors = mergeSettings(l.factors, over.factors)
	l.options = mergeSettings(l.options, over.options)
	l.axes = slices.Clone(l.axes)
	for zip, set := range over.axesSet {
		if set {
			l.axes = slices.DeleteFunc(l.axes, func(a axis) bool { return a.zipped == (zip == 1) })
			l.axesSet[zip] = true
		}
	}
	l.axes = append(l.axes, over.axes...)
	return l
}

func mergeSettings(under, over []setting) []setting {
	out := slices.Clone(under)
	for _, s := range over {
		if i := slices.IndexFunc(out, func(o setting) bool { return o.key == s.key }); i >= 0 {
			out[i] = s
		} else {
			out = append(out, s)
		}
	}
	return out
}

// readLayer reads the keys that say what machines are.
func (s *source) readLayer(n *node, field string) layer {
	var l layer
	if n.shape != mapping {
		return l
	}
	for _, p := range n.pairs {
		f := join(field, p.key)
		switch p.key {
		case "backend":
			l.backend = s.textNode(p.value, f, "the name of a backend")
		case "image":
			l.image = s.textNode(p.value, f, "the kernel build and distribution release")
		case "rate":
			l.rate = s.textNode(p.value, f, "packets a second")
			s.rate(l.rate, f)
		case "labels":
			s.readLabels(&l, p.value, f)
		case "ports":
			s.readPorts(&l, p.value, f)
		case "factors":
			l.factors = s.readFactors(p.value, f)
		case "options":
			if s.want(p.value, f, mapping) {
				l.options = s.readOptions(nil, p.value, f, "")
			}
		case "vary", "zip":
			zip := 0
			if p.key == "zip" {
				zip = 1
			}
			l.axesSet[zip] = true
			l.axes = append(l.axes, s.readAxes(p.value, f, p.key)...)
		}
	}
	s.checkAxes(&l, l.factors, field)
	return l
}

// checkAxes reports factors that stand in two of vary, zip and the fixed
// factors that must not be hidden by them.
func (s *source) checkAxes(l *layer, fixed []setting, field string) {
	for i, a := range l.axes {
		if slices.ContainsFunc(fixed, func(x setting) bool { return x.key == a.key }) ||
			slices.ContainsFunc(l.axes[:i], func(b axis) bool { return b.key == a.key }) {
			s.errs.add(a.pos, join(join(field, a.in()), a.key), "factor set twice: expected it in one of factors, vary and zip")
		}
	}
}

// in names the key that a stands under.
func (a *axis) in() string {
	if a.zipped {
		return "zip"
	}
	return "vary"
}

// rate reads packets a second.
func (s *source) rate(n *node, field string) float64 {
	if n == nil || n.shape != scalar {
		return 0
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if err != nil || !(v > 0 && v <= 1e9) {
		s.errs.add(n.pos, field, "%q: expected packets a second, above 0 and at most 1e9", n.text)
		return 0
	}
	return v
}

func (s *source) readLabels(l *layer, n *node, field string) {
	if !s.want(n, field, mapping) {
		return
	}
	s.knownKeys(n, field, hierarchyKeys[:]...)
	for i, h := range hierarchyKeys {
		v := n.get(h)
		if v == nil {
			continue
		}
		l.labels[i], l.labelsPos[i] = []*node{}, v.pos
		if !s.want(v, join(field, h), list) {
			continue
		}
		if len(v.items) != 3 {
			s.errs.add(v.pos, join(field, h), "%d levels: expected 3, from coarse to fine", len(v.items))
			continue
		}
		for level, item := range v.items {
			l.labels[i] = append(l.labels[i], s.textNode(item, join(field, h)+"["+strconv.Itoa(level)+"]", "a label"))
		}
	}
}

func (s *source) readPorts(l *layer, n *node, field string) {
	if !s.want(n, field, mapping) {
		return
	}
	s.knownKeys(n, field, portKeys[:]...)
	for i, key := range portKeys {
		v := n.get(key)
		if v == nil {
			continue
		}
		l.ports[i] = v
		if v.shape != scalar {
			s.want(v, join(field, key), scalar)
		} else if _, err := strconv.ParseUint(v.text, 10, 16); err != nil || v.text == "0" {
			s.errs.add(v.pos, join(field, key), "%q: expected a port from 1 to 65535", v.text)
		}
	}
}

func (s *source) readFactors(n *node, field string) []setting {
	var out []setting
	if !s.want(n, field, mapping) {
		return nil
	}
	for _, p := range n.pairs {
		f := join(field, p.key)
		if !s.want(p.value, f, scalar) {
			continue
		}
		s.checkFactor(p.key, p.value, f)
		out = append(out, setting{p.key, p.value.pos, p.value.text})
	}
	return out
}

// checkFactor reports what no backend could accept; the backends judge the
// rest.
func (s *source) checkFactor(key string, n *node, field string) {
	if key == "" {
		s.errs.add(n.pos, field, "empty key: expected the name of a factor")
	}
	if hasControl(key) || hasControl(n.text) {
		s.errs.add(n.pos, field, "%q: expected text without control characters", n.text)
	}
	if strings.HasPrefix(key, pathPrefix) {
		if err := checkPathFactor(key, n.text); err != nil {
			s.errs.add(n.pos, field, "%v", err)
		}
	}
}

// readAxes reads vary or zip.
func (s *source) readAxes(n *node, field, key string) []axis {
	if !s.want(n, field, mapping) {
		return nil
	}
	var out []axis
	for _, p := range n.pairs {
		f := join(field, p.key)
		if !s.want(p.value, f, list) {
			continue
		}
		a := axis{key: p.key, pos: p.pos, zipped: key == "zip"}
		for i, item := range p.value.items {
			fi := f + "[" + strconv.Itoa(i) + "]"
			if !s.want(item, fi, scalar) {
				continue
			}
			s.checkFactor(p.key, item, fi)
			if !a.zipped && slices.Contains(a.values, item.text) {
				s.errs.add(item.pos, fi, "%q stands twice: expected distinct values", item.text)
				continue
			}
			a.values = append(a.values, item.text)
		}
		if len(p.value.items) == 0 {
			s.errs.add(p.value.pos, f, "empty list: expected at least one value")
		}
		if a.zipped && len(out) > 0 && len(out[0].values) != len(a.values) {
			s.errs.add(p.pos, f, "%d values: expected %d, as %s has", len(a.values), len(out[0].values), out[0].key)
		}
		out = append(out, a)
	}
	return out
}

// readOptions flattens nested mappings with dots and lists into JSON.
func (s *source) readOptions(out []setting, n *node, field, prefix string) []setting {
	for _, p := range n.pairs {
		f, key := join(field, p.key), join(prefix, p.key)
		switch p.value.shape {
		case scalar:
			if hasControl(p.value.text) {
				s.errs.add(p.value.pos, f, "%q: expected text without control characters", p.value.text)
			}
			out = s.addOption(out, setting{key, p.value.pos, p.value.text}, f)
		case mapping:
			out = s.readOptions(out, p.value, f, key)
		case list:
			texts := []string{}
			for i, item := range p.value.items {
				if s.want(item, f+"["+strconv.Itoa(i)+"]", scalar) {
					texts = append(texts, item.text)
				}
			}
			text, _ := json.Marshal(texts) // strings always encode
			out = s.addOption(out, setting{key, p.value.pos, string(text)}, f)
		case null:
			s.errs.add(p.value.pos, f, "nothing: expected plain text, a list or a mapping")
		}
	}
	return out
}

// addOption reports an option that a nested and a dotted key both set.
func (s *source) addOption(out []setting, o setting, field string) []setting {
	if slices.ContainsFunc(out, func(x setting) bool { return x.key == o.key }) {
		s.errs.add(o.pos, field, "option %s stands twice: expected it once", o.key)
		return out
	}
	return append(out, o)
}

// get gives the value of a key of a mapping, or nil.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// shapeNames says what was expected.
var shapeNames = [...]string{scalar: "plain text", mapping: "a mapping", list: "a list", null: "nothing"}

// want reports a node of another shape, once.
func (s *source) want(n *node, field string, sh shape) bool {
	if n.shape != sh && n.shape != wrong {
		s.errs.add(n.pos, field, "%s: expected %s", shapeNames[n.shape], shapeNames[sh])
	}
	return n.shape == sh
}

// text gives a scalar that is neither empty nor has control characters.
func (s *source) text(n *node, field, what string) (string, bool) {
	switch {
	case n.shape == wrong:
	case n.shape != scalar || strings.TrimSpace(n.text) == "":
		found := shapeNames[n.shape]
		if n.shape == scalar {
			found = "empty text"
		}
		s.errs.add(n.pos, field, "%s: expected %s", found, what)
	case hasControl(n.text):
		s.errs.add(n.pos, field, "%q: expected text without control characters", n.text)
	default:
		return n.text, true
	}
	return "", false
}

// textNode is text for those who need the place too. Its shape is wrong when
// the text is.
func (s *source) textNode(n *node, field, what string) *node {
	if _, ok := s.text(n, field, what); !ok {
		return &node{pos: n.pos}
	}
	return n
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// knownKeys reports the keys of a mapping that mean nothing.
func (s *source) knownKeys(n *node, field string, known ...string) {
	if !s.want(n, field, mapping) {
		return
	}
	for _, p := range n.pairs {
		if !slices.Contains(known, p.key) {
			s.errs.add(p.pos, join(field, p.key), "unknown key: expected one of %s", strings.Join(known, ", "))
		}
	}
}
