package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"libration/internal/bom"
	"libration/internal/safeyaml"
)

// Limits of what is decoded. A configuration is far below them.
const (
	maxFile     = 64 << 10
	maxList     = 256
	maxProblems = 100
)

// place is where a value was written.
type place struct {
	line, column int
	env          string
	value        string // as written, "" for structures
}

// decoder fills a Config and collects what is wrong. It goes on after a problem,
// so that all are found at once.
type decoder struct {
	problems []Problem
	places   map[string]place // by path
	anchors  map[string]ast.Node
	env      string // the environment variable being decoded
}

func (d *decoder) report(p Problem) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, p)
	}
}

// problem reports something wrong at the value of this path.
func (d *decoder) problem(path, message, remedy string) {
	p := Problem{Key: path, Message: message, Remedy: remedy}
	// A missing key is reported where the structure that lacks it stands.
	for at := path; ; at = parent(at) {
		if w, ok := d.places[at]; ok {
			p.Line, p.Column, p.Env = w.line, w.column, w.env
			if at == path && !isSecret(path) {
				p.Value = shorten(w.value)
			}
			break
		}
		if at == "" {
			break
		}
	}
	d.report(p)
}

// warning is problem for what may stay as it is.
func (d *decoder) warning(path, message, remedy string) {
	before := len(d.problems)
	d.problem(path, message, remedy)
	if len(d.problems) > before {
		d.problems[before].Warning = true
	}
}

// parent cuts the last part off a path: "a.b[0]" becomes "a.b", then "a", "".
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// isSecret tells paths whose values must not be shown. URLs may hold tokens. The
// values of unknown keys are never shown: the key may be a misspelt one.
func isSecret(path string) bool {
	key := plainWord(path[strings.LastIndexByte(path, '.')+1:])
	for _, word := range []string{"token", "secret", "password", "url", "authorization", "target", "body"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// decode puts a node into v. Structures are merged into what v has already.
func (d *decoder) decode(n ast.Node, v reflect.Value, path string) {
	n, ok := d.resolve(n, path)
	if !ok {
		return
	}
	if n == nil || n.Type() == ast.NullType {
		return // an empty value is as if the key was not there
	}
	d.note(n, path)
	switch {
	case isScalar(v.Type()):
		text, ok := scalarText(n)
		if !ok {
			remedy := formOf(v)
			if _, isList := n.(*ast.SequenceNode); !isList {
				remedy += ", in quotes if it has a colon" // {a: [http://b:1]} is read as keys
			}
			d.problem(path, "a single value is expected, not "+kindName(n), remedy)
			return
		}
		d.set(v, text, path)
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v, path)
	case v.Kind() == reflect.Slice:
		d.decodeList(n, v, path)
	}
}

// note remembers where a value stands. The whole file has no place.
func (d *decoder) note(n ast.Node, path string) {
	if path == "" {
		return
	}
	w := place{env: d.env}
	if t := n.GetToken(); t != nil && t.Position != nil && d.env == "" {
		w.line, w.column = t.Position.Line, t.Position.Column
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		if d.env == "" && len(n.Values) > 0 && !n.IsFlowStyle {
			w.line, w.column = keyPosition(n.Values[0])
		}
	default:
		w.value, _ = scalarText(n)
	}
	d.places[path] = w
}

// resolve follows anchors, aliases and tags.
func (d *decoder) resolve(n ast.Node, path string) (ast.Node, bool) {
	for range 8 {
		switch t := n.(type) {
		case *ast.AnchorNode:
			d.anchors[t.Name.String()] = t.Value
			n = t.Value
		case *ast.AliasNode:
			target, ok := d.anchors[t.Value.String()]
			if !ok {
				d.note(n, path)
				d.problem(path, "the alias *"+shorten(t.Value.String())+" has no anchor before it", "write the value itself")
				return nil, false
			}
			n = target
		case *ast.TagNode:
			n = t.Value
		default:
			return n, true
		}
	}
	d.problem(path, "too many aliases of aliases", "write the value itself")
	return nil, false
}

func (d *decoder) decodeStruct(n ast.Node, v reflect.Value, path string) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		if t := n.GetToken(); path == "" && d.env == "" && t != nil && t.Position != nil {
			d.places[""] = place{line: t.Position.Line, column: t.Position.Column}
		}
		d.problem(path, "keys are expected here, not "+kindName(n), "known keys: "+strings.Join(keysOf(v.Type()), ", "))
		return
	}
	seen := make(map[string]bool)
	for _, pair := range pairs {
		key := keyText(pair.Key)
		at := join(path, key)
		d.places[at] = place{env: d.env}
		if d.env == "" {
			line, column := keyPosition(pair)
			d.places[at] = place{line: line, column: column}
		}
		field, ok := fieldOf(v, key)
		switch {
		case !ok:
			d.unknown(at, key, keysOf(v.Type()))
		case seen[key]:
			d.problem(at, "the key is here twice", "remove one of them")
		default:
			d.decode(pair.Value, field, at)
		}
		seen[key] = true
	}
}

func (d *decoder) unknown(at, key string, known []string) {
	remedy := "known keys here: " + strings.Join(known, ", ")
	if key == "<<" {
		remedy = "merging is not supported, write the keys out"
	} else if s := suggest(key, known); s != "" {
		remedy = "did you mean " + s + "?"
	}
	d.problem(shorten(at), "unknown key", remedy)
}

func (d *decoder) decodeList(n ast.Node, v reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem(path, "a list is expected, not "+kindName(n), `write [a, b], or one line "- a" per entry`)
		return
	}
	if len(seq.Values) > maxList {
		d.problem(path, fmt.Sprintf("the list has %d entries, at most %d are possible", len(seq.Values), maxList), "shorten it")
		return
	}
	for p := range d.places { // of a list that this one replaces
		if strings.HasPrefix(p, path+"[") {
			delete(d.places, p)
		}
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, e := range seq.Values {
		d.decode(e, v.Index(i), path+"["+strconv.Itoa(i)+"]")
	}
}

// set puts a text into a scalar.
func (d *decoder) set(v reflect.Value, text, path string) {
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		before := len(d.problems)
		d.set(p.Elem(), text, path)
		if len(d.problems) == before {
			v.Set(p)
		}
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			d.problem(path, err.Error(), formOf(v))
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil || len(text) == 1 {
			d.problem(path, "not true or false", formOf(v))
			return
		}
		v.SetBool(b)
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			d.problem(path, "not a number", formOf(v))
			return
		}
		v.SetUint(n)
	case reflect.String:
		if e, ok := v.Interface().(enum); ok {
			known := e.values()
			if !slices.Contains(known, text) {
				remedy := formOf(v)
				if s := suggest(text, known); s != "" {
					remedy = "did you mean " + s + "? Possible are " + alternatives(known)
				}
				d.problem(path, "unknown value", remedy)
				return
			}
		}
		v.SetString(text)
	}
}

// parseYAML returns the body of the only document, nil for an empty one. Problems
// are those of the value at path.
func (d *decoder) parseYAML(data []byte, path string) ast.Node {
	fail := func(line, column int, message, remedy string) {
		d.report(Problem{Line: line, Column: column, Env: d.env, Key: path, Message: message, Remedy: remedy})
	}
	if len(data) > maxFile {
		fail(0, 0, fmt.Sprintf("too large: %d bytes, at most %d are possible", len(data), maxFile), "is it the right file?")
		return nil
	}
	// Repeated keys are allowed here: decodeStruct reports them with the rest.
	file, err := safeyaml.Parse(data, parser.AllowDuplicateMapKey())
	if errors.Is(err, bom.ErrUTF16) {
		fail(0, 0, "not UTF-8 but UTF-16", "save the file as UTF-8")
		return nil
	}
	if err != nil {
		var line, column int
		message := err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			message = e.GetMessage()
			if t := e.GetToken(); t != nil && t.Position != nil && d.env == "" {
				line, column = t.Position.Line, t.Position.Column
			}
		}
		fail(line, column, "not valid YAML: "+shortenLong(message), "check indentation (spaces, no tabs), colons and quotes near this place")
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			fail(0, 0, "more than one YAML document", "remove the lines ---")
			return nil
		}
		body = doc.Body
	}
	return body
}
