package config

import (
	"encoding"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"libration/internal/text"
)

// scalarText returns the text of a single value as it was written, without
// quotes. So 007 stays 007 where a text is wanted.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func keyText(k ast.MapKeyNode) string {
	if s, ok := scalarText(k); ok {
		return s
	}
	if t := k.GetToken(); t != nil {
		return t.Value
	}
	return ""
}

func keyPosition(pair *ast.MappingValueNode) (line, column int) {
	if t := pair.Key.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

func kindName(n ast.Node) text.Text {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return text.T("keys", "键")
	case *ast.SequenceNode:
		return text.T("a list", "列表")
	}
	return text.T("a single value", "单个值")
}

var unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func isScalar(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return reflect.PointerTo(t).Implements(unmarshaler) || t.Kind() != reflect.Struct && t.Kind() != reflect.Slice
}

// formOf says how a value of v's type is written.
func formOf(v reflect.Value) text.Text {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch e := reflect.New(t).Interface().(type) {
	case interface{ form() text.Text }:
		return e.form()
	case enum:
		return text.T("use %s", "可用的值：%s").Fill(alternatives(e.values()))
	}
	switch t.Kind() {
	case reflect.Bool:
		return text.T("write true or false", "写 true 或 false")
	case reflect.Uint64:
		return text.T("write digits only", "只写数字")
	}
	return text.T("write a text", "写一段文本")
}

// fieldOf returns the struct's field with this key.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "-" && tag == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// keysOf lists the keys of a struct, in order.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "-" {
			keys = append(keys, tag)
		}
	}
	return keys
}

// shortenLong bounds a message of the parser, which may quote the file, to its
// first line.
func shortenLong(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return shorten(s)
}
