package nmap6_test

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap6"
)

// The names as the comments of Nmap 7.93's FPModel.cc give them, by their
// place in it.
func TestFeatureNames(t *testing.T) {
	for i, want := range map[int]string{
		0: "S1.PLEN", 1: "S1.TC", 2: "S1.HLIM", 18: "IE1.PLEN", 26: "NS.HLIM", 27: "U1.PLEN", 50: "T7.HLIM", 51: "TCP_ISR", 52: "S1.TCP_WINDOW",
		53: "S1.TCP_FLAG_F", 61: "S1.TCP_FLAG_RES8", 65: "S1.TCP_OPT_0", 81: "S1.TCP_OPTLEN_0", 97: "S1.TCP_MSS", 98: "S1.TCP_SACKOK", 99: "S1.TCP_WSCALE",
		100: "S1.TCP_CORR_WINDOW_MSS", 101: "S2.TCP_WINDOW", 688: "T7.TCP_CORR_WINDOW_MSS", 689: "IE1.ICMPV6_TYPE", 694: "NS.ICMPV6_CODE",
	} {
		require.Equal(t, want, nmap6.Features[i], "feature %d", i)
		at, err := nmap6.FeatureIndex(want)
		require.NoError(t, err)
		require.Equal(t, i, at)
	}
	_, err := nmap6.FeatureIndex("S1.TCP_WINDW")
	require.ErrorContains(t, err, "did you mean S1.TCP_WINDOW?")
}

// golden reads what nmap -d3 printed of one scan: its vector and fingerprint.
func golden(t *testing.T) (*nmap6.Vector, *nmap6.Fingerprint) {
	t.Helper()
	b, err := os.ReadFile("testdata/debian12-nmap-7.93.txt")
	require.NoError(t, err)
	line, _, _ := bytes.Cut(b, []byte("\n"))
	vectors, err := nmap6.ReadVectors(bytes.NewReader(line))
	require.NoError(t, err)
	require.Len(t, vectors, 1)
	prints, err := nmap6.ReadFingerprints(bytes.NewReader(b))
	require.NoError(t, err)
	require.Len(t, prints, 1)
	return &vectors[0].Vector, prints[0]
}

// requireNear holds vectors against each other: TCP_ISR up to the digits of
// printed times, all else exactly.
func requireNear(t *testing.T, want, have *nmap6.Vector) {
	t.Helper()
	for i, name := range nmap6.Features {
		if name == "TCP_ISR" {
			require.InEpsilon(t, want[i], have[i], 1e-4, name)
		} else {
			require.Equal(t, want[i], have[i], name)
		}
	}
}

func TestFingerprintGivesNmapsVector(t *testing.T) {
	want, print := golden(t)
	for _, d := range []nmap6.Dialect{nmap6.V793, nmap6.Current} {
		requireNear(t, want, print.Vectorize(d))
	}
	require.Equal(t, nmap6.Distance{Method: nmap6.Direct, Hops: 1}, print.Distance)
	require.Equal(t, "22", print.Scan["OT"])
	require.Equal(t, "12345", print.FlowLabel)
	require.Equal(t, int64(26433), print.Answer["S1"].Sent)
}

// A fingerprint without wrapping, as in Nmap's XML, is the same.
func TestUnwrappedFingerprint(t *testing.T) {
	b, err := os.ReadFile("testdata/debian12-nmap-7.93.txt")
	require.NoError(t, err)
	_, wrapped, _ := strings.Cut(string(b), "\nOS:")
	one := strings.ReplaceAll(wrapped, "\nOS:", "")
	want, _ := golden(t)
	for _, text := range []string{one, `<osfingerprint fingerprint="` + strings.ReplaceAll(one, ")", ")&#xa;") + `"/>`, strings.ReplaceAll(one, ")", ")\r\n")} {
		prints, err := nmap6.ReadFingerprints(strings.NewReader(text))
		require.NoError(t, err)
		require.Len(t, prints, 1)
		requireNear(t, want, prints[0].Vectorize(nmap6.V793))
	}
}

func TestFingerprintErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"none":         {"nothing here", "no fingerprint"},
		"IPv4":         {"OS:SCAN(V=7.93%E=4%D=1/1)", "line 1: SCAN: an IPv4 fingerprint (E=4)"},
		"cut":          {"OS:SCAN(E=6)S1(P=60\nOS:00%ST=1", "line 1: S1 is cut short"},
		"half a byte":  {"OS:SCAN(E=6)\nOS:S1(P=600%ST=1%RT=1)", `line 2: S1: field P: half a byte "0"`},
		"not hex":      {"SCAN(E=6)S1(P=6g%ST=1%RT=1)", `field P: byte "6g": want two hexadecimal digits or XX`},
		"no repeat":    {"SCAN(E=6)S1(P=60{x}%ST=1%RT=1)", "want {n}"},
		"bomb":         {"SCAN(E=6)S1(P=60{999999999}%ST=1%RT=1)", "packet longer than"},
		"no time":      {"SCAN(E=6)S1(P=60)", `field ST: "": want seconds`},
		"endless time": {"SCAN(E=6)S1(P=60%ST=inf%RT=1)", "want seconds"},
		"twice":        {"SCAN(E=6)S1(P=60%ST=1%RT=1)S1(P=60%ST=1%RT=1)", "S1: there is one already"},
		"distance":     {"SCAN(E=6%DC=Q)", "DC=Q: want L, D, I or T"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := nmap6.ReadFingerprints(strings.NewReader(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// ip puts an IPv6 header before a payload.
func ip(next, limit byte, payload ...byte) []byte {
	h := make([]byte, 40)
	h[0], h[5], h[6], h[7] = 0x6b, byte(len(payload)), next, limit
	return append(h, payload...)
}

// tcp makes a TCP header with the given options, which are padded with zeros.
func tcp(window uint16, flags uint16, options ...byte) []byte {
	h := make([]byte, 20, 60)
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	h[12], h[13] = byte(5+len(options)/4)<<4|byte(flags>>8), byte(flags)
	h[14], h[15] = byte(window>>8), byte(window)
	return append(h, options...)
}

func value(t *testing.T, v *nmap6.Vector, name string) float64 {
	t.Helper()
	i, err := nmap6.FeatureIndex(name)
	require.NoError(t, err)
	return v[i]
}

func TestVectorOfPackets(t *testing.T) {
	seventeen := append(bytes.Repeat([]byte{1}, 16), 3, 3, 7)
	for name, c := range map[string]struct {
		probe  string
		packet []byte
		want   map[string]float64
	}{
		"header": {"T2", ip(6, 61, tcp(512, 0xfff)...), map[string]float64{"T2.PLEN": 20, "T2.TC": 0xb0, "T2.HLIM": 64, "T2.TCP_WINDOW": 512,
			"T2.TCP_FLAG_F": 1, "T2.TCP_FLAG_RES8": 1, "T2.TCP_FLAG_RES11": 1, "T2.TCP_OPT_0": -1, "T2.TCP_MSS": -1, "T2.TCP_SACKOK": -1, "T2.TCP_CORR_WINDOW_MSS": -1, "T3.PLEN": -1, "TCP_ISR": -1}},
		"options": {"S1", ip(6, 255, tcp(1000, 0x12, 2, 4, 1, 0, 1, 3, 3, 9, 4, 2, 2, 4, 9, 9, 0, 7)...), map[string]float64{
			"S1.TCP_FLAG_F": 0, "S1.TCP_FLAG_S": 1, "S1.TCP_OPT_0": 2, "S1.TCP_OPTLEN_0": 4, "S1.TCP_OPT_1": 1, "S1.TCP_OPTLEN_1": 1, "S1.TCP_OPT_5": 0, "S1.TCP_OPTLEN_5": 1,
			"S1.TCP_OPT_6": -1, "S1.TCP_MSS": 256, "S1.TCP_SACKOK": 1, "S1.TCP_WSCALE": 9, "S1.TCP_CORR_WINDOW_MSS": float64(float32(1000) / 256)}},
		"MSS of 0":          {"S1", ip(6, 64, tcp(1000, 0x12, 2, 4, 0, 0)...), map[string]float64{"S1.TCP_MSS": 0, "S1.TCP_CORR_WINDOW_MSS": -1}},
		"32-bit quotient":   {"S1", ip(6, 64, tcp(64240, 0x12, 2, 4, 5, 0xa0)...), map[string]float64{"S1.TCP_CORR_WINDOW_MSS": 44.61111068725586}},
		"option too long":   {"S1", ip(6, 64, tcp(1, 0x12, 8, 10, 1, 2)...), map[string]float64{"S1.TCP_OPT_0": 8, "S1.TCP_OPTLEN_0": 10, "S1.TCP_OPT_1": -1}},
		"seventeen options": {"S1", ip(6, 64, tcp(1, 0x12, seventeen...)...), map[string]float64{"S1.TCP_OPT_15": 1, "S1.TCP_OPTLEN_0": 1, "S1.TCP_WSCALE": -1}},
		"header cut short":  {"S1", ip(6, 64, tcp(1, 0x12, 2, 4, 0, 0)[:22]...), map[string]float64{"S1.PLEN": 22, "S1.TCP_WINDOW": -1}},
		"error quotes probe": {"T3", ip(58, 64, append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, ip(6, 50, tcp(256, 0x2b)...)...)...), map[string]float64{
			"T3.PLEN": 68, "T3.TCP_WINDOW": 256}},
		"behind extension headers": {"IE2", ip(0, 64, append([]byte{60, 0, 1, 4, 0, 0, 0, 0, 58, 0, 1, 4, 0, 0, 0, 0}, 4, 2, 0, 0, 0, 0, 0, 48)...), map[string]float64{
			"IE2.ICMPV6_TYPE": 4, "IE2.ICMPV6_CODE": 2}},
		"advertisement cut short": {"NS", ip(58, 255, 136, 0, 0, 0, 0, 0, 0, 0), map[string]float64{"NS.HLIM": 255, "NS.ICMPV6_TYPE": -1}},
		"no IPv6":                 {"NS", []byte{0x45, 0, 0, 20}, map[string]float64{"NS.PLEN": -1}},
	} {
		t.Run(name, func(t *testing.T) {
			a := nmap6.Answers{Answer: map[string]nmap6.Answer{c.probe: {Packet: c.packet}}}
			v := a.Vectorize(nmap6.V793)
			for feature, want := range c.want {
				require.Equal(t, want, value(t, v, feature), feature)
			}
		})
	}
	a := nmap6.Answers{Answer: map[string]nmap6.Answer{"S1": {Packet: ip(6, 64, tcp(1, 0x12, seventeen...)...)}}}
	v := a.Vectorize(nmap6.Current)
	require.Equal(t, 3.0, value(t, v, "S1.TCP_OPTLEN_0"))
	require.Equal(t, 7.0, value(t, v, "S1.TCP_WSCALE"))
}

func TestHopLimitByDistance(t *testing.T) {
	for _, c := range []struct {
		d    nmap6.Distance
		seen byte
		want float64
	}{
		{nmap6.Distance{}, 44, 64}, {nmap6.Distance{}, 43, -1}, {nmap6.Distance{}, 69, 64}, {nmap6.Distance{}, 70, -1}, {nmap6.Distance{}, 12, 32}, {nmap6.Distance{}, 235, 255},
		{nmap6.Distance{Method: nmap6.Direct, Hops: 1}, 59, 64}, {nmap6.Distance{Method: nmap6.Direct, Hops: 1}, 58, -1},
		{nmap6.Distance{Method: nmap6.ICMP, Hops: 11}, 49, 64}, {nmap6.Distance{Method: nmap6.ICMP, Hops: 11}, 48, -1}, {nmap6.Distance{Method: nmap6.Traceroute, Hops: 3}, 57, 64},
		{nmap6.Distance{Method: nmap6.Localhost}, 64, 64},
	} {
		a := nmap6.Answers{Answer: map[string]nmap6.Answer{"U1": {Packet: ip(17, c.seen)}}, Distance: c.d}
		require.Equal(t, c.want, value(t, a.Vectorize(nmap6.V793), "U1.HLIM"), "%+v of %+v", c.seen, c.d)
	}
	d, ok := nmap6.QuotedDistance(50, ip(58, 64, append([]byte{1, 4, 0, 0, 0, 0, 0, 0}, ip(17, 41)...)...))
	require.True(t, ok)
	require.Equal(t, nmap6.Distance{Method: nmap6.ICMP, Hops: 10}, d)
}

func TestSequenceRate(t *testing.T) {
	withSeq := func(seq uint32) []byte {
		p := ip(6, 64, tcp(1, 0x12)...)
		p[44], p[45], p[46], p[47] = byte(seq>>24), byte(seq>>16), byte(seq>>8), byte(seq)
		return p
	}
	a := nmap6.Answers{Answer: map[string]nmap6.Answer{
		"S1": {Packet: withSeq(math.MaxUint32 - 9), Sent: 1_000_000}, "S3": {Packet: withSeq(90), Sent: 1_200_000}, "S6": {Packet: withSeq(40), Sent: 1_500_000},
	}}
	// 100 up, then 50 down modulo 2³², in half a second.
	require.Equal(t, (100+float64(1<<32-50))/0.5, value(t, a.Vectorize(nmap6.V793), "TCP_ISR"))
}

func TestVectorFiles(t *testing.T) {
	want, _ := golden(t)
	rows := []nmap6.LabelledVector{{ID: "a", Label: "Linux, \"6\"", Vector: *want}, {ID: "b", Label: "X", Vector: *want}}
	var b bytes.Buffer
	require.NoError(t, nmap6.WriteVectors(&b, rows))
	back, err := nmap6.ReadVectors(&b)
	require.NoError(t, err)
	require.Equal(t, rows, back)

	part, err := nmap6.ReadVectors(strings.NewReader("NS.HLIM,label,S1.PLEN\n255,x,\n,y,NaN\n"))
	require.NoError(t, err)
	require.Len(t, part, 2)
	require.Equal(t, 255.0, value(t, &part[0].Vector, "NS.HLIM"))
	require.Equal(t, -1.0, value(t, &part[1].Vector, "S1.PLEN"))
	for text, want := range map[string]string{
		"":                       "empty",
		"S1.PLEN\n":              "line 2: no vector",
		"S1.PLN\n1\n":            "line 1: column 1: feature \"S1.PLN\": no such feature; did you mean S1.PLEN?",
		"S1.PLEN,S1.PLEN\n1,2\n": "line 1: column 2: S1.PLEN is there twice",
		"id,label\n1,2\n":        "no column is a feature",
		"S1.PLEN\n1,2\n":         "line 2: want a cell for every column",
		"S1.PLEN\n1\ninf\n":      "line 3: column S1.PLEN: \"inf\": want a finite number",
		"v = {1, 2, };\n":        "line 1: v = {…}: 2 numbers: want 695",
		"v = {1, 2, 3":           "cut short",
	} {
		_, err := nmap6.ReadVectors(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzFingerprints(f *testing.F) {
	b, err := os.ReadFile("testdata/debian12-nmap-7.93.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("SCAN(E=6%DS=3%DC=I)S1(P=6000{4}ffXX{32}%ST=1e-3%RT=0.5)EXTRA(FL=0)"))
	f.Fuzz(func(t *testing.T, b []byte) {
		prints, err := nmap6.ReadFingerprints(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, p := range prints {
			for _, d := range []nmap6.Dialect{nmap6.V793, nmap6.Current} {
				requireFinite(t, p.Vectorize(d))
			}
		}
	})
}

func requireFinite(t *testing.T, v *nmap6.Vector) {
	for i, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) || x < -1 {
			t.Fatalf("%s is %v", nmap6.Features[i], x)
		}
	}
}

// Whatever an answer is, its vector is made of finite numbers.
func FuzzVectorize(f *testing.F) {
	f.Add(ip(6, 64, tcp(1, 0x12, 2, 4, 1, 0, 8, 0, 1, 1)...))
	f.Add(ip(0, 64, 58, 0, 1, 4, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 48))
	f.Fuzz(func(t *testing.T, packet []byte) {
		a := nmap6.Answers{Answer: map[string]nmap6.Answer{}}
		for i, name := range nmap6.ProbeNames {
			a.Answer[name] = nmap6.Answer{Packet: packet, Sent: int64(i)}
		}
		for _, d := range []nmap6.Dialect{nmap6.V793, nmap6.Current} {
			requireFinite(t, a.Vectorize(d))
		}
	})
}

func FuzzVectors(f *testing.F) {
	f.Add([]byte("id,label,S1.PLEN\na,b,1\n"))
	f.Add([]byte("v = {1, 2, };\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := nmap6.ReadVectors(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		require.NoError(t, nmap6.WriteVectors(&out, rows))
		back, err := nmap6.ReadVectors(&out)
		require.NoError(t, err)
		require.Equal(t, len(rows), len(back))
	})
}
