package probegen

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Part is one of the sets that a joined set is made of.
type Part struct {
	Name     string
	Probes   []int // their numbers in the joined set, ascending
	Packets  int   // that one copy of them sends
	Searched int64 // packets that the search for them sent to each of its machines; 0: not known
	Progress []SearchPoint
}

// SearchPoint is how far a search had come.
type SearchPoint struct {
	Packets int64 // sent to each of its machines until then
	Told    int   // pairs of labels that it told apart there
	Held    int   // probes that the pairs had, of different openings, at most as many each as it keeps
}

// ProgressOption is the option of a bred set that says how its search went: a
// SearchPoint a generation, its numbers with slashes between, with spaces
// between the generations.
const ProgressOption = "progress"

// PairsOption is the option of a bred set that says how many pairs of labels its
// search had.
const PairsOption = "pairs"

// FormatProgress writes the value of ProgressOption.
func FormatProgress(points []SearchPoint) string {
	words := make([]string, len(points))
	for i, p := range points {
		words[i] = fmt.Sprintf("%d/%d/%d", p.Packets, p.Told, p.Held)
	}
	return strings.Join(words, " ")
}

// parseProgress reads what FormatProgress writes.
func parseProgress(s string) ([]SearchPoint, error) {
	var points []SearchPoint
	for _, word := range strings.Fields(s) {
		var p SearchPoint
		if n, err := fmt.Sscanf(word, "%d/%d/%d", &p.Packets, &p.Told, &p.Held); n != 3 || err != nil {
			return nil, fmt.Errorf("%q: want packets/told/held", word)
		}
		points = append(points, p)
	}
	return points, nil
}

// JoinedPacketsOption is the option of a joined set that says how many packets
// one copy of all its probes sends.
const JoinedPacketsOption = "joined-packets"

// What the options of a joined set say of each part, by its name.
const (
	partOption         = "part."
	partPacketsOption  = "part-packets."
	partSearchedOption = "part-searched."
	partProgressOption = "part-progress."
)

// Join makes one bred set of several, so that one run has them all: a probe
// that several have is sent once. Parts gives them back, by name. Sets whose
// searches saw other machines, or that have one name, are an error. names and
// sets go together.
func Join(names []string, sets []*Set) (*Set, error) {
	j := joining{at: make(map[string]int), options: make(map[string]string)}
	for i, set := range sets {
		if have, want := set.Header.Options[SearchedOption], sets[0].Header.Options[SearchedOption]; have != want {
			return nil, fmt.Errorf("%s and %s: the searches for them saw other machines: want those of one pool and draw", names[0], names[i])
		}
		if slices.Contains(names[:i], names[i]) {
			return nil, fmt.Errorf("two sets are called %s: want each once", names[i])
		}
		j.add(names[i], set)
	}
	packets := 0
	for i := range j.probes {
		packets += j.probes[i].Packets()
	}
	j.options[JoinedPacketsOption] = strconv.Itoa(packets)
	return BredSet(j.probes, sets[0].Header.Seed, j.options), nil
}

// joining is a joined set in the making.
type joining struct {
	at      map[string]int // number of a probe, by what it sends
	probes  []Probe
	options map[string]string
}

// add takes in a set.
func (j *joining) add(name string, set *Set) {
	var numbers []int
	packets := 0
	for i := range set.Probes {
		p := &set.Probes[i]
		content, err := json.Marshal(p.Steps)
		if err != nil {
			panic("probegen: " + err.Error()) // numbers and bytes always encode
		}
		n, ok := j.at[string(content)]
		if !ok {
			n = len(j.probes)
			j.at[string(content)] = n
			j.probes = append(j.probes, *p)
		}
		if !slices.Contains(numbers, n) {
			numbers, packets = append(numbers, n), packets+p.Packets()
		}
	}
	slices.Sort(numbers)
	j.options[partOption+name] = strings.Trim(fmt.Sprint(numbers), "[]")
	j.options[partPacketsOption+name] = strconv.Itoa(packets)
	for from, to := range map[string]string{SearchPacketsOption: partSearchedOption + name, ProgressOption: partProgressOption + name,
		PairsOption: PairsOption, SearchedOption: SearchedOption, ImagesOption: ImagesOption} {
		if s := set.Header.Options[from]; s != "" {
			j.options[to] = s
		}
	}
}

// Parts gives the parts of a joined set by name, ascending; nil for any other.
func (h *Header) Parts() ([]Part, error) {
	var parts []Part
	for key, value := range h.Options {
		name, ok := strings.CutPrefix(key, partOption)
		if !ok {
			continue
		}
		p := Part{Name: name}
		for _, word := range strings.Fields(value) {
			n, err := strconv.Atoi(word)
			if err != nil || n < 0 || n >= h.N {
				return nil, fmt.Errorf("option %s: %q: want numbers from 0 to %d", key, word, h.N-1)
			}
			p.Probes = append(p.Probes, n)
		}
		var err error
		if p.Packets, err = strconv.Atoi(h.Options[partPacketsOption+name]); err != nil || p.Packets < 1 {
			return nil, fmt.Errorf("option %s%s: %q: want a number from 1 on", partPacketsOption, name, h.Options[partPacketsOption+name])
		}
		if s := h.Options[partSearchedOption+name]; s != "" {
			if p.Searched, err = strconv.ParseInt(s, 10, 64); err != nil {
				return nil, fmt.Errorf("option %s%s: %q: want a number", partSearchedOption, name, s)
			}
		}
		if p.Progress, err = parseProgress(h.Options[partProgressOption+name]); err != nil {
			return nil, fmt.Errorf("option %s%s: %w", partProgressOption, name, err)
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return parts, nil
}
