package experiments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"tickle/datasets"
	"tickle/learners"
	"tickle/learners/nmap4"
)

// NmapFields is the field set of Nmap's engines: not features of the data set,
// but the fingerprints that the run's own plan of Nmap's probes gave.
const NmapFields datasets.FieldSet = "nmap"

// WarnNoScans says that machines have no fingerprint of Nmap's.
const WarnNoScans = "no-scans"

// nmapOption chooses the learners of nmapLearners.
var nmapOption = Option{Name: "nmap", Default: "nmap4;nmap4:policy=strict",
	Doc: "Nmap, its database made of the training machines, where the run has a plan of the family nmap4: learners with options (policy=best-guess or strict, dialect, widen), or off"}

// nmapLearners gives the learners of nmapOption, bound to the machines of
// in.Data. There are none where the run, or its plan of the family nmap4, is
// missing.
func nmapLearners(ctx context.Context, in *Input) ([]learners.Configured, []Warning, error) {
	spec, database := in.Options[nmapOption.Name], in.Options[databaseOption.Name]
	if spec == "off" || in.Run == "" && database == "" {
		return nil, nil, nil
	}
	list, err := learners.NewRegistry(nmap4.Entry()).Parse(spec)
	if err != nil {
		return nil, nil, fmt.Errorf("option %s: %w", nmapOption.Name, err)
	}
	var rows *nmap4.Rows
	var warnings []Warning
	if database != "" {
		rows, err = databaseRows(in, database)
	} else {
		rows, warnings, err = runRows(ctx, in)
	}
	if err != nil || rows == nil {
		return nil, nil, err
	}
	for i := range list {
		list[i].Learner = list[i].Learner.(*nmap4.Learner).Bind(rows)
	}
	return list, warnings, nil
}

// runRows reads the scans of the run's plan of the family nmap4; nil where it
// has none.
func runRows(ctx context.Context, in *Input) (*nmap4.Rows, []Warning, error) {
	m, err := datasets.ReadManifest(in.Run)
	if err != nil {
		return nil, nil, err
	}
	if !slices.ContainsFunc(m.Plans, func(p datasets.Plan) bool { return p.Probes.Family == "nmap4" }) {
		return nil, nil, nil
	}
	if pool := in.Data.Origin.Pool; pool != "" && m.Pool != pool {
		return nil, nil, fmt.Errorf("%s: pool %q: want %q, the data set's", datasets.ManifestPath(in.Run), m.Pool, pool)
	}
	run, err := nmap4.OpenRun(in.Run)
	if err != nil {
		return nil, nil, err
	}
	scans, warnings, err := scanRows(ctx, in, run)
	if err != nil {
		return nil, nil, err
	}
	return nmap4.NewRows(scans), warnings, nil
}

// scanRows gives the fingerprints of each row of in.Data, one a repeat of the
// plan; none for a machine that the plan did not reach, or that answered
// nothing at all.
func scanRows(ctx context.Context, in *Input, run *nmap4.Run) ([][]*nmap4.Fingerprint, []Warning, error) {
	machines := in.Data.Matrix.Machines
	rows := make([][]*nmap4.Fingerprint, len(machines))
	err := eachMachine(ctx, in, len(machines), func(i int) error {
		scans, err := run.Scans(machines[i].Name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for j := range scans {
			rows[i] = append(rows[i], scans[j].Fingerprint())
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var missing []string
	for i := range rows {
		if len(rows[i]) == 0 {
			missing = append(missing, machines[i].Name)
		}
	}
	if len(missing) == 0 {
		return rows, nil, nil
	}
	return rows, []Warning{{Code: WarnNoScans, Cell: "plan " + run.Plan.Name,
		Text: fmt.Sprintf("%d machines have no scan: Nmap names nothing for them: %s", len(missing), shortList(missing))}}, nil
}

// databaseOption is for data sets that came of nmap-os-db.
var databaseOption = Option{Name: "database", Default: "",
	Doc: "the nmap-os-db that the data set was imported from, for Nmap's own matcher on the same folds, its references being those of the training rows"}

// databaseRows binds the rows of a data set that came of nmap-os-db to its
// references. Another file than was imported is an error.
func databaseRows(in *Input, path string) (*nmap4.Rows, error) {
	t := in.Data.Origin.Table
	if t == nil || t.Format != nmap4.TableFormat {
		return nil, fmt.Errorf("option database: data set %s did not come of %s", in.Data.Origin.Name, nmap4.TableFormat)
	}
	db, hash, err := nmap4.OpenDatabase(path)
	if err != nil {
		return nil, fmt.Errorf("option database: %w", err)
	}
	if hash != t.SHA256 {
		return nil, fmt.Errorf("option database: %s: SHA-256 %s: data set %s came of another %s, %s", path, hash, in.Data.Origin.Name, t.File, t.SHA256)
	}
	return nmap4.RowsOfTable(in.Data.Matrix, db)
}
