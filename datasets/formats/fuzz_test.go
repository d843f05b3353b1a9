package formats

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// settled holds what a reader made of foreign bytes to its contract: a data
// set whose export is read as the same table, or an error of one line.
func settled(t *testing.T, f Format, a *assembly, err error) {
	var d *datasets.Dataset
	if err == nil {
		d, err = a.dataset("")
	}
	if err != nil {
		require.NotContains(t, err.Error(), "\n")
		return
	}
	meta := d.Meta.Table
	in := ImportOptions{Labels: meta.Labels, ID: meta.ID, Group: meta.Group}
	in.Nominal = append(in.Nominal, d.Matrix.Names...)
	if f.Name == "libsvm" {
		in = ImportOptions{}
	}
	require.Equal(t, spell(t, d), spell(t, there(t, f, d, Options{}, in)))
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"x,y\n1,a\n", "y,\"x\"\"\n\"\n,\"\"\r\n\"a\r\n\",NaN\n", "\ufeffy,x\r\na,\r\n", "y,x\na\n"} {
		f.Add(s)
	}
	format := Format{Name: "csv", Import: ImportCSV, Export: ExportCSV}
	f.Fuzz(func(t *testing.T, s string) {
		sameAsEncodingCSV(t, s)
		a, err := readCSV(context.Background(), strings.NewReader(s), "t", ImportOptions{Labels: []string{"y"}})
		settled(t, format, a, err)
	})
}

// sameAsEncodingCSV compares our cells to those of the standard library, where
// that does not change carriage returns.
func sameAsEncodingCSV(t *testing.T, s string) {
	if strings.Contains(s, "\r") || strings.HasPrefix(s, "\ufeff") {
		return
	}
	r := csv.NewReader(strings.NewReader(s))
	r.FieldsPerRecord = -1
	all, want := r.ReadAll()
	in, err := newCSVReader(strings.NewReader(s), ',')
	require.NoError(t, err)
	for i := 0; ; i++ {
		record, err := in.record()
		if err == io.EOF {
			require.NoError(t, want)
			require.Len(t, all, i)
			return
		}
		if err != nil && strings.Contains(err.Error(), "UTF-8") {
			return
		}
		if err != nil {
			require.Error(t, want, "%v", err)
			return
		}
		if want != nil {
			continue
		}
		require.Len(t, record, len(all[i]))
		for k := range record {
			require.Equal(t, all[i][k], record[k].text)
		}
	}
}

func FuzzARFF(f *testing.F) {
	for _, s := range []string{"@relation r\n@attribute x numeric\n@attribute y {a,'b c'}\n@data\n1,a\n?,'b c'\n", "@attribute y {a}\n@attribute s {'\\'','\\061'}\n@data\n{1 1}\n{}\n",
		"@attribute y string\n@attribute x real\n@data\n{0 a, 1 2}\n"} {
		f.Add(s)
	}
	format := Format{Name: "arff", Import: ImportARFF, Export: ExportARFF}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := readARFF(context.Background(), strings.NewReader(s), "t", ImportOptions{Labels: []string{"y"}})
		settled(t, format, a, err)
	})
}

func FuzzLIBSVM(f *testing.F) {
	f.Add("1 1:1 3:1\n2 2:1\n", `{"format":"tickle-libsvm-legend/1","label":"y","classes":["a","b"],"columns":[{"name":"c","values":["p","q"]},{"name":"n","number":true}],"id":"i","ids":["1","2"],"group":""}`)
	f.Add("+1 5:1e3 # c\n", "")
	format := Format{Name: "libsvm", Import: ImportLIBSVM, Export: ExportLIBSVM, Legend: LegendLIBSVM}
	f.Fuzz(func(t *testing.T, s, text string) {
		o := libsvmOptions{}
		if text != "" {
			path := t.TempDir() + "/l"
			require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
			var err error
			if o.legend, err = readLegend(path); err != nil {
				require.NotContains(t, err.Error(), "\n")
				return
			}
		}
		a, err := readLIBSVM(context.Background(), strings.NewReader(s), "t", o)
		settled(t, format, a, err)
	})
}

func FuzzParquet(f *testing.F) {
	for seed := range uint64(3) {
		var b bytes.Buffer
		d := randomTable(&testing.T{}, rand.New(rand.NewPCG(seed, 1)), true)
		require.NoError(f, ExportParquet(&b, d, Options{}))
		labels, err := json.Marshal(d.Meta.Table.Labels)
		require.NoError(f, err)
		f.Add(b.Bytes(), string(labels))
	}
	format := Format{Name: "parquet", Import: ImportParquet, Export: ExportParquet}
	f.Fuzz(func(t *testing.T, b []byte, labels string) {
		var o ImportOptions
		if json.Unmarshal([]byte(labels), &o.Labels) != nil || len(o.Labels) == 0 {
			return
		}
		a, err := readParquet(context.Background(), io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), "t", o)
		settled(t, format, a, err)
	})
}
