package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tickle/learners/nmap4"
)

func (p *program) nmap4() *cobra.Command {
	return group("nmap4", "Nmap's IPv4 engine: scan machines, match fingerprints with a database", "  tickle nmap4 scan --pool demo --machine gvisor-01",
		p.nmap4Scan(), p.nmap4Match())
}

// nmap4Database is where Debian's nmap-common puts Nmap's database.
const nmap4Database = "/usr/share/nmap/nmap-os-db"

func (p *program) nmap4Match() *cobra.Command {
	o := nmap4MatchOptions{}
	c := &cobra.Command{
		Use:   "match FINGERPRINT",
		Short: "Say which systems of a database a fingerprint resembles",
		Long: `Ranks the references of a database in the form of nmap-os-db by the points
that a fingerprint matches, over those possible among what both sides have, as
Nmap does. FINGERPRINT is a file ("-" is standard input): tests a line each,
lines that begin with OS: as nmap -O prints them, or the XML of nmap -oX.

What is printed is what Nmap prints: all perfect matches, or else at most ten
of less than 10 percent below the best. The dialect 7.93 reads expressions
as that version of Nmap was seen to; current as its book describes them.`,
		Example: `  tickle nmap4 match --db /usr/share/nmap/nmap-os-db fingerprint.txt
  tickle nmap4 match --db own-os-db --dialect current --explain scan.xml`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.nmap4MatchFile(c.InOrStdin(), args[0], &o) },
	}
	f := c.Flags()
	f.StringVar(&o.db, "db", nmap4Database, "the database, a `FILE` in the form of nmap-os-db")
	f.StringVar(&o.dialect, "dialect", nmap4.Dialect793.String(), "how expressions are read: 7.93 or current")
	f.BoolVar(&o.all, "all", false, fmt.Sprintf("also matches that Nmap keeps and does not print: up to %d, from %.0f percent", nmap4.MaxMatches, 100*nmap4.MinAccuracy))
	f.BoolVar(&o.explain, "explain", false, "also say where each match lost points: test, expected, seen, points")
	f.BoolVar(&o.json, "json", false, "print the matches as JSON")
	return c
}

type nmap4MatchOptions struct {
	db, dialect        string
	all, explain, json bool
}

// nmap4MatchFile matches the fingerprint in a file, or in stdin.
func (p *program) nmap4MatchFile(stdin io.Reader, path string, o *nmap4MatchOptions) error {
	dialect, err := nmap4.ParseDialect(o.dialect)
	if err != nil {
		return fmt.Errorf("--dialect: %w", err)
	}
	f, err := readFingerprint(stdin, path)
	if err != nil {
		return err
	}
	m, err := readMatcher(o.db, dialect)
	if err != nil {
		return err
	}
	if f.Merged() {
		p.say("%s: merged from several tries: the first of each test is matched", path)
	}
	list := m.Match(f)
	if !o.all {
		list = nmap4.Printed(list)
	}
	rows := make([]nmap4Row, len(list))
	for i, match := range list {
		rows[i] = nmap4Row{Name: match.Reference.Name, Accuracy: match.Percent(), Line: match.Reference.Line}
		if !o.explain {
			continue
		}
		if rows[i].Explanation, err = m.Explain(f, match.Reference); err != nil {
			return err
		}
	}
	if o.json {
		return writeJSON(p.stdout, map[string]any{"matches": rows})
	}
	return writeNmap4(p.stdout, rows)
}

// nmap4Row is a match as programs read it. Accuracy is in whole percent.
type nmap4Row struct {
	Name        string             `json:"name"`
	Accuracy    int                `json:"accuracy"`
	Line        int                `json:"line"` // of the database
	Explanation *nmap4.Explanation `json:"explanation,omitempty"`
}

func readFingerprint(stdin io.Reader, path string) (*nmap4.Fingerprint, error) {
	if path == "-" {
		return nmap4.Parse(stdin, "standard input")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return nmap4.Parse(f, path)
}

func readMatcher(path string, d nmap4.Dialect) (*nmap4.Matcher, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--db: %w: want Nmap's nmap-os-db (Debian: nmap-common) or one of the same form", err)
	}
	defer f.Close()
	db, err := nmap4.ReadDatabase(f, path)
	if err != nil {
		return nil, err
	}
	return nmap4.NewMatcher(db, d)
}

// writeNmap4 prints matches for people, with where they lost points.
func writeNmap4(w io.Writer, rows []nmap4Row) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintf(w, "no match of %.0f %% or more\n", 100*nmap4.MinAccuracy)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(t, "%d %%\t%s (line %d)\n", r.Accuracy, r.Name, r.Line)
		if r.Explanation == nil {
			continue
		}
		fmt.Fprintf(t, "\t  %d of %d points\n", r.Explanation.Matched, r.Explanation.Possible)
		for _, c := range r.Explanation.Compared {
			if !c.Matched {
				fmt.Fprintf(t, "\t  −%d\t%s.%s\texpected %s\tseen %s\n", c.Points, c.Test, c.Attr, orEmpty(c.Expected), orEmpty(c.Seen))
			}
		}
	}
	return t.Flush()
}

func orEmpty(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}
