package lab

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/collector/pool"
	"tickle/collector/stackhost/hosts"
)

// What apt-cache madison of apt 2.6.1 prints.
const madison = `user-mode-linux |     7.2um1 | http://archive.test/debian sid/main amd64 Packages
user-mode-linux | 6.12um1+b21 | http://archive.test/debian trixie/main amd64 Packages
     libc6 | 2.41-12+deb13u4 | http://archive.test/debian trixie/main amd64 Packages
     libc6 |     2.43-7 | http://archive.test/debian sid/main amd64 Packages
liblwip-dev | 2.1.3+dfsg1-2 | http://archive.test/debian bookworm/main amd64 Packages
  liblwip0 | 2.1.3+dfsg1-2 | http://archive.test/debian bookworm/main amd64 Packages
W: something else
`

func TestPackagesAreChosenByVersion(t *testing.T) {
	have := parseMadison(madison)
	require.Equal(t, candidate{"liblwip-dev", "2.1.3+dfsg1-2", "bookworm"}, have[0], "old suites come first")
	got, err := pickUML("6.12um1", have)
	require.NoError(t, err)
	require.Equal(t, []candidate{{"user-mode-linux", "6.12um1+b21", "trixie"}, {"libc6", "2.41-12+deb13u4", "trixie"}}, got)
	_, err = pickUML("6.1um1", have)
	require.EqualError(t, err, "no suite of the archive has user-mode-linux 6.1um1")

	p, err := hosts.Find("lwip-2.1.3")
	require.NoError(t, err)
	got, err = pickC(p, have)
	require.NoError(t, err)
	require.Equal(t, []candidate{{"liblwip-dev", "2.1.3+dfsg1-2", "bookworm"}, {"liblwip0", "2.1.3+dfsg1-2", "bookworm"}, {"libc6", "2.41-12+deb13u4", "trixie"}}, got)
	p.Version = "2.1" // is no version of its own
	_, err = pickC(p, have)
	require.Error(t, err)
}

func TestKernelsAreWholeOrInParts(t *testing.T) {
	whole := []candidate{{"linux-image-6.1", "6.1-1", "bookworm"}}
	got, err := pickKernel("6.1", whole)
	require.NoError(t, err)
	require.Equal(t, whole, got)
	parts := []candidate{{"linux-image-7.2", "7.2-1", "sid"}, {"linux-binary-7.2", "7.2-1", "sid"}, {"linux-modules-7.2", "7.2-1", "sid"}, {"linux-base-7.2", "7.2-1", "sid"}}
	got, err = pickKernel("7.2", parts)
	require.NoError(t, err)
	require.Equal(t, parts[1:], got)
	_, err = pickKernel("7.2", parts[:2])
	require.EqualError(t, err, "the archive has linux-modules-7.2 and linux-base-7.2 no more")
	_, err = pickKernel("2.4", parts)
	require.EqualError(t, err, "no suite of the archive has a package linux-image-2.4")
}

func TestAddressesStayOutOfErrors(t *testing.T) {
	got := firstError("W: a warning\nE: Failed to fetch http://archive.test/debian/pool/x_1.deb  404  Not Found [IP: 203.0.113.80 80]\n")
	require.Equal(t, "Failed to fetch x_1.deb  404  Not Found", got)
}

func TestReadTarKeepsWhatIsWanted(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, data := range map[string]string{"./boot/vmlinuz-6.1": "kernel", "./usr/share/doc/x": "text"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(data))
		require.NoError(t, err)
	}
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "./lib/libx.so.1", Linkname: "libx.so.1.2", Typeflag: tar.TypeSymlink}))
	require.NoError(t, w.Close())
	files, links, err := readTar(&b, func(p string) bool { return isKernel(p) || strings.Contains(p, ".so") })
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"boot/vmlinuz-6.1": []byte("kernel")}, files)
	require.Equal(t, map[string]string{"lib/libx.so.1": "libx.so.1.2"}, links)
}

// elfFile is a little-endian ELF64 file with one section or one interpreter
// segment (System V ABI, chapters 4 and 5).
func elfFile(section, data string) []byte {
	const header, phent, shent = 64, 56, 64
	names := "\x00" + section + "\x00.shstrtab\x00"
	var b bytes.Buffer
	put := func(v ...any) {
		for _, x := range v {
			binary.Write(&b, binary.LittleEndian, x) // a buffer takes everything
		}
	}
	dataOff, namesOff := uint64(header+phent), uint64(header+phent+len(data))
	b.WriteString("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	put(uint16(elf.ET_EXEC), uint16(elf.EM_X86_64), uint32(1), uint64(0), uint64(header), namesOff+uint64(len(names)), uint32(0),
		uint16(header), uint16(phent), uint16(1), uint16(shent), uint16(3), uint16(2))
	put(uint32(elf.PT_INTERP), uint32(4), dataOff, uint64(0), uint64(0), uint64(len(data)), uint64(len(data)), uint64(1))
	b.WriteString(data + names)
	b.Write(make([]byte, shent))
	put(uint32(1), uint32(elf.SHT_PROGBITS), uint64(0), uint64(0), dataOff, uint64(len(data)), uint32(0), uint32(0), uint64(1), uint64(0))
	put(uint32(2+len(section)), uint32(elf.SHT_STRTAB), uint64(0), uint64(0), namesOff, uint64(len(names)), uint32(0), uint32(0), uint64(1), uint64(0))
	return b.Bytes()
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	ko := func(depends string) []byte {
		return elfFile(".modinfo", "license=GPL\x00depends="+depends+"\x00name=x\x00")
	}
	m := newModules(map[string][]byte{
		"lib/modules/6/kernel/a/virtio_net.ko":   ko("net-failover,virtio"),
		"lib/modules/6/kernel/a/net_failover.ko": ko("failover"),
		"lib/modules/6/kernel/a/failover.ko":     ko(""),
		"lib/modules/6/modules.builtin":          []byte("kernel/drivers/virtio/virtio.ko\nkernel/drivers/virtio/virtio-pci.ko\n"),
	})
	got, err := m.resolve(t.Context(), append(cardModules, "ipv6"))
	require.NoError(t, err)
	var names []string
	for _, x := range got {
		names = append(names, x.name)
	}
	require.Equal(t, []string{"failover", "net_failover", "virtio_net"}, names)
	_, err = m.resolve(t.Context(), []string{"nf_tables"})
	require.EqualError(t, err, "module nf_tables, which the guest needs, is neither in the package nor built in")
}

func FuzzModuleDepends(f *testing.F) {
	f.Add(elfFile(".modinfo", "depends=a,b\x00"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = moduleDepends(data) // does not panic
	})
}

func TestInterpreterIsReplaced(t *testing.T) {
	out, err := setInterpreter(elfFile(".interp", "/lib64/ld-linux-x86-64.so.2\x00"), loader)
	require.NoError(t, err)
	f, err := elf.NewFile(bytes.NewReader(out))
	require.NoError(t, err)
	interp, err := f.Section(".interp").Data()
	require.NoError(t, err)
	require.Equal(t, "ld.so", string(bytes.TrimRight(interp, "\x00")))
	require.Len(t, interp, 28)
	_, err = setInterpreter(elfFile(".interp", "/a\x00"), loader)
	require.Error(t, err)
}

func labPool(t *testing.T) *pool.Pool {
	t.Helper()
	machine := func(backend, option, value string) pool.Machine {
		return pool.Machine{Backend: backend, Options: map[string]string{option: value}}
	}
	return &pool.Pool{Machines: []pool.Machine{
		machine("qemu", "kernel", "6.1"), machine("stackhost", "program", "vax"), machine("qemu", "kernel", "6.1"),
		machine("uml", "kernel", "7.2um1"), machine("sim", "personality", "linux"),
	}}
}

func TestWants(t *testing.T) {
	all := wants(labPool(t))
	require.Equal(t, []want{{Kernel, "6.1"}, {Guest, Init}, {Stack, "vax"}, {UML, "7.2um1"}}, all)
	some, err := only(all, []string{"kernel/*", "stack/v?x"})
	require.NoError(t, err)
	require.Equal(t, []want{{Kernel, "6.1"}, {Stack, "vax"}}, some)
	_, err = only(all, []string{"["})
	require.Error(t, err)
}

func TestFetchGoesOnAndSaysWhy(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", t.TempDir()) // no apt, no go, no compiler
	var log bytes.Buffer
	m, err := Fetch(t.Context(), Options{Dir: dir, Pool: labPool(t), Log: &log})
	require.NoError(t, err)
	require.Len(t, m.Items, 4)
	for _, it := range m.Items {
		require.NotEmpty(t, it.Missing, it.Name)
	}
	read, err := Read(dir)
	require.NoError(t, err)
	require.Equal(t, m, read)
	require.Contains(t, read.find(Stack, "vax").Missing, `program "vax": want one of`)
	require.Contains(t, read.find(Kernel, "6.1").Missing, "apt-get")
	require.Equal(t, 4, strings.Count(log.String(), "MISSING"))
	work, err := filepath.Glob(filepath.Join(dir, "work-*"))
	require.NoError(t, err)
	require.Empty(t, work)

	t.Setenv("TICKLE_LAB", dir)
	_, err = Find(Kernel, "6.1", "kernel")
	require.ErrorContains(t, err, "kernel 6.1 is missing from the lab: apt-get")
	_, err = Find(Kernel, "6.2", "kernel")
	require.ErrorIs(t, err, ErrNotMade)
}

func TestFetchKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", t.TempDir())
	f := &fetcher{dir: dir}
	recipe, err := f.recipe(want{Kernel, "6.1"})
	require.NoError(t, err)
	file := filepath.Join("kernel", "6.1", "kernel")
	require.NoError(t, writeSynced(filepath.Join(dir, file), []byte("x")))
	there := Item{Kind: Kernel, Name: "6.1", Recipe: recipe, Files: map[string]string{"kernel": file}}
	require.NoError(t, (&Manifest{Format: ManifestFormat, Items: []Item{there}}).write(dir))
	m, err := Fetch(t.Context(), Options{Dir: dir, Pool: labPool(t), Only: []string{"kernel/*"}})
	require.NoError(t, err)
	require.Equal(t, []Item{there}, m.Items)

	require.NoError(t, os.Remove(filepath.Join(dir, file)))
	m, err = Fetch(t.Context(), Options{Dir: dir, Pool: labPool(t), Only: []string{"kernel/*"}})
	require.NoError(t, err)
	require.NotEmpty(t, m.Items[0].Missing)
}

func TestReadRefusesAnotherFormat(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lab.json"), []byte(`{"format":"x"}`), 0o644))
	_, err := Read(dir)
	require.ErrorContains(t, err, `format "x", want "tickle-lab/1"`)
}
