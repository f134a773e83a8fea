// Package safeyaml reads YAML that anybody may have written. The library that it uses
// panics on some malformed texts and recurses without a bound. In this package both are
// errors.
package safeyaml

import (
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"libration/internal/bom"
	"libration/internal/text"
)

// maxDepth bounds nesting, because the parser is recursive.
const maxDepth = 48

// Parse returns the syntax tree of a text.
func Parse(text []byte, opts ...parser.Option) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, gaveUp(r)
		}
	}()
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0, opts...)
}

// Decode reads the first document of a syntax tree into v. Keys that v does not have are
// errors. An empty text is an empty v.
func Decode(file *ast.File, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = gaveUp(r)
		}
	}()
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil
	}
	return yaml.NodeToValue(file.Docs[0].Body, v, yaml.Strict())
}

func gaveUp(cause any) error {
	return text.Errorf("the parser gave up: %v", "解析器无法继续：%v", cause)
}

// tokenize refuses what is nested too deeply. The lexer would take a byte order mark
// for part of the first key.
func tokenize(text []byte) (token.Tokens, error) {
	text, err := bom.Trim(text)
	if err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(string(text))
	return tokens, checkDepth(tokens)
}

// checkDepth refuses nesting that could exhaust the stack: brackets, and several
// list, key, anchor or tag marks on one line. Nesting by indentation is bounded
// by the size of the file.
func checkDepth(tokens token.Tokens) error {
	flow, marks, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position != nil && t.Position.Line != line {
			line, marks = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			marks++
		}
		if flow > maxDepth || marks > maxDepth {
			return text.Errorf("nested too deeply", "嵌套过深")
		}
	}
	return nil
}
