package experiments

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Prediction is one answer of one model about one machine: a row of
// predictions.parquet. Its doc tags are what readers are told of the columns.
type Prediction struct {
	Hierarchy  string    `parquet:"hierarchy,dict,zstd" doc:"of the label that was to be named"`
	Level      int32     `parquet:"level,zstd" doc:"of it, 0 the coarsest"`
	Learner    string    `parquet:"learner,dict,zstd" doc:"its name"`
	Options    string    `parquet:"options,dict,zstd" doc:"those that differ from their default"`
	Fields     string    `parquet:"fields,dict,zstd" doc:"the field set that it read"`
	Split      string    `parquet:"split,dict,zstd" doc:"how folds were cut"`
	Filter     string    `parquet:"filter,dict,zstd" doc:"rows that the policies of loss and nondeterminism looked at: all, or train"`
	Repeat     int32     `parquet:"repeat,zstd" doc:"of the cross-validation, from 0; of random sets of unknown classes, the set"`
	Fold       int32     `parquet:"fold,zstd" doc:"in which the machine was tested, from 0; splits.csv has the machines trained on"`
	Machine    string    `parquet:"machine,dict,zstd" doc:"the row tested"`
	Group      string    `parquet:"group,dict,zstd" doc:"rows that grouped folds keep together"`
	Truth      string    `parquet:"truth,dict,zstd" doc:"its label; of several the one that was named, else the first"`
	Predicted  *string   `parquet:"predicted,optional,dict,zstd" doc:"the answer; null where the model named none, which counts as wrong"`
	ClassSeen  bool      `parquet:"class_seen" doc:"whether the true class is in the training fold"`
	Kind       string    `parquet:"kind,dict,zstd" doc:"of the scores: only those called probability sum to one"`
	Confidence *float64  `parquet:"confidence,optional,zstd" doc:"the score of the class predicted; null where there is none"`
	Scores     []float64 `parquet:"scores,list,zstd" doc:"one a class, in the order of the classes in result.json"`
	Rule       string    `parquet:"rule,dict,zstd" doc:"of experiment novelty: how strangeness was measured; else empty"`
	Novelty    *float64  `parquet:"novelty,optional,zstd" doc:"the rule's score, higher is stranger; null elsewhere"`
}

// PredictionColumns says what the columns of predictions.parquet mean.
func PredictionColumns() []Column {
	t := reflect.TypeFor[Prediction]()
	columns := make([]Column, t.NumField())
	for i := range columns {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("parquet"), ",")
		columns[i] = Column{Name: name, Doc: t.Field(i).Tag.Get("doc")}
	}
	return columns
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
