package pool

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The limits of a pool file. The parser is recursive and nesting needs
// columns or brackets, so that bounding both bounds its stack.
const (
	maxFile     = 16 << 20 // bytes
	maxLine     = 4096     // bytes
	maxBrackets = 64       // deep
)

// shape is what a node of the file is.
type shape uint8

const (
	wrong shape = iota // reported already
	scalar
	mapping
	list
	null
)

// node is a value of the pool file with its place. Scalars keep the text that
// was written: 0.10 stays 0.10.
type node struct {
	pos   Pos
	shape shape
	text  string  // scalar
	pairs []pair  // mapping, in the file's order
	items []*node // list
}

// pair is one entry of a mapping.
type pair struct {
	key   string
	pos   Pos
	value *node
}

// source turns a pool file into nodes and gathers what is wrong with it.
type source struct {
	file string
	errs Errors
}

// parse gives the file's root, or nil when it is not YAML.
func (s *source) parse(data []byte) *node {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // editors on Windows write it
	if !s.checkText(data) {
		return nil
	}
	file, err := s.parseYAML(data)
	if err != nil {
		pos, msg := Pos{File: s.file}, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			pos, msg = s.at(e.GetToken()), e.GetMessage()
		}
		s.errs.add(pos, "", "%s: expected a YAML file", msg)
		return nil
	}
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			s.errs.add(s.at(doc.Body.GetToken()), "", "second document: expected one in a file")
			break
		}
		root = s.convert(doc.Body, "")
	}
	if root == nil {
		s.errs.add(Pos{File: s.file, Line: 1, Col: 1}, "machines", "empty file: expected a list of machines")
	}
	return root
}

// checkText reports what would harm the parser.
func (s *source) checkText(data []byte) bool {
	if len(data) > maxFile {
		s.errs.add(Pos{File: s.file}, "", "more than %d bytes: expected a smaller file", maxFile)
		return false
	}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		switch {
		case len(text) > maxLine:
			s.errs.add(Pos{s.file, line, maxLine + 1}, "", "line of %d bytes: expected at most %d", len(text), maxLine)
		case !utf8.Valid(text):
			s.errs.add(Pos{s.file, line, 1}, "", "invalid byte: expected UTF-8")
		case bytes.IndexByte(text, 0) >= 0:
			s.errs.add(Pos{s.file, line, 1 + bytes.IndexByte(text, 0)}, "", "zero byte: expected text")
		default:
			continue
		}
		return false
	}
	return true
}

// parseYAML runs the parser, whose panics on odd input become errors.
func (s *source) parseYAML(data []byte) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("the YAML parser gave up (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > maxBrackets {
			return nil, fmt.Errorf("brackets nested more than %d deep", maxBrackets)
		}
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// at gives a token's place.
func (s *source) at(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{File: s.file}
	}
	return Pos{s.file, t.Position.Line, t.Position.Column}
}

// convert gives the node of a YAML value whose field is named. What pool
// files do not use (anchors, tags, …) is reported and stands as null.
func (s *source) convert(n ast.Node, field string) *node {
	out := &node{pos: s.at(n.GetToken())}
	switch n := n.(type) {
	case *ast.NullNode:
		out.shape = null
	case *ast.MappingNode:
		s.convertPairs(out, n.Values, field)
	case *ast.MappingValueNode:
		s.convertPairs(out, []*ast.MappingValueNode{n}, field)
	case *ast.SequenceNode:
		out.shape = list
		for i, v := range n.Values {
			out.items = append(out.items, s.convert(v, field+"["+strconv.Itoa(i)+"]"))
		}
	case *ast.LiteralNode:
		out.shape, out.text = scalar, n.Value.Value
	case *ast.StringNode:
		out.shape, out.text = scalar, n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.shape, out.text = scalar, n.GetToken().Value
	default:
		s.errs.add(out.pos, field, "YAML %s: expected plain text, a list or a mapping", strings.ToLower(n.Type().String()))
	}
	return out
}

// convertPairs fills a mapping and reports keys that stand twice.
func (s *source) convertPairs(out *node, values []*ast.MappingValueNode, field string) {
	out.shape = mapping
	seen := map[string]Pos{}
	for i, v := range values {
		t := v.Key.GetToken()
		p := pair{pos: s.at(t)}
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			p.key = t.Value
		default:
			s.errs.add(p.pos, field, "YAML %s: expected a plain key", strings.ToLower(v.Key.Type().String()))
			continue
		}
		if first, dup := seen[p.key]; dup {
			s.errs.add(p.pos, join(field, p.key), "key stands twice: expected it once (first in line %d)", first.Line)
			continue
		}
		seen[p.key] = p.pos
		p.value = s.convert(v.Value, join(field, p.key))
		if p.value.shape == null { // the parser puts a missing value nowhere useful
			p.value.pos = p.pos
		}
		if i == 0 && before(p.pos, out.pos) { // the token of a block mapping is its first colon
			out.pos = p.pos
		}
		out.pairs = append(out.pairs, p)
	}
}

// before reports whether a stands before b in their file.
func before(a, b Pos) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
}

// join appends a key to a field's name.
func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}
