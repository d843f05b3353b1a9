package bayes

import (
	"cmp"
	"math"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/attributes"
)

// normals is a numeric column: a normal distribution for each class.
type normals struct {
	cells     []float64
	precision float64 // to which cells are rounded
	mean      []float64
	deviation []float64
}

// Weka's numbers: the precision of a column without two different cells, and
// the least probability of a cell.
const (
	defaultPrecision = 0.01
	leastProbability = 1e-75
)

// fitNormals estimates the numeric columns' distributions from the training
// rows.
func fitNormals(t *learners.Train) ([]normals, error) {
	if err := attributes.CheckNumbers(t.Data); err != nil {
		return nil, err
	}
	var list []normals
	for _, c := range t.Data.Numbers {
		list = append(list, fitNormal(t, &t.Data.Matrix.Numbers[c]))
	}
	return list, nil
}

// fitNormal estimates one column. As in Weka, its precision is the mean step
// between different cells in order, cells are rounded to it, and a deviation
// is at least a sixth of it: the normal distribution's ±3 deviations are one
// step.
func fitNormal(t *learners.Train, column *datasets.NumericColumn) normals {
	classes := len(t.Classes)
	n := normals{cells: column.Cells, precision: precisionOf(t, column), mean: make([]float64, classes), deviation: make([]float64, classes)}
	count, sum, squares := make([]float64, classes), make([]float64, classes), make([]float64, classes)
	for _, r := range t.Rows {
		if v := column.Cells[r]; !math.IsNaN(v) {
			v, c := n.round(v), t.Labels[r]
			count[c]++
			sum[c] += v
			squares[c] += v * v
		}
	}
	for c := range count {
		n.deviation[c] = n.precision / 6
		if count[c] > 0 {
			n.mean[c] = sum[c] / count[c]
			n.deviation[c] = max(n.deviation[c], math.Sqrt(math.Abs(squares[c]-n.mean[c]*sum[c])/count[c]))
		}
	}
	return n
}

func precisionOf(t *learners.Train, column *datasets.NumericColumn) float64 {
	var cells []float64
	for _, r := range t.Rows {
		if v := column.Cells[r]; !math.IsNaN(v) {
			cells = append(cells, v)
		}
	}
	slices.Sort(cells)
	sum, steps := 0.0, 0.0
	for i := 1; i < len(cells); i++ {
		if cells[i] != cells[i-1] {
			sum += cells[i] - cells[i-1]
			steps++
		}
	}
	if steps == 0 {
		return defaultPrecision
	}
	return sum / steps
}

func (n *normals) round(v float64) float64 {
	return math.RoundToEven(v/n.precision) * n.precision
}

// scoreAll adds a column to the scores of rows, rows × classes. What the classes
// say of a cell is computed once for all rows that have it.
func (n *normals) scoreAll(rows []int32, scores []float64) {
	classes := len(n.mean)
	order := make([]int, 0, len(rows))
	for k, r := range rows {
		if !math.IsNaN(n.cells[r]) {
			order = append(order, k)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(n.cells[rows[a]], n.cells[rows[b]]) })
	logs := make([]float64, classes)
	for i, k := range order {
		if cell := n.cells[rows[k]]; i == 0 || cell != n.cells[rows[order[i-1]]] {
			n.score(cell, logs)
		}
		for c, v := range logs {
			scores[k*classes+c] += v
		}
	}
}

// score gives for each class the logarithm of the probability of the step in which
// a cell lies.
func (n *normals) score(v float64, logs []float64) {
	v = n.round(v)
	for c := range logs {
		low := (v - n.mean[c] - n.precision/2) / n.deviation[c]
		high := (v - n.mean[c] + n.precision/2) / n.deviation[c]
		logs[c] = math.Log(max(leastProbability, below(high)-below(low)))
	}
}

// below is the standard normal distribution function.
func below(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
