package experiments

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/goccy/go-yaml"

	"tickle/experiments/stats"
)

// StatementRow is one statement of the paper and what became of it.
type StatementRow struct {
	ID        string `json:"id" extra:"yes"`
	Statement string `json:"statement"`
	Verdict   string `json:"verdict" doc:"of real machines: holds, does not hold, cannot tell; of a pool with models: reproduced by the model, not reproduced by the model, cannot tell"`
	Estimate  Number `json:"estimate" decimals:"1" doc:"in the unit"`
	Low       Number `json:"low" decimals:"1" doc:"95 % interval over groups of a statement that is tested, as in compare; else the least that the rows allow"`
	High      Number `json:"high" decimals:"1"`
	Margin    Number `json:"margin" decimals:"1" doc:"set beforehand: the statement says that the estimate lies beyond it"`
	Unit      string `json:"unit"`
	P         Number `json:"p" extra:"yes" decimals:"4" doc:"two-sided, of the estimate against the margin: of paired answers sign flips by group where the margin is 0, else Tango's score test by group; of others from the interval that the result gives; n/a for what is not tested but counted"`
	Holm      Number `json:"p_holm" decimals:"4" doc:"adjusted over all statements that are tested"`
	Why       string `json:"why" doc:"what the verdict rests on"`
	Paper     string `json:"paper" doc:"what the paper gives; empty where it gives no number"`
	Quantity  string `json:"quantity" extra:"yes"`
	Pool      string `json:"may_answer" extra:"yes" doc:"which machines may answer: any, or real ones only"`
	Source    string `json:"source" extra:"yes" doc:"the experiment whose result was asked"`
	N         int    `json:"n" extra:"yes" doc:"machines"`
	Groups    int    `json:"groups" extra:"yes"`
}

// The verdicts.
const (
	Holds         = "holds"
	DoesNotHold   = "does not hold"
	Reproduced    = "reproduced by the model"
	NotReproduced = "not reproduced by the model"
	CannotTell    = "cannot tell"
)

var statements = Entry{
	Name:          "statements",
	Title:         "Does the paper hold?",
	Summary:       "What the paper says, each statement fixed beforehand with its margin, and what the other experiments' results say to it.",
	NeedsMachines: true,
	Options:       []Option{{Name: "resamples", Default: "2000", Doc: "bootstrap resamples of the intervals"}},
	Rows:          []StatementRow{},
	Run:           runStatements,
}

//go:embed statements.yaml
var statementsText []byte

// statement is one as statements.yaml has it.
type statement struct {
	ID       string           `yaml:"id"`
	Text     string           `yaml:"text"`
	Paper    string           `yaml:"paper"`
	Pool     string           `yaml:"pool"`
	Quantity string           `yaml:"quantity"`
	Margin   float64          `yaml:"margin"` // in the unit
	Paired   *pairedStatement `yaml:"paired"`
	Rows     *rowsStatement   `yaml:"rows"`
}

// readStatements reads statements.yaml and checks what it can.
func readStatements(text []byte) ([]statement, error) {
	var file struct {
		Statements []statement `yaml:"statements"`
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("statements.yaml: %s", oneLine(yaml.FormatError(err, false, false)))
	}
	seen := make(map[string]bool)
	for _, s := range file.Statements {
		switch {
		case s.ID == "" || seen[s.ID]:
			return nil, fmt.Errorf("statements.yaml: id %q: want one that no other has", s.ID)
		case s.Text == "" || s.Quantity == "":
			return nil, fmt.Errorf("statements.yaml: %s: want a text and a quantity", s.ID)
		case s.Pool != "any" && s.Pool != "real":
			return nil, fmt.Errorf("statements.yaml: %s: pool %q: want any or real", s.ID, s.Pool)
		case s.Paired != nil && s.Margin != 0 && !s.Paired.isDifference():
			return nil, fmt.Errorf("statements.yaml: %s: margin %g: want two terms of signs 1 and -1", s.ID, s.Margin)
		case (s.Paired == nil) == (s.Rows == nil):
			return nil, fmt.Errorf("statements.yaml: %s: want either paired or rows", s.ID)
		}
		seen[s.ID] = true
	}
	return file.Statements, nil
}

// finding is what a statement's evidence says.
type finding struct {
	estimate, low, high float64
	p                   float64 // NaN: not tested
	beyond              bool    // the estimate is on the side of the margin that the statement says
	certain             bool    // not tested: low and high are on the same side
	unit                string
	n, groups           int
}

// noEvidence is the reason why a statement cannot be told.
type noEvidence struct{ reason string }

func (e noEvidence) Error() string { return e.reason }

func runStatements(ctx context.Context, in *Input) (*Result, error) {
	if in.Results == "" {
		return nil, errors.New("looks at the results of other experiments: want the folder in which they lie")
	}
	resamples, err := in.integer("resamples", 1)
	if err != nil {
		return nil, err
	}
	list, err := readStatements(statementsText)
	if err != nil {
		return nil, err
	}
	j := &judge{in: in, resamples: resamples, predictions: make(map[string][]Prediction), lacks: make(map[string]bool)}
	rows := make([]StatementRow, len(list))
	found := make([]*finding, len(list))
	modelled := make([]bool, len(list))
	p := make([]float64, len(list))
	for i := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows[i], found[i], modelled[i], err = j.examine(&list[i])
		if err != nil {
			return nil, err
		}
		p[i] = float64(rows[i].P)
	}
	adjusted := stats.Holm(p)
	for i := range rows {
		rows[i].Holm = Number(adjusted[i])
		if found[i] != nil {
			rows[i].Verdict, rows[i].Why = verdict(found[i], adjusted[i], modelled[i])
		}
	}
	return &Result{Rows: rows, Warnings: j.warnings()}, nil
}

// WarnNoResult says that experiments were not run whose results were asked.
const WarnNoResult = "no-result"

func (j *judge) warnings() []Warning {
	if len(j.lacks) == 0 {
		return nil
	}
	return []Warning{{Code: WarnNoResult, Text: fmt.Sprintf("%s has no result of %s: run what is wanted first, with the same -o", j.in.Results, strings.Join(sortedKeys(j.lacks), ", "))}}
}

// judge reads the results that statements rest on.
type judge struct {
	in          *Input
	resamples   int
	predictions map[string][]Prediction
	lacks       map[string]bool // experiments without a result
}

// examine finds what the results say to a statement. Without a finding the row
// says why there is none.
func (j *judge) examine(s *statement) (row StatementRow, f *finding, modelled bool, err error) {
	row = StatementRow{
		ID: s.ID, Statement: s.Text, Verdict: CannotTell, Estimate: NA, Low: NA, High: NA, Margin: Number(s.Margin), P: NA, Holm: NA,
		Paper: s.Paper, Quantity: s.Quantity, Pool: s.Pool,
	}
	if s.Paired != nil {
		row.Source, row.Unit = s.Paired.Experiment, "points"
	} else {
		row.Source, row.Unit = s.Rows.Experiment, s.Rows.Unit
	}
	k, err := readKept(j.in.Results, row.Source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		row.Why = fmt.Sprintf("no result of the experiment %s", row.Source)
		j.lacks[row.Source] = true
		return row, nil, false, nil
	case err != nil:
		return row, nil, false, err
	case k.Provenance.DataHash != j.in.Data.Origin.Hash:
		row.Why = fmt.Sprintf("the result of %s is of another data set", row.Source)
		return row, nil, false, nil
	case s.Pool == "real" && k.Provenance.Modelled > 0:
		row.Why = fmt.Sprintf("only real machines may answer: %d of %d are models", k.Provenance.Modelled, k.Provenance.Machines)
		return row, nil, false, nil
	}
	if s.Paired != nil {
		f, err = j.paired(s)
	} else {
		f, err = s.Rows.find(s, k)
	}
	var none noEvidence
	if errors.As(err, &none) {
		row.Why = none.reason
		return row, nil, false, nil
	}
	if err != nil {
		return row, nil, false, err
	}
	row.Estimate, row.Low, row.High, row.P = Number(f.estimate), Number(f.low), Number(f.high), Number(f.p)
	row.N, row.Groups = k.Provenance.Machines, k.Provenance.Groups
	if f.n > 0 {
		row.N, row.Groups = f.n, f.groups
	}
	return row, f, k.Provenance.Modelled > 0, nil
}

// verdict turns a finding into words, given its p adjusted for all statements.
func verdict(f *finding, p float64, modelled bool) (verdict, why string) {
	tested := !math.IsNaN(f.p)
	switch {
	case tested && p >= alpha:
		return CannotTell, fmt.Sprintf("p %s after Holm: %d machines in %d groups do not settle it", pText(p), f.n, f.groups)
	case !tested && !f.certain:
		return CannotTell, "the low and the high value do not lie on the same side of the margin"
	}
	why = "counted on this pool, not tested"
	if tested {
		why = fmt.Sprintf("p %s after Holm", pText(p))
	}
	switch {
	case f.beyond && modelled:
		return Reproduced, why
	case f.beyond:
		return Holds, why
	case modelled:
		return NotReproduced, why
	}
	return DoesNotHold, why
}

func pText(p float64) string {
	switch {
	case p < 0.0001:
		return "< 0.0001"
	case p > 0.9999:
		return "= 1"
	}
	return "= " + Number(p).Format(4)
}
