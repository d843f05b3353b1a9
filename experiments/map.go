package experiments

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/mds"

	"tickle/datasets"
	"tickle/learners/nmap6"
)

// MapRow is a point of the map of classes.
type MapRow struct {
	Method string `json:"method" doc:"pca: principal components; mds: classical scaling of city-block distances; tsne: t-SNE"`
	Label  string `json:"label" doc:"the class, or the vector's id"`
	Family string `json:"family" doc:"label of level 0"`
	Count  int    `json:"count" doc:"vectors that the point is the mean of"`
	X      Number `json:"x" decimals:"4"`
	Y      Number `json:"y" decimals:"4"`
	// Fit is of the whole map and stands in each of its rows.
	Fit     Number `json:"fit" decimals:"3" doc:"how much of the distances is kept: pca, share of variance; mds, share of the positive eigenvalues; tsne, share of each point's five nearest that are its five nearest here"`
	Vectors string `json:"vectors" doc:"scanned: answers of machines; recovered: of a shipped model"`
}

var classMap = Entry{
	Name:    "map",
	Title:   "The classes in two dimensions",
	Summary: "Vectors of IPv6 answers in two dimensions, by principal components, classical scaling and t-SNE, coloured by family as in the talk.",
	Options: []Option{
		vectorLevel,
		{Name: "points", Default: "classes", Doc: "a point a class, the mean of its scaled vectors, or a point a vector", Values: []string{"classes", "vectors"}},
		{Name: "methods", Default: "pca,mds,tsne", Doc: "methods", Values: []string{"pca", "mds", "tsne"}, List: true},
		{Name: "perplexity", Default: "10", Doc: "of t-SNE: about how many neighbours count, at least 2"},
	},
	NeedsVectors: true,
	Rows:         []MapRow{},
	Run:          runMap,
}

// fewestSpots are the points of which a map says anything.
const fewestSpots = 4

// spot is a point before it is placed.
type spot struct {
	row MapRow
	at  []float64 // scaled features
}

func runMap(ctx context.Context, in *Input) (*Result, error) {
	level, err := in.integer("level", 0)
	if err != nil {
		return nil, err
	}
	perplexity, err := in.integer("perplexity", 2)
	if err != nil {
		return nil, err
	}
	spots, warnings, err := in.spots(ctx, level)
	if err != nil {
		return nil, err
	}
	if len(spots) < fewestSpots {
		warnings = append(warnings, Warning{Code: WarnFewClasses, Text: fmt.Sprintf("%d points: a map wants %d at least", len(spots), fewestSpots)})
		return &Result{Rows: []MapRow{}, Warnings: warnings}, nil
	}
	x := mat.NewDense(len(spots), len(spots[0].at), nil)
	for i := range spots {
		x.SetRow(i, spots[i].at)
	}
	rows := []MapRow{}
	for _, method := range in.list("methods") {
		var y *mat.Dense
		var fit float64
		switch method {
		case "pca":
			y, fit, err = principalComponents(x)
		case "mds":
			y, fit, err = classicalScaling(x)
		case "tsne":
			y, err = (&tsne{perplexity: float64(perplexity), seed: in.Seed}).place(ctx, x)
			if err == nil {
				fit = neighboursKept(x, y, 5)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		for i := range spots {
			row := spots[i].row
			row.Method, row.X, row.Y, row.Fit = method, Number(y.At(i, 0)), Number(y.At(i, 1)), Number(fit)
			rows = append(rows, row)
		}
	}
	return &Result{Rows: rows, Warnings: warnings}, nil
}

// spots gives the points: means of classes, for which resampled vectors serve
// too, since their means are the model's own; or vectors, without those.
func (in *Input) spots(ctx context.Context, level int) ([]spot, []Warning, error) {
	all, err := nmap6.FromMatrix(in.Data.Matrix, datasets.Kernel, level)
	if err != nil {
		return nil, nil, err
	}
	// The scale is that of training on all.
	m, err := nmap6.Train(ctx, all, nmap6.TrainOptions{Workers: in.Workers, Epsilon: 1})
	if err != nil {
		return nil, nil, err
	}
	machines := in.Data.Matrix.Machines
	family := func(r int) string { return machines[r].Labels.At(datasets.Kernel, 0) }
	if in.Options["points"] == "vectors" {
		sets, warnings, err := in.vectors(level)
		if err != nil {
			return nil, nil, err
		}
		var spots []spot
		for _, s := range sets {
			for i, r := range s.rows {
				spots = append(spots, spot{MapRow{Label: s.vectors[i].ID, Family: family(r), Count: 1, Vectors: s.source}, m.Scaled(&s.vectors[i].Vector)})
			}
		}
		return spots, warnings, nil
	}
	first := map[string]int{}
	for i := len(all) - 1; i >= 0; i-- {
		first[all[i].Label] = i
	}
	spots := make([]spot, len(m.Classes))
	for c := range m.Classes {
		r := first[m.Classes[c].Name]
		source := scannedRows
		if nmap6.OriginOf(&machines[r]) != "" {
			source = recoveredRows
		}
		spots[c] = spot{MapRow{Label: m.Classes[c].Name, Family: family(r), Count: m.Classes[c].Prints, Vectors: source}, m.Mean[c]}
	}
	return spots, nil, nil
}

// principalComponents projects rows on the two directions in which they vary
// most. Each direction points so that its largest part is positive, for the
// sign is arbitrary.
func principalComponents(x *mat.Dense) (*mat.Dense, float64, error) {
	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return nil, 0, fmt.Errorf("the decomposition failed")
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	vars := pc.VarsTo(nil)
	n, d := x.Dims()
	y := mat.NewDense(n, 2, nil)
	means := make([]float64, d)
	for j := range d {
		means[j] = stat.Mean(mat.Col(nil, j, x), nil)
	}
	for k := range 2 {
		direction := mat.Col(nil, k, &vectors)
		sign := signOfLargest(direction)
		for i := range n {
			sum := 0.0
			for j := range d {
				sum += (x.At(i, j) - means[j]) * direction[j]
			}
			y.Set(i, k, sign*sum)
		}
	}
	total := 0.0
	for _, v := range vars {
		total += v
	}
	return y, (vars[0] + vars[1]) / total, nil
}

func signOfLargest(v []float64) float64 {
	largest := 0.0
	for _, x := range v {
		if math.Abs(x) > math.Abs(largest)+1e-12 {
			largest = x
		}
	}
	return math.Copysign(1, largest)
}

// classicalScaling places rows by Torgerson's method on their city-block
// distances; on Euclidean ones it would be principal components again.
func classicalScaling(x *mat.Dense) (*mat.Dense, float64, error) {
	n, _ := x.Dims()
	d := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i {
			sum := 0.0
			for k, v := range x.RawRowView(i) {
				sum += math.Abs(v - x.At(j, k))
			}
			d.SetSym(i, j, sum)
		}
	}
	var all mat.Dense
	values := make([]float64, n)
	if k, _ := mds.TorgersonScaling(&all, values, d); k < 2 {
		return nil, 0, fmt.Errorf("%d positive eigenvalues: want two", k)
	}
	y := mat.NewDense(n, 2, nil)
	for k := range 2 {
		column := mat.Col(nil, k, &all)
		sign := signOfLargest(column)
		for i, v := range column {
			y.Set(i, k, sign*v)
		}
	}
	positive := 0.0
	for _, v := range values {
		positive += max(v, 0)
	}
	return y, (values[0] + values[1]) / positive, nil
}
