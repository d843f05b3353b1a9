package paper

import (
	"fmt"
	"strings"
)

const preamble = `# The pool of "--scale paper": %d modelled machines of %d images.
# Made by "go generate ./collector/pool/paper" with seed %d: change that, not this.
#
# The machines are modelled, not real. The paper had 329 instances, skewed to
# Linux and within it to Ubuntu; its exact counts are lost. These are ours and
# claim nothing else. The systems are of the years up to 2010, as its were:
#
%s#
# A distribution moves answers through its kernels and two defaults of its
# packages alone (collector/sim, Distributions). Everything else that differs
# between machines is a factor, drawn without a look at their labels:
# "tickle pool check paper" shows how closely factors follow labels. What only
# one system has (its sysctls, port 3389 on Windows) follows its label by
# nature. A number in an image's name only tells images apart: the model knows
# versions, not builds. No factor is the default: of memory 1024 MiB, of
# path.ttl whatever the machine sends.
name: paper
defaults:
  backend: sim
  # The same for all, and below the limits that Solaris (40), OpenBSD (100)
  # and FreeBSD (200) put on their RSTs a second.
  rate: %d
  ports: {open: 22}
  factors: {%s}
machines:
`

// header writes what the file says of itself and what all machines share.
func header(b *strings.Builder, all []system, machines []machine, seed uint64) {
	images := 0
	for i := range machines {
		if machines[i].image == "" {
			images++
		}
	}
	var shared []string
	for _, d := range defaults {
		shared = append(shared, d.factor+": "+d.value)
	}
	fmt.Fprintf(b, preamble, len(machines), images, seed, counts(all), rate, strings.Join(shared, ", "))
}

// counts says how many machines there are of each system at level 0, and
// under it of each label at level 1, in the order of the table.
func counts(all []system) string {
	var text strings.Builder
	for _, top := range tally(all, 0, "") {
		var below []string
		for _, c := range tally(all, 1, top.version) {
			below = append(below, fmt.Sprintf("%s %d", c.version, c.machines))
		}
		line := fmt.Sprintf("%s %d: %s", top.version, top.machines, strings.Join(below, ", "))
		for _, l := range wrap(line, 76) {
			text.WriteString("#   " + l + "\n")
		}
	}
	return text.String()
}

// tally counts machines by the distribution's label at a level, under the
// label at level 0 that is given; "": under any.
func tally(all []system, level int, under string) []count {
	var out []count
	at := map[string]int{}
	for i := range all {
		labels := &all[i].labels.Distribution
		if under != "" && labels[0] != under {
			continue
		}
		k, ok := at[labels[level]]
		if !ok {
			k = len(out)
			at[labels[level]] = k
			out = append(out, count{version: labels[level]})
		}
		out[k].machines += all[i].machines
	}
	return out
}

// wrap breaks a line between items.
func wrap(line string, width int) []string {
	var out []string
	for len(line) > width {
		cut := strings.LastIndex(line[:width], ", ") + 1
		if cut == 0 {
			break
		}
		out = append(out, line[:cut])
		line = "  " + line[cut+1:]
	}
	return append(out, line)
}
