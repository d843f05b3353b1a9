package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"tickle/learners/nmap4"
)

// standing says whether a database names a machine as what it is.
type standing string

const (
	namedRight standing = "yes"
	namedWrong standing = "no"
	notThere   standing = "n/a" // the database has none of the kind
)

// verdict says how a database names a machine, beside what it is.
type verdict struct {
	Machine    string      `json:"machine"`
	Repeat     int         `json:"repeat"`
	Modelled   bool        `json:"modelled"`
	Kernel     string      `json:"kernel"` // the finest label
	Family     standing    `json:"family"` // whether one of the best matches has the machine's
	Generation standing    `json:"generation"`
	Best       []scanMatch `json:"best"` // all of the highest accuracy
}

// writeScanReport prints a verdict on each scan, from its best matches, and
// how many are named rightly.
func writeScanReport(w io.Writer, results []scanResult, db *nmap4.Database, asJSON bool) error {
	verdicts := make([]verdict, len(results))
	counts := map[string]map[standing]int{"family": {}, "generation": {}}
	for i := range results {
		v := judge(&results[i], db)
		counts["family"][v.Family]++
		counts["generation"][v.Generation]++
		verdicts[i] = v
	}
	if asJSON {
		return writeJSON(w, map[string]any{"machines": verdicts, "counts": counts})
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "machine\tkernel\tfamily\tgeneration\tbest\tnamed")
	for _, v := range verdicts {
		best, names := "-", ""
		if len(v.Best) > 0 {
			best, names = fmt.Sprintf("%d%%", v.Best[0].Accuracy), someNames(v.Best)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Machine, v.Kernel, v.Family, v.Generation, best, names)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, what := range [...]string{"family", "generation"} {
		c := counts[what]
		if _, err := fmt.Fprintf(w, "%s: %d of %d scans named rightly, %d of kinds that the database has not\n",
			what, c[namedRight], c[namedRight]+c[namedWrong], c[notThere]); err != nil {
			return err
		}
	}
	return nil
}

// someNames lists the first names, and how many there are more.
func someNames(best []scanMatch) string {
	const most = 2
	var names []string
	for _, m := range best[:min(most, len(best))] {
		names = append(names, m.Name)
	}
	text := strings.Join(names, "; ")
	if more := len(best) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// judge compares the classes of a scan's best matches, those of the highest
// accuracy, with the machine's labels.
func judge(r *scanResult, db *nmap4.Database) verdict {
	v := verdict{Machine: r.Machine, Repeat: r.Repeat, Modelled: r.Modelled, Kernel: r.machine.Labels.Kernel[2], Best: []scanMatch{}}
	families, generations := databaseClass(r.machine.Labels.Kernel)
	family := func(c nmap4.Class) bool { return slices.Contains(families, c.Family) }
	generation := func(c nmap4.Class) bool { return family(c) && slices.Contains(generations, c.Generation) }
	v.Family, v.Generation = notThere, notThere
	for i := range db.References {
		v.Family = v.Family.unless(slices.ContainsFunc(db.References[i].Classes, family), namedWrong)
		v.Generation = v.Generation.unless(slices.ContainsFunc(db.References[i].Classes, generation), namedWrong)
	}
	for i := range r.best {
		m := &r.best[i]
		if m.Accuracy < r.best[0].Accuracy {
			break
		}
		v.Best = append(v.Best, scanMatch{m.Reference.Name, m.Percent()})
		v.Family = v.Family.unless(slices.ContainsFunc(m.Reference.Classes, family), namedRight)
		v.Generation = v.Generation.unless(slices.ContainsFunc(m.Reference.Classes, generation), namedRight)
	}
	return v
}

func (s standing) unless(is bool, then standing) standing {
	if is {
		return then
	}
	return s
}

// generationNames says what Nmap's database calls a kernel that is numbered
// otherwise there: a release of Windows by its product names, Solaris by its
// own number.
var generationNames = map[string][]string{
	"Windows NT 5.0": {"2000"}, "Windows NT 5.1": {"XP"}, "Windows NT 5.2": {"2003", "XP"},
	"Windows NT 6.0": {"Vista", "2008"}, "Windows NT 6.1": {"7", "2008"}, "Windows NT 6.2": {"8", "2012"},
	"Windows NT 6.3": {"8.1", "2012"}, "Windows NT 10.0": {"10", "2016", "2019", "11", "2022"},
	"SunOS 5.8": {"8"}, "SunOS 5.9": {"9"}, "SunOS 5.10": {"10"}, "SunOS 5.11": {"11", ""},
}

// databaseClass says which families and generations of a database's classes a
// machine of these labels belongs to.
func databaseClass(kernel [3]string) (families, generations []string) {
	families = []string{kernel[0]}
	switch kernel[0] {
	case "Solaris":
		return append(families, "OpenSolaris"), generationNames[kernel[1]]
	case "Windows":
		return families, generationNames[kernel[2]]
	case "BSD":
		families = []string{kernel[1]}
	}
	words := strings.Fields(kernel[2])
	if len(words) < 2 {
		return families, nil
	}
	parts := strings.Split(words[1], ".")
	n := 1 // Linux was numbered by its first two parts until 2.6
	if kernel[0] == "Linux" && parts[0] == "2" {
		n = min(2, len(parts))
	}
	return families, []string{strings.Join(parts[:n], ".") + ".X"}
}
