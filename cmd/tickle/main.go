// Tickle generates probes, sends them to machines whose operating system is
// known, trains classifiers on the answers, and measures how far those can be
// trusted. See the README for a tour, and tickle COMMAND --help.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"tickle/collector/live"
	"tickle/collector/pool"
	"tickle/collector/relay"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	separate, keep = live.Separate, relay.Keep
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err := live.Join(); err != nil {
		fmt.Fprintf(os.Stderr, "tickle: the starter of machines: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

// separate gives up the privileges of this process but for what starts
// machines, keep sees to it that a stack in a namespace can be started all the
// same. Tests that run commands in their own process keep theirs.
var (
	separate = func([]pool.Machine) error { return nil }
	keep     = func() error { return nil }
)

// run is the whole program: it runs the command that args name and returns
// the exit code. An error is one line on stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := &program{stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if cerr := p.stopProfiles(); err == nil {
		err = cerr
	}
	if err != nil {
		fmt.Fprintf(stderr, "tickle: %v\n", err)
		return 1
	}
	return 0
}
