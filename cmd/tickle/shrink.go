package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tickle/collector/pool"
	"tickle/collector/shrink"
	"tickle/collector/supervise"
	"tickle/datasets"
	"tickle/probegen"
)

func (p *program) probesShrink() *cobra.Command {
	var poolName, fields string
	var machines []string
	var id int
	cfg := shrink.Config{Version: version()}
	c := &cobra.Command{
		Use:   "shrink FILE",
		Short: "Shrink a dialogue to the shortest that tells two machines apart",
		Long: `Leaves out steps of a dialogue, and makes those that remain plainer, for as long
as the two machines still answer differently. Says in what they differ, and
writes the dialogue, both ladders side by side, and a pcapng of each into a
folder. What varies on either machine is no difference. Where the sources of the
two machines' Linux kernels are known to say why, it names version and function.`,
		Example: "  tickle probes shrink dialogues.jsonl --id 7 --machines linux-2.6.18-centos5-8.el5,linux-5.15-ubuntu22.04-25 -o shrunk",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := probegen.ReadFile(args[0])
			if err != nil {
				return err
			}
			if id < 0 || id >= len(set.Probes) {
				return fmt.Errorf("--id %d: want 0 to %d", id, len(set.Probes)-1)
			}
			cfg.Probe = set.Probes[id]
			if len(machines) != 2 {
				return fmt.Errorf("--machines: want two names, have %d", len(machines))
			}
			if cfg.Fields, err = datasets.ParseFieldSet(fields); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if cfg.Pool, err = pool.Load(poolName); err != nil {
				return err
			}
			if cfg.Pool, err = cfg.Pool.Select(machines...); err != nil {
				return err
			}
			if cfg.Backends, err = supervise.Backends(cfg.Pool, backends()); err != nil {
				return err
			}
			if err := os.MkdirAll(cfg.Dir, 0o777); err != nil {
				return err
			}
			cfg.Progress = func(round, candidates int, what string) {
				p.say("round %d: %d dialogues, %s", round, candidates, what)
			}
			result, err := shrink.Shrink(c.Context(), cfg)
			if err != nil {
				return err
			}
			if err := result.WriteText(p.stdout); err != nil {
				return err
			}
			paths, err := result.WriteFiles(cfg.Dir)
			for _, path := range paths {
				p.say("%s", path)
			}
			return err
		},
	}
	f := c.Flags()
	f.IntVar(&id, "id", 0, "the dialogue's id, from 0")
	f.StringVar(&poolName, "pool", "demo", "the pool: a built-in name or a YAML `FILE`")
	f.StringSliceVar(&machines, "machines", nil, "`NAME,NAME`: the two machines")
	f.StringVar(&fields, "fields", "vetted", "the fields that may tell them apart: vetted or prone")
	f.Uint64Var(&cfg.Seed, "seed", 1, "the seed")
	f.StringVarP(&cfg.Dir, "output", "o", "", "the `FOLDER` of what was found")
	must(c.MarkFlagRequired("machines"))
	must(c.MarkFlagRequired("output"))
	return c
}
