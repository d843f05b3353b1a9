package experiments

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// kept is a result.json as other experiments read it: rows by column, whatever
// their type.
type kept struct {
	Schema     int               `json:"schema"`
	Experiment string            `json:"experiment"`
	Config     map[string]string `json:"config"`
	Provenance Provenance        `json:"provenance"`
	Rows       []map[string]any  `json:"rows"`
	Warnings   []Warning         `json:"warnings"`
}

// readKept reads the result of the named experiment below dir. The error wraps
// fs.ErrNotExist where there is none.
func readKept(dir, experiment string) (*kept, error) {
	path := filepath.Join(dir, experiment, "result.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, fmt.Errorf("%s: want a result: %w", path, err)
	}
	if k.Schema != Schema || k.Experiment != experiment {
		return nil, fmt.Errorf("%s: schema %d of experiment %q: want schema %d of %q", path, k.Schema, k.Experiment, Schema, experiment)
	}
	return &k, nil
}
