package formats

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// importText reads a table from a text.
func importText(t testing.TB, format, text string, o ImportOptions) (*datasets.Dataset, error) {
	f, err := NewRegistry(Standard()...).Importer(format)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "t")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return f.Import(context.Background(), path, o)
}

// What is wrong in a table is one line that names file, line and column.
func TestBadTables(t *testing.T) {
	label := ImportOptions{Labels: []string{"y"}}
	levels := ImportOptions{Labels: []string{"x", "y"}}
	const head = "@relation r\n@attribute x numeric\n@attribute y {a,b}\n@data\n"
	for _, c := range []struct {
		name, format, text string
		o                  ImportOptions
		want               []string
	}{
		{"empty", "csv", "", label, []string{"empty", "header"}},
		{"no rows", "csv", "x,y\n", label, []string{"no rows"}},
		{"no label", "csv", "x,y\n1,a\n", ImportOptions{}, []string{"--label"}},
		{"unknown label", "csv", "x,species\n1,a\n", ImportOptions{Labels: []string{"specis"}}, []string{"--label specis", `"species"`}},
		{"two roles", "csv", "x,y\n1,a\n", ImportOptions{Labels: []string{"y"}, ID: "y"}, []string{"--id y"}},
		{"four levels", "csv", "x,y\n1,a\n", ImportOptions{Labels: []string{"a", "b", "c", "d"}}, []string{"at most 3"}},
		{"label alone", "csv", "y\na\n", label, []string{"no columns"}},
		{"duplicate names", "csv", "x,y,x\n1,a,2\n", label, []string{"column 3", `"x"`}},
		{"no name", "csv", "x,,y\n1,2,a\n", label, []string{"column 2", "no name"}},
		{"ragged", "csv", "x,y\n1,a\n1\n", label, []string{":3:", "1 cells", "want 2"}},
		{"NaN", "csv", "x,y\n1,a\nNaN,b\n", label, []string{":3:", "column x", "NaN", "finite"}},
		{"infinite", "csv", "x,y\n1,a\n2,b\n-inf,b\n", label, []string{":4:", "column x", "-inf"}},
		{"too large", "csv", "x,y\n1e999,a\n2,b\n", label, []string{":2:", "column x", "1e999"}},
		{"label missing", "csv", "x,y\n1,a\n1,\n", label, []string{":3:", "column y", "empty"}},
		{"label empty", "csv", "x,y\n1,a\n1,\"\"\n", label, []string{":3:", "column y", "empty"}},
		{"group missing", "csv", "x,y,g\n1,a,\n", ImportOptions{Labels: []string{"y"}, Group: "g"}, []string{":2:", "column g"}},
		{"id twice", "csv", "x,y,i\n1,a,m\n1,a,n\n1,a,m\n", ImportOptions{Labels: []string{"y"}, ID: "i"}, []string{":4:", "column i", `"m"`, "row 1"}},
		{"two parents", "csv", "x,y,z\n1,5,1\n2,5,1\n", levels, []string{":3:", "column y", `"5"`, `"1"`, `"2"`}},
		{"quote within", "csv", "x,y\n1,a\"b\n", label, []string{":2:", "column 2", "quote"}},
		{"after a quote", "csv", "x,y\n\"1\"2,a\n", label, []string{":2:", "column 1", `"2,a"`}},
		{"quote open", "csv", "x,y\n1,\"a\n\n", label, []string{"column 2", "line 2", "not closed"}},
		{"not UTF-8", "csv", "x,y\n1,\xff\n", label, []string{":2:", "UTF-8"}},
		{"separator", "csv", "x,y\n", ImportOptions{Labels: []string{"y"}, Separator: '"'}, []string{"separator"}},

		{"no data", "arff", "@relation r\n@attribute x numeric\n", label, []string{"@data"}},
		{"not ARFF", "arff", "x,y\n1,a\n", label, []string{":1:", "@relation"}},
		{"unknown keyword", "arff", "@relation r\n@attr x numeric\n", label, []string{":2:", "@attr"}},
		{"no attribute name", "arff", "@attribute\n", label, []string{":1:", "name"}},
		{"unknown type", "arff", "@attribute x number\n", label, []string{":1:", "attribute x", `"number"`}},
		{"brace open", "arff", "@attribute y {a,b\n@data\n", label, []string{":1:", "attribute y", "brace"}},
		{"value twice", "arff", "@attribute y {a,a}\n", label, []string{":1:", "attribute y", `"a"`}},
		{"behind the brace", "arff", "@attribute y {a} b\n", label, []string{":1:", "attribute y"}},
		{"attribute twice", "arff", "@attribute y {a}\n@attribute y {a}\n@data\na,a\n", label, []string{`"y"`}},
		{"string", "arff", "@attribute s string\n@attribute y {a}\n@data\nx,a\n", label, []string{":1:", "s is a string", "--nominal"}},
		{"date", "arff", "@attribute y {a}\n@attribute d date 'yyyy'\n@data\na,2000\n", label, []string{":2:", "d is a date", "--drop"}},
		{"relational", "arff", "@attribute b relational\n", label, []string{":1:", "attribute b", "relational"}},
		{"undeclared value", "arff", head + "1,c\n", label, []string{":5:", "column y", `"c"`}},
		{"no number", "arff", head + "one,a\n", label, []string{":5:", "column x", `"one"`}},
		{"NaN", "arff", head + "1,a\nNaN,a\n", label, []string{":6:", "column x", "NaN"}},
		{"few cells", "arff", head + "1\n", label, []string{":5:", "1 cells", "want 2"}},
		{"many cells", "arff", head + "1,a,b\n", label, []string{":5:", "more than 2"}},
		{"comma at the end", "arff", head + "1,a,\n", label, []string{":5:", "more than 2"}},
		{"no cell", "arff", head + ",a\n", label, []string{":5:", "column x", "?"}},
		{"weight", "arff", head + "1,a,{3}\n", label, []string{":5:", "weight"}},
		{"quote open", "arff", head + "1,'a\n", label, []string{":5:", "not closed"}},
		{"quote within", "arff", head + "1,a'b'\n", label, []string{":5:", "quote"}},
		{"label missing", "arff", head + "1,?\n", label, []string{":5:", "column y", "empty"}},
		{"sparse, no such column", "arff", head + "{2 a}\n", label, []string{":5:", `"2"`, "0 to 1"}},
		{"sparse, descending", "arff", head + "{1 a,0 1}\n", label, []string{":5:", `"0"`, "ascending"}},
		{"sparse, no value", "arff", head + "{1 }\n", label, []string{":5:", "column y"}},
		{"sparse, open", "arff", head + "{0 1\n", label, []string{":5:", "brace"}},
		{"sparse, string left out", "arff", "@attribute s string\n@attribute x real\n@data\n{1 2}\n", ImportOptions{Labels: []string{"s"}}, []string{":4:", "column s", "left out"}},

		{"two labels", "libsvm", "1,2 1:3\n", ImportOptions{}, []string{":1:", "one label"}},
		{"no index", "libsvm", "1 3\n", ImportOptions{}, []string{":1:", `"3"`, "index:value"}},
		{"negative index", "libsvm", "1 -1:3\n", ImportOptions{}, []string{":1:", "-1"}},
		{"descending", "libsvm", "1 1:3\n1 2:3 1:1\n", ImportOptions{}, []string{":2:", "index 1 after 2"}},
		{"no number", "libsvm", "1 1:x\n", ImportOptions{}, []string{":1:", "index 1", `"x"`}},
		{"NaN", "libsvm", "1 1:1\n1 1:nan\n", ImportOptions{}, []string{":2:", "column 1", "nan"}},
		{"query", "libsvm", "1 qid:1 1:1\n", ImportOptions{}, []string{":1:", "qid:1"}},
		{"label named", "libsvm", "1 1:1\n", label, []string{"--label y"}},
		{"not Parquet", "parquet", "PAR1, or so", label, []string{"/t: "}},
	} {
		t.Run(c.format+" "+c.name, func(t *testing.T) {
			_, err := importText(t, c.format, c.text, c.o)
			require.Error(t, err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "\n")
			if !strings.HasPrefix(err.Error(), "separator") && !strings.HasPrefix(err.Error(), "--label") {
				require.ErrorContains(t, err, string(filepath.Separator)+"t")
			}
		})
	}
}

// Tables of other programs, cell by cell; "-" is missing.
func TestImportedCells(t *testing.T) {
	label := ImportOptions{Labels: []string{"y"}}
	for _, c := range []struct {
		name, format, text string
		o                  ImportOptions
		names, numeric     string
		cells              string // by column
	}{
		{"CRLF and BOM", "csv", "\ufeffx,y\r\n1,a\r\n2,b\r\n", label, "x", "x", "1 2"},
		{"tab and NA", "csv", "x\ty\tz\n1\ta\t\"NA\"\nNA\tb\tNA\n", ImportOptions{Labels: []string{"y"}, Separator: '\t', Missing: []string{"NA"}}, "x z", "x", "1 - | NA -"},
		{"a column that turns", "csv", "x,y\n007,a\n1.50,a\n,a\nz,a\n", label, "x", "", "007 1.50 - z"},
		{"nominal by name", "csv", "x,y\n007,a\n1.50,a\n", ImportOptions{Labels: []string{"y"}, Nominal: []string{"x"}}, "x", "", "007 1.50"},
		{"NaN among names", "csv", "x,y\nNaN,a\n1,a\nz,a\n", label, "x", "", "NaN 1 z"},
		{"drop", "csv", "x,d,y\n1,NaN,a\n", ImportOptions{Labels: []string{"y"}, Drop: []string{"d"}}, "x", "x", "1"},
		{"all missing", "csv", "x,y\n,a\n,a\n", label, "x", "", "- -"},
		{"blank lines", "csv", "x,y\n\n1,a\n\n\n2,b\n\n", label, "x", "x", "1 2"},
		{"hexadecimal is a name", "csv", "x,y\n0x10,a\n1_0,a\n", label, "x", "", "0x10 1_0"},
		{"case, comments, blanks", "arff", "% c\n@RELATION r\n\n@Attribute 'x' REAL [0, 1] % c\n@ATTRIBUTE y\t{ a , 'b c' }\n@DATA\n% c\n 1.5\t, a % c\n?  'b c'\n", label, "x", "x", "1.5 -"},
		{"escapes", "arff", "@attribute x {'\\'\\\\\\n\\u', '\\101'}\n@attribute y {a}\n@data\n\"'\\\\\\n\\u\",a\nA,a\n", label, "x", "", "'\\\nu A"},
		{"a question mark in quotes", "arff", "@attribute x {'?',z}\n@attribute y {a}\n@data\n'?',a\n?,a\n", label, "x", "", "? -"},
		{"sparse", "arff", "@attribute x numeric\n@attribute n {p,q}\n@attribute y {a,b}\n@data\n{}\n{0 3, 2 b}\n{1 q,2 b}\n{1 ?}\n", label, "x n", "x", "0 3 0 0 | p p q -"},
		{"strings by name", "arff", "@attribute s string\n@attribute d date\n@attribute y {a}\n@data\n'x y',2000,a\nz,?,a\n", ImportOptions{Labels: []string{"y"}, Nominal: []string{"s", "d"}}, "s d", "", "x y z | 2000 -"},
		{"comments and gaps", "libsvm", "+1 3:1.5 7:2 # c\n\n# d\n-1 7:0\n", ImportOptions{}, "3 7", "3 7", "1.5 0 | 2 0"},
	} {
		t.Run(c.format+" "+c.name, func(t *testing.T) {
			d, err := importText(t, c.format, c.text, c.o)
			require.NoError(t, err)
			s := spell(t, d)
			require.Equal(t, c.names, strings.Join(s.names, " "))
			require.Equal(t, c.numeric, strings.Join(s.numeric, " "))
			var columns []string
			for _, cells := range s.cells {
				for r, cell := range cells {
					if text, known := strings.CutPrefix(cell, "true"); known {
						cells[r] = text
					} else {
						cells[r] = "-"
					}
				}
				columns = append(columns, strings.Join(cells, " "))
			}
			require.Equal(t, c.cells, strings.Join(columns, " | "))
		})
	}
}
