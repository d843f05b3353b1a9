package formats

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/datasets"
)

// p0fText and satoriText are files of our own in the forms of p0f 3 and of
// Satori.
const p0fText = `; own signatures
classes = win,unix
[mtu]
label = Ethernet
sig = 1500

[tcp:request]
label = s:unix:Anvil:1.x
sys = @unix
sig = *:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0
sig   = 4:64+?:0:1460:%8192,*:mss,nop,ws:df:+
label = g:win:Bolt:
sig = 4:128-:0:*:65535,0:mss::*
label = s:win:Bolt:2
sig = 4:128:0:*:65535,0:mss::*
[http:request]
ua_os = a,b
label = s:!:x:
sig = 1:Host,?Accept:x:
[tcp:response]
label = s:!:Prober:
sig = *:64:0:0:*,0:::0
`

const satoriText = `<?xml version="1.0"?>
<SATORI><TCP><fingerprints>
<fingerprint os_name="Anvil 1" os_class="Anvil" weight="1">
 <tcp_tests>
  <test weight="5" matchtype="exact" tcpflag="S" tcpsig="65535:64:1:60:M1460,N,W6,N,N,T,S,E:P"/>
  <test weight="5" type="exact" flag="SA" tcpsig="S4:64:1:48:M*,N,N,S:."/>
 </tcp_tests>
</fingerprint>
<fingerprint name="Bolt 2" os_class="Bolt"><tcp_tests><test tcpflag="S" tcpsig="*:128:0:40:.:."/><test dhcp="x"/></tcp_tests></fingerprint>
<fingerprint name="" os_class="Bolt"><tcp_tests><test tcpflag="S" tcpsig="*:128:0:40:.:."/></tcp_tests></fingerprint>
</fingerprints></TCP></SATORI>
`

func importSignatures(t testing.TB, format Format, text string) (*datasets.Dataset, error) {
	path := filepath.Join(t.TempDir(), "F")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	d, err := format.Import(context.Background(), path, ImportOptions{})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func TestImportSignatures(t *testing.T) {
	for _, c := range []struct {
		format Format
		text   string
		table  string
		groups int
		left   int
	}{
		{Format{Import: ImportP0f}, p0fText, `signature,cells,class,name,flavor,direction,ttl,options_length,window,scale,layout,payload,quirk.df,quirk.id+,mss
1 unix Anvil 1.x,1 unix Anvil 1.x,unix,unix Anvil,unix Anvil 1.x,request,64,0,mss*20,7,"mss,sok,ts,nop,ws",0,yes,yes,
2 unix Anvil 1.x,2 unix Anvil 1.x,unix,unix Anvil,unix Anvil 1.x,request,64+?,0,%8192,,"mss,nop,ws",+,yes,no,1460
3 win Bolt,3 win Bolt,win,win Bolt,win Bolt,request,128,0,65535,0,mss,,no,no,
4 win Bolt 2,3 win Bolt,win,win Bolt,win Bolt 2,request,128,0,65535,0,mss,,no,no,
5 ! Prober,5 ! Prober,!,! Prober,! Prober,response,64,0,,0,none,0,no,no,0
`, 4, 0},
		{Format{Import: ImportSatori}, satoriText, `signature,cells,class,name,flags,window,ttl,df,size,layout,mss,scale,quirks
1 Anvil: Anvil 1,1 Anvil: Anvil 1,Anvil,Anvil: Anvil 1,S,65535,64,1,60,"M,N,W,N,N,T,S,E",1460,6,P
2 Anvil: Anvil 1,2 Anvil: Anvil 1,Anvil,Anvil: Anvil 1,SA,S4,64,1,48,"M,N,N,S",,,none
3 Bolt: Bolt 2,3 Bolt: Bolt 2,Bolt,Bolt: Bolt 2,S,,128,0,40,none,,,none
`, 3, 1},
	} {
		d, err := importSignatures(t, c.format, c.text)
		require.NoError(t, err)
		require.Equal(t, c.left, d.Meta.Table.Drawn.LeftOut)
		require.Equal(t, c.groups, d.Info().Groups)
		var b bytes.Buffer
		require.NoError(t, ExportCSV(&b, d, Options{}))
		require.Equal(t, c.table, withoutColumns(b.String()))
	}
}

// withoutColumns leaves the columns out that say nothing here: quirks that no
// signature has, and the version.
func withoutColumns(table string) string {
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	head := strings.Split(lines[0], ",")
	drop := make(map[int]bool)
	for i, name := range head {
		drop[i] = name == "version" || strings.HasPrefix(name, "quirk.") && name != "quirk.df" && name != "quirk.id+"
	}
	var b strings.Builder
	for _, line := range lines {
		var kept []string
		column, quoted := 0, false
		start := 0
		for i := 0; i <= len(line); i++ {
			if i < len(line) && line[i] == '"' {
				quoted = !quoted
			}
			if i == len(line) || line[i] == ',' && !quoted {
				if !drop[column] {
					kept = append(kept, line[start:i])
				}
				column, start = column+1, i+1
			}
		}
		b.WriteString(strings.Join(kept, ",") + "\n")
	}
	return b.String()
}

func TestImportSignaturesErrors(t *testing.T) {
	tcp := "[tcp:request]\nlabel = s:unix:Anvil:1.x\n"
	test := func(sig string) string {
		return "<a><fingerprint os_class=\"c\" os_name=\"n\">\n<test tcpsig=\"" + sig + "\"/></fingerprint></a>"
	}
	for _, c := range []struct {
		format     func(context.Context, string, ImportOptions) (*datasets.Dataset, error)
		text, want string
	}{
		{ImportP0f, "", "no signatures of TCP packets: want a file of p0f"},
		{ImportP0f, "hello\n", `:1: "hello": want name = value, [section] or ;comment`},
		{ImportP0f, "[tcp:request\n", `:1: "[tcp:request": want ']' at the end`},
		{ImportP0f, "[tcp:reset]\n", `:1: "[tcp:reset]": want tcp:request or tcp:response`},
		{ImportP0f, "[tcp:request]\nsig = 4:64:0:*:*,*:mss::0\n", ":2: sig before label"},
		{ImportP0f, "[tcp:request]\nlabel = unix:Anvil\n", `:2: label "unix:Anvil": want s or g, class, name and flavor`},
		{ImportP0f, tcp + "colour = red\n", `:3: "colour": want label, sys or sig`},
		{ImportP0f, tcp + "sig = 4:64\n", `:3: sig "4:64": 2 fields: want version:ttl:`},
		{ImportP0f, tcp + "sig = 5:64:0:*:*,*:mss::0\n", `version "5": want 4, 6 or *`},
		{ImportP0f, tcp + "sig = 4:x:0:*:*,*:mss::0\n", `ttl "x": want a number, with - or +hops behind it`},
		{ImportP0f, tcp + "sig = 4:64:0:*:mss*,*:mss::0\n", `window "mss*": want a number, mss*N`},
		{ImportP0f, tcp + "sig = 4:64:0:*:1,z:mss::0\n", `scale "z": want a number or *`},
		{ImportP0f, tcp + "sig = 4:64:0:*:1,*:mss:dff:0\n", `quirk "dff": want one of df, id+`},
		{ImportP0f, tcp + "sig = 4:64:0:*:1,*:mss::2\n", `payload "2": want 0, + or *`},
		{ImportP0f, strings.Repeat("x", 1<<17), ":1: bufio.Scanner: token too long"},
		{ImportSatori, "", "no signatures of TCP packets: want a file of satori"},
		{ImportSatori, "<a>", ":1: XML syntax error on line 1: unexpected EOF: want Satori's XML"},
		{ImportSatori, "<a><test tcpsig=\"1\"/></a>", ":1: test outside a fingerprint"},
		{ImportSatori, test("1:2:3"), `:2: tcpsig "1:2:3": 3 fields: want window:ttl:df:size:options:quirks`},
		{ImportSatori, test("x:2:1:4:.:."), `window "x": want a number, S or T with a number`},
		{ImportSatori, test("1:x:1:4:.:."), `ttl "x"`},
		{ImportSatori, test("1:2:2:4:.:."), `df "2": want 0, 1 or *`},
		{ImportSatori, test("1:2:1:4:Q:."), `option "Q": want M, N, W, S, T, E or ?`},
		{ImportSatori, test("1:2:1:4:Mx:."), `option "Mx": want a number or *`},
	} {
		_, err := importSignatures(t, Format{Import: c.format}, c.text)
		require.ErrorContains(t, err, c.want)
	}
}

func FuzzImportP0f(f *testing.F) { fuzzSignatures(f, readP0f, p0fText) }

func FuzzImportSatori(f *testing.F) { fuzzSignatures(f, readSatori, satoriText) }

// fuzzSignatures imports anything: an error names the file, and a table that
// is made can be written.
func fuzzSignatures(f *testing.F, read func(string, []byte) (*datasets.Dataset, error), text string) {
	f.Add(text)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := read("F", []byte(text))
		if err != nil {
			require.Regexp(t, `^F(:\d+)?: `, err.Error())
			return
		}
		require.NoError(t, ExportCSV(&bytes.Buffer{}, d, Options{}))
	})
}
