package pool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const twoEntries = `name: small
defaults:
  backend: sim
  ports: {open: 22}
  factors: {memory: 256, app.rcvbuf: 0.10}
machines:
  - name: linux-2.6.32
    labels:
      kernel: [Linux, Linux 2.6, Linux 2.6.32]
    options: {personality: linux-2.6.32, nested: {a: [x, 1], b: yes}}
    rate: 1e3
    images:
      - name: debian6
        labels: {distribution: [Linux, Debian, Debian 6]}
        vary: {path.hops: [0, 3], firewall: [none, drop]}
      - name: centos6
        image: CentOS 6.2
        ports: {closed: 7}
        labels: {distribution: [Linux, CentOS, CentOS 6]}
        zip:
          memory: [512, 1024]
          sysctl.tcp_rmem: [4096 87380 1, "4096 87380 2"]
        factors: {app.backlog: 5}
  - {name: g, backend: netstack, image: gVisor, labels: {kernel: [gVisor, gVisor, gVisor v1], distribution: [gVisor, gVisor, gVisor v1]}}
`

func read(t *testing.T, text string) *Pool {
	t.Helper()
	p, err := Read(strings.NewReader(text), "f.yaml")
	require.NoError(t, err)
	return p
}

func TestReadExpands(t *testing.T) {
	p := read(t, "\uFEFF"+strings.ReplaceAll(twoEntries, "\n", "\r\n"))
	require.Equal(t, read(t, twoEntries).Hash(), p.Hash(), "line ends and the mark of Windows editors mean nothing")
	require.Equal(t, "small", p.Name)
	var names []string
	for _, m := range p.Machines {
		names = append(names, m.Name)
	}
	require.Equal(t, []string{
		"linux-2.6.32-debian6/hops0-firewall.none",
		"linux-2.6.32-debian6/hops0-firewall.drop",
		"linux-2.6.32-debian6/hops3-firewall.none",
		"linux-2.6.32-debian6/hops3-firewall.drop",
		"linux-2.6.32-centos6/m512-rmem4096_87380_1",
		"linux-2.6.32-centos6/m1024-rmem4096_87380_2",
		"g",
	}, names)
	deb, cent, g := p.Machines[1], p.Machines[5], p.Machines[6]
	require.Equal(t, map[string]string{"memory": "256", "app.rcvbuf": "0.10", "path.hops": "0", "firewall": "drop"}, deb.Factors)
	require.Equal(t, map[string]string{"personality": "linux-2.6.32", "nested.a": `["x","1"]`, "nested.b": "yes"}, deb.Options)
	require.Equal(t, Ports{22, 1, 40125}, deb.Ports)
	require.Equal(t, "linux-2.6.32-debian6", deb.Image)
	require.Equal(t, 1000.0, deb.Rate)
	require.Equal(t, Pos{"f.yaml", 13, 9}, deb.Pos)
	require.Equal(t, "CentOS 6.2", cent.Image)
	require.Equal(t, Ports{22, 7, 40125}, cent.Ports)
	require.Equal(t, map[string]string{"memory": "1024", "app.rcvbuf": "0.10", "sysctl.tcp_rmem": "4096 87380 2", "app.backlog": "5"}, cent.Factors)
	require.Equal(t, [3]string{"Linux", "Linux 2.6", "Linux 2.6.32"}, cent.Labels.Kernel)
	require.Equal(t, [3]string{"Linux", "CentOS", "CentOS 6"}, cent.Labels.Distribution)
	require.Equal(t, "netstack", g.Backend)
	require.Zero(t, g.Rate)
	require.Equal(t, Pos{"f.yaml", 24, 5}, g.Pos)
}

func TestSuffix(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"memory", "512", "m512"},
		{"path.delay_us", "20", "delay20"},
		{"sysctl.ip_default_ttl", "64", "default_ttl64"},
		{"sysctl.tcp_sack", "0", "sack0"},
		{"firewall", "drop", "firewall.drop"},
		{"path.strip", "sack,wscale", "strip.sack_wscale"},
		{"path.strip", "", "strip"},
		{"-", "1/2é.", "x-1_2_._"},
	} {
		require.Equal(t, c.want, suffix(c.key, c.value))
	}
}

func TestHash(t *testing.T) {
	base := read(t, twoEntries).Hash()
	for name, c := range map[string]struct {
		old, new string
		same     bool
	}{
		"name of the pool": {"name: small", "name: other", true},
		"layout":           {"  - {name: g", "# comment\n\n  - {name: g", true},
		"order of factors": {"memory: 256, app.rcvbuf: 0.10", "app.rcvbuf: 0.10, memory: 256", true},
		"a factor":         {"app.backlog: 5", "app.backlog: 6", false},
		"a label":          {"CentOS 6]", "CentOS 6.2]", false},
		"a rate":           {"rate: 1e3", "rate: 2e3", false},
		"a port":           {"closed: 7", "closed: 8", false},
	} {
		require.Contains(t, twoEntries, c.old, name)
		got := read(t, strings.Replace(twoEntries, c.old, c.new, 1)).Hash()
		require.Equal(t, c.same, got == base, name)
	}
}

// machine is an entry that is right, for tests that make one thing wrong.
const machine = `machines:
  - name: a
    backend: sim
    image: i
    labels:
      kernel: [L, L 1, L 1.1]
      distribution: [L, D, D 1]
    ports: {open: 22, closed: 1, udp: 9}
`

func TestReadErrors(t *testing.T) {
	second := strings.Replace(strings.TrimPrefix(machine, "machines:\n"), "name: a", "name: b", 1)
	for name, c := range map[string]struct{ text, want string }{
		"empty":              {"", "f.yaml:1:1: machines: empty file: expected a list of machines"},
		"not yaml":           {"a: [1", "f.yaml:1:4: sequence end token ']' not found: expected a YAML file"},
		"not UTF-8":          {"name: x\nb: \xff", "f.yaml:2:1: invalid byte: expected UTF-8"},
		"zero byte":          {"b: \x00", "f.yaml:1:4: zero byte: expected text"},
		"long line":          {"b: " + strings.Repeat("x", 5000), "f.yaml:1:4097: line of 5003 bytes: expected at most 4096"},
		"two documents":      {machine + "---\nname: x\n", "f.yaml:10:5: second document: expected one in a file"},
		"deep":               {strings.Repeat("[", 70), "f.yaml: brackets nested more than 64 deep: expected a YAML file"},
		"a list":             {"- 1", "f.yaml:1:1: a list: expected a mapping"},
		"no machines":        {"name: x", "f.yaml:1:1: machines: missing: expected a list of machines"},
		"empty machines":     {"machines: []", "f.yaml:1:11: machines: empty list: expected at least one machine"},
		"machines no list":   {"machines: 3", "f.yaml:1:11: machines: plain text: expected a list"},
		"scalar entry":       {"machines: [3]", "f.yaml:1:12: machines[0]: plain text: expected a mapping"},
		"unknown top key":    {machine + "nmae: x\n", "f.yaml:9:1: nmae: unknown key: expected one of name, defaults, machines"},
		"unknown key":        {machine + "    memory: 3\n", "f.yaml:9:5: machines[0].memory: unknown key: expected one of name, backend, image, labels, ports, factors, options, rate, vary, zip, images"},
		"key twice":          {machine + "    image: j\n", "f.yaml:9:5: machines[0].image: key stands twice: expected it once (first in line 4)"},
		"anchor":             {machine + "    factors: &x {}\n", "f.yaml:9:14: machines[0].factors: YAML anchor: expected plain text, a list or a mapping"},
		"merge key":          {machine + "    <<: {}\n", "f.yaml:9:5: machines[0]: YAML mergekey: expected a plain key"},
		"no name":            {strings.Replace(machine, "name: a\n    ", "", 1), "f.yaml:2:5: machines[0].name: missing: expected a name"},
		"bad name":           {strings.Replace(machine, "name: a", "name: ../a", 1), `f.yaml:2:11: machines[0].name: "../a": expected letters, digits and . _ + - in parts joined by /, each led by a letter or digit`},
		"same name":          {machine + strings.Replace(second, "name: b", "name: A", 1), `f.yaml:9:5: name: machine "A" stands twice: expected distinct names (first in line 2)`},
		"no backend":         {strings.Replace(machine, "    backend: sim\n", "", 1), "f.yaml:2:5: machines[0].backend: missing: expected the name of a backend"},
		"empty image":        {strings.Replace(machine, "image: i", "image: ''", 1), "f.yaml:4:12: machines[0].image: empty text: expected the kernel build and distribution release"},
		"null image":         {strings.Replace(machine, "image: i", "image:", 1), "f.yaml:4:5: machines[0].image: nothing: expected the kernel build and distribution release"},
		"no image":           {strings.Replace(machine, "    image: i\n", "", 1), "f.yaml:2:5: machines[0].image: missing: expected the kernel build and distribution release"},
		"image and images":   {machine + "    images: [{name: x}]\n", "f.yaml:4:12: machines[0].image: both image and images: expected one of them"},
		"no images":          {strings.Replace(machine, "image: i", "images: []", 1), "f.yaml:4:13: machines[0].images: empty list: expected at least one image"},
		"images in images":   {strings.Replace(machine, "image: i", "images: [{name: x, images: []}]", 1), "f.yaml:4:24: machines[0].images[0].images: unknown key: expected one of name, backend, image, labels, ports, factors, options, rate, vary, zip"},
		"no open port":       {strings.Replace(machine, "open: 22, ", "", 1), "f.yaml:2:5: machines[0].ports.open: missing: expected an open TCP port"},
		"port 0":             {strings.Replace(machine, "udp: 9", "udp: 0", 1), `f.yaml:8:39: machines[0].ports.udp: "0": expected a port from 1 to 65535`},
		"port too great":     {strings.Replace(machine, "udp: 9", "udp: 65536", 1), `f.yaml:8:39: machines[0].ports.udp: "65536": expected a port from 1 to 65535`},
		"port clash":         {strings.Replace(machine, "open: 22", "open: 1", 1), "f.yaml:8:30: machines[0].ports.closed: port 1 is also open: expected another TCP port"},
		"port class":         {strings.Replace(machine, "udp: 9", "upd: 9", 1), "f.yaml:8:34: machines[0].ports.upd: unknown key: expected one of open, closed, udp"},
		"two levels":         {strings.Replace(machine, "D, D 1]", "D]", 1), "f.yaml:7:21: machines[0].labels.distribution: 2 levels: expected 3, from coarse to fine"},
		"empty label":        {strings.Replace(machine, "D, D 1]", `D, ""]`, 1), "f.yaml:7:28: machines[0].labels.distribution[2]: empty text: expected a label"},
		"no distribution":    {strings.Replace(machine, "      distribution: [L, D, D 1]\n", "", 1), "f.yaml:2:5: machines[0].labels.distribution: missing: expected 3 levels, from coarse to fine"},
		"level 0 differs":    {strings.Replace(machine, "[L, D, D 1]", "[W, D, D 1]", 1), `f.yaml:7:22: machines[0].labels.distribution: level 0 is "W": expected "L", as in kernel`},
		"two parents":        {machine + strings.NewReplacer("image: i", "image: j", "[L, L 1, L 1.1]", "[L, L 2, L 1.1]").Replace(second), `f.yaml:13:24: machines[1].labels.kernel: "L 1.1" stands under "L 2": expected "L 1", as before`},
		"labels of an image": {machine + strings.Replace(second, "L 1.1", "L 1.2", 1), `f.yaml:9:5: machines[1].image: "i" has other labels in line 2: expected one set of labels an image`},
		"rate":               {machine + "    rate: -1\n", `f.yaml:9:11: machines[0].rate: "-1": expected packets a second, above 0 and at most 1e9`},
		"rate NaN":           {machine + "    rate: .nan\n", `f.yaml:9:11: machines[0].rate: ".nan": expected packets a second, above 0 and at most 1e9`},
		"factor is a list":   {machine + "    factors: {memory: [1]}\n", "f.yaml:9:23: machines[0].factors.memory: a list: expected plain text"},
		"path factor":        {machine + "    factors: {path.loss: 2}\n", `f.yaml:9:26: machines[0].factors.path.loss: "2": expected a probability from 0 to 1`},
		"unknown path":       {machine + "    factors: {path.lag: 2}\n", "f.yaml:9:25: machines[0].factors.path.lag: unknown path factor: expected one of path.delay_us, path.hops, path.jitter_us, path.loss, path.mss, path.reorder, path.strip, path.ttl"},
		"vary is a scalar":   {machine + "    vary: {memory: 1}\n", "f.yaml:9:20: machines[0].vary.memory: plain text: expected a list"},
		"vary nothing":       {machine + "    vary: {memory: []}\n", "f.yaml:9:20: machines[0].vary.memory: empty list: expected at least one value"},
		"vary twice":         {machine + "    vary: {memory: [1, 1]}\n", `f.yaml:9:24: machines[0].vary.memory[1]: "1" stands twice: expected distinct values`},
		"vary path":          {machine + "    vary: {path.hops: [1, 999]}\n", `f.yaml:9:27: machines[0].vary.path.hops[1]: "999": expected a whole number from 0 to 254`},
		"vary and factors":   {machine + "    vary: {memory: [1]}\n    factors: {memory: 2}\n", "f.yaml:9:12: machines[0].vary.memory: factor set twice: expected it in one of factors, vary and zip"},
		"vary and zip":       {machine + "    vary: {memory: [1]}\n    zip: {memory: [2]}\n", "f.yaml:10:11: machines[0].zip.memory: factor set twice: expected it in one of factors, vary and zip"},
		"zip":                {machine + "    zip: {memory: [2], mtu: [1, 2]}\n", "f.yaml:9:24: machines[0].zip.mtu: 2 values: expected 1, as memory has"},
		"hidden factor":      {strings.Replace(machine, "image: i", "images: [{name: x, factors: {memory: 1}}]\n    vary: {memory: [2]}", 1), "f.yaml:5:12: machines[0].images[0].vary.memory: factor set twice: expected it in one of factors, vary and zip"},
		"too many":           {machine + "    vary: {" + manyAxes() + "}\n", "f.yaml:2:5: machines[0]: too many machines: expected a pool of at most 100000"},
		"long name":          {machine + "    vary: {" + strings.Repeat("m", 100) + ": [" + strings.Repeat("1", 100) + "]}\n", `f.yaml:2:5: name: machine "a/mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"… has a name of 202 bytes: expected at most 200`},
		"option twice":       {machine + "    options: {a.b: 1, a: {b: 2}}\n", "f.yaml:9:30: machines[0].options.a.b: option a.b stands twice: expected it once"},
		"option of nothing":  {machine + "    options: {a: }\n", "f.yaml:9:15: machines[0].options.a: nothing: expected plain text, a list or a mapping"},
		"control character":  {machine + "    options: {a: \"x\\n\"}\n", `f.yaml:9:18: machines[0].options.a: "x\n": expected text without control characters`},
		"image in defaults":  {"defaults: {image: i}\n" + machine, "f.yaml:1:12: defaults.image: unknown key: expected one of backend, labels, ports, factors, options, rate"},
		"everything at once": {
			"machines:\n  - name: '-'\n    labels: {kernel: [L, K, K1], distribution: [M, D]}\n    ports: {closed: x}\n    rate: fast\n    colour: red\n",
			"f.yaml:2:5: machines[0].image: missing: expected the kernel build and distribution release|" +
				"f.yaml:2:5: machines[0].backend: missing: expected the name of a backend|" +
				"f.yaml:2:5: machines[0].ports.open: missing: expected an open TCP port|" +
				`f.yaml:2:11: machines[0].name: "-": expected letters, digits and . _ + - in parts joined by /, each led by a letter or digit|` +
				"f.yaml:3:48: machines[0].labels.distribution: 2 levels: expected 3, from coarse to fine|" +
				`f.yaml:4:21: machines[0].ports.closed: "x": expected a port from 1 to 65535|` +
				`f.yaml:5:11: machines[0].rate: "fast": expected packets a second, above 0 and at most 1e9|` +
				"f.yaml:6:5: machines[0].colour: unknown key: expected one of name, backend, image, labels, ports, factors, options, rate, vary, zip, images",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Read(strings.NewReader(c.text), "f.yaml")
			require.Nil(t, p)
			require.Error(t, err)
			require.Equal(t, strings.ReplaceAll(c.want, "|", "\n"), err.Error())
		})
	}
	require.NotEmpty(t, read(t, machine+second).Machines, "what the cases start from is right")
}

// manyAxes is a vary of 10^20 combinations, more than an int counts.
func manyAxes() string {
	var axes []string
	for c := 'a'; c < 'a'+20; c++ {
		axes = append(axes, string(c)+": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]")
	}
	return strings.Join(axes, ", ")
}

func TestReadReportsTheReader(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := Read(failing{broken}, "f.yaml")
	require.ErrorIs(t, err, broken)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLoad(t *testing.T) {
	require.Contains(t, BuiltIns(), "demo")
	for _, name := range BuiltIns() {
		p, err := Load(name)
		require.NoError(t, err, name)
		require.Equal(t, name, p.Name)
	}
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte(machine), 0o600))
	p, err := Load(file)
	require.NoError(t, err)
	require.Equal(t, file, p.Name)
	_, err = Load("dmeo")
	require.EqualError(t, err, `pool "dmeo": expected a file or a built-in pool (`+strings.Join(BuiltIns(), ", ")+")")
	_, err = Load(t.TempDir())
	require.Error(t, err)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(twoEntries))
	f.Add([]byte(machine))
	for _, s := range []string{"machines: [{", "? a\n: b", "a: &x [*x]", "machines:\n- - - -", "{a: 1}}", "\xff", "a: !!str |\n  x", "%YAML 1.2\n---\n"} {
		f.Add([]byte(s))
		f.Add([]byte(machine + s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(strings.NewReader(string(data)), "f.yaml")
		if err != nil {
			es, ok := errors.AsType[Errors](err)
			if !ok || len(es) == 0 || p != nil {
				t.Fatalf("error %v with pool %v", err, p)
			}
			for _, e := range es {
				if strings.ContainsAny(e.Error(), "\n\r") || e.Msg == "" {
					t.Fatalf("not one line: %q", e.Error())
				}
			}
			return
		}
		names := map[string]bool{}
		for _, m := range p.Machines {
			if !validName(m.Name) || names[m.Name] {
				t.Fatalf("name %q", m.Name)
			}
			names[m.Name] = true
			if m.Backend == "" || m.Image == "" || m.Ports.Open == 0 || m.Ports.Closed == 0 || m.Ports.UDP == 0 || m.Ports.Open == m.Ports.Closed {
				t.Fatalf("incomplete %+v", m)
			}
			if m.Labels.Kernel[0] != m.Labels.Distribution[0] || m.Labels.Kernel[2] == "" || m.Labels.Distribution[2] == "" {
				t.Fatalf("labels %+v", m.Labels)
			}
			if err := CheckPath(m.Factors); err != nil {
				t.Fatal(err)
			}
		}
		if len(p.Machines) == 0 {
			t.Fatal("empty pool")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	entry := strings.TrimPrefix(machine, "machines:\n")
	var text strings.Builder
	text.WriteString("machines:\n")
	for i := range 1000 {
		text.WriteString(strings.Replace(entry, "name: a", fmt.Sprintf("name: a%d", i), 1))
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(strings.NewReader(text.String()), "f.yaml"); err != nil {
			b.Fatal(err)
		}
	}
}
