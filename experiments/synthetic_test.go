package experiments_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"tickle/datasets"
	"tickle/experiments"
)

// synthetic makes a data set of systems × images × clones machines in which
// finer labels show in fewer columns, and prone columns follow the image.
func synthetic(systems, images, clones int) *experiments.Data {
	rng := rand.New(rand.NewPCG(7, 7))
	var machines []datasets.Machine
	for s := range systems {
		for i := range images {
			for c := range clones {
				l := [datasets.Levels]string{
					fmt.Sprintf("os%d", s%3),
					fmt.Sprintf("os%d.%d", s%3, s),
					fmt.Sprintf("os%d.%d.%d", s%3, s, i%2),
				}
				machines = append(machines, datasets.Machine{
					Name: fmt.Sprintf("m%d-%d-%d", s, i, c), Group: fmt.Sprintf("image%d-%d", s, i),
					Modelled: s%2 == 0, Labels: datasets.Labels{Kernel: l, Distribution: [3]string{l[0], "d" + l[1], "d" + l[2] + fmt.Sprint(i)}},
				})
			}
		}
	}
	g := datasets.NewGrouper(machines)
	for probe := range int32(20) {
		vetted := make([]uint64, len(machines))
		prone := make([]uint64, len(machines))
		for r := range machines {
			s, i := uint64(r/(images*clones)), uint64(r/clones)
			vetted[r], prone[r] = s%3, i
			if probe%4 == 0 {
				vetted[r] = s
			}
			if rng.IntN(6) == 0 {
				vetted[r] = uint64(rng.IntN(3))
			}
			if rng.IntN(3) == 0 {
				prone[r] = uint64(rng.IntN(9))
			}
		}
		addColumn(g, datasets.Column{Probe: probe, Field: datasets.IPTTL}, vetted)
		addColumn(g, datasets.Column{Probe: probe, Field: datasets.TCPWindow}, prone)
	}
	m := g.Matrix(nil)
	prone := m.All()
	vetted := m.Select(func(c int) bool { return m.Columns[c].Field == datasets.IPTTL })
	return &experiments.Data{
		Matrix: m,
		Select: func(f datasets.FieldSet) (*datasets.Selection, error) {
			switch f {
			case datasets.Prone:
				return prone, nil
			case datasets.Vetted:
				return vetted, nil
			}
			return nil, fmt.Errorf("field set %q: want prone or vetted", f)
		},
		Origin: experiments.Origin{
			Name: "synthetic", Hash: "00ff", Pool: "synthetic", Probes: 20, Repeats: 6,
			Policies: experiments.Policies{Loss: "drop-probe", Nondet: "mask", Filter: "all"},
		},
	}
}

// addColumn adds a column of these numbers.
func addColumn(g *datasets.Grouper, c datasets.Column, numbers []uint64) {
	var seen []uint64
	cells, values := make([]datasets.Code, len(numbers)), []datasets.Value{}
	for r, v := range numbers {
		at := slices.Index(seen, v)
		if at < 0 {
			at = len(seen)
			seen, values = append(seen, v), append(values, datasets.Value{State: datasets.Present, Number: v})
		}
		cells[r] = datasets.Code(at)
	}
	g.Add(c, cells, values)
}
