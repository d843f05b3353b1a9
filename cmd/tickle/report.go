package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"tickle/experiments"
	"tickle/reports"
)

func (p *program) report() *cobra.Command {
	var formats []string
	width := "page"
	c := &cobra.Command{
		Use:   "report FOLDER",
		Short: "Draw the tables and figures of results again, and put them on one page",
		Long: `Reads the results that lie in folders of their own below FOLDER, draws their
tables and figures beside them, and writes FOLDER/index.html, one self-contained
page that shows them all.`,
		Example: "  tickle report out/demo --format svg,pdf --width column",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o := reports.Options{Width: reports.Page}
			switch width {
			case "page":
			case "column":
				o.Width = reports.Column
			default:
				return fmt.Errorf("--width %q: want page or column", width)
			}
			for _, f := range formats {
				o.Formats = append(o.Formats, reports.Format(f))
			}
			return redraw(args[0], o)
		},
	}
	c.Flags().StringSliceVar(&formats, "format", nil, "figures' formats: svg, png, pdf (default: all)")
	c.Flags().StringVar(&width, "width", width, "figures' width: page (7.16 in) or column (3.5 in)")
	return c
}

// redraw draws what follows from the results below dir.
func redraw(dir string, o reports.Options) error {
	for _, e := range experiments.All() {
		folder := filepath.Join(dir, e.Name)
		r, err := experiments.ReadResult(filepath.Join(folder, "result.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := reports.Write(folder, r, o); err != nil {
			return err
		}
	}
	return reports.WriteIndex(dir)
}
