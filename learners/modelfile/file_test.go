package modelfile_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/modelfile"
)

// sealed is a file with the given header and payload, and a seal that fits.
func sealed(header, payload string) []byte {
	rest := header + "\n" + payload
	return []byte(fmt.Sprintf("%s %x\n%s", modelfile.Format, sha256.Sum256([]byte(rest)), rest))
}

// header is one with the given payload part.
func header(payload string) string {
	return `{"view":"matrix","role":"classifier","learner":"x","options":{},"classes":["a","b"],"training":{"seed":1},"payload":` + payload + `}`
}

func TestWriteAndRead(t *testing.T) {
	h := modelfile.Header{View: "matrix", Role: modelfile.Novelty, Learner: "lof", Options: map[string]string{"k": "20"}, Classes: []string{"a\nb", "<c>"},
		Training: modelfile.Training{Seed: math.MaxUint64, Label: "kernel/1"}}
	for _, payload := range []string{"", "short", strings.Repeat("again and ", 1000), strings.Repeat("\x00", 1<<20)} {
		var b, again bytes.Buffer
		require.NoError(t, modelfile.Write(&b, &h, []byte(payload)))
		require.NoError(t, modelfile.Write(&again, &h, []byte(payload)))
		require.Equal(t, b.Bytes(), again.Bytes())
		f, err := modelfile.Read(b.Bytes())
		require.NoError(t, err)
		require.Equal(t, payload, string(f.Payload))
		require.Equal(t, h, f.Header)
	}
	// What would become more than 64 times as long is stored as it is.
	require.Equal(t, "none", h.Payload.Encoding)
}

// Every prefix of a file is an error of one line, and so is every file in
// which a byte is another.
func TestCutAndDamaged(t *testing.T) {
	h := modelfile.Header{Role: modelfile.Classifier, Learner: "x"}
	var b bytes.Buffer
	require.NoError(t, modelfile.Write(&b, &h, []byte(strings.Repeat("payload", 9))))
	for n := range b.Len() {
		_, err := modelfile.Read(b.Bytes()[:n])
		require.Error(t, err, "cut at %d", n)
		require.NotContains(t, err.Error(), "\n")
		other := bytes.Clone(b.Bytes())
		other[n] ^= 0x20
		_, err = modelfile.Read(other)
		require.Error(t, err, "byte %d", n)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestHostileFiles(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "not a model file"},
		{"something else", []byte("PK\x03\x04"), "not a model file"},
		{"a newer version", []byte("tickle-model/2 00\n{}\n"), `format "tickle-model/2": this program reads tickle-model/1`},
		{"a line alone", []byte("tickle-model/1"), "cut short"},
		{"another sum", []byte("tickle-model/1 00\n{}\n"), "cut or damaged"},
		{"no end of line 2", []byte(fmt.Sprintf("tickle-model/1 %x\n{}", sha256.Sum256([]byte("{}")))), "line 2: no end"},
		{"no JSON", sealed("{", ""), "line 2: header"},
		{"two objects", sealed(header(`{"encoding":"none","bytes":0,"length":0}`)+"{}", ""), "one JSON object"},
		{"an unknown field", sealed(`{"run":"rm"}`, ""), `unknown field "run"`},
		{"no role", sealed(`{"learner":"x"}`, ""), `role ""`},
		{"a class twice", sealed(`{"role":"novelty","classes":["a","b","a"]}`, ""), `"a" is there twice`},
		{"a payload of another size", sealed(header(`{"encoding":"none","bytes":5,"length":5}`), "four"), "4 bytes: want 5"},
		{"a payload that lies", sealed(header(`{"encoding":"none","bytes":4,"length":9}`), "four"), "4 bytes: want 9"},
		{"a payload that grows", sealed(header(`{"encoding":"zstd","bytes":4,"length":999999999999}`), "four"), "at most 64 times"},
		{"a negative length", sealed(header(`{"encoding":"none","bytes":4,"length":-4}`), "four"), "-4"},
		{"no zstd", sealed(header(`{"encoding":"zstd","bytes":4,"length":9}`), "four"), "zstd"},
		{"an unknown encoding", sealed(header(`{"encoding":"pickle","bytes":4,"length":4}`), "four"), `encoding "pickle"`},
	} {
		_, err := modelfile.Read(c.file)
		require.ErrorContains(t, err, c.want, c.name)
		require.NotContains(t, err.Error(), "\n", c.name)
	}
	path := filepath.Join(t.TempDir(), "m")
	require.NoError(t, os.WriteFile(path, []byte("tickle-model/1"), 0o644))
	_, err := modelfile.Open(path)
	require.ErrorContains(t, err, path)
}

// FuzzRead: whatever the header and payload, sealed or not, reading ends in a
// file or an error, with memory in proportion to what was read.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	h := modelfile.Header{Role: modelfile.Classifier, Learner: "x", Classes: []string{"a"}}
	if err := modelfile.Write(&b, &h, bytes.Repeat([]byte("payload"), 99)); err != nil {
		f.Fatal(err)
	}
	parts := strings.SplitN(b.String(), "\n", 3)
	f.Add(parts[1], parts[2])
	f.Add(header(`{"encoding":"none","bytes":4,"length":4}`), "four")
	f.Fuzz(func(t *testing.T, header, payload string) {
		file := sealed(header, payload)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := modelfile.Read(file)
		runtime.ReadMemStats(&after)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is not one line", err)
		}
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(8<<20+256*len(file)); got > most {
			t.Errorf("%d bytes of memory for %d", got, len(file))
		}
	})
}

// Numbers come back as they were, and what is no number is an error.
func TestNumbers(t *testing.T) {
	floats := []float64{0, math.Copysign(0, -1), 1, -1, .1, 1<<52 - 1, 1 << 52, 1e300, math.Inf(1), math.NaN(), math.SmallestNonzeroFloat64}
	var e modelfile.Encoder
	e.Floats(floats)
	e.Uint(math.MaxUint64)
	e.Text("a\x00b")
	e.Flag(true)
	d := modelfile.NewDecoder(e.Bytes())
	for _, v := range floats {
		require.Equal(t, math.Float64bits(v), math.Float64bits(d.Any("x")))
	}
	require.Equal(t, uint64(math.MaxUint64), d.Uint("x"))
	require.Equal(t, "a\x00b", d.Text("x"))
	require.True(t, d.Flag("x"))
	require.NoError(t, d.End())

	for _, c := range []struct {
		name string
		b    []byte
		read func(d *modelfile.Decoder)
		want string
	}{
		{"cut", []byte{0x80}, func(d *modelfile.Decoder) { d.Uint("x") }, "cut or too large"},
		{"too long", bytes.Repeat([]byte{0xff}, 11), func(d *modelfile.Decoder) { d.Uint("x") }, "cut or too large"},
		{"a count that lies", []byte{100, 0}, func(d *modelfile.Decoder) { d.Count("x", 1) }, "100 x"},
		{"a large count", []byte{4, 0, 0, 0}, func(d *modelfile.Decoder) { d.Count("x", 2) }, "4 x"},
		{"an index outside", []byte{3}, func(d *modelfile.Decoder) { d.Index("x", 3) }, "number 3: want one of 3"},
		{"an index into nothing", []byte{0}, func(d *modelfile.Decoder) { d.Index("x", 0) }, "want one of 0"},
		{"a number outside", []byte{9}, func(d *modelfile.Decoder) { d.Number("x", 1, 8) }, "want a number from 1 to 8"},
		{"NaN", append([]byte{1}, 1, 0, 0, 0, 0, 0, 0xf8, 0x7f), func(d *modelfile.Decoder) { d.Float("x") }, "finite"},
		{"infinity", append([]byte{1}, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f), func(d *modelfile.Decoder) { d.Float("x") }, "finite"},
		{"a cut float", []byte{1, 0, 0}, func(d *modelfile.Decoder) { d.Float("x") }, "want a number"},
		{"a float of no form", []byte{3}, func(d *modelfile.Decoder) { d.Float("x") }, "want a number"},
		{"shares", []byte{0, 0}, func(d *modelfile.Decoder) { d.Shares("x", 2) }, "sum 0: want 1"},
		{"many floats", []byte{0}, func(d *modelfile.Decoder) { d.Floats("x", 1<<40) }, "want 1099511627776"},
		{"a long text", []byte{9, 'a'}, func(d *modelfile.Decoder) { d.Text("x") }, "9 x"},
	} {
		d := modelfile.NewDecoder(c.b)
		c.read(d)
		require.ErrorContains(t, d.Err(), c.want, c.name)
	}
}
