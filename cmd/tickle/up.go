package main

import (
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"tickle/collector/pool"
	"tickle/collector/supervise"
)

// supervised is the addressing of machines that outlive a collection: any
// prober block of any run lies within it.
var supervised = pool.Net{Machine: netip.MustParseAddr("192.0.2.1"), Prober: netip.MustParsePrefix("198.18.0.0/15")}

func (p *program) poolUp() *cobra.Command {
	var detach bool
	o := supervise.Options{Net: supervised}
	c := &cobra.Command{
		Use:   "up POOL",
		Short: "Start a pool's machines and keep them running for collections",
		Long: `Starts the machines of a pool that are not part of this process (kernels, other
programs, namespaces) and keeps them running until interrupted or "pool down".
A collection from the same pool file uses them meanwhile instead of starting its
own.`,
		Example: "  tickle pool up lab --detach",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pl, err := pool.Load(args[0])
			if err != nil {
				return err
			}
			if detach {
				s, err := supervise.Detach(c.Context(), pl, []string{"pool", "up", args[0], "--starts", fmt.Sprint(o.Starts)})
				if err != nil {
					return err
				}
				p.say("%s: %d machines up, by process %d", args[0], len(s.Machines), s.Owner.PID)
				return nil
			}
			o.Backends, o.Log = backends(), p.say
			o.Ready = func(s *supervise.State) {
				p.say("%s: %d machines up; interrupt, or tickle pool down %s, to end", args[0], len(s.Machines), args[0])
			}
			return supervise.Run(c.Context(), pl, o)
		},
	}
	f := c.Flags()
	f.BoolVar(&detach, "detach", false, "leave the machines to a process of their own and return once they are up")
	f.IntVar(&o.Starts, "starts", supervise.DefaultStarts, "machines started at a time")
	return c
}

func (p *program) poolDown() *cobra.Command {
	return &cobra.Command{
		Use:     "down POOL",
		Short:   "Stop the machines that pool up keeps running",
		Example: "  tickle pool down lab",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pl, err := pool.Load(args[0])
			if err != nil {
				return err
			}
			return supervise.Stop(c.Context(), pl)
		},
	}
}
