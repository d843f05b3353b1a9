package sim

// names lists the personalities, in the order in which they are shown.
var names = []string{
	"linux-2.4", "linux-2.6.9", "linux-2.6.18", "linux-2.6.26", "linux-2.6.32",
	"linux-3.2", "linux-3.10", "linux-3.13", "linux-3.16",
	"linux-4.4", "linux-4.9", "linux-4.15", "linux-4.18", "linux-4.19",
	"linux-5.4", "linux-5.10", "linux-5.14", "linux-5.15",
	"linux-6.1", "linux-6.5", "linux-6.6", "linux-6.8", "linux-6.12",
	"windows-xp", "windows-2003", "windows-7", "windows-2008r2", "windows-8.1", "windows-2012r2",
	"windows-10", "windows-2016", "windows-2019", "windows-11", "windows-2022",
	"freebsd-6", "freebsd-7", "freebsd-9", "freebsd-10", "freebsd-11", "freebsd-12", "freebsd-13", "freebsd-14",
	"openbsd-4", "openbsd-6", "openbsd-7", "netbsd-9",
	"solaris-10", "solaris-11",
}

// Personalities lists the names that Options["personality"] may have.
func Personalities() []string { return append([]string(nil), names...) }
