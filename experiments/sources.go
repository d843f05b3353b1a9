package experiments

import (
	"context"

	"tickle/datasets"
)

// SourceRow says what the value of one field depends on. A source is "×"
// where it is likely to change the value, "·" where it could but is not met
// to, and empty where it cannot.
type SourceRow struct {
	Field       string `json:"field"`
	OS          string `json:"os" doc:"the operating system's own code"`
	Config      string `json:"config" doc:"settings of the operating system"`
	Application string `json:"application"`
	Hardware    string `json:"hardware" doc:"memory, interfaces"`
	Network     string `json:"network" doc:"hops, middleboxes"`
	State       string `json:"state" doc:"what happened on the machine before"`
	Random      string `json:"random"`
	Set         string `json:"set" doc:"vetted: no source but os is likely, and no raw checksum; prone: all others"`
	Paper       string `json:"paper_field" doc:"yes where the paper's Figure 8 names the field; the cells of its Table 2 are lost"`
	Columns     int    `json:"columns" doc:"of the data set: probes in which the field is a feature"`
	Constant    int    `json:"constant" doc:"columns with one value on every machine that has one"`
	Reason      string `json:"reason" extra:"yes" doc:"the standard or the code behind the marks"`
}

// The marks of influences, the paper's.
const (
	LikelyMark = "×"
	BarelyMark = "·"
)

// WarnOwnSources says that the marks are not the catalogue's.
const WarnOwnSources = "own-sources"

var sources = Entry{
	Name:          "sources",
	Title:         "Sources of variation",
	PaperFigure:   "Table 2",
	Summary:       "What the value of each field depends on, as far as standards and code say.",
	NeedsMachines: true,
	Rows:          []SourceRow{},
	Run:           runSources,
}

func runSources(_ context.Context, in *Input) (*Result, error) {
	m, table, vetted := in.Data.Matrix, in.Data.SourcesOf(), in.Data.VettedFields()
	var columns, constant [datasets.NumAllFields]int
	if m.Names == nil {
		for c, column := range m.Columns {
			columns[column.Field]++
			if m.Parts[m.Part[c]].Distinct <= 1 {
				constant[column.Field]++
			}
		}
	}
	fields := m.Layout().Fields()
	result, rows := &Result{}, make([]SourceRow, len(fields))
	var changed []string
	for i, f := range fields {
		field := &datasets.Catalogue[f]
		var mark [datasets.NumSources]string
		for s, influence := range table[f] {
			mark[s] = markOf(influence)
		}
		rows[i] = SourceRow{
			Field: field.Name, OS: mark[datasets.SourceOS], Config: mark[datasets.SourceConfig], Application: mark[datasets.SourceApplication],
			Hardware: mark[datasets.SourceHardware], Network: mark[datasets.SourceNetwork], State: mark[datasets.SourceState], Random: mark[datasets.SourceRandom],
			Set: string(datasets.Prone), Paper: "no", Columns: columns[f], Constant: constant[f], Reason: field.Reason,
		}
		if vetted[f] {
			rows[i].Set = string(datasets.Vetted)
		}
		if field.Paper {
			rows[i].Paper = "yes"
		}
		if table[f] != field.Sources {
			changed = append(changed, field.Name)
			rows[i].Reason = "Given with the data set. The catalogue differs: " + field.Reason
		}
	}
	if len(changed) > 0 {
		result.Warnings = append(result.Warnings, Warning{Code: WarnOwnSources, Text: "sources given with the data set differ from the catalogue's: " + shortList(changed)})
	}
	result.Rows = rows
	return result, nil
}

func markOf(in datasets.Influence) string {
	switch in {
	case datasets.Likely:
		return LikelyMark
	case datasets.BarelyPossible:
		return BarelyMark
	}
	return ""
}
