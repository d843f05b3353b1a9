//go:build !linux

package process

import (
	"errors"
	"os"
	"os/exec"
)

var errNoProc = errors.New("machines that are processes need Linux")

// Identify gives the identity of a running process.
func Identify(int) (ID, error) { return ID{}, errNoProc }

// Running reports whether the process that id names still runs. Where
// processes have no identity all are taken to run, so that nothing is removed.
func Running(ID) bool { return true }

func kill(ID) error                { return errNoProc }
func deleteNamespace(string) error { return errNoProc }
func bind(*exec.Cmd)               {}
func terminate(p *os.Process)      { _ = p.Kill() }

// FixedLayout calls start.
func FixedLayout(start func() error) error { return start() }
