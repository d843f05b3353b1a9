package nmap6

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"tickle/learners"
	"tickle/learners/modelfile"
)

// Bundle is a model with what it takes to enrich it: the vectors that it was
// trained on, as far as they are known, and who added them.
type Bundle struct {
	Model   *Model
	Vectors []KeptVector // nil in a model that was imported
	History []Addition   // oldest first
	// Training says where the model came from, for whoever looks at the file.
	Training modelfile.Training
}

// KeptVector is a vector that a model was trained on.
type KeptVector struct {
	LabelledVector
	Origin   Origin // "" for a vector of a scan
	Addition int    // index into Bundle.History
}

// Addition is one step of a model's making.
type Addition struct {
	Kind   string `json:"kind"` // "import", "train" or "enrich"
	Who    string `json:"who"`
	When   string `json:"when"`   // RFC 3339
	Source string `json:"source"` // file or data set, as named
	SHA256 string `json:"sha256"` // of it, hexadecimal
	Rows   int    `json:"rows"`   // labelled vectors that were added
}

// LearnerName is what model files call models of this package, and also the
// name of the family of probes.
const LearnerName = "nmap6"

// Write writes a bundle as a model file (package modelfile), whose payload is:
//
//	features: a count, and of each its name as a text and two floats, A and B
//	    of its scale
//	classes: a count, and of each its name, its family and its number of
//	    prints as a uint; a count of systems, and of each vendor, family,
//	    generation and device as texts, and a count of CPE names and those
//	C as a float
//	means, variances and weights: of each, class by class a float a feature
//	additions: a count, and of each kind, who, when, source and SHA-256 as
//	    texts and its number of rows as a uint
//	vectors: a count, and of each its id, label and origin as texts, its
//	    addition as an index, a count of values that are not missing, and of
//	    each its place in Features as an index, and a float
//
// The same bundle gives the same bytes.
func (b *Bundle) Write(w io.Writer) error {
	m := b.Model
	var e modelfile.Encoder
	e.Count(len(m.Features))
	for i, name := range m.Features {
		e.Text(name)
		e.Floats([]float64{m.Scale[i].A, m.Scale[i].B})
	}
	e.Count(len(m.Classes))
	for i := range m.Classes {
		encodeClass(&e, &m.Classes[i])
	}
	e.Float(m.C)
	for _, rows := range [][][]float64{m.Mean, m.Variance, m.Weight} {
		for _, row := range rows {
			e.Floats(row)
		}
	}
	e.Count(len(b.History))
	for _, a := range b.History {
		for _, s := range []string{a.Kind, a.Who, a.When, a.Source, a.SHA256} {
			e.Text(s)
		}
		e.Count(a.Rows)
	}
	e.Count(len(b.Vectors))
	for i := range b.Vectors {
		encodeVector(&e, &b.Vectors[i])
	}
	h := modelfile.Header{View: learners.Nmap6View.String(), Role: modelfile.Classifier, Learner: LearnerName,
		Options: map[string]string{"c": strconv.FormatFloat(m.C, 'g', -1, 64)}, Classes: m.ClassLabels(), Scores: learners.Uncalibrated.String(), Training: b.Training}
	return modelfile.Write(w, &h, e.Bytes())
}

func encodeClass(e *modelfile.Encoder, c *Class) {
	e.Text(c.Name)
	e.Text(c.Family)
	e.Count(c.Prints)
	e.Count(len(c.OS))
	for _, o := range c.OS {
		for _, s := range []string{o.Vendor, o.Family, o.Generation, o.Device} {
			e.Text(s)
		}
		e.Count(len(o.CPE))
		for _, cpe := range o.CPE {
			e.Text(cpe)
		}
	}
}

func encodeVector(e *modelfile.Encoder, v *KeptVector) {
	e.Text(v.ID)
	e.Text(v.Label)
	e.Text(string(v.Origin))
	e.Index(v.Addition)
	n := 0
	for _, x := range v.Vector {
		if x != Missing {
			n++
		}
	}
	e.Count(n)
	for i, x := range v.Vector {
		if x != Missing {
			e.Index(i)
			e.Float(x)
		}
	}
}

// OpenBundle reads a bundle from the file at path. Errors name it.
func OpenBundle(path string) (*Bundle, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	bundle, err := ReadBundle(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bundle, nil
}

// ReadBundle reads what Write wrote. It may be given anything: what is no
// model, or one with numbers that make no sense, is an error, and memory is in
// proportion to the bytes.
func ReadBundle(b []byte) (*Bundle, error) {
	f, err := modelfile.Read(b)
	if err != nil {
		return nil, err
	}
	if f.Header.Learner != LearnerName || f.Header.View != learners.Nmap6View.String() {
		return nil, fmt.Errorf("a model of learner %.32q for the view %.32q: want one of %s", f.Header.Learner, f.Header.View, LearnerName)
	}
	bundle := &Bundle{Model: &Model{}, Training: f.Header.Training}
	d := modelfile.NewDecoder(f.Payload)
	decodeModel(d, bundle.Model)
	if d.Err() == nil {
		if err := bundle.Model.check(); err != nil {
			return nil, fmt.Errorf("payload: %w", err)
		}
	}
	decodeVectors(d, bundle)
	return bundle, d.End()
}

func decodeModel(d *modelfile.Decoder, m *Model) {
	n := d.Count("features", 3)
	for range n {
		if d.Err() != nil {
			return
		}
		m.Features = append(m.Features, d.Text("feature"))
		m.Scale = append(m.Scale, Scale{d.Float("scale"), d.Float("scale")})
	}
	classes := d.Count("classes", 4)
	for range classes {
		if d.Err() != nil {
			return
		}
		m.Classes = append(m.Classes, decodeClass(d))
	}
	m.C = d.Float("C")
	for _, rows := range []*[][]float64{&m.Mean, &m.Variance, &m.Weight} {
		for range classes {
			if d.Err() != nil {
				return
			}
			*rows = append(*rows, d.Floats("numbers of a class", n))
		}
	}
}

func decodeClass(d *modelfile.Decoder) Class {
	c := Class{Name: d.Text("class"), Family: d.Text("family"), Prints: d.Number("prints", 0, 1<<30)}
	for range d.Count("systems", 5) {
		if d.Err() != nil {
			return c
		}
		o := OSClass{Vendor: d.Text("vendor"), Family: d.Text("family"), Generation: d.Text("generation"), Device: d.Text("device")}
		for range d.Count("CPE names", 1) {
			if d.Err() != nil {
				return c
			}
			o.CPE = append(o.CPE, d.Text("CPE name"))
		}
		c.OS = append(c.OS, o)
	}
	return c
}

func decodeVectors(d *modelfile.Decoder, b *Bundle) {
	for range d.Count("additions", 6) {
		if d.Err() != nil {
			return
		}
		b.History = append(b.History, Addition{Kind: d.Text("kind"), Who: d.Text("who"), When: d.Text("when"), Source: d.Text("source"),
			SHA256: d.Text("SHA-256"), Rows: d.Number("rows", 0, 1<<30)})
	}
	for range d.Count("vectors", 5) {
		if d.Err() != nil {
			return
		}
		v := KeptVector{LabelledVector: LabelledVector{ID: d.Text("id"), Label: d.Text("label")}, Origin: Origin(d.Text("origin")), Addition: d.Index("addition", len(b.History))}
		for i := range v.Vector {
			v.Vector[i] = Missing
		}
		for range d.Count("values", 2) {
			v.Vector[d.Index("feature", NumFeatures)] = d.Float("value")
		}
		// A vector is far larger than the bytes that it may come from.
		if size := len(b.Vectors) * NumFeatures; size > maxKept {
			d.Fail("more than %d vectors", maxKept/NumFeatures)
			return
		}
		b.Vectors = append(b.Vectors, v)
	}
}

// maxKept bounds the values of all vectors in a file: half a gigabyte.
const maxKept = 1 << 26
