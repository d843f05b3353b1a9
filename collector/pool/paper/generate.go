package paper

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"tickle/collector/pool"
)

// Seed is that of the built-in pool.
const Seed = 1

// rate is the machines' pace, in packets a second of their own time, which is
// virtual: below the limits that Solaris (40), OpenBSD (100) and FreeBSD (200)
// put on their RSTs, so that none is mistaken for a loss, and the same for
// all, so that the pace tells nobody apart.
const rate = 30

// machine is one machine on its way into the file.
type machine struct {
	system  *system
	name    string // behind the entry's
	image   string // behind the entry's; "": the name
	factors []factor
}

// factor is a setting of one machine.
type factor struct{ name, value string }

// Generate makes the pool file: the same seed gives the same bytes. The error
// says that no order of a column's values was found which follows no label.
func Generate(seed uint64) ([]byte, error) {
	all := systems()
	machines := list(all)
	for i := range columns {
		if err := draw(machines, &columns[i], seed); err != nil {
			return nil, err
		}
	}
	if err := part(machines, seed); err != nil {
		return nil, err
	}
	return write(all, machines, seed), nil
}

// list makes the machines of each system. Every fifth is another machine of
// the image before it: a clone but for its factors.
func list(all []system) []machine {
	var machines []machine
	for i := range all {
		image := 0
		for n := range all[i].machines {
			m := machine{system: &all[i]}
			if n%5 == 4 {
				m.name, m.image = fmt.Sprintf("%02d.second", image), fmt.Sprintf("%02d", image)
			} else {
				image++
				m.name = fmt.Sprintf("%02d", image)
			}
			machines = append(machines, m)
		}
	}
	return machines
}

// The bound that a column's corrected Cramér's V with every level of the
// labels is held to, and how often it is drawn before that is given up.
const (
	association = 0.2
	draws       = 1000
)

// draw gives the machines that a column is for its values.
func draw(machines []machine, c *column, seed uint64) error {
	var eligible []*machine
	for i := range machines {
		if m := &machines[i]; c.family == "" || c.family == m.system.family() {
			eligible = append(eligible, m)
		}
	}
	values := make([]string, len(eligible))
	next := 0
	for _, q := range c.quotas {
		for range max(1, (q.share*len(eligible)+500)/1000) {
			values[next] = q.value
			next++
		}
	}
	rng := stream(seed, c.family+" "+c.factor)
	for range draws {
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		if c.family != "" && c.family != "linux" || follows(eligible, values) < association {
			for i, m := range eligible {
				m.set(c.factor, values[i])
			}
			return nil
		}
	}
	return fmt.Errorf("paper: factor %s: no order of %d that follows no label", c.factor, draws)
}

// stream is a PCG for a purpose, keyed by the seed and the FNV-1a hash of its
// name.
func stream(seed uint64, purpose string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// set gives a machine a factor; "" is none. Windows' firewall has no reject.
func (m *machine) set(name, value string) {
	if name == "firewall" && value == "reject" && m.system.family() == "windows" {
		value = "drop"
	}
	if value != "" {
		m.factors = append(m.factors, factor{name, value})
	}
}

// follows gives the largest corrected Cramér's V of values with a level of
// the labels of their machines.
func follows(machines []*machine, values []string) (largest float64) {
	p := pool.Pool{}
	for i, m := range machines {
		p.Machines = append(p.Machines, pool.Machine{
			Labels: m.system.labels, Factors: map[string]string{"value": values[i]},
		})
	}
	for _, a := range pool.Check(&p, nil).Associations {
		if a.Variable == "value" && a.Corrected != nil {
			largest = max(largest, *a.Corrected)
		}
	}
	return largest
}

// part gives machines of one system that have the same factors another number
// of hops, so that no two images are clones.
func part(machines []machine, seed uint64) error {
	rng := stream(seed, "part")
	seen := map[string]bool{}
	for i := range machines {
		m := &machines[i]
		for try := 0; ; try++ {
			key := fmt.Sprint(m.system.personality, m.system.name, m.factors)
			if !seen[key] {
				seen[key] = true
				break
			}
			if try == draws {
				return fmt.Errorf("paper: machine %s of %s: no number of hops that another has not", m.name, m.system.name)
			}
			m.rehop(fmt.Sprint(1 + rng.IntN(15)))
		}
	}
	return nil
}

// rehop changes the number of hops, or gives one.
func (m *machine) rehop(hops string) {
	for i := range m.factors {
		if m.factors[i].name == "path.hops" {
			m.factors[i].value = hops
			return
		}
	}
	m.factors = append(m.factors, factor{"path.hops", hops})
}

// write spells the pool out, an entry a system and a line a machine.
func write(all []system, machines []machine, seed uint64) []byte {
	var b strings.Builder
	header(&b, all, machines, seed)
	next := 0
	for i := range all {
		s := &all[i]
		fmt.Fprintf(&b, "  - name: %s-%s\n", s.personality, s.name)
		fmt.Fprintf(&b, "    labels: {kernel: %s, distribution: %s}\n", flow(s.labels.Kernel), flow(s.labels.Distribution))
		options := "personality: " + s.personality
		if s.distribution != "" {
			options += ", distribution: " + s.distribution
		}
		fmt.Fprintf(&b, "    options: {%s}\n", options)
		if s.port != 22 {
			fmt.Fprintf(&b, "    ports: {open: %d}\n", s.port)
		}
		b.WriteString("    images:\n")
		for ; next < len(machines) && machines[next].system == s; next++ {
			machines[next].write(&b)
		}
	}
	return []byte(b.String())
}

func (m *machine) write(b *strings.Builder) {
	fmt.Fprintf(b, "      - {name: %q", m.name) // quoted: 01 is a number else
	if m.image != "" {
		fmt.Fprintf(b, ", image: %s-%s-%s", m.system.personality, m.system.name, m.image)
	}
	for i, f := range m.factors {
		lead := ", "
		if i == 0 {
			lead = ", factors: {"
		}
		fmt.Fprintf(b, "%s%s: %s", lead, f.name, f.value)
	}
	if len(m.factors) > 0 {
		b.WriteByte('}')
	}
	b.WriteString("}\n")
}

func flow(labels [3]string) string { return "[" + strings.Join(labels[:], ", ") + "]" }
