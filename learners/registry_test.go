package learners

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// options is a learner that keeps what it was made with.
type options struct{ Options }

func (options) Fit(context.Context, *Train) (Model, error) { return nil, errors.New("not for fitting") }

func testRegistry() *Registry {
	make := func(o Options) (Learner, error) { return options{o}, nil }
	return NewRegistry(
		Entry{Name: "forest", View: MatrixView, New: make, Options: []Option{
			{Name: "trees", Type: IntOption, Default: "100"},
			{Name: "like", Type: ChoiceOption, Default: "weka", Values: []string{"weka", "sklearn"}},
			{Name: "share", Type: FloatOption, Default: "0.50"},
			{Name: "replace", Type: BoolOption, Default: "true"},
		}},
		Entry{Name: "ibk", View: MatrixView, Options: []Option{{Name: "k", Type: IntOption, Default: "3"}}, New: func(o Options) (Learner, error) {
			if o.Int("k") < 1 {
				return nil, errors.New("option k: want at least 1")
			}
			return options{o}, nil
		}},
		Entry{Name: "logistic", View: VectorView, New: make},
	)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string // labels
	}{
		{"forest", []string{"forest"}},
		{"forest,ibk", []string{"forest", "ibk"}},
		{"ibk;forest", []string{"ibk", "forest"}},
		{"forest:trees=300,like=sklearn;ibk:k=1", []string{"forest:trees=300,like=sklearn", "ibk:k=1"}},
		{"logistic,forest:trees=300,like=sklearn;ibk", []string{"logistic", "forest:trees=300,like=sklearn", "ibk"}},
		{" forest : like = sklearn , trees = 300 ; ibk ", []string{"forest:trees=300,like=sklearn", "ibk"}},
		{"forest:trees=100,like=weka,share=0.5,replace=true", []string{"forest"}},
		{"forest:share=5e-1,trees=0100,replace=false", []string{"forest:replace=false"}},
		{"ibk:k=+1;ibk:k=2", []string{"ibk:k=1", "ibk:k=2"}},
	} {
		list, err := testRegistry().Parse(c.spec)
		require.NoError(t, err, c.spec)
		var got []string
		for _, l := range list {
			got = append(got, l.Label)
			require.NotNil(t, l.Learner)
			name, opts, _ := strings.Cut(l.Label, ":")
			require.Equal(t, l.Name, name)
			require.Equal(t, l.Options, opts)
		}
		require.Equal(t, c.want, got, c.spec)
	}
}

func TestParseErrors(t *testing.T) {
	for spec, want := range map[string]string{
		"forst":                   `learner "forst": no such learner; the nearest is "forest"`,
		"":                        `learner "": no such learner; the nearest is "ibk"`,
		"forest,":                 `learner "": no such learner; the nearest is "ibk"`,
		"forest,logistik":         `learner "logistik": no such learner; the nearest is "logistic"`,
		"forest:":                 `learner "forest:": want options as name=value after ':'`,
		"forest:tree=3":           `learner forest: option "tree": no such option; the nearest is "trees"`,
		"logistic:k=3":            `learner logistic: option "k": there is no option at all`,
		"forest:trees=3,ibk":      `learner forest: option "ibk": want name=value (learners after one with options are separated by ';')`,
		"forest:trees=3,trees=4":  `learner forest: option trees is given twice`,
		"forest:trees=many":       `learner forest: option trees=many: want a whole number from -2147483648 to 2147483647`,
		"forest:trees=3000000000": `learner forest: option trees=3000000000: want a whole number from -2147483648 to 2147483647`,
		"forest:share=NaN":        `learner forest: option share=NaN: want a number`,
		"forest:share=1e999":      `learner forest: option share=1e999: want a number`,
		"forest:replace=yes":      `learner forest: option replace=yes: want true or false`,
		"forest:like=skleanr":     `learner forest: option like=skleanr: no such value; the nearest is "sklearn"`,
		"ibk:k=0":                 `learner ibk: option k: want at least 1`,
		"ibk:k=3;forest,ibk":      `learners "ibk:k=3;forest,ibk": ibk is there twice`,
	} {
		_, err := testRegistry().Parse(spec)
		require.EqualError(t, err, want, spec)
	}
}

func TestOptions(t *testing.T) {
	list, err := testRegistry().Parse("forest:trees=7,share=.25")
	require.NoError(t, err)
	o := list[0].Learner.(options)
	require.Equal(t, 7, o.Int("trees"))
	require.Equal(t, .25, o.Float("share"))
	require.Equal(t, "weka", o.Text("like"))
	require.True(t, o.Bool("replace"))
	require.Panics(t, func() { o.Int("tree") })
	require.Panics(t, func() { o.Int("like") })
	require.Panics(t, func() { o.Float("like") })
}

func TestNewRegistryPanics(t *testing.T) {
	good := Entry{Name: "x", View: MatrixView, New: func(Options) (Learner, error) { return options{}, nil }}
	require.NotPanics(t, func() { NewRegistry(good) })
	for name, change := range map[string]func(*Entry){
		"no name":                func(e *Entry) { e.Name = "" },
		"a name that splits":     func(e *Entry) { e.Name = "x;y" },
		"no view":                func(e *Entry) { e.View = 0 },
		"no maker":               func(e *Entry) { e.New = nil },
		"a default of no type":   func(e *Entry) { e.Options = []Option{{Name: "a", Default: "1"}} },
		"a default not a choice": func(e *Entry) { e.Options = []Option{{Name: "a", Type: ChoiceOption, Default: "1"}} },
	} {
		e := good
		change(&e)
		require.Panics(t, func() { NewRegistry(e) }, name)
	}
	require.Panics(t, func() { NewRegistry(good, good) })
}

// FuzzParse: what Parse gives as labels, joined, parses to the same labels;
// an error is one line.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"forest", "forest,ibk:k=1", "forest:trees=300,like=sklearn;ibk:k=1", "ibk:k", ";:,=", "forest:share=1e3"} {
		f.Add(s)
	}
	r := testRegistry()
	f.Fuzz(func(t *testing.T, spec string) {
		list, err := r.Parse(spec)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error of more than a line: %q", err)
			}
			return
		}
		var labels []string
		for _, c := range list {
			labels = append(labels, c.Label)
		}
		again, err := r.Parse(strings.Join(labels, ";"))
		if err != nil || len(again) != len(list) {
			t.Fatalf("%q: %q: %v", spec, labels, err)
		}
		for i := range again {
			if again[i].Label != labels[i] {
				t.Fatalf("%q: %q became %q", spec, labels[i], again[i].Label)
			}
		}
	})
}
