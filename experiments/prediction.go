package experiments

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Prediction is one answer of one model about one machine: a row of
// predictions.parquet.
type Prediction struct {
	Hierarchy  string    `parquet:"hierarchy,dict,zstd"`
	Level      int32     `parquet:"level,zstd"`
	Learner    string    `parquet:"learner,dict,zstd"` // name
	Options    string    `parquet:"options,dict,zstd"` // that differ from their default
	Fields     string    `parquet:"fields,dict,zstd"`
	Split      string    `parquet:"split,dict,zstd"`
	Filter     string    `parquet:"filter,dict,zstd"` // rows that the policies looked at: "all" or "train"
	Repeat     int32     `parquet:"repeat,zstd"`
	Fold       int32     `parquet:"fold,zstd"`
	Machine    string    `parquet:"machine,dict,zstd"`
	Group      string    `parquet:"group,dict,zstd"`
	Truth      string    `parquet:"truth,dict,zstd"`
	Predicted  *string   `parquet:"predicted,optional,dict,zstd"` // null: abstained
	ClassSeen  bool      `parquet:"class_seen"`                   // the true class is in the training fold
	Kind       string    `parquet:"kind,dict,zstd"`               // of the scores
	Confidence *float64  `parquet:"confidence,optional,zstd"`     // the predicted class's score; null: abstained
	Scores     []float64 `parquet:"scores,list,zstd"`             // one a class, in the order of result.json's classes
	Rule       string    `parquet:"rule,dict,zstd"`               // of experiment novelty; else empty
	Novelty    *float64  `parquet:"novelty,optional,zstd"`        // the rule's score, higher is stranger; null elsewhere
}

// predictionRowGroup is how many rows a row group of predictions.parquet has
// at most; it bounds the memory of a reader.
const predictionRowGroup = 1 << 16

func (r *Result) writePredictions(w io.Writer) error {
	pw := parquet.NewGenericWriter[Prediction](w,
		parquet.MaxRowsPerRowGroup(predictionRowGroup),
		parquet.CreatedBy("tickle", "1", ""),
		parquet.Compression(&zstd.Codec{}))
	if _, err := pw.Write(r.Predictions); err != nil {
		return err
	}
	return pw.Close()
}

// ReadPredictions reads a predictions.parquet.
func ReadPredictions(path string) ([]Prediction, error) {
	rows, err := parquet.ReadFile[Prediction](path)
	if err != nil {
		return nil, fmt.Errorf("%s: want predictions: %w", path, err)
	}
	return rows, nil
}

// Role is what a machine is in a fold.
type Role string

// The roles.
const (
	TrainRole Role = "train"
	TestRole  Role = "test"
)

// Assignment says what one machine is in one fold: a row of splits.csv.
type Assignment struct {
	Split     string // as "grouped"
	Hierarchy string // a stratified split depends on the labels; "" when it does not
	Level     int    // meaningless when Hierarchy is ""
	Repeat    int
	Fold      int
	Machine   string
	Role      Role
}

// assignmentHeader is the first line of splits.csv: which folds, then who is
// what in them.
var assignmentHeader = []string{"split", "hierarchy", "level", "repeat", "fold", "machine", "role"}

// WriteAssignments writes a splits.csv.
func WriteAssignments(w io.Writer, rows []Assignment) error {
	cw := csv.NewWriter(w)
	if err := cw.Write(assignmentHeader); err != nil {
		return err
	}
	for _, a := range rows {
		level := ""
		if a.Hierarchy != "" {
			level = strconv.Itoa(a.Level)
		}
		if err := cw.Write([]string{a.Split, a.Hierarchy, level, strconv.Itoa(a.Repeat), strconv.Itoa(a.Fold), a.Machine, string(a.Role)}); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}
