package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// walk calls f for every command.
func walk(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, child := range c.Commands() {
		walk(child, f)
	}
}

func TestEveryCommandHasAnExampleThatParses(t *testing.T) {
	p := &program{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
	walk(p.root(), func(c *cobra.Command) {
		require.NotEmpty(t, c.Short, c.CommandPath())
		require.NotEmpty(t, c.Example, c.CommandPath())
		for _, line := range strings.Split(c.Example, "\n") {
			words := shellWords(strings.TrimSpace(line))
			require.Equal(t, "tickle", words[0], line)
			root := (&program{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}).root()
			found, rest, err := root.Find(words[1:])
			require.NoError(t, err, line)
			require.NoError(t, found.ParseFlags(rest), line)
			require.NoError(t, found.ValidateRequiredFlags(), line)
			if found.Args != nil {
				require.NoError(t, found.Args(found, found.Flags().Args()), line)
			}
		}
	})
}

// What is wrong on the command line or in a file is one line that says where.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	probes := dir + "/probes.jsonl"
	tickle(t, "probes", "gen", "--quiet", "-n", "3", "-o", probes)
	text := tickle(t, "probes", "gen", "-n", "3")
	cut := write(t, "cut.jsonl", text[:len(text)-40])
	machine := "  - {name: m, backend: sim, image: i, options: {personality: linux-5.10}, labels: {kernel: [a, b, c], distribution: [a, d, e]}, ports: {%s}}\n"
	open := strings.Replace(machine, "%s", "open: 22, closed: 1, udp: 40125", 1)
	twice := write(t, "twice.yaml", "machines:\n"+open+open)
	shut := write(t, "shut.yaml", "machines:\n"+strings.Replace(machine, "%s", "closed: 1, udp: 40125", 1))
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"no command", []string{"probes"}, []string{"which one"}},
		{"unknown command", []string{"prbes"}, []string{"prbes"}},
		{"unknown subcommand", []string{"probes", "make"}, []string{"make"}},
		{"unknown flag", []string{"collect", "--prob", "x"}, []string{"--prob"}},
		{"extra argument", []string{"collect", "--probes", probes, "-o", dir, "x"}, []string{`tickle collect: want no arguments, have ["x"]; see tickle collect --help`}},
		{"no argument", []string{"pool", "check"}, []string{"tickle pool check: want POOL, have none"}},
		{"no format", []string{"dataset", "import", dir, "-o", dir + "/d"}, []string{dir, "want --format, one of csv"}},
		{"unknown family", []string{"probes", "gen", "--family", "rnadom"}, []string{"rnadom", "random"}},
		{"negative count", []string{"probes", "gen", "-n", "-3"}, []string{"-3"}},
		{"unknown option", []string{"probes", "gen", "--option", "syn-shar=1"}, []string{"syn-shar", "syn-share"}},
		{"probe file cut", []string{"probes", "show", cut}, []string{cut + ":4"}},
		{"no such probe", []string{"probes", "show", probes, "--id", "9"}, []string{"9"}},
		{"duplicate names", []string{"pool", "check", twice}, []string{twice + ":3", "name"}},
		{"no open port", []string{"pool", "check", shut}, []string{shut + ":2", "open"}},
		{"unknown pool", []string{"pool", "list", dir + "/none.yaml"}, []string{"none.yaml"}},
		{"negative workers", []string{"collect", "--probes", probes, "-o", dir + "/r", "--workers", "-1"}, []string{"--workers", "-1"}},
		{"unknown subcommand with flags", []string{"experiment", "nosuch", "--data", "d"}, []string{"nosuch"}},
		{"a folder for a file", []string{"probes", "gen", "-o", dir}, []string{dir, "folder"}},
		{"unknown scale", []string{"reproduce", "--scale", "dmo", "-o", dir + "/o"}, []string{"dmo", "demo"}},
		{"unknown experiment", []string{"experiment", "acuracy"}, []string{"acuracy"}},
		{"no data set", []string{"dataset", "info", dir}, []string{dir}},
		{"no run", []string{"dataset", "build", "--run", dir, "-o", dir + "/d"}, []string{dir}},
		{"no result", []string{"report", dir}, []string{dir}},
		{"unknown learner", []string{"experiment", "accuracy", "--data", dir, "-o", dir, "--learners", "forst"}, nil},
		{"no probe file", []string{"collect", "--probes", dir + "/none", "-o", dir + "/r"}, []string{dir + "/none"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := fails(t, c.args...)
			require.NotContains(t, line, "\n")
			for _, want := range c.want {
				require.Contains(t, line, want)
			}
		})
	}
	require.NoDirExists(t, dir+"/r")
	require.NoDirExists(t, dir+"/d")
	require.NoDirExists(t, dir+"/o")
}

func TestClosedShare(t *testing.T) {
	text := tickle(t, "probes", "gen", "-n", "50", "--closed-share", "100")
	require.Equal(t, 50, strings.Count(text, `"port":"closed-tcp"`))
	text = tickle(t, "probes", "gen", "-n", "50", "--closed-share", "100", "--option", "payload-share=100")
	require.Equal(t, 50, strings.Count(text, `"port":"closed-tcp"`))
	require.Equal(t, 50, strings.Count(text, `"payload":"`))
}

// A device or pipe that the user names is written to, not replaced, and a
// link's target is.
func TestOutputKeepsWhatIsNoFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has neither")
	}
	tickle(t, "probes", "gen", "--quiet", "-n", "1", "-o", os.DevNull)
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeDevice)
	target := write(t, "target", "old")
	link := target + ".link"
	require.NoError(t, os.Symlink(target, link))
	tickle(t, "probes", "gen", "--quiet", "-n", "1", "-o", link)
	b, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Contains(t, string(b), "tickle-probes")
	info, err = os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
}
