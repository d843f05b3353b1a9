package probegen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

func stepName(i int) string { return "steps[" + strconv.Itoa(i) + "]" }

// jsonError says in our words what package json found.
func jsonError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "line"
		}
		return wrong(field, "want %v, have %s", kind.Type, kind.Value)
	case errors.As(err, &syntax):
		return wrong("line", "want a JSON object: %v", err)
	}
	return err
}

// sameTokens compares two JSON texts token by token. When have differs it
// tells at which field, and what want has there.
func sameTokens(have, want []byte) error {
	h, w := newTokens(have), newTokens(want)
	for {
		ht, herr := h.next()
		wt, werr := w.next()
		if errors.Is(herr, io.EOF) && errors.Is(werr, io.EOF) {
			return nil
		}
		if herr != nil {
			return wrong(h.path(), "%v", herr)
		}
		if ht == wt {
			continue
		}
		switch {
		case w.isKey && h.isKey:
			return wrong(h.path(), "want the field %q here, in Write's order and spelling", wt)
		case w.isKey:
			return wrong(w.path(), "want this field, have none")
		case h.isKey:
			return wrong(h.path(), "want no such field here: it is unknown, repeated, or empty")
		}
		return wrong(w.path(), "want %s, have %s", tokenText(wt), tokenText(ht))
	}
}

// tokenText prints a token on one line.
func tokenText(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(t)
	}
	return fmt.Sprint(t)
}

// tokens walks a JSON text and knows where it is.
type tokens struct {
	dec   *json.Decoder
	stack []level
	isKey bool // the last token was a field's name
}

// level is an open object or array.
type level struct {
	array bool
	index int    // of the array's element
	key   string // of the object's field
	value bool   // the next token of the object is a value
}

func newTokens(b []byte) *tokens {
	t := &tokens{dec: json.NewDecoder(bytes.NewReader(b))}
	t.dec.UseNumber()
	return t
}

func (t *tokens) next() (json.Token, error) {
	token, err := t.dec.Token()
	if err != nil {
		return nil, err
	}
	t.isKey = false
	if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
		t.stack = t.stack[:len(t.stack)-1]
		return token, nil
	}
	if n := len(t.stack); n > 0 {
		switch top := &t.stack[n-1]; {
		case top.array:
			top.index++
		case top.value:
			top.value = false
		default:
			top.key, _ = token.(string)
			top.value, t.isKey = true, true
		}
	}
	if d, ok := token.(json.Delim); ok {
		t.stack = append(t.stack, level{array: d == '[', index: -1})
	}
	return token, nil
}

// path names the place as errors do: steps[0].packet.ip.
func (t *tokens) path() string {
	var b strings.Builder
	for _, l := range t.stack {
		switch {
		case l.array && l.index >= 0:
			fmt.Fprintf(&b, "[%d]", l.index)
		case !l.array && l.key != "":
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(plainKey(l.key))
		}
	}
	if b.Len() == 0 {
		return "line"
	}
	return b.String()
}

// plainKey gives the key as it is when it can stand in a line, else quoted.
func plainKey(key string) string {
	if quoted := strconv.Quote(key); len(quoted) != len(key)+2 {
		return quoted
	}
	return key
}
