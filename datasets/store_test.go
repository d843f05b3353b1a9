package datasets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"
)

// arrowTable reads a file with Apache Arrow's reader, an implementation that
// shares nothing with the one that wrote it.
func arrowTable(t *testing.T, path string) arrow.Table {
	r, err := file.OpenParquetFile(path, false)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	require.NoError(t, err)
	table, err := fr.ReadTable(context.Background())
	require.NoError(t, err)
	t.Cleanup(table.Release)
	return table
}

// arrowColumn gives a column's cells as JSON.
func arrowColumn(t *testing.T, table arrow.Table, name string) []string {
	at := table.Schema().FieldIndices(name)
	require.Len(t, at, 1, name)
	var out []string
	for _, chunk := range table.Column(at[0]).Data().Chunks() {
		for i := range chunk.Len() {
			b, err := json.Marshal(chunk.GetOneForMarshal(i))
			require.NoError(t, err)
			out = append(out, string(b))
		}
	}
	return out
}

func TestArrowReadsSummaries(t *testing.T) {
	var texts Interner
	want := randomSummaries(RowsPerGroup+5, rand.New(rand.NewPCG(6, 6)), &texts)
	path := filepath.Join(t.TempDir(), "s.parquet")
	writeSummaries(t, path, SummaryHeader{Machine: "m"}, want, &texts)
	table := arrowTable(t, path)
	require.Equal(t, "probe", table.Schema().Field(0).Name)
	window, windowDistinct := arrowColumn(t, table, "tcp.window"), arrowColumn(t, table, "tcp.window.distinct")
	seq, order := arrowColumn(t, table, "tcp.seq"), arrowColumn(t, table, "tcp.options.order")
	require.Len(t, window, len(want))
	for i, s := range want {
		for f, got := range map[FieldID]string{TCPWindow: window[i], TCPSeq: seq[i], TCPOptionsOrder: order[i]} {
			cell := "null"
			if x := s.Fields[f]; x.State == Present {
				cell = fmt.Sprint(x.Value)
				if Catalogue[f].Type == Text {
					cell = fmt.Sprintf("%q", texts.Text(x.Value))
				}
			}
			require.Equal(t, cell, got)
		}
		distinct := "null"
		if x := s.Fields[TCPWindow]; x.State == Nondet {
			distinct = fmt.Sprint(x.Distinct)
		}
		require.Equal(t, distinct, windowDistinct[i])
	}
}

// A file is the same whatever was written before it by the same encoder.
func TestEncodersAreUsedAgain(t *testing.T) {
	dir := t.TempDir()
	var texts Interner
	write := func(name string, seed uint64, n int, change func(s []Summary)) []byte {
		s := randomSummaries(n, rand.New(rand.NewPCG(seed, 6)), &texts)
		change(s)
		path := filepath.Join(dir, name)
		writeSummaries(t, path, SummaryHeader{Machine: "m", Plan: "p", Seed: 1}, s, &texts)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return b
	}
	same := func([]Summary) {}
	want := write("first", 1, 700, same)
	write("long", 2, RowsPerGroup+900, same)
	write("silent", 3, 300, func(s []Summary) {
		for i := range s {
			for f := range s[i].Fields {
				s[i].Fields[f] = FieldSummary{State: Absent, Distinct: 1}
			}
		}
	})
	w, err := CreateSummary(filepath.Join(dir, "aborted"), SummaryHeader{Machine: "other"})
	require.NoError(t, err)
	s := randomSummaries(30, rand.New(rand.NewPCG(4, 6)), &texts)
	for i := range s {
		require.NoError(t, w.Write(&s[i], &texts))
	}
	w.Abort()
	require.True(t, bytes.Equal(want, write("again", 1, 700, same)))
	summaryTable.idle = sync.Pool{} // from now on a new one
	require.True(t, bytes.Equal(want, write("new", 1, 700, same)))
	require.True(t, bytes.Equal(want, write("again", 1, 700, same)))
}

func exchanges(texts *Interner) []Exchange {
	first := answer(uint64(AnswerKind), uint64(KindTCP), uint64(TCPSeq), 1<<32-1, uint64(TCPOptionsOrder), texts.ID([]byte("MSS")))
	return []Exchange{
		{Probe: 0, Repeat: 0, Sent: 100},
		{Probe: 1, Repeat: 0, Sent: 200, First: &first, Answers: []Answer{{At: 250, Kind: KindTCP, Bytes: []byte{0x45, 0}}}},
		{Probe: 0, Repeat: 1, Sent: 300, First: &first, Answers: []Answer{{At: 310, Kind: KindICMP, Bytes: []byte{1}}, {At: 1_000_310, Kind: KindTCP, Bytes: []byte{}}}},
		{Probe: 2, Repeat: 5, Sent: 400},
	}
}

func TestObservationFile(t *testing.T) {
	for _, keep := range []Keep{KeepFields, KeepBytes} {
		var texts, again Interner
		want := exchanges(&texts)
		path := filepath.Join(t.TempDir(), "x.parquet")
		h := ObservationHeader{SummaryHeader: SummaryHeader{Machine: "m", Plan: "nmap4", Seed: 4}, Keep: keep}
		w, err := CreateObservations(path, h)
		require.NoError(t, err)
		for i := range want {
			require.NoError(t, w.Write(&want[i], &texts))
		}
		require.NoError(t, w.Close())
		f, err := OpenObservations(path)
		require.NoError(t, err)
		got, err := f.Read(0, &again)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, h, f.Header)
		for i := range got {
			for k := range got[i].Answers {
				if keep == KeepFields {
					require.Nil(t, got[i].Answers[k].Bytes)
					got[i].Answers[k].Bytes = want[i].Answers[k].Bytes
				}
			}
		}
		require.Equal(t, want, got)
		table := arrowTable(t, path)
		require.Equal(t, []string{"null", "250", "310", "null"}, arrowColumn(t, table, "received_us"))
		require.Equal(t, []string{`""`, `"tcp"`, `"icmp,tcp"`, `""`}, arrowColumn(t, table, "kinds"))
		require.Equal(t, []string{"[]", "[50]", "[10,1000010]", "[]"}, arrowColumn(t, table, "delays_us"))
		require.Equal(t, []string{"0", "1", "1", "0"}, arrowColumn(t, table, "answer.kind"))
		if keep == KeepBytes {
			require.Equal(t, []string{"[]", `["RQA="]`, `["AQ==",""]`, "[]"}, arrowColumn(t, table, "raw"))
		}
	}
}

// fullDisk is a disk that takes so many bytes and no more.
type fullDisk struct {
	hostFS
	left *int
}

type fullFile struct {
	File
	left *int
}

var errFull = errors.New("no space left on device")

func (d fullDisk) Create(name string) (File, error) {
	f, err := d.hostFS.Create(name)
	return fullFile{f, d.left}, err
}

func (f fullFile) Write(b []byte) (int, error) {
	if *f.left -= len(b); *f.left < 0 {
		return 0, errFull
	}
	return f.File.Write(b)
}

func TestFullDiskLeavesNothing(t *testing.T) {
	var texts Interner
	s := randomSummaries(200, rand.New(rand.NewPCG(6, 6)), &texts)
	r := makeRun(t, 2, 3, 30)
	data, err := Build(context.Background(), r.dir, BuildOptions{})
	require.NoError(t, err)
	man, err := ReadManifest(r.dir)
	require.NoError(t, err)
	for name, save := range map[string]func(fs FS, dir string) error{
		"summaries": func(fs FS, dir string) error {
			w, err := CreateSummary(filepath.Join(dir, "s.parquet"), SummaryHeader{FS: fs})
			if err != nil {
				return err
			}
			for i := range s {
				if err := w.Write(&s[i], &texts); err != nil {
					w.Abort()
					return err
				}
			}
			return w.Close()
		},
		"exchanges": func(fs FS, dir string) error {
			w, err := CreateObservations(filepath.Join(dir, "x.parquet"), ObservationHeader{SummaryHeader: SummaryHeader{FS: fs}})
			if err != nil {
				return err
			}
			for _, x := range exchanges(&texts) {
				if err := w.Write(&x, &texts); err != nil {
					w.Abort()
					return err
				}
			}
			return w.Close()
		},
		"manifest": func(fs FS, dir string) error { return man.Write(fs, dir) },
		"dataset":  func(fs FS, dir string) error { return data.Write(fs, dir) },
	} {
		for _, room := range []int{0, 10, 300} {
			dir := t.TempDir()
			err := save(fullDisk{left: &room}, dir)
			require.ErrorIs(t, err, errFull, name)
			require.Contains(t, err.Error(), dir, name)
			require.NotContains(t, err.Error(), "\n")
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left, name)
		}
		room := 1 << 30
		require.NoError(t, save(fullDisk{left: &room}, t.TempDir()))
	}
}

func FuzzOpenSummary(f *testing.F) {
	var texts Interner
	path := filepath.Join(f.TempDir(), "s.parquet")
	writeSummaries(f, path, SummaryHeader{}, randomSummaries(40, rand.New(rand.NewPCG(6, 6)), &texts), &texts)
	good, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(0, []byte{1}, len(good))
	f.Add(len(good)-8, []byte{255, 255, 255, 127}, len(good))
	f.Add(len(good)-3000, []byte{255, 255, 255, 255, 15}, len(good))
	f.Add(5, []byte{9}, len(good)-1)
	f.Fuzz(func(t *testing.T, at int, patch []byte, size int) {
		b := bytes.Clone(good)
		if at >= 0 && at < len(b) {
			copy(b[at:], patch)
		}
		b = b[:min(max(size, 0), len(b))]
		path := filepath.Join(t.TempDir(), "s.parquet")
		require.NoError(t, os.WriteFile(path, b, 0o666))
		s, err := OpenSummary(path)
		if (err == nil) != bytes.Equal(b, good) {
			t.Fatalf("patch of %d bytes at %d, size %d: %v", len(patch), at, size, err)
		}
		if err == nil {
			require.NoError(t, s.Close())
		} else if !strings.HasPrefix(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q", err)
		}
	})
}

func TestManifestRefuses(t *testing.T) {
	r := makeRun(t, 2, 2, 10)
	for name, change := range map[string]func(m *Manifest){
		"machines[1].name":  func(m *Manifest) { m.Machines[1].Name = m.Machines[0].Name },
		"plans[0].name":     func(m *Manifest) { m.Plans[0].Name = "" },
		"plans[0]: n 0":     func(m *Manifest) { m.Plans[0].N = 0 },
		"plans[0].machines": func(m *Manifest) { m.Plans[0].Machines = []string{"x"} },
		"parts[0]":          func(m *Manifest) { m.Parts[0].Machine = "x" },
	} {
		m, err := ReadManifest(r.dir)
		require.NoError(t, err)
		change(m)
		dir := t.TempDir()
		require.NoError(t, m.Write(nil, dir))
		_, err = ReadManifest(dir)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, ManifestPath(dir))
	}
}

func TestPartNamesStayApart(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"a", "a/b", "a%2Fb", "..", ".", "a b", "c:d", "ü", "a\\b"} {
		p := partName(name)
		require.Equal(t, p, filepath.Base(p))
		require.NotContains(t, p, ":")
		require.Empty(t, seen[p])
		seen[p] = name
	}
}

func TestInfo(t *testing.T) {
	r := makeRun(t, 11, 6, 400)
	d, err := Build(context.Background(), r.dir, BuildOptions{})
	require.NoError(t, err)
	in := d.Info()
	require.True(t, in.Transductive)
	require.Equal(t, [4]int{6, 6, 3, 400}, [4]int{in.Machines, in.Modelled, in.Groups, in.Probes})
	require.Equal(t, in.Kept*NumFields, in.Features)
	require.Equal(t, At{400, len(d.Matrix.Parts)}, in.Partitions[2])
	constant := 0
	first := map[int]map[int32]bool{100: {}, 200: {}, 400: {}}
	for c, column := range d.Matrix.Columns {
		values := map[Code]bool{}
		for _, code := range d.Matrix.Codes(d.Matrix.Part[c]) {
			if code != Missing {
				values[code] = true
			}
		}
		if len(values) <= 1 {
			constant++
		}
		for n := range first {
			if int(column.Probe) < n {
				first[n][d.Matrix.Part[c]] = true
			}
		}
	}
	require.Equal(t, constant, in.Constant)
	for i, n := range []int{100, 200, 400} {
		require.Equal(t, At{n, len(first[n])}, in.Partitions[i])
	}
	require.Contains(t, in.Labels, LabelCount{"kernel", 2, "Linux 2.0", 2, 2})
	require.Contains(t, in.Labels, LabelCount{"distribution", 0, "Linux", 6, 3})
	var b strings.Builder
	require.NoError(t, in.WriteText(&b))
	require.Contains(t, b.String(), "6 in 3 groups, 6 modelled")
	require.Contains(t, b.String(), "(transductive)")
}

func TestInfoOfNumbers(t *testing.T) {
	none := math.NaN()
	table := &Imported{Meta: TableMeta{Format: "test", File: "f", Labels: []string{"class"}}}
	for i, class := range []string{"a", "a", "b"} {
		name := string(rune('x' + i))
		table.Rows = append(table.Rows, Machine{Name: name, Group: name, Labels: GivenLabels(class)})
	}
	table.Columns = []ImportedColumn{
		{Name: "varies", Numbers: []float64{1, 2, 1}}, {Name: "one", Numbers: []float64{3, none, 3}}, {Name: "none", Numbers: []float64{none, none, none}},
		{Name: "back", Numbers: []float64{1, none, 2}},
	}
	d, err := FromTable(table)
	require.NoError(t, err)
	in := d.Info()
	require.Equal(t, [4]int{0, 4, 2, 3}, [4]int{in.Features, in.Numbers, in.ConstantNumber, in.MissingFeature})
	var b strings.Builder
	require.NoError(t, in.WriteText(&b))
	require.Contains(t, b.String(), "0 nominal, 0 of them constant, and 4 numeric, 2 of them constant; 3 with missing cells")
}
