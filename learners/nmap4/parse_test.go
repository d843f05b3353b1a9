package nmap4_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickle/learners/nmap4"
)

// subject is what a scan of our own namespace (Linux, open 22, closed 80)
// gave, as nmap 7.93 -O -d prints it.
const subject = `SCAN(V=7.93%E=4%D=11/25%OT=22%CT=80%CU=35285%PV=Y%DS=1%DC=D%G=Y%M=C2DAB9%TM=6B0761D7%P=x86_64-pc-linux-gnu)
SEQ(SP=101%GCD=1%ISR=10C%TI=Z%CI=Z%II=I%TS=21)
OPS(O1=M5B4ST11NWA%O2=M5B4ST11NWA%O3=M5B4NNT11NWA%O4=M5B4ST11NWA%O5=M5B4ST11NWA%O6=M5B4ST11)
WIN(W1=FE88%W2=FE88%W3=FE88%W4=FE88%W5=FE88%W6=FE88)
ECN(R=Y%DF=Y%T=40%W=FAF0%O=M5B4NNSNWA%CC=Y%Q=)
T1(R=Y%DF=Y%T=40%S=O%A=S+%F=AS%RD=0%Q=)
T2(R=N)
T3(R=N)
T4(R=Y%DF=Y%T=40%W=0%S=A%A=Z%F=R%O=%RD=0%Q=)
T5(R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)
T6(R=Y%DF=Y%T=40%W=0%S=A%A=Z%F=R%O=%RD=0%Q=)
T7(R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)
U1(R=Y%DF=N%T=40%IPL=164%UN=0%RIPL=G%RID=G%RIPCK=G%RUCK=G%RUD=G)
IE(R=Y%DFI=N%T=40%CD=S)
`

// wrapped is the same fingerprint as nmap 7.93 -O prints it.
const wrapped = `OS:SCAN(V=7.93%E=4%D=11/25%OT=22%CT=80%CU=35285%PV=Y%DS=1%DC=D%G=Y%M=C2DAB9
OS:%TM=6B0761D7%P=x86_64-pc-linux-gnu)SEQ(SP=101%GCD=1%ISR=10C%TI=Z%CI=Z%II
OS:=I%TS=21)OPS(O1=M5B4ST11NWA%O2=M5B4ST11NWA%O3=M5B4NNT11NWA%O4=M5B4ST11NW
OS:A%O5=M5B4ST11NWA%O6=M5B4ST11)WIN(W1=FE88%W2=FE88%W3=FE88%W4=FE88%W5=FE88
OS:%W6=FE88)ECN(R=Y%DF=Y%T=40%W=FAF0%O=M5B4NNSNWA%CC=Y%Q=)T1(R=Y%DF=Y%T=40%
OS:S=O%A=S+%F=AS%RD=0%Q=)T2(R=N)T3(R=N)T4(R=Y%DF=Y%T=40%W=0%S=A%A=Z%F=R%O=%
OS:RD=0%Q=)T5(R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)T6(R=Y%DF=Y%T=40%W
OS:=0%S=A%A=Z%F=R%O=%RD=0%Q=)T7(R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)
OS:U1(R=Y%DF=N%T=40%IPL=164%UN=0%RIPL=G%RID=G%RIPCK=G%RUCK=G%RUD=G)IE(R=Y%D
OS:FI=N%T=40%CD=S)
`

func parse(t testing.TB, text string) *nmap4.Fingerprint {
	f, err := nmap4.Parse(strings.NewReader(text), "F")
	require.NoError(t, err)
	return f
}

func TestParseForms(t *testing.T) {
	attribute := strings.ReplaceAll(wrapped, "\n", "&#xa;")
	forms := map[string]string{
		"plain":      subject,
		"indented":   "# own\n\n  " + strings.ReplaceAll(subject, "\n", "\r\n  "),
		"one line":   strings.ReplaceAll(subject, "\n", ""),
		"wrapped":    wrapped,
		"-oN":        "Nmap scan report for 192.0.2.1\n22/tcp open ssh\nTCP/IP fingerprint:\n" + wrapped + "\nNetwork Distance: 1 hop\n",
		"-d":         "PORT STATE SERVICE\n22/tcp open ssh\nTCP/IP fingerprint:\n" + subject + "\nUptime guess: 0.000 days\n",
		"-oX":        "<?xml version=\"1.0\"?>\n<!DOCTYPE nmaprun>\n<nmaprun><host><os>\n<osfingerprint fingerprint=\"" + attribute + "\"/>\n</os></host></nmaprun>\n",
		"-oX and -d": "<nmaprun><host><os><osfingerprint fingerprint=\"" + strings.ReplaceAll(subject, "\n", "&#xa;") + "\"/></os></host></nmaprun>",
	}
	for name, text := range forms {
		t.Run(name, func(t *testing.T) {
			f := parse(t, text)
			require.Equal(t, subject, f.String())
			require.Equal(t, wrapped, f.Wrapped())
			require.False(t, f.Merged())
		})
	}
}

func TestParseSeveral(t *testing.T) {
	other := strings.ReplaceAll(wrapped, "OT=22", "OT=23")
	all, err := nmap4.ParseAll(strings.NewReader(wrapped+"\nNmap scan report\n"+other), "F")
	require.NoError(t, err)
	require.Len(t, all, 2)
	v, _ := all[1].Get("SCAN", "OT")
	require.Equal(t, "23", v)
	_, err = nmap4.Parse(strings.NewReader(wrapped+other), "F")
	require.EqualError(t, err, "F: 2 fingerprints: want one")
}

func TestParseMerged(t *testing.T) {
	f := parse(t, "SEQ(SP=1%GCD=1)\nSEQ(SP=2%GCD=1)\nT2(R=N)\n")
	require.True(t, f.Merged())
	v, ok := f.Get("SEQ", "SP")
	require.True(t, ok)
	require.Equal(t, "1", v)
	_, ok = f.Get("SEQ", "TI")
	require.False(t, ok)
	_, ok = f.Get("T9", "TI")
	require.False(t, ok)
	require.Nil(t, f.Test("T3"))
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "F: no fingerprint: want tests as SEQ(SP=105%GCD=1), lines that begin with OS:, or the XML of nmap -oX"},
		{"# nothing\n", "F: no fingerprint: want tests"},
		{"SEQ(SP=1)\nT2(R=N\n", "F:2: T2(R=N: want ')' at the end of the test"},
		{"hello\n", "F:1: hello: want ')' at the end of the test"},
		{"SEQ(SP=1)\nT9(R=N)\n", "F:2: unknown test T9: want one of SEQ, OPS, WIN, ECN, T1,"},
		{"SEQ(SQ=1)\n", "F:1: SEQ: unknown attribute SQ: want one of R, SP, GCD"},
		{"SEQ(SP)\n", `F:1: SEQ: "SP": want an attribute as SP=105`},
		{"SEQ(SP=1%SP=2)\n", "F:1: SEQ: attribute SP is there twice"},
		{"SEQ(SP=1|2)\n", "F:1: SEQ: SP=1|2: '|': want one value of printable characters"},
		{"SEQ(SP=1 2)\n", "F:1: SEQ: SP=1 2: ' ': want one value"},
		{"OS:SEQ(SP=1%\nOS:SP=2)\n", "F:1: SEQ: attribute SP is there twice"},
		{"(SP=1)\n", "F:1: (SP=1): want a test as SEQ(SP=105%GCD=1)"},
		{"<nmaprun>", "F:2: XML syntax error on line 2: unexpected EOF: want the XML of nmap -oX"},
		{"<nmaprun>\n<osfingerprint/></nmaprun>", "F:2: osfingerprint: want an attribute fingerprint"},
		{"<nmaprun>\n<osfingerprint fingerprint=\"\"/></nmaprun>", "F:2: osfingerprint with 0 fingerprints: want one"},
		{"<nmaprun></nmaprun>", "F: no fingerprint: want"},
		{strings.Repeat("A", 1<<17), "F:1: line of more than 65536 bytes"},
		{strings.Repeat("SEQ(A\n"+strings.Repeat("A", 65000)+"\n", 2), "F:1: test of more than 65536 bytes"},
	} {
		_, err := nmap4.Parse(strings.NewReader(c.text), "F")
		require.ErrorContains(t, err, c.want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(subject)
	f.Add(wrapped)
	f.Add("<a><osfingerprint fingerprint=\"OS:T2(R=N)\"/></a>")
	f.Add("TCP/IP fingerprint:\nT2(R=N)\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := nmap4.ParseAll(strings.NewReader(text), "F")
		if err != nil {
			return
		}
		for _, f := range all {
			for _, form := range []string{f.String(), f.Wrapped()} {
				again, err := nmap4.Parse(strings.NewReader(form), "again")
				require.NoError(t, err)
				require.Equal(t, f, again)
			}
		}
	})
}
