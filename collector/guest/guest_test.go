package guest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFactorsBecomeConfiguration(t *testing.T) {
	var c Config
	unknown, err := c.Apply(map[string]string{
		"sysctl.tcp_sack": "0", "sysctl.net.core.rmem_max": "1000000", "app.rcvbuf": "16384", "app.backlog": "16",
		"mtu": "1400", "firewall": "drop", "path.hops": "3", "memory": "96",
	})
	require.NoError(t, err)
	require.Equal(t, []string{"memory", "path.hops"}, unknown)
	require.Equal(t, Config{RcvBuf: 16384, Backlog: 16, MTU: 1400, Firewall: Drop,
		Sysctls: map[string]string{"net.ipv4.tcp_sack": "0", "net.core.rmem_max": "1000000"}}, c)

	c.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}
	c.Gateways = []netip.Addr{netip.MustParseAddr("198.18.0.1")}
	b, err := json.Marshal(&c)
	require.NoError(t, err)
	var back Config
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, c, back)
}

func TestBadFactorsAreNamed(t *testing.T) {
	for factor, want := range map[string]string{
		"app.rcvbuf": "factor app.rcvbuf=x: want a whole number", "mtu": "factor mtu=x", "firewall": "want none, drop or reject",
		"sysctl.kernel.panic": "want a name below net", "sysctl.net.ipv4./../../x": "want a name below net",
	} {
		_, err := new(Config).Apply(map[string]string{factor: "x"})
		require.ErrorContains(t, err, want)
	}
}

func FuzzSysctlsStayBelowNet(f *testing.F) {
	f.Add("net.ipv4.tcp_sack")
	f.Add("net.ipv4.conf.*.rp_filter")
	f.Add("net....x")
	f.Fuzz(func(t *testing.T, name string) {
		path, err := sysctlPath(sysctlName(name))
		if err != nil {
			return
		}
		require.Regexp(t, `^/proc/sys/net/`, path)
		require.NotContains(t, path, "..")
	})
}

// unpack reads a newc archive as the kernel's documentation describes it
// (driver-api/early-userspace/buffer-format): names with modes and contents.
func unpack(t *testing.T, b []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	for {
		require.Equal(t, "070701", string(b[:6]))
		field := func(i int) int {
			n, err := strconv.ParseUint(string(b[6+8*i:14+8*i]), 16, 32)
			require.NoError(t, err)
			return int(n)
		}
		mode, size, nameLen := field(1), field(6), field(11)
		up := func(n int) int { return (n + 3) &^ 3 }
		name := string(b[110 : 110+nameLen-1])
		data := up(110 + nameLen)
		if name == "TRAILER!!!" {
			return out
		}
		out[name] = fmt.Sprintf("%o %s", mode, b[data:data+size])
		b = b[up(data+size):]
	}
}

func TestInitramfsIsReadAsDocumented(t *testing.T) {
	got := unpack(t, Initramfs([]File{{Name: "init", Data: []byte("run"), Exec: true}, {Name: "m/a/x.ko", Data: []byte("module")}, {Name: "m/y.ko"}}))
	require.Equal(t, map[string]string{"init": "100755 run", "m": "40755 ", "m/a": "40755 ", "m/a/x.ko": "100644 module", "m/y.ko": "100644 "}, got)
}
