package main

import (
	"fmt"
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/cwriter"
	"github.com/vbauerster/mpb/v8/decor"
)

// stage shows one long piece of work: a bar with the time left on a
// terminal, nothing in a pipe or with --quiet. Its methods are safe for
// concurrent use.
type stage struct {
	bars *mpb.Progress
	bar  *mpb.Bar
	note *noteText
}

// noteText is a short text behind the bar.
type noteText struct{ text chan string }

// stage starts showing work of the given name.
func (p *program) stage(name string) *stage {
	f, ok := p.stderr.(*os.File)
	if p.quiet || !ok || !cwriter.IsTerminal(int(f.Fd())) {
		return &stage{}
	}
	s := &stage{note: &noteText{text: make(chan string, 1)}}
	last := ""
	note := decor.Any(func(decor.Statistics) string {
		select {
		case last = <-s.note.text:
		default:
		}
		return last
	})
	s.bars = mpb.New(mpb.WithOutput(io.Writer(f)), mpb.WithWidth(40))
	s.bar = s.bars.AddBar(0,
		mpb.PrependDecorators(decor.Name(name, decor.WC{W: 14, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Name("  "), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "done"), decor.Name("  "), note),
	)
	return s
}

// set shows that done of total is done; note, a few words, stands behind.
func (s *stage) set(done, total int64, note string) {
	if s.bar == nil {
		return
	}
	s.bar.SetTotal(total, false)
	s.bar.SetCurrent(done)
	select {
	case s.note.text <- note:
	default:
	}
}

// end stops showing; ok says whether the work was completed.
func (s *stage) end(ok bool) {
	if s.bar == nil {
		return
	}
	if ok {
		s.bar.SetTotal(-1, true)
	} else {
		s.bar.Abort(false)
	}
	s.bars.Wait()
}

// say prints a summary line on stderr unless --quiet.
func (p *program) say(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.stderr, format+"\n", args...)
	}
}
