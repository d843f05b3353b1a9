//go:build peers

package peers_test

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"tickle/learners"
	"tickle/learners/all"
	"tickle/learners/learnertest"
	"tickle/learners/peers"
)

var (
	ratios        = flag.Bool("ratios", false, "time our learners beside Weka, LIBLINEAR and scikit-learn and print the ratios")
	ratioColumns  = flag.Int("columns", 10_000, "columns of the data that is timed")
	ratioLearners = flag.String("only", "", "learners to time, comma separated; all when empty")
	ratioLimit    = flag.Duration("limit", 20*time.Minute, "time after which another program is stopped")
)

// timing is what a cross-validation took.
type timing struct {
	wall, cpu float64 // seconds
	accuracy  float64
}

// rival is another program's learner.
type rival struct {
	ours, name string
	run        func(t *testing.T, files timed) (timing, error)
}

// rivals lists who stands beside whom.
var rivals = []rival{
	{"forest", "Weka RandomForest", weka("trees.RandomForest", "-I", "100")},
	{"forest:like=sklearn", "scikit-learn RandomForest", sklearn("forest")},
	{"ibk", "Weka IBk", weka("lazy.IBk", "-K", "3")},
	{"ibk", "scikit-learn k-NN, Hamming", sklearn("knn")},
	{"smo", "Weka SMO", weka("functions.SMO")},
	{"smo", "scikit-learn SVC, one-hot", sklearn("svc")},
	{"smo", "numpy Gram matrix + SVC", sklearn("gram")},
	{"logistic", "LIBLINEAR -s 0", liblinear},
	{"logistic", "scikit-learn LR, liblinear", sklearn("logistic")},
	{"j48", "Weka J48", weka("trees.J48")},
	{"jrip", "Weka JRip", weka("rules.JRip")},
	{"bayes", "Weka NaiveBayes", weka("bayes.NaiveBayes")},
	{"bayes", "scikit-learn CategoricalNB", sklearn("bayes")},
}

// TestRatios times 10-fold cross-validations of our learners and of their peers
// on data of the paper's rows, and prints how many times as long the peers
// take. It runs when asked for with -ratios. What programs need to start and to
// read the data is left out, as far as it can be told: of Weka what ZeroR takes,
// of LIBLINEAR nothing. Ours include the Gram matrix, each anew.
func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("times other programs for minutes: run it with -ratios, as make bench-peers does")
	}
	d := learnertest.Synthetic(learnertest.Paper(*ratioColumns))
	files := writeTimed(t, d)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Printf("%d rows × %d columns (%d partitions), %d classes, 10-fold cross-validation; seconds\n", d.Rows(), *ratioColumns, len(d.IDs), len(d.Classes))
	fmt.Fprintln(out, "learner\tcpu\twall\taccuracy\tpeer\tcpu\twall\taccuracy\tcpu ratio\twall ratio")
	done := map[string]timing{}
	for _, r := range rivals {
		if *ratioLearners != "" && !strings.Contains(","+*ratioLearners+",", ","+strings.Split(r.ours, ":")[0]+",") {
			continue
		}
		ours, known := done[r.ours]
		if !known {
			ours = timeOurs(t, r.ours, d)
			done[r.ours] = ours
		}
		fmt.Fprintf(out, "%s\t%.3f\t%.3f\t%.3f\t%s\t", r.ours, ours.cpu, ours.wall, ours.accuracy, r.name)
		theirs, err := r.run(t, files)
		if err != nil {
			fmt.Fprintf(out, "%v\n", err)
		} else {
			fmt.Fprintf(out, "%.2f\t%.2f\t%.3f\t%.1f\t%.1f\n", theirs.cpu, theirs.wall, theirs.accuracy, theirs.cpu/ours.cpu, theirs.wall/ours.wall)
		}
		require.NoError(t, out.Flush())
	}
}

// timeOurs times one of our learners, best of three.
func timeOurs(t *testing.T, spec string, d *learnertest.Data) timing {
	list, err := all.Registry().Parse(spec)
	require.NoError(t, err)
	best := timing{}
	for i := range 3 {
		start, cpu := time.Now(), usage(syscall.RUSAGE_SELF)
		shared := learners.NewShared(d.Selection)
		accuracy := learnertest.CrossValidate(t, list[0].Learner, d, shared)
		now := timing{time.Since(start).Seconds(), usage(syscall.RUSAGE_SELF) - cpu, accuracy}
		if i == 0 || now.cpu < best.cpu {
			best = now
		}
	}
	return best
}

// usage is the user and system time so far, in seconds.
func usage(who int) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		panic(err) // who is one of the constants
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// timed are the files of the data that is timed.
type timed struct{ dir, arff, libsvm, codes, script string }

//go:embed ratios.py
var script []byte

// writeTimed writes the data for every program.
func writeTimed(t *testing.T, d *learnertest.Data) timed {
	dir := t.TempDir()
	f := timed{dir, filepath.Join(dir, "t.arff"), filepath.Join(dir, "t.libsvm"), filepath.Join(dir, "codes"), filepath.Join(dir, "ratios.py")}
	var arff, libsvm, codes bytes.Buffer
	require.NoError(t, peers.WriteARFF(&arff, d, d.Except(func(int) bool { return false })))
	lines := bufio.NewWriter(&libsvm)
	for r := range d.Rows() {
		fmt.Fprint(lines, d.Labels[r]+1)
		codes.WriteByte(byte(d.Labels[r]))
		index := 1
		for c, part := range d.Part {
			code := d.Codes(part)[r]
			fmt.Fprintf(lines, " %d:1", index+int(code))
			index += len(d.Values(c))
			codes.WriteByte(byte(code))
		}
		fmt.Fprintln(lines)
	}
	require.NoError(t, lines.Flush())
	for path, b := range map[string][]byte{f.arff: arff.Bytes(), f.libsvm: libsvm.Bytes(), f.codes: codes.Bytes(), f.script: script} {
		require.NoError(t, os.WriteFile(path, b, 0o666))
	}
	return f
}

// run runs a program and gives its output and what it took.
func run(name string, args ...string) (string, timing, error) {
	ctx, cancel := context.WithTimeout(context.Background(), *ratioLimit)
	defer cancel()
	if _, err := exec.LookPath(name); err != nil {
		return "", timing{}, fmt.Errorf("not installed: %s", filepath.Base(name))
	}
	cmd := exec.CommandContext(ctx, name, args...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := timing{wall: time.Since(start).Seconds()}
	if ctx.Err() != nil {
		return "", took, fmt.Errorf("stopped after %v", *ratioLimit)
	}
	if err != nil {
		last, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return "", took, fmt.Errorf("%w: %s", err, last)
	}
	took.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return string(out), took, nil
}

var wekaAccuracy = regexp.MustCompile(`(?s)Stratified cross-validation.*?Correctly Classified Instances\s+\d+\s+([0-9.]+)\s*%`)

func runWeka(f timed, class string, args ...string) (timing, error) {
	out, took, err := run("java", append([]string{"-Xmx4g", "-cp", "/usr/share/java/weka.jar", "weka.classifiers." + class, "-t", f.arff, "-x", "10", "-o", "-v"}, args...)...)
	if err != nil {
		return took, err
	}
	m := wekaAccuracy.FindStringSubmatch(out)
	if m == nil {
		return took, fmt.Errorf("no accuracy in Weka's output")
	}
	percent, err := strconv.ParseFloat(m[1], 64)
	took.accuracy = percent / 100
	return took, err
}

// weka times a class of Weka, which also trains once on all rows, less what
// ZeroR takes.
func weka(class string, args ...string) func(*testing.T, timed) (timing, error) {
	return func(t *testing.T, f timed) (timing, error) {
		zero, err := runWeka(f, "rules.ZeroR")
		if err != nil {
			return zero, err
		}
		took, err := runWeka(f, class, args...)
		took.cpu -= zero.cpu
		took.wall -= zero.wall
		return took, err
	}
}

var liblinearAccuracy = regexp.MustCompile(`Cross Validation Accuracy = ([0-9.]+)%`)

func liblinear(_ *testing.T, f timed) (timing, error) {
	out, took, err := run("liblinear-train", "-s", "0", "-v", "10", "-q", f.libsvm)
	if err != nil {
		return took, err
	}
	m := liblinearAccuracy.FindStringSubmatch(out)
	if m == nil {
		return took, fmt.Errorf("no accuracy in LIBLINEAR's output")
	}
	percent, err := strconv.ParseFloat(m[1], 64)
	took.accuracy = percent / 100
	return took, err
}

// sklearn times a way of scikit-learn, which the script times itself.
func sklearn(way string) func(*testing.T, timed) (timing, error) {
	return func(t *testing.T, f timed) (timing, error) {
		out, took, err := run("/usr/bin/python3", f.script, f.codes, strconv.Itoa(*ratioColumns), way)
		if err != nil {
			return took, err
		}
		_, err = fmt.Sscan(out, &took.wall, &took.cpu, &took.accuracy)
		return took, err
	}
}
