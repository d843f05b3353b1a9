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
	Held    int   // probes that the pairs had, at most as many each as it keeps
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
// that several have is sent once. Parts gives them back. The searches that made
// them are taken to have seen the same machines. names and sets go together.
func Join(names []string, sets []*Set) *Set {
	options := make(map[string]string)
	at := make(map[string]int)
	var probes []Probe
	for i, set := range sets {
		var numbers []int
		packets := 0
		for j := range set.Probes {
			p := &set.Probes[j]
			content, err := json.Marshal(p.Steps)
			if err != nil {
				panic("probegen: " + err.Error()) // numbers and bytes always encode
			}
			n, ok := at[string(content)]
			if !ok {
				n = len(probes)
				at[string(content)] = n
				probes = append(probes, *p)
			}
			if !slices.Contains(numbers, n) {
				numbers, packets = append(numbers, n), packets+p.Packets()
			}
		}
		slices.Sort(numbers)
		options[partOption+names[i]] = strings.Trim(fmt.Sprint(numbers), "[]")
		options[partPacketsOption+names[i]] = strconv.Itoa(packets)
		of := set.Header.Options
		if s := of[SearchPacketsOption]; s != "" {
			options[partSearchedOption+names[i]] = s
		}
		if s := of[ProgressOption]; s != "" {
			options[partProgressOption+names[i]] = s
		}
		if s := of[PairsOption]; s != "" {
			options[PairsOption] = s
		}
		options[SearchedOption], options[ImagesOption] = of[SearchedOption], of[ImagesOption]
	}
	packets := 0
	for i := range probes {
		packets += probes[i].Packets()
	}
	options[JoinedPacketsOption] = strconv.Itoa(packets)
	return BredSet(probes, sets[0].Header.Seed, options)
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
