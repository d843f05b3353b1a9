package experiments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tickle/datasets"
)

// narrow fits the settings of an experiment to an imported table: nothing is
// known of what its columns depend on, so there is one field set, and where it
// brought labels of its own there is one hierarchy, with the levels that it
// has. An option given that asks for more is an error.
func (d *Data) narrow(e *Entry, given, settings map[string]string) error {
	table := d.Origin.Table
	if table == nil {
		return nil
	}
	if e.NeedsMachines {
		return fmt.Errorf("looks at probes, fields or hierarchies of machines: data set %s is an imported table, which has none", d.Origin.Name)
	}
	only := map[string]string{"fields": string(datasets.Prone)}
	if table.Labels != nil {
		only["hierarchies"] = datasets.Given.String()
	}
	for _, name := range sortedKeys(only) {
		if _, has := settings[name]; !has {
			continue
		}
		if v, asked := given[name]; asked && v != only[name] {
			return fmt.Errorf("option %s=%s: data set %s is an imported table and has %s alone: leave the option out", name, v, d.Origin.Name, only[name])
		}
		settings[name] = only[name]
	}
	return d.narrowLevels(given, settings)
}

// narrowLevels leaves the levels that the data has; of a default that has none
// of them, the finest.
func (d *Data) narrowLevels(given, settings map[string]string) error {
	levels, has := settings["levels"]
	if !has {
		return nil
	}
	there := func(level string) bool {
		n, err := strconv.Atoi(level)
		return err == nil && n < d.Origin.levels()
	}
	list := strings.Split(levels, ",")
	kept := slices.DeleteFunc(slices.Clone(list), func(l string) bool { return !there(l) })
	if _, asked := given["levels"]; asked && len(kept) < len(list) {
		return fmt.Errorf("option levels=%s: data set %s has levels 0 to %d", levels, d.Origin.Name, d.Origin.levels()-1)
	}
	if len(kept) == 0 {
		kept = []string{strconv.Itoa(d.Origin.levels() - 1)}
	}
	settings["levels"] = strings.Join(kept, ",")
	return nil
}
