package experiments_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
	"tickle/experiments"
	"tickle/learners"
)

// tableOf is what a splitter sees of d at kernel level 2. Factor "memory" is
// the clone's number.
func tableOf(d *experiments.Data) *experiments.Table {
	t := &experiments.Table{Rows: d.Matrix.Rows(), Hierarchy: datasets.Kernel, Level: 2}
	groups, labels := make(map[string]int32), make(map[string]int32)
	for i := range d.Matrix.Machines {
		m := &d.Matrix.Machines[i]
		if _, ok := groups[m.Group]; !ok {
			groups[m.Group] = int32(len(groups))
		}
		if _, ok := labels[m.Labels.Kernel[2]]; !ok {
			labels[m.Labels.Kernel[2]] = int32(len(labels))
		}
		m.Factors = map[string]string{"memory": m.Name[len(m.Name)-1:]}
		t.Groups = append(t.Groups, groups[m.Group])
		t.Labels = append(t.Labels, labels[m.Labels.Kernel[2]])
	}
	t.Machines = d.Matrix.Machines
	return t
}

func TestLeaveOut(t *testing.T) {
	table := tableOf(synthetic(3, 4, 2))
	folds, err := experiments.LeaveOneOut{}.Split(table, 1)
	require.NoError(t, err)
	require.Len(t, folds, 24)
	for i, f := range folds {
		require.Equal(t, []int32{int32(i)}, f.Test)
		require.Len(t, f.Train, 23)
	}
	folds, err = experiments.LeaveOneGroupOut{}.Split(table, 1)
	require.NoError(t, err)
	require.Len(t, folds, 12)
	for i, f := range folds {
		require.Equal(t, []int32{int32(2 * i), int32(2*i + 1)}, f.Test)
		require.Len(t, f.Train, 22)
	}
	_, err = experiments.LeaveOneOut{}.Split(&experiments.Table{Rows: 1}, 1)
	require.EqualError(t, err, "leave-one-out split of 1 rows: want 2 at least")
	_, err = experiments.LeaveOneGroupOut{}.Split(&experiments.Table{Rows: 2, Groups: []int32{0, 0}}, 1)
	require.EqualError(t, err, "leave-one-group-out split of 1 groups: want 2 at least")
}

func TestHoldOutIsAFoldOfTheGroupedSplit(t *testing.T) {
	table := tableOf(synthetic(6, 5, 3))
	folds, err := experiments.HoldOut{Share: 1.0 / 3, Repeats: 4}.Split(table, 9)
	require.NoError(t, err)
	require.Len(t, folds, 4)
	grouped, err := experiments.GroupedFolds{K: 3, Repeats: 4}.Split(table, 9)
	require.NoError(t, err)
	for repeat, f := range folds {
		found := false
		for _, g := range grouped {
			found = found || g.Repeat == repeat && fmt.Sprint(g.Test, g.Train) == fmt.Sprint(f.Test, f.Train)
		}
		require.True(t, found)
		require.Equal(t, [2]int{repeat, 0}, [2]int{f.Repeat, f.Fold})
	}
	for _, share := range []float64{0, -1, 0.51} {
		_, err = experiments.HoldOut{Share: share}.Split(table, 1)
		require.EqualError(t, err, fmt.Sprintf("hold-out split of a share of %g: want more than 0 and at most 0.5", share))
	}
}

func TestByHoldsOutAValueAndItsGroups(t *testing.T) {
	table := tableOf(synthetic(3, 4, 2))
	_, err := experiments.By{Column: "memory"}.Split(table, 1)
	require.EqualError(t, err, `split by memory: every group has a machine with the value "0": nothing is left to train on`)
	_, err = experiments.By{Column: "backend"}.Split(table, 1)
	require.EqualError(t, err, `split by backend: every machine has the value "": want two values at least`)
	folds, err := experiments.By{Column: "kernel.2"}.Split(table, 1)
	require.NoError(t, err)
	require.Len(t, folds, 6)
	for _, f := range folds {
		label := table.Machines[f.Test[0]].Labels.Kernel[2]
		tested := make(map[int32]bool)
		for _, r := range f.Test {
			require.Equal(t, label, table.Machines[r].Labels.Kernel[2])
			tested[table.Groups[r]] = true
		}
		for _, r := range f.Train {
			require.NotEqual(t, label, table.Machines[r].Labels.Kernel[2])
			require.False(t, tested[table.Groups[r]])
		}
		require.Len(t, append(f.Train, f.Test...), table.Rows)
	}
}

func TestFoldsOfAFileAreThoseThatWereWritten(t *testing.T) {
	d := synthetic(6, 5, 3)
	options := map[string]string{"splits": "paper,grouped,hold-out,by:kernel.1", "hierarchies": "kernel", "fields": "prone", "repeats": "2"}
	first, rows := runAccuracy(t, experiments.Input{Data: d, Learners: []learners.Configured{modulo}, Seed: 4, Options: options})
	require.Len(t, rows, 12)
	path := filepath.Join(t.TempDir(), "splits.csv")
	var b bytes.Buffer
	require.NoError(t, experiments.WriteAssignments(&b, first.Assignments))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	options["splits"] = path
	again, _ := runAccuracy(t, experiments.Input{Data: d, Learners: []learners.Configured{modulo}, Seed: 4, Options: options})
	require.Equal(t, fmt.Sprint(first.Rows), fmt.Sprint(again.Rows)) // NaN differs from itself
	require.Equal(t, first.Assignments, again.Assignments)
}

func TestBadFoldFiles(t *testing.T) {
	const head = "split,hierarchy,level,repeat,fold,machine,role\n"
	for text, want := range map[string]string{
		"":                                         "line 1: want the columns",
		"a,b\n":                                    "line 1: columns [a b]: want",
		head + "s,,,0,0,m,rest\n":                  `line 2: role "rest": want train or test`,
		head + "s,,1,0,0,m,test\n":                 `line 2: level "1": want none without a hierarchy`,
		head + "s,kernel,3,0,0,m,test\n":           `line 2: level "3": want a whole number below 3`,
		head + "s,os,1,0,0,m,test\n":               `line 2: hierarchy "os": want kernel or distribution`,
		head + "s,,,0,-1,m,test\n":                 `line 2: fold "-1": want a whole number from 0 on`,
		head + "s,,,x,0,m,test\n":                  `line 2: repeat "x": want a whole number from 0 on`,
		head + ",,,0,0,m,test\n":                   "line 2: split and machine: want a name for both",
		head + "s,,,0,0,m,test\ns,,,0,0,m,train\n": "line 3: machine m is in the fold twice",
		head + "s,,,0\n":                           "wrong number of fields",
	} {
		_, err := experiments.ReadAssignments(strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
	path := filepath.Join(t.TempDir(), "f.csv")
	require.NoError(t, os.WriteFile(path, []byte(head), 0o600))
	_, err := experiments.ReadFileFolds(path)
	require.EqualError(t, err, path+": no folds")
	require.NoError(t, os.WriteFile(path, []byte(head+"s,,,0,0,m0-0-0,test\ns,kernel,1,0,0,m0-0-0,test\n"), 0o600))
	list, err := experiments.ReadFileFolds(path)
	require.NoError(t, err)
	_, err = list[0].Split(tableOf(synthetic(3, 4, 2)), 1)
	require.EqualError(t, err, "split s, repeat 0, fold 0: 0 training and 1 test rows of this data: want some of each")
	_, err = list[0].Split(tableOf(synthetic(0, 0, 0)), 1)
	require.EqualError(t, err, "split s: the file has no folds for kernel level 2 of these machines")
}

func FuzzReadAssignments(f *testing.F) {
	f.Add("split,hierarchy,level,repeat,fold,machine,role\ns,,,0,0,m,test\ns,kernel,1,0,0,m,train\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := experiments.ReadAssignments(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		require.NoError(t, experiments.WriteAssignments(&b, rows))
		again, err := experiments.ReadAssignments(&b)
		require.NoError(t, err)
		require.Equal(t, rows, again)
	})
}
