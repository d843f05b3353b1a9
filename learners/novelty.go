package learners

import "context"

// Detector makes measures of novelty: how unlike the training rows a row is,
// whatever class it may have. Fit with the same training data and seed makes
// the same measure whatever Workers is.
type Detector interface {
	Fit(ctx context.Context, t *Train) (Novelty, error)
}

// Novelty is what a detector produces. It is safe for concurrent use.
type Novelty interface {
	// Score says how strange a row of the matrix is that the detector was
	// fitted on; higher is stranger. Its scale is the detector's own. It is
	// never NaN, but may be infinite.
	Score(row int32) float64
}
