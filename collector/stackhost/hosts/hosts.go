// Package hosts holds the sources of the small programs that make a machine
// of a TCP/IP stack: they read and write Ethernet frames on file descriptor
// 3, a frame a datagram, take settings as arguments name=value, listen on a
// TCP port and drop what they are sent. Each version of a stack is a program
// of its own, in a Go module of its own or with a C library of its own, so
// that none is part of this module's build: they travel as text, and package
// lab builds them.
package hosts

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed gvisor/*.txt lwip/*.txt ns3/*.txt seqs/*.txt v86/*.txt
var sources embed.FS

// Program is a version of a stack with its program's sources.
type Program struct {
	Name    string // as pool files name it: "gvisor-20240306", "lwip-2.1.3"
	Stack   string // the implementation: "gVisor netstack", "lwIP"
	Version string // of the module or library
	Files   map[string][]byte
	// Settings are the names of the factors that the stack understands.
	Settings []string
	// IPv6 is whether it has an IPv6 address.
	IPv6 bool
	// NoResets is whether it never answers an ACK of no connection by a RST.
	NoResets bool

	// Of Go programs: the module, GOTOOLCHAIN ("": the one that is there)
	// and the linker's flags.
	Module, Toolchain, LDFlags string
	// Of C and C++ programs: the package with the headers, the name that the
	// library's package begins with, what the libraries' files begin with, and
	// where the headers are.
	Package, Library string
	Links            []string
	Includes         []string
	Standard         string // of the C++ language
	// Needed are the names that packages of other libraries begin with which
	// some version of the library needs.
	Needed []string

	// Of programs that a package (Package) has ready: their path in it.
	Binary string
	// Of programs for Node.js: the npm package, of that Version, and the files
	// of it that the program needs beside it.
	NPM      string
	NPMFiles []string
	// Isolated is whether it runs in a namespace of its own (package relay),
	// for it would relay connections to real sockets; frames then come in a
	// stream.
	Isolated bool
}

// File is the name of the program's file in the lab; some programs look at
// their own.
func (p *Program) File() string {
	switch {
	case p.Binary != "":
		return path.Base(p.Binary)
	case p.NPM != "":
		return "main.mjs"
	}
	return "program"
}

// release is a version of a Go stack.
type release struct {
	name, version string
	toolchain     string   // "": the one that is there
	files         []string // that differ between versions
}

const gvisorModule = "gvisor.dev/gvisor"

// Addresses became structures in the middle of 2023, and are added with
// properties from 2022 on.
var (
	plain      = []string{"address_string.go", "add_plain.go"}
	properties = []string{"address_string.go", "add_properties.go"}
	structures = []string{"address_struct.go", "add_properties.go"}
)

// gvisors are the dates that build, with the newest toolchain that each
// builds with: the stack uses names of the Go runtime that later ones hide.
var gvisors = []release{
	{"gvisor-20210111", "v0.0.0-20210111185822-3ff3110fcdd6", "go1.15.15", plain},
	{"gvisor-20210424", "v0.0.0-20210424070529-29f85eb7ca69", "go1.16.15", plain},
	{"gvisor-20210716", "v0.0.0-20210716193733-566c23a60eea", "go1.16.15", plain},
	{"gvisor-20230504", "v0.0.0-20230504175454-7b0a1988a28f", "go1.20.14", properties},
	{"gvisor-20230715", "v0.0.0-20230715022000-fd277b20b8db", "go1.20.14", structures},
	{"gvisor-20230928", "v0.0.0-20230928000133-4fe30062272c", "", structures},
	{"gvisor-20240306", "v0.0.0-20240306221502-ee1e1f6070e3", "", structures},
	{"gvisor-20240722", "v0.0.0-20240722211153-64c016c92987", "", structures},
	{"gvisor-20240916", "v0.0.0-20240916094835-a174eb65023f", "", structures},
	{"gvisor-20250205", "v0.0.0-20250205023644-9414b50a5633", "", structures},
	{"gvisor-20250503", "v0.0.0-20250503011706-39ed1f5ac29c", "", structures},
	{"gvisor-20250911", "v0.0.0-20250911055229-61a46406f068", "", structures},
	{"gvisor-20260122", "v0.0.0-20260122175437-89a5d21be8f0", "", structures},
	{"gvisor-20260518", "v0.0.0-20260518063529-209a0ce076a1", "", structures},
	{"gvisor-20260905", "v0.0.0-20260905035102-160fafc42237", "", structures},
}

const seqsModule = "github.com/soypat/seqs"

var seqss = []release{
	{"seqs-20240527", "v0.0.0-20240527012110-1201bab640ef", "", nil},
	{"seqs-20250124", "v0.0.0-20250124201400-0d65bc7c1710", "", nil},
	{"seqs-20260125", "v0.0.0-20260125140838-2c1c6b1bd69e", "", nil},
}

// passts are named for the day of their source. Those before 2024 find
// connections by the machine's address alone, and need a network card.
var passts = []release{
	{name: "passt-20250503", version: "0.0~git20250503.587980c"},
	{name: "passt-20260728", version: "0.0~git20260728.f8df3f1"},
	{name: "passt-20261002", version: "0.0~git20261002.cba3570"},
}

var ns3s = []string{"3.37", "3.43", "3.48"}

// v86s are of May, July and September 2026.
var v86s = []string{"0.5.319", "0.5.424", "0.5.462"}

var lwips = []string{"2.1.2", "2.1.3", "2.2.1"}

// List gives every program, in order of stacks and versions.
func List() []Program {
	var out []Program
	for _, r := range gvisors {
		out = append(out, goProgram(r, gvisorModule, Program{Stack: "gVisor netstack", IPv6: true, Settings: []string{"cc", "mtu", "rcvbuf", "sack", "ttl"}}))
	}
	for _, v := range lwips {
		out = append(out, Program{Name: "lwip-" + v, Stack: "lwIP", Version: v, IPv6: true, Settings: []string{"mtu"},
			Files:   map[string][]byte{"main.c": source("lwip/main.c")},
			Package: "liblwip-dev", Library: "liblwip", Links: []string{"liblwip"}, Includes: []string{"usr/include/lwip", "usr/include/lwip/posix"}, Needed: []string{"libvdeplug2"}})
	}
	for _, v := range ns3s {
		standard := "c++20"
		if v == "3.37" {
			standard = "c++17"
		}
		out = append(out, Program{Name: "ns3-" + v, Stack: "ns-3", Version: v, NoResets: true, Standard: standard, Files: map[string][]byte{"main.cc": source("ns3/main.cc")},
			Package: "libns3-dev", Library: "libns" + v, Includes: []string{"usr/include"},
			Links:  []string{"libns3-core", "libns3-network", "libns3-internet", "libns3-fd-net-device"},
			Needed: []string{"libgcc-s1", "libstdc++6", "libgsl27", "libgsl28", "libgslcblas0", "libsqlite3-0", "libxml2"}})
	}
	for _, r := range passts {
		out = append(out, Program{Name: r.name, Stack: "passt", Version: r.version, IPv6: true, Settings: []string{"mtu"},
			Package: "passt", Binary: "usr/bin/passt", Isolated: true})
	}
	for _, v := range v86s {
		out = append(out, Program{Name: "v86-" + v, Stack: "v86 fake network", Version: v,
			NPM: "v86", NPMFiles: []string{"build/libv86.mjs", "build/v86.wasm"}, Isolated: true,
			Files: map[string][]byte{"main.mjs": source("v86/main.mjs")}})
	}
	for _, r := range seqss {
		out = append(out, goProgram(r, seqsModule, Program{Stack: "soypat/seqs", NoResets: true, Settings: []string{"mtu"}}))
	}
	return out
}

// Find gives the program of that name.
func Find(name string) (Program, error) {
	all := List()
	i := slices.IndexFunc(all, func(p Program) bool { return p.Name == name })
	if i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name
	}
	return Program{}, fmt.Errorf("program %q: want one of %s", name, strings.Join(names, ", "))
}

// goProgram adds to p what a version of a Go stack has.
func goProgram(r release, module string, p Program) Program {
	p.Name, p.Version, p.Module, p.Toolchain = r.name, r.version, module, r.toolchain
	folder, _, _ := strings.Cut(r.name, "-")
	p.Files = map[string][]byte{"main.go": source(folder + "/main.go")}
	for _, name := range r.files {
		p.Files[name] = source(folder + "/" + name)
	}
	language := "1.24"
	if v, ok := strings.CutPrefix(r.toolchain, "go"); ok {
		language = v[:strings.LastIndexByte(v, '.')]
	} else {
		// The stack reaches for names of the runtime by go:linkname,
		// which the linker forbids since Go 1.23.
		p.LDFlags = "-checklinkname=0"
	}
	p.Files["go.mod"] = fmt.Appendf(nil, "module host\n\ngo %s\n\nrequire %s %s\n", language, module, r.version)
	return p
}

// source gives an embedded file: the go command must not take them for
// packages or modules, so that each has .txt behind its name.
func source(name string) []byte {
	b, err := sources.ReadFile(name + ".txt")
	if err != nil {
		panic(err) // embedded: only a wrong name fails
	}
	return b
}
