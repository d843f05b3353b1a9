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
// archives, as far as the backend has a personality for them. "2.4" stands for
// 2.4.21 and 2.4.31, which it does not tell apart.
var releases = []release{
	{"Ubuntu", "10.04", []count{{"2.6.32", 8}}},
	{"Ubuntu", "12.04", []count{{"3.2", 8}, {"3.13", 5}}},
	{"Ubuntu", "14.04", []count{{"3.13", 8}, {"3.16", 4}, {"4.4", 5}}},
	{"Ubuntu", "16.04", []count{{"4.4", 9}, {"4.15", 5}}},
	{"Ubuntu", "18.04", []count{{"4.15", 8}, {"5.4", 5}}},
	{"Ubuntu", "20.04", []count{{"5.4", 7}, {"5.15", 4}}},
	{"Ubuntu", "22.04", []count{{"5.15", 4}, {"6.5", 3}, {"6.8", 3}}},
	{"Ubuntu", "23.10", []count{{"6.5", 3}}},
	{"Ubuntu", "24.04", []count{{"6.8", 5}}},

	{"Fedora", "12", []count{{"2.6.32", 3}}},
	{"Fedora", "16", []count{{"3.2", 3}}},
	{"Fedora", "19", []count{{"3.10", 3}, {"3.13", 3}}},
	{"Fedora", "20", []count{{"3.13", 3}, {"3.16", 3}}},
	{"Fedora", "23", []count{{"4.4", 3}}},
	{"Fedora", "25", []count{{"4.9", 3}}},
	{"Fedora", "27", []count{{"4.15", 3}}},
	{"Fedora", "28", []count{{"4.18", 3}}},
	{"Fedora", "29", []count{{"4.18", 3}, {"4.19", 2}}},
	{"Fedora", "31", []count{{"5.4", 3}}},
	{"Fedora", "33", []count{{"5.10", 3}}},
	{"Fedora", "34", []count{{"5.14", 2}, {"5.15", 2}}},
	{"Fedora", "39", []count{{"6.6", 2}, {"6.8", 2}}},
	{"Fedora", "41", []count{{"6.12", 3}}},

	{"Debian", "4", []count{{"2.6.18", 3}}},
	{"Debian", "5", []count{{"2.6.26", 4}}},
	{"Debian", "6", []count{{"2.6.32", 4}}},
	{"Debian", "7", []count{{"3.2", 4}, {"3.16", 2}}},
	{"Debian", "8", []count{{"3.16", 3}, {"4.9", 2}}},
	{"Debian", "9", []count{{"4.9", 3}, {"4.19", 2}}},
	{"Debian", "10", []count{{"4.19", 2}, {"5.10", 2}}},
	{"Debian", "11", []count{{"5.10", 2}, {"6.1", 1}}},
	{"Debian", "12", []count{{"6.1", 2}, {"6.12", 2}}},

	{"CentOS", "4", []count{{"2.6.9", 3}}},
	{"CentOS", "5", []count{{"2.6.18", 5}}},
	{"CentOS", "6", []count{{"2.6.32", 5}}},
	{"CentOS", "7", []count{{"3.10", 5}}},
	{"CentOS", "8", []count{{"4.18", 3}}},
	{"CentOS", "Stream 9", []count{{"5.14", 3}}},

	{"RHEL", "3", []count{{"2.4", 3}}},
	{"RHEL", "5", []count{{"2.6.18", 3}}},
	{"RHEL", "6", []count{{"2.6.32", 3}}},
	{"RHEL", "7", []count{{"3.10", 3}}},
	{"RHEL", "9", []count{{"5.14", 2}}},

	{"openSUSE", "13.2", []count{{"3.16", 3}}},
	{"openSUSE", "Leap 42.3", []count{{"4.4", 4}}},
	{"openSUSE", "Leap 15.5", []count{{"5.14", 5}}},
	{"SLES", "12 SP3", []count{{"4.4", 3}}},
	{"SLES", "15 SP4", []count{{"5.14", 3}}},

	{"Slackware", "10.2", []count{{"2.4", 2}}},
	{"Slackware", "14.1", []count{{"3.10", 2}}},
	{"Slackware", "14.2", []count{{"4.4", 2}}},
	{"Slackware", "15.0", []count{{"5.15", 2}}},
}

// others are the systems that are not Linux: personality, the two labels
// below level 0 in each hierarchy, machines.
var others = []struct {
	personality  string
	kernel       [3]string
	distribution [3]string
	machines     int
}{
	{"windows-xp", [3]string{"Windows", "Windows NT 5", "Windows NT 5.1"}, [3]string{"Windows", "Windows XP", "Windows XP SP3"}, 4},
	{"windows-2003", [3]string{"Windows", "Windows NT 5", "Windows NT 5.2"}, [3]string{"Windows", "Windows Server", "Windows Server 2003"}, 3},
	{"windows-7", [3]string{"Windows", "Windows NT 6", "Windows NT 6.1"}, [3]string{"Windows", "Windows 7", "Windows 7 SP1"}, 4},
	{"windows-2008r2", [3]string{"Windows", "Windows NT 6", "Windows NT 6.1"}, [3]string{"Windows", "Windows Server", "Windows Server 2008 R2"}, 3},
	{"windows-8.1", [3]string{"Windows", "Windows NT 6", "Windows NT 6.3"}, [3]string{"Windows", "Windows 8", "Windows 8.1"}, 3},
	{"windows-2012r2", [3]string{"Windows", "Windows NT 6", "Windows NT 6.3"}, [3]string{"Windows", "Windows Server", "Windows Server 2012 R2"}, 3},
	{"windows-10", [3]string{"Windows", "Windows NT 10", "Windows NT 10.0.19041"}, [3]string{"Windows", "Windows 10", "Windows 10 2004"}, 4},
	{"windows-2016", [3]string{"Windows", "Windows NT 10", "Windows NT 10.0.14393"}, [3]string{"Windows", "Windows Server", "Windows Server 2016"}, 3},
	{"windows-2019", [3]string{"Windows", "Windows NT 10", "Windows NT 10.0.17763"}, [3]string{"Windows", "Windows Server", "Windows Server 2019"}, 3},
	{"windows-11", [3]string{"Windows", "Windows NT 10", "Windows NT 10.0.22000"}, [3]string{"Windows", "Windows 11", "Windows 11 21H2"}, 3},
	{"windows-2022", [3]string{"Windows", "Windows NT 10", "Windows NT 10.0.20348"}, [3]string{"Windows", "Windows Server", "Windows Server 2022"}, 3},

	{"freebsd-6", [3]string{"BSD", "FreeBSD", "FreeBSD 6"}, [3]string{"BSD", "FreeBSD", "FreeBSD 6.4"}, 2},
	{"freebsd-7", [3]string{"BSD", "FreeBSD", "FreeBSD 7"}, [3]string{"BSD", "FreeBSD", "FreeBSD 7.4"}, 2},
	{"freebsd-9", [3]string{"BSD", "FreeBSD", "FreeBSD 9"}, [3]string{"BSD", "FreeBSD", "FreeBSD 9.3"}, 3},
	{"freebsd-10", [3]string{"BSD", "FreeBSD", "FreeBSD 10"}, [3]string{"BSD", "FreeBSD", "FreeBSD 10.4"}, 3},
	{"freebsd-11", [3]string{"BSD", "FreeBSD", "FreeBSD 11"}, [3]string{"BSD", "FreeBSD", "FreeBSD 11.4"}, 3},
	{"freebsd-12", [3]string{"BSD", "FreeBSD", "FreeBSD 12"}, [3]string{"BSD", "FreeBSD", "FreeBSD 12.4"}, 3},
	{"freebsd-13", [3]string{"BSD", "FreeBSD", "FreeBSD 13"}, [3]string{"BSD", "FreeBSD", "FreeBSD 13.2"}, 3},
	{"freebsd-14", [3]string{"BSD", "FreeBSD", "FreeBSD 14"}, [3]string{"BSD", "FreeBSD", "FreeBSD 14.1"}, 3},
	{"openbsd-4", [3]string{"BSD", "OpenBSD", "OpenBSD 4"}, [3]string{"BSD", "OpenBSD", "OpenBSD 4.9"}, 2},
	{"openbsd-6", [3]string{"BSD", "OpenBSD", "OpenBSD 6"}, [3]string{"BSD", "OpenBSD", "OpenBSD 6.9"}, 3},
	{"openbsd-7", [3]string{"BSD", "OpenBSD", "OpenBSD 7"}, [3]string{"BSD", "OpenBSD", "OpenBSD 7.5"}, 3},
	{"netbsd-9", [3]string{"BSD", "NetBSD", "NetBSD 9"}, [3]string{"BSD", "NetBSD", "NetBSD 9.3"}, 3},

	{"solaris-10", [3]string{"Solaris", "SunOS 5.10", "SunOS 5.10 Generic"}, [3]string{"Solaris", "Solaris 10", "Solaris 10 1/13"}, 6},
	{"solaris-11", [3]string{"Solaris", "SunOS 5.11", "SunOS 5.11 11.4"}, [3]string{"Solaris", "Solaris 11", "Solaris 11.4"}, 6},
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
