package reports

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tickle/experiments"
)

// WriteCSV writes a result's rows with full precision, for programs: a header
// of column names, "n/a" for what is not defined, and nothing where the paper
// gives nothing.
func WriteCSV(w io.Writer, r *experiments.Result) error {
	cw := csv.NewWriter(w)
	record := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		record[i] = c.Name
	}
	if err := cw.Write(record); err != nil {
		return err
	}
	for _, cells := range r.Cells() {
		for i, v := range cells {
			record[i] = exact(v)
		}
		if err := cw.Write(record); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// exact writes a cell so that it reads back.
func exact(v any) string {
	if n, ok := v.(experiments.Number); ok && !n.IsNA() {
		return strconv.FormatFloat(float64(n), 'g', -1, 64)
	}
	return rounded(v, &experiments.Column{})
}

// rounded writes a cell for people.
func rounded(v any, c *experiments.Column) string {
	switch v := v.(type) {
	case experiments.Number:
		return v.Format(c.Decimals)
	case experiments.PaperValue:
		return v.String()
	case int:
		return strconv.Itoa(v)
	}
	return fmt.Sprint(v)
}

// WriteMarkdown writes a result's rows as a table of GitHub's Markdown, with
// the provenance above and the warnings below it.
func WriteMarkdown(w io.Writer, r *experiments.Result) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# %s\n\n%s\n\n", markdownText(r.Title), markdownText(provenanceLine(r)))
	for _, c := range r.Columns {
		fmt.Fprintf(b, "| %s ", markdownText(c.Name))
	}
	b.WriteString("|\n")
	for _, c := range r.Columns {
		if numeric(&c) {
			b.WriteString("| ---: ")
		} else {
			b.WriteString("| --- ")
		}
	}
	b.WriteString("|\n")
	for _, cells := range r.Cells() {
		for i, v := range cells {
			fmt.Fprintf(b, "| %s ", markdownText(rounded(v, &r.Columns[i])))
		}
		b.WriteString("|\n")
	}
	if len(r.Warnings) > 0 {
		b.WriteString("\n")
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(b, "- %s\n", markdownText(warningLine(&warning)))
	}
	return b.Flush()
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "`", "\\`", "\n", " ")

func markdownText(s string) string { return markdownEscapes.Replace(s) }

// WriteLaTeX writes a result's rows as a table that fits across a two-column
// page: LaTeX's table* with booktabs, without the columns that only programs
// need. It wants \usepackage{booktabs}.
func WriteLaTeX(w io.Writer, r *experiments.Result) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%% Made by: %s\n", strings.ReplaceAll(r.Provenance.Command, "\n", " "))
	b.WriteString("\\begin{table*}\n\\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}\n")
	fmt.Fprintf(b, "\\caption{%s %s}\n\\label{tab:%s}\n", latexText(sentence(r.Title)), latexText(provenanceLine(r)), r.Experiment)
	var align, head strings.Builder
	long := longColumns(r)
	for i, c := range r.Columns {
		if c.Extra {
			continue
		}
		switch {
		case numeric(&c):
			align.WriteByte('r')
		case long[i]:
			align.WriteString(`p{0.2\textwidth}`)
		default:
			align.WriteByte('l')
		}
		if head.Len() > 0 {
			head.WriteString(" & ")
		}
		head.WriteString(latexText(strings.ReplaceAll(c.Name, "_", " ")))
	}
	fmt.Fprintf(b, "\\begin{tabular}{%s}\n\\toprule\n%s \\\\\n\\midrule\n", &align, &head)
	for _, cells := range r.Cells() {
		first := true
		for i, v := range cells {
			if r.Columns[i].Extra {
				continue
			}
			if !first {
				b.WriteString(" & ")
			}
			first = false
			b.WriteString(latexCell(v, &r.Columns[i]))
		}
		b.WriteString(" \\\\\n")
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table*}\n")
	return b.Flush()
}

// sentence ends a title with a full stop unless it is a question.
func sentence(title string) string {
	if strings.HasSuffix(title, "?") {
		return title
	}
	return title + "."
}

// longColumns says which columns have a sentence of more than longText
// characters, which must break in print. A list without spaces cannot.
func longColumns(r *experiments.Result) []bool {
	long := make([]bool, len(r.Columns))
	for _, row := range r.Cells() {
		for i, v := range row {
			text, ok := v.(string)
			long[i] = long[i] || ok && len(text) > longText && strings.Count(text, " ") > 4
		}
	}
	return long
}

var latexEscapes = strings.NewReplacer(`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`,
	"{", `\{`, "}", `\}`, "~", `\textasciitilde{}`, "|", `\textbar{}`, "^", `\textasciicircum{}`, "<", `\textless{}`, ">", `\textgreater{}`, "×", `$\times$`, "α", `$\alpha$`, "·", `\textperiodcentered{}`, "\n", " ")

func latexText(s string) string { return latexEscapes.Replace(s) }

// latexCell is a cell of a printed table: n/a is a dash there.
func latexCell(v any, c *experiments.Column) string {
	switch v := v.(type) {
	case experiments.Number:
		if v.IsNA() {
			return "--"
		}
		if text := rounded(v, c); strings.HasPrefix(text, "-") {
			return "$" + text + "$" // a minus, not a hyphen
		}
	case experiments.PaperValue:
		if v.Given() && v.Relation != "=" {
			return "$" + v.String() + "$"
		}
	}
	return latexText(rounded(v, c))
}

// numeric reports whether a column stands to the right.
func numeric(c *experiments.Column) bool { return c.Type != "text" }
