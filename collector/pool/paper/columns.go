package paper

// column is a factor with the values that it takes. What the quotas leave has
// none, which is the backend's default.
type column struct {
	factor string
	family string // whose machines have it; "": all
	quotas []quota
}

// quota is a value with its share of the machines, in thousandths.
type quota struct {
	value string
	share int
}

// defaults are the factors that every machine has: a packet in a million is
// lost each way. Over 329 machines, with six copies of a probe of which 0.6
// are answered, a probe is spoilt with a probability of about
// 329 · 6 · 0.6 · 2 · 1e-6 = 0.0024: 118 of 50,000, where the paper lost 121.
var defaults = []struct{ factor, value string }{
	{"path.loss", "0.000001"},
}

// columns are drawn in this order, each from a stream of its own. Shares are
// ours. What moves only fields that the catalogue calls prone (memory,
// buffers, hops) is common; what would move vetted ones too (options switched
// off or stripped) is rare, for that is why those fields are called vetted. A
// firewall stands between: most images come without one.
//
// Half-open connections from elsewhere (load.syn) wait 189 s on a Linux of
// that time. Its queue has room for 1024, since 2.6.20 for 256, of which 96
// are left where cookies are off. 1.1 and 1.2 a second overflow a queue of 256
// now and then (0.1 % and 3 % of the time), 7 one of 1024 too (a quarter of
// it). Other systems make room, or give up soon enough to have some.
var columns = []column{
	{"memory", "", []quota{{"256", 120}, {"512", 200}, {"2048", 180}, {"4096", 150}, {"8192", 80}}},
	{"mtu", "", []quota{{"1400", 50}, {"1492", 70}, {"9000", 50}}},
	{"app.rcvbuf", "", []quota{{"16384", 60}, {"65536", 60}, {"131072", 70}, {"1048576", 40}}},
	{"app.backlog", "", []quota{{"16", 50}, {"1024", 130}}},
	{"firewall", "", []quota{{"drop", 80}, {"reject", 60}}},
	{"load.syn", "", []quota{{"1.1", 60}, {"1.2", 60}, {"7", 20}}},
	{"path.hops", "", []quota{{"1", 200}, {"2", 120}, {"4", 120}, {"7", 80}, {"11", 80}, {"15", 40}}},
	{"path.delay_us", "", []quota{{"2000", 120}, {"15000", 80}}},
	{"path.mss", "", []quota{{"1360", 40}, {"1380", 50}}},
	{"path.ttl", "", []quota{{"64", 15}, {"128", 15}, {"255", 15}}},
	{"path.strip", "", []quota{{"timestamps", 9}, {"sack", 6}, {"wscale", 6}}},

	{"sysctl.ip_default_ttl", "linux", []quota{{"128", 25}, {"255", 15}}},
	{"sysctl.tcp_timestamps", "linux", []quota{{"0", 20}}},
	{"sysctl.tcp_sack", "linux", []quota{{"0", 12}}},
	{"sysctl.tcp_window_scaling", "linux", []quota{{"0", 12}}},
	{"sysctl.tcp_ecn", "linux", []quota{{"0", 8}, {"1", 12}}},
	{"sysctl.tcp_rmem", "linux", []quota{{"4096 87380 16777216", 60}, {"4096 131072 33554432", 40}}},
	{"sysctl.tcp_syncookies", "linux", []quota{{"1", 40}}},

	{"sysctl.Tcp1323Opts", "windows", []quota{{"1", 80}, {"3", 110}}},
	{"sysctl.TcpWindowSize", "windows", []quota{{"65535", 80}, {"262144", 80}}},
	{"sysctl.EcnCapability", "windows", []quota{{"1", 90}}},

	{"sysctl.net.inet.ip.random_id", "freebsd", []quota{{"1", 150}}},
	{"sysctl.net.inet.tcp.drop_synfin", "freebsd", []quota{{"1", 100}}},
	{"sysctl.net.inet.tcp.rfc1323", "freebsd", []quota{{"0", 50}}},
	{"sysctl.net.inet.tcp.recvspace", "freebsd", []quota{{"131072", 100}}},
	{"sysctl.net.inet.tcp.recvspace", "openbsd", []quota{{"65536", 130}}},
	{"sysctl.net.inet.tcp.ecn", "openbsd", []quota{{"1", 250}}},
	{"sysctl.tcp_recv_hiwat", "solaris", []quota{{"262144", 170}}},
	{"sysctl.tcp_ecn_permitted", "solaris", []quota{{"0", 170}}},
}
