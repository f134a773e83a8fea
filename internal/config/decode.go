package config

import (
	"encoding"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"libration/internal/bom"
	"libration/internal/safeyaml"
	"libration/internal/text"
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
	env      string // the environment variable, or the credential's file, being decoded
	hidden   bool   // it is a credential
}

func (d *decoder) report(p Problem) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, p)
	}
}

// problem reports something wrong at the value of this path.
func (d *decoder) problem(path string, message, remedy text.Text) {
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
func (d *decoder) warning(path string, message, remedy text.Text) {
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
	key := text.Plain(path[strings.LastIndexByte(path, '.')+1:])
	for _, word := range []string{"token", "secret", "password", "url", "authorization", "target", "body", "keystorekey", "proxy"} {
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
		written, ok := scalarText(n)
		if !ok {
			remedy := formOf(v)
			if _, isList := n.(*ast.SequenceNode); !isList {
				remedy = text.T("%s, in quotes if it has a colon", "%s，含冒号时请加引号").Fill(remedy) // {a: [http://b:1]} is read as keys
			}
			d.problem(path, text.T("a single value is expected, not %s", "此处应为单个值，而不是%s").Fill(kindName(n)), remedy)
			return
		}
		d.set(v, written, path)
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
				d.problem(path, text.T("the alias *%s has no anchor before it", "别名 *%s 之前没有对应的锚点").Fill(shorten(t.Value.String())), text.T("write the value itself", "请直接写出该值"))
				return nil, false
			}
			n = target
		case *ast.TagNode:
			n = t.Value
		default:
			return n, true
		}
	}
	d.problem(path, text.T("too many aliases of aliases", "别名嵌套过多"), text.T("write the value itself", "请直接写出该值"))
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
		d.problem(path, text.T("keys are expected here, not %s", "此处应为键，而不是%s").Fill(kindName(n)), text.T("known keys: %s", "可用的键：%s").Fill(strings.Join(keysOf(v.Type()), ", ")))
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
			d.problem(at, text.T("the key is here twice", "该键出现了两次"), text.T("remove one of them", "删去其中一个"))
		default:
			d.decode(pair.Value, field, at)
		}
		seen[key] = true
	}
}

func (d *decoder) unknown(at, key string, known []string) {
	remedy := text.T("known keys here: %s", "此处可用的键：%s").Fill(strings.Join(known, ", "))
	if key == "<<" {
		remedy = text.T("merging is not supported, write the keys out", "不支持合并，请逐个写出各键")
	} else if parts := strings.Split(key, "."); len(parts) > 1 && slices.Contains(known, parts[0]) {
		remedy = text.T("write its parts within one another: %s", "请逐级书写：%s").Fill(strings.Join(parts, ": {") + ": ..." + strings.Repeat("}", len(parts)-1))
	} else if ours := foreignTypes[text.Plain(key)]; ours != "" && slices.Contains(known, "type") {
		remedy = text.T("write type: %s, and its keys beside that", "请写 type: %s，其余的键与它并列").Fill(ours)
	} else if ours != "" && slices.Contains(known, "connections") {
		remedy = text.T("write it as an entry of connections: %s", "请写成 connections 的一项：%s").Fill("[{type: " + string(ours) + ", ...}]")
	} else if s := suggest(key, known); s != "" {
		remedy = text.T("did you mean %s?", "是否想写 %s？").Fill(s)
	}
	d.problem(shorten(at), text.T("unknown key", "未知的键"), remedy)
}

func (d *decoder) decodeList(n ast.Node, v reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem(path, text.T("a list is expected, not %s", "此处应为列表，而不是%s").Fill(kindName(n)), text.T(`write [a, b], or one line "- a" per entry`, `写成 [a, b]，或每项一行 "- a"`))
		return
	}
	if len(seq.Values) > maxList {
		d.problem(path, text.T("the list has %d entries, at most %d are possible", "列表有 %d 项，最多 %d 项").Fill(len(seq.Values), maxList), text.T("shorten it", "请缩短"))
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
func (d *decoder) set(v reflect.Value, written, path string) {
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		before := len(d.problems)
		d.set(p.Elem(), written, path)
		if len(d.problems) == before {
			v.Set(p)
		}
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(written)); err != nil {
			d.problem(path, text.Of(err), formOf(v))
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(written))
		if err != nil || len(written) == 1 {
			d.problem(path, text.T("not true or false", "不是 true 或 false"), formOf(v))
			return
		}
		v.SetBool(b)
	case reflect.Uint64:
		n, err := strconv.ParseUint(written, 10, 64)
		if err != nil {
			d.problem(path, text.T("not a number", "不是数字"), formOf(v))
			return
		}
		v.SetUint(n)
	case reflect.String:
		if e, ok := v.Interface().(enum); ok {
			known := e.values()
			if !slices.Contains(known, written) {
				remedy := formOf(v)
				if s := suggest(written, known); s != "" {
					remedy = text.T("did you mean %s? Possible are %s", "是否想写 %s？可用的值：%s").Fill(s, alternatives(known))
				}
				d.problem(path, text.T("unknown value", "未知的值"), remedy)
				return
			}
		}
		v.SetString(written)
	}
}

// parseYAML returns the body of the only document, nil for an empty one. Problems
// are those of the value at path.
func (d *decoder) parseYAML(data []byte, path string) ast.Node {
	fail := func(line, column int, message, remedy text.Text) {
		d.report(Problem{Line: line, Column: column, Env: d.env, Key: path, Message: message, Remedy: remedy})
	}
	if len(data) > maxFile {
		fail(0, 0, text.T("too large: %d bytes, at most %d are possible", "过大：%d 字节，最多 %d 字节").Fill(len(data), maxFile), text.T("is it the right file?", "文件是否选错？"))
		return nil
	}
	// Repeated keys are allowed here: decodeStruct reports them with the rest.
	file, err := safeyaml.Parse(data, parser.AllowDuplicateMapKey())
	if errors.Is(err, bom.ErrUTF16) {
		fail(0, 0, text.T("not UTF-8 but UTF-16", "不是 UTF-8，而是 UTF-16"), text.T("save the file as UTF-8", "请将文件另存为 UTF-8"))
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
		fail(line, column, text.T("not valid YAML: %s", "不是有效的 YAML：%s").Fill(safeyaml.Words(shortenLong(message))), text.T("check indentation (spaces, no tabs), colons and quotes near this place", "检查此处附近的缩进（用空格，不用制表符）、冒号和引号"))
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			fail(0, 0, text.T("more than one YAML document", "含有多个 YAML 文档"), text.T("remove the lines ---", "删去 --- 行"))
			return nil
		}
		body = doc.Body
	}
	return body
}
