package formats

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// small is a data set of three machines and two probes with every state.
func small(t *testing.T) *datasets.Dataset {
	dir := t.TempDir()
	now := time.Unix(1, 0).UTC()
	man := datasets.Manifest{Format: datasets.RunFormat, Pool: "p", Seed: 1, Finished: &now,
		Plans: []datasets.Plan{{Name: "random", N: 2, Repeats: 6}}}
	for i := range 3 {
		name := fmt.Sprintf("m,%d", i)
		man.Machines = append(man.Machines, datasets.Machine{Name: name, Group: "g", Labels: datasets.Labels{
			Kernel: [datasets.Levels]string{"BSD", "FreeBSD", `the "5"`}, Distribution: [datasets.Levels]string{"BSD", "FreeBSD", "5"}}})
		w, err := datasets.CreateSummary(datasets.SummaryPath(dir, "random", name), datasets.SummaryHeader{Machine: name, Plan: "random", Seed: 1})
		require.NoError(t, err)
		var texts datasets.Interner
		for probe := range 2 {
			s := datasets.Summary{Probe: int32(probe), Repeats: 6, Answered: 6}
			for f := range s.Fields {
				s.Fields[f] = datasets.FieldSummary{State: datasets.Absent, Distinct: 1}
			}
			s.Fields[datasets.TCPAck] = datasets.FieldSummary{State: datasets.Present, Value: uint64(10*i + probe), Distinct: 1}
			s.Fields[datasets.TCPOptionsOrder] = datasets.FieldSummary{State: datasets.Present, Value: texts.ID(fmt.Appendf(nil, "MSS,%d", probe)), Distinct: 1}
			if i == 1 {
				s.Fields[datasets.TCPAck] = datasets.FieldSummary{State: datasets.Nondet, Distinct: 3, First: 2}
			}
			if i == 2 && probe == 1 {
				s.Answered = 5
			}
			require.NoError(t, w.Write(&s, &texts))
		}
		require.NoError(t, w.Close())
	}
	require.NoError(t, man.Write(nil, dir))
	d, err := datasets.Build(context.Background(), dir, datasets.BuildOptions{})
	require.NoError(t, err)
	return d
}

// wantCells are the cells of some columns by definition; "" is missing.
var wantCells = map[string][3]string{
	"id":                   {"m,0", "m,1", "m,2"},
	"group":                {"g", "g", "g"},
	"kernel2":              {`the "5"`, `the "5"`, `the "5"`},
	"p0.tcp.ack":           {"0", "", "20"},
	"p1.tcp.ack":           {"1", "", ""},
	"p0.tcp.options.order": {"MSS,0", "MSS,0", "MSS,0"},
	"p1.tcp.options.order": {"MSS,1", "MSS,1", ""},
	"p0.tcp.flags":         {"absent", "absent", "absent"},
}

func TestExportCSV(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, ExportCSV(&b, small(t), Options{}))
	records, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 4)
	require.Len(t, records[0], len(leading)+2*datasets.NumFields)
	found := 0
	for i, name := range records[0] {
		if want, ok := wantCells[name]; ok {
			require.Equal(t, want, [3]string{records[1][i], records[2][i], records[3][i]}, name)
			found++
		}
	}
	require.Equal(t, len(wantCells), found)
}

// TestExportParquet reads the table with Apache Arrow's reader.
func TestExportParquet(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, ExportParquet(&b, small(t), Options{}))
	table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(b.Bytes()),
		parquet.NewReaderProperties(memory.DefaultAllocator), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	require.NoError(t, err)
	defer table.Release()
	require.Equal(t, int64(len(leading)+2*datasets.NumFields), table.NumCols())
	require.Equal(t, "id", table.Schema().Field(0).Name)
	for name, want := range wantCells {
		at := table.Schema().FieldIndices(name)
		require.Len(t, at, 1)
		column := table.Column(at[0]).Data().Chunk(0)
		for r, cell := range want {
			require.Equal(t, cell == "", column.IsNull(r), name)
			if cell != "" {
				require.Equal(t, cell, column.ValueStr(r), name)
			}
		}
	}
}

func TestVettedTableIsSmaller(t *testing.T) {
	d := small(t)
	var b bytes.Buffer
	require.NoError(t, ExportCSV(&b, d, Options{Fields: datasets.Vetted}))
	records, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, records[0], len(leading)+d.Select(datasets.Vetted).D)
	require.NotContains(t, records[0], "p0.ip.ttl")
	require.Contains(t, records[0], "p0.tcp.ack")
}

func TestExportRefuses(t *testing.T) {
	d := small(t)
	err := ExportCSV(new(bytes.Buffer), d, Options{MaxCells: 100})
	require.ErrorContains(t, err, fmt.Sprintf("3 machines × %d features", 2*datasets.NumFields))
	many := *d.Matrix
	many.Columns = make([]datasets.Column, 70_000)
	huge := *d
	huge.Matrix = &many
	err = ExportParquet(new(bytes.Buffer), &huge, Options{MaxCells: -1})
	require.ErrorContains(t, err, "at most")
	err = ExportCSV(new(bytes.Buffer), d, Options{Fields: "all"})
	require.ErrorContains(t, err, "prone or vetted")
	_, err = NewRegistry(Standard()...).Exporter("xlsx")
	require.ErrorContains(t, err, "csv, arff, libsvm, parquet")
	for _, f := range Standard() {
		require.ErrorIs(t, f.Export(fullDisk{}, d, Options{Label: "kernel2"}), errFull)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
