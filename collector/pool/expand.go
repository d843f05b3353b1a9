package pool

import (
	"strconv"
	"strings"
)

// MaxMachines is the number of machines that a pool file may expand to.
const MaxMachines = 100_000

// expand appends the machines of an image: for each step of zip every
// combination of vary, the factor that stands last turning fastest.
func (s *source) expand(out []Machine, v *variant) []Machine {
	combos, steps := 1, 1
	zipped := false
	for _, a := range v.axes {
		switch {
		case len(a.values) == 0:
			return out // reported when it was read
		case a.zipped:
			if !zipped || len(a.values) < steps { // unequal lengths are reported
				zipped, steps = true, len(a.values)
			}
		default:
			combos *= len(a.values)
		}
		if combos*steps > MaxMachines-len(out) {
			s.errs.add(v.pos, v.field, "too many machines: expected a pool of at most %d", MaxMachines)
			return out
		}
	}
	base := v.machine()
	chosen := make([]string, len(v.axes))
	for step := range steps {
		for combo := range combos {
			rest := combo
			for i := len(v.axes) - 1; i >= 0; i-- {
				a := &v.axes[i]
				if a.zipped {
					chosen[i] = a.values[step]
					continue
				}
				chosen[i] = a.values[rest%len(a.values)]
				rest /= len(a.values)
			}
			out = append(out, v.instance(base, chosen))
		}
	}
	return out
}

// machine gives what all machines of an image share.
func (v *variant) machine() Machine {
	m := Machine{Name: v.name, Backend: v.backend.string(), Image: v.image.string(), Pos: v.pos}
	for i, dst := range []*[3]string{&m.Labels.Kernel, &m.Labels.Distribution} {
		for level, n := range v.labels[i] {
			dst[level] = n.string()
		}
	}
	m.Ports = Ports{Open: v.ports[0].port(0), Closed: v.ports[1].port(DefaultClosed), UDP: v.ports[2].port(DefaultUDP)}
	m.Rate, _ = strconv.ParseFloat(v.rate.string(), 64) // 0 when it is not given; checked when it was read
	return m
}

// The ports of a machine whose pool file names only the open one.
const (
	DefaultClosed = 1
	DefaultUDP    = 40125
)

// instance gives the machine with the chosen values of the axes.
func (v *variant) instance(m Machine, chosen []string) Machine {
	m.Factors, m.Options = settingMap(v.factors), settingMap(v.options)
	var parts []string
	for i, a := range v.axes {
		if m.Factors == nil {
			m.Factors = map[string]string{}
		}
		m.Factors[a.key] = chosen[i]
		parts = append(parts, suffix(a.key, chosen[i]))
	}
	if len(parts) > 0 {
		m.Name += "/" + strings.Join(parts, "-")
	}
	return m
}

func settingMap(settings []setting) map[string]string {
	if len(settings) == 0 {
		return nil
	}
	m := make(map[string]string, len(settings))
	for _, s := range settings {
		m[s.key] = s.value
	}
	return m
}

// suffix is the part of a machine's name that a factor gives: m512, hops3,
// sack0, firewall.drop. It is what stands after the key's last dot, without
// what says nothing, and the value, led by a dot when it starts with a letter.
func suffix(key, value string) string {
	short := key[strings.LastIndexByte(key, '.')+1:]
	short = strings.TrimSuffix(short, "_us")
	short = strings.TrimPrefix(strings.TrimPrefix(short, "tcp_"), "ip_")
	if short == "memory" {
		short = "m"
	}
	if value != "" && (value[0]|0x20 >= 'a' && value[0]|0x20 <= 'z') {
		short += "."
	}
	clean := func(r rune) rune {
		if r < 0x80 && (validName("x"+string(r)+"x") && r != '/') {
			return r
		}
		return '_'
	}
	short = strings.Map(clean, short+value)
	if !validName(short) { // an odd first or last character
		short = "x" + short + "_"
	}
	return short
}

// string gives a scalar's text, and "" for what is not there.
func (n *node) string() string {
	if n == nil {
		return ""
	}
	return n.text
}

// port gives a port that was checked when it was read.
func (n *node) port(missing uint16) uint16 {
	if n == nil {
		return missing
	}
	v, _ := strconv.ParseUint(n.text, 10, 16)
	return uint16(v)
}
