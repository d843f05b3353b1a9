package shrink

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tickle/collector"
	"tickle/datasets"
	"tickle/probegen"
)

// Words tells a difference: "step 3, answer 1: tcp.ack.rel is 2 from a and 3
// from b".
func (r *Result) Words(d *Difference) string {
	say := func(i int) string {
		v := d.Values[i]
		switch {
		case v == Absent:
			return "absent in what " + r.Machines[i] + " sends"
		case d.Field == datasets.AnswerKind && v == datasets.KindNone.String():
			return "nothing from " + r.Machines[i]
		}
		return fmt.Sprintf("%s from %s", v, r.Machines[i])
	}
	return fmt.Sprintf("step %d, answer %d: %v is %s, and %s", d.Step, d.Answer, d.Field, say(0), say(1))
}

// telling leaves out what follows from an answer that one machine does not
// give at all.
func (r *Result) telling() (told []Difference) {
	var silent Difference
	for _, d := range r.Differences {
		if d.Step == silent.Step && d.Answer == silent.Answer {
			continue
		}
		if none := datasets.KindNone.String(); d.Field == datasets.AnswerKind && (d.Values[0] == none || d.Values[1] == none) {
			silent = d
		}
		told = append(told, d)
	}
	return told
}

// maxWords is how many differences are told; the others follow from them.
const maxWords = 12

// WriteText writes the differences in words, their causes where they are
// known, and both ladders side by side:
// each step, and below it what either machine answered.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "A dialogue of %d tells %s from %s by %d features (%d rounds, %d dialogues with each).\n\n",
		len(r.Probe.Steps), r.Machines[0], r.Machines[1], len(r.Differences), r.Rounds, r.Sent)
	told := r.telling()
	for i := range told[:min(maxWords, len(told))] {
		fmt.Fprintln(&b, r.Words(&told[i]))
	}
	if n := len(told) - maxWords; n > 0 {
		fmt.Fprintf(&b, "… and %d more\n", n)
	}
	for _, e := range r.Explain() {
		fmt.Fprintf(&b, "\nThe cause, by the kernels' sources: %s of Linux %s, which %s runs, and not of %s. There, %s.\n",
			e.Function, e.WithIn, e.Machine, e.WithoutIn, e.Words)
	}
	width := len(r.Machines[0])
	for _, step := range r.Answers[0] {
		for _, line := range step {
			width = max(width, len(line))
		}
	}
	fmt.Fprintf(&b, "\n      %-*s │ %s\n", width, r.Machines[0], r.Machines[1])
	for i, sent := range r.Probe.Ladder() {
		fmt.Fprintf(&b, "%s\n", sent)
		left, right := r.Answers[0][i], r.Answers[1][i]
		for k := range max(len(left), len(right), 1) {
			fmt.Fprintf(&b, "    ← %-*s │ %s\n", width, answerAt(left, k), answerAt(right, k))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func answerAt(lines []string, k int) string {
	switch {
	case k < len(lines):
		return lines[k]
	case k == 0:
		return "(silence)"
	}
	return ""
}

// WriteFiles writes dialogue.jsonl, shrink.txt, and a pcapng of the dialogue's
// first sending to each machine, NAME.pcapng, into the folder of the search,
// and gives their paths.
func (r *Result) WriteFiles(dir string) (paths []string, err error) {
	set := &probegen.Set{Header: probegen.Header{Format: probegen.Format, Family: planName, Version: 1, N: 1}, Probes: []probegen.Probe{r.Probe}}
	path := filepath.Join(dir, "dialogue.jsonl")
	if err := set.WriteFile(path); err != nil {
		return nil, err
	}
	paths = append(paths, path)
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		return nil, err
	}
	path = filepath.Join(dir, "shrink.txt")
	if err := datasets.WriteWhole(nil, path, []byte(text.String())); err != nil {
		return nil, err
	}
	paths = append(paths, path)
	for _, name := range r.Machines {
		path := filepath.Join(dir, filepath.Base(collector.CapturePath(".", planName, name)))
		if err := cutCapture(filepath.Join(dir, "run"), name, path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// cutCapture copies what belongs to the first sending of a run's first probe.
func cutCapture(run, machine, to string) error {
	from := collector.CapturePath(run, planName, machine)
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	packets, err := pcapgo.NewNgReader(in, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	index, err := os.Open(collector.CaptureIndexPath(run, planName, machine))
	if err != nil {
		return err
	}
	defer index.Close()
	rows, err := csv.NewReader(index).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", index.Name(), err)
	}
	out, err := datasets.CreateWhole(nil, to)
	if err != nil {
		return err
	}
	if err := copyPackets(out, packets, rows); err != nil {
		out.Abort()
		return fmt.Errorf("%s: %w", to, err)
	}
	return out.Close()
}

// copyPackets writes the packets whose row of the index, behind its header,
// has probe 0 and repeat 0.
func copyPackets(out io.Writer, packets *pcapgo.NgReader, rows [][]string) error {
	w, err := pcapgo.NewNgWriterInterface(out, pcapgo.NgInterface{LinkType: layers.LinkTypeRaw, TimestampResolution: 9},
		pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "tickle"}})
	if err != nil {
		return err
	}
	for i := 1; ; i++ {
		data, info, err := packets.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return w.Flush()
		}
		if err != nil {
			return err
		}
		if i < len(rows) && rows[i][3] == "0" && rows[i][4] == "0" {
			if err := w.WritePacket(info, data); err != nil {
				return err
			}
		}
	}
}
