package pool

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSelect(t *testing.T) {
	p := read(t, twoEntries)
	for _, c := range []struct {
		patterns []string
		want     []int // indices into the pool's machines
	}{
		{nil, []int{0, 1, 2, 3, 4, 5, 6}},
		{[]string{"*"}, []int{0, 1, 2, 3, 4, 5, 6}},
		{[]string{"g"}, []int{6}},
		{[]string{"?"}, []int{6}},
		{[]string{"linux-*"}, []int{0, 1, 2, 3, 4, 5}},
		{[]string{"*debian*hops3*"}, []int{2, 3}},
		{[]string{"kernel=Linux 2.6"}, []int{0, 1, 2, 3, 4, 5}},
		{[]string{"distribution=CentOS*"}, []int{4, 5}},
		{[]string{"backend=netstack"}, []int{6}},
		{[]string{"image=CentOS 6.2"}, []int{4, 5}},
		{[]string{"firewall=drop"}, []int{1, 3}},
		{[]string{"firewall=", "g"}, []int{4, 5, 6}},
		{[]string{"firewall=drop, path.hops=3"}, []int{3}},
		{[]string{"distribution=Debian,!firewall=drop"}, []int{0, 2}},
		{[]string{"g", "*m512*"}, []int{4, 6}},
	} {
		got, err := p.Select(c.patterns...)
		require.NoError(t, err, "%v", c.patterns)
		require.Len(t, got.Machines, len(c.want), "%v", c.patterns)
		for i, k := range c.want {
			require.Equal(t, p.Machines[k], got.Machines[i], "%v", c.patterns)
		}
	}
	for _, pattern := range []string{"linux", "kernel=linux", "", "!*"} {
		_, err := p.Select("*", pattern)
		require.EqualError(t, err, `pool small: pattern "`+pattern+`" matches no machine`)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"**", "x/y", true}, {"a*b*c", "a/b/b/c", true},
		{"a*b*c", "acb", false}, {"*aab", "aaaab", true}, {"?é", "xé", true}, {"??", "é", false}, {"[a]", "[a]", true},
	} {
		require.Equal(t, c.want, glob(c.pattern, c.s), "%q %q", c.pattern, c.s)
	}
}

func TestList(t *testing.T) {
	p, err := read(t, twoEntries).Select("*debian*hops0-firewall.none", "g")
	require.NoError(t, err)
	data, err := json.Marshal(List(p, backends(fake{name: "sim"})))
	require.NoError(t, err)
	require.JSONEq(t, `{"machines":[
		{"name":"linux-2.6.32-debian6/hops0-firewall.none","backend":"sim","stack":"sim linux-2.6.32-debian6","image":"linux-2.6.32-debian6",
		 "labels":{"kernel":["Linux","Linux 2.6","Linux 2.6.32"],"distribution":["Linux","Debian","Debian 6"]},
		 "factors":{"memory":"256","app.rcvbuf":"0.10","path.hops":"0","firewall":"none"}},
		{"name":"g","backend":"netstack","stack":"","image":"gVisor",
		 "labels":{"kernel":["gVisor","gVisor","gVisor v1"],"distribution":["gVisor","gVisor","gVisor v1"]},
		 "factors":{"memory":"256","app.rcvbuf":"0.10"}}]}`, string(data))
}
