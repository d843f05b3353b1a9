package nmap4

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Write writes d in the form of nmap-os-db, which Nmap reads with --datadir.
// ReadDatabase gives the same data back, but for the numbers of lines; comments
// of a file that was read are not kept. A name or class that the form cannot
// hold is an error.
func (d *Database) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString("MatchPoints\n")
	for i := range d.Points.Tests {
		b.WriteString(d.Points.Tests[i].String())
		b.WriteByte('\n')
	}
	for i := range d.References {
		r := &d.References[i]
		if err := r.check(); err != nil {
			return fmt.Errorf("reference %q: %w", clip(r.Name), err)
		}
		fmt.Fprintf(b, "\nFingerprint %s\n", r.Name)
		for _, c := range r.Classes {
			fmt.Fprintf(b, "Class %s | %s |%s| %s\n", c.Vendor, c.Family, spaced(c.Generation), c.Type)
			for _, cpe := range c.CPEs {
				fmt.Fprintf(b, "CPE %s\n", cpe)
			}
		}
		for j := range r.Tests {
			b.WriteString(r.Tests[j].String())
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

// spaced puts spaces around a generation; an empty one is written "||".
func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s + " "
}

// check reports what of r would be read back as something else.
func (r *Reference) check() error {
	texts := []string{r.Name}
	for _, c := range r.Classes {
		for _, part := range []string{c.Vendor, c.Family, c.Generation, c.Type} {
			if strings.Contains(part, "|") {
				return fmt.Errorf("class part %q: want no '|'", clip(part))
			}
			if part != "" {
				texts = append(texts, part)
			}
		}
		if c.Vendor == "" || c.Family == "" || c.Type == "" {
			return fmt.Errorf("class %v: want a vendor, a family and a device type", c)
		}
		texts = append(texts, c.CPEs...)
	}
	for _, t := range texts {
		if t == "" || strings.TrimSpace(t) != t || strings.ContainsAny(t, "\r\n") {
			return fmt.Errorf("text %q: want one line without spaces around it", clip(t))
		}
	}
	if len(r.Tests) == 0 {
		return errors.New("no tests")
	}
	for i := range r.Tests {
		if _, err := parseTest(r.Tests[i].String(), checkExpression); err != nil {
			return err
		}
	}
	return nil
}
