package shrink

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/probegen"
)

// shrunk are the dialogues of testdata/causes.jsonl, each as shrink left it on
// two of the lab's kernels (Debian's, in QEMU), and in what it told them apart.
var shrunk = []struct {
	systems [2]string // versions of Linux
	found   Difference
	doer    int
	says    string
}{
	{[2]string{"5.10.223", "6.1.192"}, Difference{2, 1, datasets.AnswerKind, [2]string{"none", "tcp"}}, 1,
		"tcp_check_req of Linux 6.1.192, which b runs, and not of 5.10.223. There, a RST for a half-open connection"},
	{[2]string{"6.12.107", "6.17.8"}, Difference{3, 1, datasets.AnswerKind, [2]string{"none", "tcp"}}, 1,
		"tcp_check_req of Linux 6.17.8, which b runs, and not of 6.12.107. There, a segment for a half-open connection has to echo"},
	{[2]string{"6.18.12", "7.2.12"}, Difference{3, 1, datasets.AnswerKind, [2]string{"none", "tcp"}}, 1,
		"tcp_ack of Linux 7.2.12, which b runs, and not of 6.18.12. There, an acknowledgement of what was never sent"},
	{[2]string{"5.10.223", "6.1.192"}, Difference{3, 1, datasets.TCPTSEcrRel, [2]string{"20", "0"}}, 1,
		"tcp_rcv_established of Linux 6.1.192, which b runs, and not of 5.10.223. There, a segment that acknowledges less"},
	{[2]string{"5.10.223", "6.1.192"}, Difference{3, 1, datasets.TCPSACKRel, [2]string{"101-1449", "101-102"}}, 1,
		"tcp_ofo_queue of Linux 6.1.192, which b runs, and not of 5.10.223. There, where data that fill a gap"},
	{[2]string{"6.17.8", "6.18.12"}, Difference{2, 1, datasets.AnswerKind, [2]string{"tcp", "none"}}, 1,
		"tcp_do_parse_auth_options (Debian's configuration has CONFIG_TCP_AO=y) of Linux 6.18.12, which b runs, and not of 6.17.8. There, a segment with TCP-AO"},
}

// causeOf gives a shrunk dialogue as a result on two systems.
func causeOf(probe probegen.Probe, d Difference, systems [2]string) *Result {
	r := &Result{Probe: probe, Machines: [2]string{"a", "b"}, Differences: []Difference{d}}
	for i, v := range systems {
		r.Systems[i] = fmt.Sprintf("Linux %s (Debian, QEMU)", v)
		r.Answers[i] = make([][]string, len(probe.Steps))
	}
	return r
}

func TestCausesOfShrunkDialogues(t *testing.T) {
	set, err := probegen.ReadFile("testdata/causes.jsonl")
	require.NoError(t, err)
	require.Len(t, set.Probes, len(shrunk))
	explained := map[*Cause]bool{}
	for i, c := range shrunk {
		p := set.Probes[i]
		r := causeOf(p, c.found, c.systems)
		found := r.Explain()
		require.Len(t, found, 1, p.Name)
		explained[found[0].Cause] = true
		require.Equal(t, r.Machines[c.doer], found[0].Machine)
		var b bytes.Buffer
		require.NoError(t, r.WriteText(&b))
		require.Contains(t, b.String(), "\nThe cause, by the kernels' sources: "+c.says, p.Name)

		turned := causeOf(p, Difference{c.found.Step, 1, c.found.Field, [2]string{c.found.Values[1], c.found.Values[0]}}, [2]string{c.systems[1], c.systems[0]})
		require.Equal(t, found[0].Cause, turned.Explain()[0].Cause, "%s: the other way round", p.Name)
		for name, systems := range map[string][2]string{
			"the same version":           {c.systems[0], c.systems[0]},
			"a series nobody looked at":  {c.systems[0], "6.9.1"},
			"one that may have it since": {"6.12.50", "6.12.60"},
		} {
			require.Empty(t, causeOf(p, c.found, systems).Explain(), "%s: %s", p.Name, name)
		}
		r.Systems[0] = "gVisor 20260905"
		require.Empty(t, r.Explain(), p.Name)
		for j, other := range shrunk { // another dialogue's cause is not this one's
			if i != j {
				for _, e := range causeOf(set.Probes[j], other.found, c.systems).Explain() {
					require.NotEqual(t, found[0].Cause, e.Cause, "%s taken for %s", set.Probes[j].Name, p.Name)
				}
			}
		}
	}
	require.Len(t, explained, len(causes), "a cause without a dialogue")
}

func TestVersionsSpeakForTheirSeries(t *testing.T) {
	c := &Cause{With: []string{"6.1.192", "7.3-rc7"}, Without: []string{"6.1.176", "6.17.8"}}
	for version, want := range map[string]verdict{
		"6.1.170": no, "6.1.176": no, "6.1.180": unknown, "6.1.192": yes, "6.1.200": yes,
		"6.17.3": no, "6.17.13": unknown, "6.18.1": unknown, "7.3-rc7": yes, "7.3.4": yes, "5.10.1": unknown,
	} {
		require.Equal(t, want, c.in(parseKernel(version)), version)
	}
	for system, want := range map[string]string{
		"Linux 6.12.107 (Debian 6.12.107+deb13-cloud-amd64, QEMU)": "6.12.107", "Linux 7.3-rc7 (Debian)": "7.3-rc7",
		"sim linux-5.15, model 3": "", "Linux": "", "Linux x": "",
	} {
		v, ok := linuxVersion(system)
		require.Equal(t, want, v.text, system)
		require.Equal(t, want != "", ok, system)
	}
}
