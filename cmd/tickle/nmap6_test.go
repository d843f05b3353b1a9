package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

// From probes to a verdict, in the process: what a run holds, what its capture
// holds and what the printed fingerprint says give one vector.
func TestNmap6FromProbesToVerdict(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	tickle(t, "probes", "gen", "--quiet", "--family", "nmap6", "-o", at("probes.jsonl"))
	tickle(t, "collect", "--quiet", "--pool", "demo", "--only", "backend=netstack", "--probes", at("probes.jsonl"), "--keep", "raw", "-o", at("run"))
	tickle(t, "dataset", "build", "--quiet", "--run", at("run"), "--view", "vector", "-o", at("data"))

	tickle(t, "nmap6", "train", "--quiet", "--data", at("data"), "--label", "kernel/0", "--who", "test", "--when", "2026-11-25T20:00:00Z", "-o", at("one.model"))
	run, err := nmap6.OpenRun(at("run"))
	require.NoError(t, err)
	name := run.Manifest.Machines[0].Name
	scans, err := run.Scans(name)
	require.NoError(t, err)
	require.Len(t, scans, run.Plan.Repeats)
	want := scans[0].Vectorize(nmap6.V793)

	captures, err := filepath.Glob(at("run/*/" + name + ".pcapng"))
	require.NoError(t, err)
	require.Len(t, captures, 1)
	f, err := os.Open(captures[0])
	require.NoError(t, err)
	defer f.Close()
	captured, err := nmap6.ReadCapture(f)
	require.NoError(t, err)
	// Each repeat is sent from other ports, but from one address: the first
	// sending that was answered counts.
	require.Equal(t, want, captured[0].Vectorize(nmap6.V793))

	require.NoError(t, os.WriteFile(at("print.txt"), []byte(nmap6.NewFingerprint(scans[0], scans[0].Start(), map[string]string{"E": "6"}).String()), 0o644))
	var answers [2]struct {
		Matches []struct {
			Name                 string
			Probability, Novelty float64
		}
		Verdict string
	}
	for i, source := range [][]string{{"--capture", captures[0]}, {"--fingerprint", at("print.txt")}} {
		text := tickle(t, append([]string{"nmap6", "classify", "--model", at("one.model"), "--json"}, source...)...)
		require.NoError(t, json.Unmarshal([]byte(text), &answers[i]))
		require.NotEmpty(t, answers[i].Matches)
		require.NotEmpty(t, answers[i].Verdict)
	}
	require.Equal(t, answers[0].Verdict, answers[1].Verdict)
	require.InDelta(t, answers[0].Matches[0].Probability, answers[1].Matches[0].Probability, 1e-4)
}

func TestNmap6ScanPrintsWhatItReads(t *testing.T) {
	out := filepath.Join(t.TempDir(), "vectors.csv")
	text := tickle(t, "nmap6", "scan", "--quiet", "--pool", "demo", "--machine", "gvisor-02", "--vectors", out)
	require.Equal(t, text, tickle(t, "nmap6", "scan", "--quiet", "--pool", "demo", "--machine", "gvisor-02"), "the same seed")
	prints, err := nmap6.ReadFingerprints(strings.NewReader(text))
	require.NoError(t, err)
	f, err := os.Open(out)
	require.NoError(t, err)
	defer f.Close()
	rows, err := nmap6.ReadVectors(f)
	require.NoError(t, err)
	have := prints[0].Vectorize(nmap6.V793)
	for i, name := range nmap6.Features {
		require.InDelta(t, rows[0].Vector[i], have[i], 1e-4*max(1, rows[0].Vector[i]), name)
	}
}

func TestEnrich(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("old.csv"), []byte("id,label,S1.PLEN,S1.TCP_WINDOW\na,X,40,100\nb,X,40,120\nc,Y,20,-1\nd,Y,20,7\n"), 0o644))
	require.NoError(t, os.WriteFile(at("new.csv"), []byte("id,label,S1.PLEN,S1.TCP_WINDOW\ne,Z,32,5000\nf,Z,32,5100\na,X,40,100\n"), 0o644))
	tickle(t, "nmap6", "train", "--quiet", "--data", at("old.csv"), "-o", at("m"))
	text := tickle(t, "enrich", "--model", at("m"), "--data", at("new.csv"), "--who", "me", "--when", "2026-11-25T20:00:00Z", "--folds", "2", "-o", at("m2"))
	require.Contains(t, text, "added              2 vectors; 1 were there already\nnew classes        1\n  Z\n")
	b, err := nmap6.OpenBundle(at("m2"))
	require.NoError(t, err)
	require.Len(t, b.Vectors, 6)
	require.Equal(t, "me", b.History[1].Who)
	require.Equal(t, "2026-11-25T20:00:00Z", b.History[1].When)
	require.Contains(t, fails(t, "enrich", "--model", at("m2"), "--data", at("new.csv"), "-o", at("m3")), "nothing to add")
	require.Contains(t, fails(t, "enrich", "--model", at("m"), "--data", at("new.csv"), "--when", "yesterday", "-o", at("m3")), "--when")
	require.Contains(t, fails(t, "enrich", "--model", at("old.csv"), "--data", at("new.csv"), "-o", at("m3")), "not a model file")
	require.NoFileExists(t, at("m3"))
}

func TestNmap6BadInput(t *testing.T) {
	cut := write(t, "FPModel.cc", "double FPscale[][2] = {\n\t{ -20, 0.5 },\t/* S1.PLEN */\n\t{ -20, x },\n")
	require.Contains(t, fails(t, "nmap6", "import", cut, "-o", cut+".model"), cut+": line 3: ")
	require.NoFileExists(t, cut+".model")
	vector := write(t, "v.csv", "S1.PLEN\n40\n20\n")
	model := write(t, "train.csv", "label,S1.PLEN\na,20\nb,40\n")
	tickle(t, "nmap6", "train", "--quiet", "--data", model, "-o", model+".model")
	require.Contains(t, fails(t, "nmap6", "classify", "--model", model+".model", "--vector", vector), "2 vectors: want --row")
	require.Contains(t, fails(t, "nmap6", "classify", "--model", model+".model", "--vector", vector, "--row", "3"), "--row 3")
	require.Contains(t, fails(t, "nmap6", "classify", "--model", model+".model"), "nothing to classify")
	require.Contains(t, fails(t, "nmap6", "classify", "--model", model+".model", "--fingerprint", vector), "no fingerprint")
	require.Contains(t, fails(t, "nmap6", "classify", "--model", model+".model", "--capture", vector), "pcap")
	require.Contains(t, fails(t, "nmap6", "train", "--data", vector, "-o", model+".2"), "vector 1 has no label")
	require.Contains(t, tickle(t, "nmap6", "classify", "--model", model+".model", "--vector", vector, "--row", "2"), "a\n")
}

// A model goes to somebody else with a checksum, which what was changed on the
// way does not have.
func TestShareModel(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("train.csv"), []byte("label,S1.PLEN\na,20\nb,40\n"), 0o644))
	tickle(t, "nmap6", "train", "--quiet", "--data", at("train.csv"), "--who", "me", "--when", "2026-11-25T20:00:00Z", "-o", at("m"))
	tickle(t, "model", "export", "--quiet", at("m"), "-o", at("shared"))
	text := tickle(t, "model", "import", at("shared"), "-o", at("kept"))
	for _, want := range []string{"model of", "nmap6", "by me, 2026-11-25T20:00:00Z", "class", "a, 1 prints"} {
		require.Contains(t, text, want)
	}
	require.Equal(t, text, tickle(t, "model", "show", at("kept")))
	want, err := os.ReadFile(at("m"))
	require.NoError(t, err)
	have, err := os.ReadFile(at("kept"))
	require.NoError(t, err)
	require.Equal(t, want, have)

	other := strings.Repeat("0", 64)
	require.Contains(t, fails(t, "model", "import", at("shared"), "--sha256", other, "-o", at("x")), "want "+other)
	have[len(have)-1] ^= 1
	require.NoError(t, os.WriteFile(at("shared"), have, 0o644))
	require.Contains(t, fails(t, "model", "import", at("shared"), "-o", at("x")), "cut or damaged")
	require.NoError(t, os.Remove(at("shared.sha256")))
	require.Contains(t, fails(t, "model", "import", at("shared"), "-o", at("x")), "no checksum")
	require.NoFileExists(t, at("x"))
}
