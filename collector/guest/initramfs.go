package guest

import (
	"bytes"
	"fmt"
)

// The lists of an initramfs: the modules that every guest loads and those of
// a firewall, a path a line, in loading order.
const (
	ModuleList         = "modules"
	FirewallModuleList = "modules.firewall"
)

// File is a file of an initramfs.
type File struct {
	Name string // without leading slash
	Data []byte
	Exec bool
}

// Initramfs packs files as a cpio archive in the "newc" format, which the
// kernel documents in driver-api/early-userspace/buffer-format. Folders are
// made for their files in order. Archives may stand one behind another: the
// kernel unpacks each in turn.
func Initramfs(files []File) []byte {
	var b bytes.Buffer
	ino := 0
	entry := func(name string, mode int, data []byte) {
		ino++
		// magic, ino, mode, uid, gid, nlink, mtime, size, dev and rdev
		// (major, minor), name's length with its NUL, check.
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
			ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
		pad(&b)
		b.Write(data)
		pad(&b)
	}
	const folder, plain = 0o040755, 0o100644
	made := map[string]bool{}
	for _, f := range files {
		for i, c := range f.Name {
			if c == '/' && !made[f.Name[:i]] {
				made[f.Name[:i]] = true
				entry(f.Name[:i], folder, nil)
			}
		}
		mode := plain
		if f.Exec {
			mode |= 0o111
		}
		entry(f.Name, mode, f.Data)
	}
	ino = -1
	entry("TRAILER!!!", 0, nil)
	return b.Bytes()
}

func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}
