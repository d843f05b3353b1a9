package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tickle/collector/attach"
	"tickle/collector/pool"
)

func (p *program) poolAttach() *cobra.Command {
	var poolName, namespace string
	var seed uint64
	c := &cobra.Command{
		Use:   "attach MACHINE",
		Short: "Put a machine on a tap in a new network namespace, for other programs",
		Long: `Starts a machine and puts its link on a tap in a new network namespace, until
interrupted, so that Nmap, tcpdump or Wireshark reach it at 192.0.2.1 and, where
it has IPv6, 2001:db8::1. It needs root on Linux. In another terminal:

  ip netns exec lab nmap -O 192.0.2.1`,
		Example: "  tickle pool attach gvisor-01 --pool demo --netns lab",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			pl, err := pool.Load(poolName)
			if err != nil {
				return err
			}
			m, err := findMachine(pl, args[0])
			if err != nil {
				return err
			}
			b := backends()[m.Backend]
			if b == nil {
				return fmt.Errorf("machine %s: no backend %q in this program", m.Name, m.Backend)
			}
			if err := b.Check(m); err != nil {
				return fmt.Errorf("machine %s: %w", m.Name, err)
			}
			link, err := b.Open(c.Context(), m, attach.Default.Net(), seed)
			if err != nil {
				return err
			}
			defer func() {
				if cerr := link.Close(); err == nil {
					err = cerr
				}
			}()
			if link, err = pool.Wrap(link, m.Factors, seed); err != nil {
				return err
			}
			return attach.Run(c.Context(), link, namespace, func() {
				p.say("%s: %s at %s in namespace %s; interrupt to end", m.Name, b.Stack(m), attach.Default.Machine, namespace)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&poolName, "pool", "demo", "the pool: a built-in name or a YAML `FILE`")
	f.StringVar(&namespace, "netns", "tickle", "the namespace's `NAME`")
	f.Uint64Var(&seed, "seed", 1, "the seed of a machine inside the process")
	return c
}

// findMachine gives the machine of that very name.
func findMachine(p *pool.Pool, name string) (*pool.Machine, error) {
	for i := range p.Machines {
		if p.Machines[i].Name == name {
			return &p.Machines[i], nil
		}
	}
	return nil, fmt.Errorf("pool %s: no machine %q; see tickle pool list", p.Name, name)
}
