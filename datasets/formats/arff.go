package formats

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"tickle/datasets"
)

// ExportARFF writes the table that ExportCSV writes as Weka's ARFF: a nominal
// attribute for each column of names, with the values that the rows have, a
// numeric one for numbers, and a string one for the ids. The file is UTF-8,
// which Weka reads when Java's file.encoding says so. With o.Label the class
// stands last, where Weka expects it, and no attribute is a string.
func ExportARFF(w io.Writer, d *datasets.Dataset, o Options) error {
	v, err := newView(d, o, 0)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(out, "@relation %s\n\n", quoteARFF(d.Meta.Pool))
	quoted := make([][]string, len(v.columns)) // values of nominal attributes, by code
	for i := range v.columns {
		c := &v.columns[i]
		fmt.Fprintf(out, "@attribute %s ", quoteARFF(c.name))
		switch {
		case c.numbers != nil:
			fmt.Fprintln(out, "numeric")
		case c.id:
			fmt.Fprintln(out, "string")
		default:
			list := v.values(c)
			for k := range list {
				list[k] = quoteARFF(list[k])
			}
			fmt.Fprintf(out, "{%s}\n", strings.Join(list, ","))
			if c.row == nil {
				quoted[i] = list
			}
		}
	}
	fmt.Fprintln(out, "\n@data")
	for r := range v.Machines {
		for i := range v.columns {
			if i > 0 {
				_ = out.WriteByte(',') // Flush says what failed
			}
			c := &v.columns[i]
			if s, known := v.text(c, r); !known {
				s = "?"
				_, _ = out.WriteString(s)
			} else if c.numbers != nil {
				_, _ = out.WriteString(s)
			} else if quoted[i] != nil {
				_, _ = out.WriteString(quoted[i][v.Codes(v.Part[c.nominal])[r]])
			} else {
				_, _ = out.WriteString(quoteARFF(s))
			}
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}

// arffEscapes are the characters that a backslash stands before in quotes, and
// what stands for them there.
var arffEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`, "%", `\%`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// quoteARFF writes a name so that ARFF's readers take it for one, whatever
// characters it has.
func quoteARFF(s string) string {
	plain := s != "" && s != "?"
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c > ' ' && c < 0x7f && strings.IndexByte(`{},%'"\@`, c) < 0
	}
	if plain {
		return s
	}
	return "'" + arffEscapes.Replace(s) + "'"
}
