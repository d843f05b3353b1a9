package experiments

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Study is one experiment on every combination of data sets, labels, learners,
// splits and options: what a study file says, as
//
//	experiment: accuracy           # the default
//	seed: 1                        # the default
//	data: [{path: demo/data, run: demo/run}, {path: lab/data}]
//	labels: [kernel, distribution] # the option hierarchies
//	learners: [forest, "ibk:k=1"]  # each alone in its cells
//	splits: [paper, grouped]
//	options: {folds: 10, fields: [prone, vetted]}
//
// Lists are crossed. What is left out has the experiment's default.
type Study struct {
	Experiment string             `yaml:"experiment"`
	Seed       uint64             `yaml:"seed"`
	Data       []StudyData        `yaml:"data"`
	Labels     choices            `yaml:"labels"`
	Learners   choices            `yaml:"learners"`
	Splits     choices            `yaml:"splits"`
	Options    map[string]choices `yaml:"options"`
}

// StudyData names a data set and, for experiments that need it, its run.
type StudyData struct {
	Path string `yaml:"path" json:"path"`
	Run  string `yaml:"run" json:"run,omitempty"`
}

// choices is a list of values; in a file also a single one.
type choices []string

// UnmarshalYAML reads a list of scalars or one.
func (c *choices) UnmarshalYAML(unmarshal func(any) error) error {
	var v any
	if err := unmarshal(&v); err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		switch item.(type) {
		case string, int, int64, uint64, float64, bool:
			*c = append(*c, fmt.Sprint(item))
		default:
			return fmt.Errorf("want a value or a list of values, not %v", item)
		}
	}
	return nil
}

// ReadStudy reads a study file. Relative paths in it are from its own folder.
// An error names the file, and the line where there is one.
func ReadStudy(path string) (*Study, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Study{Experiment: accuracy.Name, Seed: 1}
	if err := yaml.UnmarshalWithOptions(b, s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: want a study: %s", path, oneLine(yaml.FormatError(err, false, false)))
	}
	if len(s.Data) == 0 {
		return nil, fmt.Errorf("%s: data: want one data set at least", path)
	}
	for i := range s.Data {
		d := &s.Data[i]
		if d.Path == "" {
			return nil, fmt.Errorf("%s: data %d: path: want the folder of a data set", path, i+1)
		}
		for _, p := range []*string{&d.Path, &d.Run} {
			if *p != "" && !filepath.IsAbs(*p) {
				*p = filepath.Join(filepath.Dir(path), *p)
			}
		}
	}
	if _, err := s.cells(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// oneLine puts an error of several lines on one.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// StudyCell is one run of the experiment.
type StudyCell struct {
	Experiment string            `json:"experiment"`
	Data       StudyData         `json:"data"`
	DataHash   string            `json:"data_hash"` // SHA-256 of the data set; "" when it cannot be read
	Learners   string            `json:"learners"`
	Options    map[string]string `json:"options"`
	Seed       uint64            `json:"seed"`
}

// Key names the cell's folder: 16 hex digits of the SHA-256 of its definition
// and its data's hash. The data set's path is not in it: a data set that has
// moved is the same.
func (c *StudyCell) Key() string {
	keyed := *c
	keyed.Data.Path = ""
	b, err := json.Marshal(&keyed) // maps in order of their keys
	if err != nil {
		panic(err) // strings and a number
	}
	sum := sha256.Sum256(append(b, byte(Schema)))
	return hex.EncodeToString(sum[:8])
}

// axis is a list of values of an option, or of the learners (name "").
type axis struct {
	name   string
	values []string
}

// cells lists the runs in the order of the file: data sets, labels, learners,
// splits, then options by name. Their DataHash is empty.
func (s *Study) cells() ([]StudyCell, error) {
	e, err := Find(s.Experiment)
	if err != nil {
		return nil, err
	}
	axes := []axis{{"hierarchies", s.Labels}, {"", s.Learners}, {"splits", s.Splits}}
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		if slices.ContainsFunc(axes, func(a axis) bool { return a.name == name && a.values != nil }) {
			return nil, fmt.Errorf("option %s: it is there twice, also as labels or splits", name)
		}
		axes = append(axes, axis{name, s.Options[name]})
	}
	cells := []StudyCell{{Experiment: e.Name, Seed: s.Seed, Options: map[string]string{}}}
	for _, a := range axes {
		cells = a.cross(cells)
	}
	for i := range cells {
		if cells[i].Options, err = e.settings(cells[i].Options); err != nil {
			return nil, err
		}
	}
	var all []StudyCell
	for _, d := range s.Data {
		for _, c := range cells {
			c.Data = d
			if !e.NeedsRun {
				c.Data.Run = ""
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// cross makes of each cell one for every value of the axis, if it has any.
func (a axis) cross(cells []StudyCell) []StudyCell {
	if a.values == nil {
		return cells
	}
	var crossed []StudyCell
	for _, c := range cells {
		for _, v := range a.values {
			one := c
			if a.name == "" {
				one.Learners = v
			} else {
				one.Options = maps.Clone(c.Options)
				one.Options[a.name] = v
			}
			crossed = append(crossed, one)
		}
	}
	return crossed
}
