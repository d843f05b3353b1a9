// Init is the first process of a virtual machine of the pool. It reads
// /config.json of its initramfs (package guest), loads the modules that its
// lists name (guest.ModuleList), makes the machine what it is to be, and says
// "tickle: ready" on the console. It does nothing else until power-off.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"tickle/collector/guest"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: this is the first process of a virtual machine, not a command")
		os.Exit(1)
	}
	if err := run(); err != nil {
		fmt.Printf("%s: %v\n", guest.SaysFailed, err)
		unix.Sync()
		if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
			fmt.Printf("tickle: power off: %v\n", err)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGTERM)
	for range stop {
		if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
			fmt.Printf("tickle: power off: %v\n", err)
		}
	}
}

func run() error {
	for _, m := range []struct{ dir, kind string }{{"/proc", "proc"}, {"/sys", "sysfs"}, {"/dev", "devtmpfs"}} {
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.dir, err)
		}
	}
	b, err := os.ReadFile("/config.json")
	if err != nil {
		return err
	}
	var c guest.Config
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("/config.json: %w", err)
	}
	lists := []string{guest.ModuleList}
	if c.Firewall.On() {
		lists = append(lists, guest.FirewallModuleList)
	}
	for _, list := range lists {
		if err := loadModules("/" + list); err != nil {
			return err
		}
	}
	l, err := guest.Setup(&c)
	if err != nil {
		return err
	}
	l.Alone()
	fmt.Println(guest.SaysReady)
	return nil
}

// loadModules loads what list names in its order; a kernel with everything
// built in has no list.
func loadModules(list string) error {
	f, err := os.Open(list)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		m, err := os.Open(s.Text())
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(m.Fd()), "", 0)
		m.Close()
		if err != nil && err != unix.EEXIST {
			return fmt.Errorf("module %s: %w", s.Text(), err)
		}
	}
	return nil
}
