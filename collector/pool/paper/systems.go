package paper

import (
	"strings"

	"tickle/datasets"
)

// system is a kernel under a release, with the number of its machines.
type system struct {
	personality  string
	distribution string // of the backend's options; "": none
	name         string // of the release, in images
	labels       datasets.Labels
	port         int // the open one
	machines     int
}

// family is the line of descent that decides which settings there are: the
// word before the version in a personality's name.
func (s *system) family() string {
	f, _, _ := strings.Cut(s.personality, "-")
	return f
}

// release is a release of a Linux distribution and the kernels that it had:
// its own, those of updates and those offered for newer hardware.
type release struct {
	distribution string // as labels spell it
	version      string
	kernels      []count
}

// count is a number of machines with a kernel or build.
type count struct {
	version  string
	machines int
}

// releases: the kernels are from the distributions' release notes and
// archives: a release's own, and those of updates and backports. On EC2, from
// where many of the paper's instances came, distributions ran on the kernels
// 2.6.16 (xenU) and 2.6.21 (fc8xen) that Amazon offered: this is how one
// kernel comes to stand under many releases. "2.4" stands for 2.4.21 to
// 2.4.33, which the backend does not tell apart.
var releases = []release{
	{"Ubuntu", "5.10", []count{{"2.6.12", 5}}},
	{"Ubuntu", "6.06", []count{{"2.6.15", 11}}},
	{"Ubuntu", "6.10", []count{{"2.6.17", 5}}},
	{"Ubuntu", "7.04", []count{{"2.6.20", 7}}},
	{"Ubuntu", "7.10", []count{{"2.6.22", 7}, {"2.6.16", 3}}},
	{"Ubuntu", "8.04", []count{{"2.6.24", 13}, {"2.6.21", 5}}},
	{"Ubuntu", "8.10", []count{{"2.6.27", 8}, {"2.6.21", 2}}},
	{"Ubuntu", "9.04", []count{{"2.6.28", 9}, {"2.6.21", 3}}},
	{"Ubuntu", "9.10", []count{{"2.6.31", 8}}},
	{"Ubuntu", "10.04", []count{{"2.6.32", 8}}},

	{"Fedora", "3", []count{{"2.6.9", 2}, {"2.6.12", 2}}},
	{"Fedora", "4", []count{{"2.6.11", 3}, {"2.6.17", 2}, {"2.6.16", 2}}},
	{"Fedora", "5", []count{{"2.6.15", 3}, {"2.6.20", 2}}},
	{"Fedora", "6", []count{{"2.6.18", 3}, {"2.6.22", 2}}},
	{"Fedora", "7", []count{{"2.6.21", 3}, {"2.6.23", 2}}},
	{"Fedora", "8", []count{{"2.6.23", 3}, {"2.6.26", 2}, {"2.6.21", 3}}},
	{"Fedora", "9", []count{{"2.6.25", 3}, {"2.6.27", 2}}},
	{"Fedora", "10", []count{{"2.6.27", 3}, {"2.6.29", 1}}},
	{"Fedora", "11", []count{{"2.6.29", 4}}},
	{"Fedora", "12", []count{{"2.6.31", 2}, {"2.6.32", 3}}},

	{"Debian", "3.1", []count{{"2.4", 3}, {"2.6.8", 4}}},
	{"Debian", "4", []count{{"2.6.18", 7}, {"2.6.24", 3}, {"2.6.16", 2}}},
	{"Debian", "5", []count{{"2.6.26", 12}, {"2.6.32", 4}, {"2.6.21", 3}}},

	{"CentOS", "3", []count{{"2.4", 3}}},
	{"CentOS", "4", []count{{"2.6.9", 6}}},
	{"CentOS", "5", []count{{"2.6.18", 10}, {"2.6.16", 2}, {"2.6.21", 3}}},

	{"RHEL", "3", []count{{"2.4", 3}}},
	{"RHEL", "4", []count{{"2.6.9", 4}}},
	{"RHEL", "5", []count{{"2.6.18", 7}}},

	{"openSUSE", "10.2", []count{{"2.6.18", 2}}},
	{"openSUSE", "10.3", []count{{"2.6.22", 3}}},
	{"openSUSE", "11.0", []count{{"2.6.25", 2}}},
	{"openSUSE", "11.1", []count{{"2.6.27", 3}}},
	{"openSUSE", "11.2", []count{{"2.6.31", 2}}},
	{"SLES", "10", []count{{"2.6.16", 3}}},
	{"SLES", "11", []count{{"2.6.27", 3}}},

	{"Slackware", "11.0", []count{{"2.4", 3}}},
	{"Slackware", "12.1", []count{{"2.6.24", 2}}},
	{"Slackware", "12.2", []count{{"2.6.27", 3}}},
}

// others are the systems that are not Linux: personality, the labels of each
// hierarchy, machines. Releases of one personality answer alike.
var others = []struct {
	personality  string
	kernel       [3]string
	distribution [3]string
	machines     int
}{
	{"windows-2000", [3]string{"Windows", "Windows NT 5", "Windows NT 5.0"}, [3]string{"Windows", "Windows 2000", "Windows 2000 SP4"}, 6},
	{"windows-xp", [3]string{"Windows", "Windows NT 5", "Windows NT 5.1"}, [3]string{"Windows", "Windows XP", "Windows XP SP2"}, 5},
	{"windows-xp", [3]string{"Windows", "Windows NT 5", "Windows NT 5.1"}, [3]string{"Windows", "Windows XP", "Windows XP SP3"}, 4},
	{"windows-2003", [3]string{"Windows", "Windows NT 5", "Windows NT 5.2"}, [3]string{"Windows", "Windows Server", "Windows Server 2003"}, 7},
	{"windows-vista", [3]string{"Windows", "Windows NT 6", "Windows NT 6.0"}, [3]string{"Windows", "Windows Vista", "Windows Vista SP2"}, 4},
	{"windows-2008", [3]string{"Windows", "Windows NT 6", "Windows NT 6.0"}, [3]string{"Windows", "Windows Server", "Windows Server 2008"}, 4},
	{"windows-7", [3]string{"Windows", "Windows NT 6", "Windows NT 6.1"}, [3]string{"Windows", "Windows 7", "Windows 7 RTM"}, 3},
	{"windows-2008r2", [3]string{"Windows", "Windows NT 6", "Windows NT 6.1"}, [3]string{"Windows", "Windows Server", "Windows Server 2008 R2"}, 3},

	{"freebsd-6", [3]string{"BSD", "FreeBSD", "FreeBSD 6.2"}, [3]string{"BSD", "FreeBSD", "FreeBSD 6.2"}, 3},
	{"freebsd-6", [3]string{"BSD", "FreeBSD", "FreeBSD 6.4"}, [3]string{"BSD", "FreeBSD", "FreeBSD 6.4"}, 4},
	{"freebsd-7", [3]string{"BSD", "FreeBSD", "FreeBSD 7.1"}, [3]string{"BSD", "FreeBSD", "FreeBSD 7.1"}, 3},
	{"freebsd-7", [3]string{"BSD", "FreeBSD", "FreeBSD 7.3"}, [3]string{"BSD", "FreeBSD", "FreeBSD 7.3"}, 4},
	{"freebsd-8", [3]string{"BSD", "FreeBSD", "FreeBSD 8.0"}, [3]string{"BSD", "FreeBSD", "FreeBSD 8.0"}, 3},
	{"freebsd-8", [3]string{"BSD", "FreeBSD", "FreeBSD 8.1"}, [3]string{"BSD", "FreeBSD", "FreeBSD 8.1"}, 3},
	{"openbsd-4", [3]string{"BSD", "OpenBSD", "OpenBSD 4.3"}, [3]string{"BSD", "OpenBSD", "OpenBSD 4.3"}, 3},
	{"openbsd-4", [3]string{"BSD", "OpenBSD", "OpenBSD 4.5"}, [3]string{"BSD", "OpenBSD", "OpenBSD 4.5"}, 3},
	{"openbsd-4", [3]string{"BSD", "OpenBSD", "OpenBSD 4.7"}, [3]string{"BSD", "OpenBSD", "OpenBSD 4.7"}, 2},
	{"netbsd-5", [3]string{"BSD", "NetBSD", "NetBSD 5.0"}, [3]string{"BSD", "NetBSD", "NetBSD 5.0"}, 5},

	{"solaris-10", [3]string{"Solaris", "SunOS 5.10", "SunOS 5.10 Generic"}, [3]string{"Solaris", "Solaris 10", "Solaris 10 10/08"}, 3},
	{"solaris-10", [3]string{"Solaris", "SunOS 5.10", "SunOS 5.10 Generic"}, [3]string{"Solaris", "Solaris 10", "Solaris 10 10/09"}, 3},
	{"solaris-11", [3]string{"Solaris", "SunOS 5.11", "SunOS 5.11 snv"}, [3]string{"Solaris", "OpenSolaris", "OpenSolaris 2009.06"}, 6},
}

// systems lists everything that is in the pool, Linux by distribution first.
func systems() []system {
	var all []system
	for _, r := range releases {
		label := r.distribution + " " + r.version
		for _, k := range r.kernels {
			all = append(all, system{
				personality: "linux-" + k.version, distribution: strings.ToLower(r.distribution),
				name: compact(label), port: 22, machines: k.machines,
				labels: datasets.Labels{Kernel: linuxLabels(k.version), Distribution: [3]string{"Linux", r.distribution, label}},
			})
		}
	}
	for _, o := range others {
		s := system{
			personality: o.personality, name: compact(o.distribution[2]), port: 22, machines: o.machines,
			labels: datasets.Labels{Kernel: o.kernel, Distribution: o.distribution},
		}
		if s.family() == "windows" {
			s.port = 3389
		}
		all = append(all, s)
	}
	return all
}

// linuxLabels names a kernel by major version (2.x by its first two numbers)
// and version.
func linuxLabels(version string) [3]string {
	parts := strings.Split(version, ".")
	major := parts[0]
	if major == "2" {
		major = parts[0] + "." + parts[1]
	}
	if version == major {
		version += ".x"
	}
	return [3]string{"Linux", "Linux " + major, "Linux " + version}
}

// compact makes a label into a part of a machine's name.
func compact(label string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(label, " ", "")), "/", ".")
}
