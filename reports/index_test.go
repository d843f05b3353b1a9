package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/experiments"
)

// Where there are single predictions the page says what their columns mean, and
// every one of them is said.
func TestPageExplainsPredictions(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, writePage(&b, []*experiments.Result{small()}, func(path string) bool { return path == "accuracy/predictions.parquet" }))
	for _, c := range experiments.PredictionColumns() {
		require.NotEmpty(t, c.Doc, c.Name)
		require.Contains(t, b.String(), "<dt>"+c.Name+"</dt>")
	}
	b.Reset()
	require.NoError(t, WritePage(&b, []*experiments.Result{small()}))
	require.NotContains(t, b.String(), "What predictions.parquet holds")
}

func TestPageLoadsNothingAndHidesNothing(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WritePage(&b, []*experiments.Result{small()}))
	s := b.String()
	for _, load := range []string{`src=`, `<link`, `@import`, `url(`, `fetch(`, `<img`, `<iframe`} {
		require.NotContains(t, s, load)
	}
	// Names of XML namespaces are the only addresses.
	for _, address := range regexp.MustCompile(`[a-z]+="https?://[^"]*"`).FindAllString(s, -1) {
		require.Regexp(t, `^(xmlns|xlink)="http://www\.w3\.org/`, address)
	}
	for _, want := range []string{
		`<span class="badge">modelled: 48 of 60 machines</span>`,
		"Some of the machines below are models of TCP/IP stacks",
		"tickle experiment accuracy --data &#39;a&lt;b&#39; -o out",
		"<li>kernel level 2: n=4 is too small to tell at α=0.05</li>",
		"<li>&lt;b&gt;48&lt;/b&gt; of 60 | models</li>",
		"R&amp;D_50%",
		`<a href="#accuracy">Classification accuracy</a>`,
		"prefers-color-scheme: dark",
		"@media print",
		`<td class="num">&gt;0.98</td>`,
		`<td class="num">n/a</td>`,
		"<dt>SHA-256</dt><dd>c0ffee</dd>",
	} {
		require.Contains(t, s, want)
	}
	require.Equal(t, 2, bytes.Count(b.Bytes(), []byte("<svg ")), "one figure for wide windows and one for narrow ones")
	require.NotContains(t, s, "ZgotmplZ")
	var again bytes.Buffer
	require.NoError(t, WritePage(&again, []*experiments.Result{small()}))
	require.Equal(t, s, again.String())
}

func TestIndexShowsWhatIsThere(t *testing.T) {
	out := t.TempDir()
	require.ErrorContains(t, WriteIndex(out), out+": no result")
	dir := filepath.Join(out, "accuracy")
	require.NoError(t, small().Write(dir))
	require.NoError(t, WriteIndex(out))
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	require.NoError(t, err)
	require.NotContains(t, string(page), "figure.pdf")
	require.NoError(t, Write(dir, small(), Options{Formats: []Format{PDF}}))
	require.NoError(t, WriteIndex(out))
	page, err = os.ReadFile(filepath.Join(out, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), `<a href="accuracy/figure.pdf">`)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "result.json"), []byte("{"), 0o644))
	require.ErrorContains(t, WriteIndex(out), filepath.Join(dir, "result.json")+": want a result")
}
