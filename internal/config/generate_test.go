package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/invopop/jsonschema"

	"libration/internal/text"
)

var update = flag.Bool("update", false, "write what is made of the types' comments")

// TestGenerated: the schema, the templates and the tables of the guides are those of
// the types, their comments and Default.
func TestGenerated(t *testing.T) {
	docs := readComments(t)
	files := map[string][]byte{
		"schema.json":      makeSchema(t, docs),
		"template.en.yaml": makeTemplate(docs, text.English),
		"template.zh.yaml": makeTemplate(docs, text.Chinese),
	}
	for l, path := range map[text.Language]string{text.English: "../../docs/configuration.md", text.Chinese: "../../docs/configuration.zh-CN.md"} {
		guide, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		guide = between(t, guide, "keys", makeKeys(docs, l))
		files[path] = between(t, guide, "connections", makeConnections(docs, l))
	}
	for path, want := range files {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run go generate ./internal/config (%v)", path, err)
		}
	}
}

// TestEveryKeyHasBothLanguages: and the first sentence, which the templates have, is a
// short one.
func TestEveryKeyHasBothLanguages(t *testing.T) {
	docs, looked := readComments(t), 0
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Tag.Get("yaml") == "-" {
				continue
			}
			looked++
			doc := docs.of(typ, f)
			if doc.EN == "" || hasHan(doc.EN) || !hasHan(doc.ZH) {
				t.Errorf("%s.%s has no text in one language: %q, %q", typ.Name(), f.Name, doc.EN, doc.ZH)
			}
			if en, zh := sentences(doc.EN)[0], sentences(doc.ZH)[0]; f.Type.Kind() != reflect.Struct && (len(en) > 110 || len([]rune(zh)) > 80) && f.Name != "Type" {
				t.Errorf("%s.%s begins with a long sentence: %q, %q", typ.Name(), f.Name, en, zh)
			}
			if inner := structIn(f.Type); inner != nil {
				look(inner)
			}
		}
	}
	look(reflect.TypeFor[Config]())
	if looked < 60 {
		t.Errorf("looked at %d keys", looked)
	}
}

// structIn is the struct that a key's value is, or is a list of; nil for others.
func structIn(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && !isScalar(t) {
		return t
	}
	return nil
}

// comments are those of the package's types and fields, by their full names.
type comments map[string]string

func readComments(t *testing.T) comments {
	t.Helper()
	var r jsonschema.Reflector
	if err := r.AddGoComments("libration/internal/config", ".", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	return r.CommentMap
}

// of returns what is written about a key.
func (c comments) of(owner reflect.Type, f reflect.StructField) (doc text.Text) {
	for line := range strings.Lines(c["libration/internal/config."+owner.Name()+"."+f.Name]) {
		if line = strings.TrimSpace(line); hasHan(line) {
			doc.ZH = strings.TrimSpace(doc.ZH + line)
		} else {
			doc.EN = strings.TrimSpace(doc.EN + " " + line)
		}
	}
	return doc
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

var (
	sentenceEnd = regexp.MustCompile(`[.] |。`)
	link        = regexp.MustCompile(`\[[^\]]*\]\(([^)#]*)(#[^)]*)?\)`)
)

// sentences takes a comment apart.
func sentences(doc string) (all []string) {
	for doc != "" {
		end := len(doc)
		if at := sentenceEnd.FindStringIndex(doc); at != nil {
			end = at[1]
		}
		all, doc = append(all, strings.TrimSpace(doc[:end])), doc[end:]
	}
	return all
}

// unlinked returns the sentences as they stand outside of the guides: without those
// that point to another part of the guide, and with the names of other pages.
func unlinked(doc string) (all []string) {
	for _, s := range sentences(doc) {
		if !strings.Contains(s, "](#") {
			all = append(all, link.ReplaceAllString(s, "docs/$1"))
		}
	}
	return all
}

// between replaces what stands between the marks of a part of a guide.
func between(t *testing.T, guide []byte, part, table string) []byte {
	t.Helper()
	begin, end := []byte("<!-- generated: "+part+" -->\n"), []byte("<!-- end: "+part+" -->")
	before, rest, found := bytes.Cut(guide, begin)
	_, after, closed := bytes.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("a guide has no marks for %s", part)
	}
	return slices.Concat(before, begin, []byte(table), end, after)
}

// written is how a value stands in a file; "" and [] are empty.
func written(v reflect.Value) string {
	switch s, ok := v.Interface().(fmt.Stringer); {
	case v.IsZero() && v.Kind() != reflect.Uint64 && v.Kind() != reflect.Bool && v.Kind() != reflect.Int64:
		return ""
	case ok:
		return s.String()
	}
	return fmt.Sprint(v.Interface())
}

// makeKeys is the table of all keys but those of connections and targets.
func makeKeys(docs comments, l text.Language) string {
	var b strings.Builder
	b.WriteString(text.T("| key | default | meaning |\n|---|---|---|\n", "| 键 | 默认值 | 含义 |\n|---|---|---|\n").In(l))
	var rows func(v reflect.Value, path string)
	rows = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			key := f.Tag.Get("yaml")
			if key == "-" || v.Type() == reflect.TypeFor[Account]() && (path == "accounts[]") != (f.Tag.Get("for") == "accounts") {
				continue
			}
			key = join(path, key)
			doc, group := docs.of(v.Type(), f).In(l), v.Field(i).Kind() == reflect.Struct
			value := ""
			if !group {
				value = written(v.Field(i))
			}
			if strings.Trim(value, "0123456789") != "" {
				value = "`" + value + "`"
			}
			name := "`" + key + "`"
			if group {
				name = "**" + name + "**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, value, strings.TrimRight(doc, ".。"))
			switch {
			case group:
				rows(v.Field(i), key)
			case key == "notices.targets", key == "accounts":
				rows(reflect.Zero(f.Type.Elem()), key+"[]")
			}
		}
	}
	rows(reflect.ValueOf(Default()).Elem(), "")
	return b.String()
}

// makeConnections is the table of the keys of connections.
func makeConnections(docs comments, l text.Language) string {
	var b strings.Builder
	b.WriteString(text.T("| key | types | meaning |\n|---|---|---|\n", "| 键 | 适用类型 | 含义 |\n|---|---|---|\n").In(l))
	var rows func(typ reflect.Type, path string)
	rows = func(typ reflect.Type, path string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			types := strings.Join(strings.Fields(f.Tag.Get("for")), text.T(", ", "、").In(l))
			if types == "" {
				types = text.T("all", "全部").In(l)
			}
			key := join(path, f.Tag.Get("yaml"))
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", key, types, strings.TrimRight(docs.of(typ, f).In(l), ".。"))
			if inner := structIn(f.Type); inner != nil {
				rows(inner, key)
			}
		}
	}
	rows(reflect.TypeFor[Connection](), "")
	return b.String()
}

var head = text.T("# Libration. Check this file with `libration config check`.\n"+
	"# Every value can be set by an environment variable too: LIBRATION_ and the path\n"+
	"# in upper case with __ between its parts, LIBRATION_LOG__LEVEL=debug.\n\n",
	"# Libration 配置文件。修改后可用 `libration config check` 检查。\n"+
		"# 每一项都可以用环境变量覆盖：LIBRATION_ 加上大写的路径，各级之间用 __ 连接，\n"+
		"# 例如 LIBRATION_LOG__LEVEL=debug。\n\n")

// examples are what the templates have in lists. A key without a remark gets its
// comment where it comes first.
var examples = map[string][]struct {
	line   string
	remark text.Text
}{
	"connections": {
		{"- type: websocket", text.T("bots connect to this address", "正向 WebSocket：机器人连接到此地址")},
		{line: "  address: 127.0.0.1:6700"},
		{line: `  access_token: "` + tokenPlace + `"`},
		{line: "  # tls: {certificate: ./cert.pem, key: ./key.pem}"},
		{"- type: http", text.T("actions by HTTP, and events at /_events", "HTTP：调用动作，事件在 /_events")},
		{line: "  address: 127.0.0.1:5700"},
		{line: `  access_token: "` + tokenPlace + `"`},
		{line: "  cors: []"},
		{line: "  poll_queue: 0"},
		{"# - type: reverse-websocket", text.T("connects to the bot", "反向 WebSocket：主动连接机器人")},
		{line: "#   url: ws://127.0.0.1:8080/onebot/v11/ws"},
		{line: `#   api_url: ""`},
		{line: `#   event_url: ""`},
		{line: `#   access_token: ""`},
		{line: "#   reconnect: 3s"},
		{line: "#   skip_tls_verify: false"},
		{line: "#   tls: {ca: ./ca.pem}"},
		{line: "#   journal: 10m"},
		{line: "#   journal_limit: 1000"},
		{line: `#   filter: ""`},
		{"# - type: webhook", text.T("posts events to the bot", "以 HTTP POST 上报事件")},
		{line: "#   url: http://127.0.0.1:8080/onebot"},
		{line: `#   secret: ""`},
		{line: "#   timeout: 10s"},
	},
	"accounts": {
		{line: "# - name: main"},
		{line: "#   uin: 10001"},
		{line: "#   default: true"},
		{line: `#   access_token: ""`},
	},
	"targets": {
		{"# - url: smtp://user:password@mail.example.com:587/?from=bot@example.com&to=me@example.com", text.T("mail", "邮件")},
		{line: "# - url: ntfy://ntfy.sh/your-topic"},
		{"# - url: https://example.com/hook", text.T("a webhook: JSON by POST", "webhook：以 POST 发送 JSON")},
		{line: `#   body: ""`},
		{line: `#   secret: ""`},
	},
}

// makeTemplate is what `config init` writes.
func makeTemplate(docs comments, l text.Language) []byte {
	b := bytes.NewBufferString(head.In(l))
	line := func(column int, content, remark string) {
		if remark = strings.TrimRight(strings.ReplaceAll(remark, "`", ""), ".。"); remark != "" {
			content = fmt.Sprintf("%-*s # %s", column, content, remark)
		}
		fmt.Fprintln(b, content)
	}
	var keys func(v reflect.Value, indent string)
	keys = func(v reflect.Value, indent string) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			key := f.Tag.Get("yaml")
			if key == "-" || f.Tag.Get("for") == "accounts" || f.Tag.Get("for") == "environment" {
				continue
			}
			said := unlinked(docs.of(v.Type(), f).In(l))
			inner := structIn(f.Type)
			if inner == nil {
				value := written(v.Field(i))
				switch {
				case key == "config_version":
					value = strconv.Itoa(Version)
				case indent == "  " && key == "access_token":
					value = `"` + tokenPlace + `"`
				case value == "" && f.Type.Kind() == reflect.Slice && f.Type != reflect.TypeFor[Hex]():
					value = "[]"
				case value == "":
					value = `""`
				}
				line(25, indent+key+": "+value, said[0])
				continue
			}
			if indent == "" {
				fmt.Fprintln(b)
			}
			line(25, indent+key+":", said[0])
			for _, s := range said[1:] {
				fmt.Fprintln(b, indent+"  # "+strings.ReplaceAll(s, "`", ""))
			}
			if v.Field(i).Kind() == reflect.Struct {
				keys(v.Field(i), indent+"  ")
				continue
			}
			seen := make(map[string]bool)
			for _, e := range examples[key] {
				name := strings.Trim(strings.SplitN(e.line, ":", 2)[0], "#- ")
				remark := e.remark.In(l)
				if field, ok := fieldNamed(inner, name); remark == "" && ok && !seen[name] {
					remark = unlinked(docs.of(inner, field).In(l))[0]
				}
				seen[name] = true
				line(33, indent+"  "+e.line, remark)
			}
		}
	}
	keys(reflect.ValueOf(Default()).Elem(), "")
	return b.Bytes()
}

func fieldNamed(t reflect.Type, key string) (reflect.StructField, bool) {
	return t.FieldByNameFunc(func(name string) bool {
		f, _ := t.FieldByName(name)
		return f.Tag.Get("yaml") == key
	})
}

// makeSchema is the JSON schema. Its descriptions are in English.
func makeSchema(t *testing.T, docs comments) []byte {
	t.Helper()
	r := jsonschema.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper:                     scalarSchema,
	}
	r.LookupComment = func(typ reflect.Type, name string) string {
		if name != "" {
			f, _ := typ.FieldByName(name)
			return strings.Join(unlinked(docs.of(typ, f).EN), " ")
		}
		return docs["libration/internal/config."+typ.Name()]
	}
	s := r.Reflect(&Config{})
	s.Title = "Libration configuration"
	s.Description = ""
	setDefaults(s, s.Definitions, reflect.ValueOf(Default()).Elem())
	if c := s.Definitions["Connection"]; c != nil {
		c.Required = []string{"type"}
		reconnect, _ := c.Properties.Get("reconnect")
		reconnect.Default = DefaultReconnect.String()
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func scalarSchema(t reflect.Type) *jsonschema.Schema {
	switch v := reflect.New(t).Interface().(type) {
	case enum:
		s := &jsonschema.Schema{Type: "string"}
		for _, e := range v.values() {
			s.Enum = append(s.Enum, e)
		}
		return s
	case *Duration:
		return &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{
				{Type: "string", Pattern: `^(0|[0-9]+d|([0-9]+(\.[0-9]+)?(h|m|s|ms|us|ns))+)$`},
				{Const: 0},
			},
		}
	case *Size:
		return &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{{Type: "string", Pattern: "^(0|[0-9]+[KkMmGg]?[Bb])$"}, {Const: 0}},
		}
	case *Hex:
		return &jsonschema.Schema{Type: "string", Pattern: "^([0-9A-Fa-f]{2})*$"}
	}
	return nil
}

// setDefaults writes the values of v into the properties.
func setDefaults(s *jsonschema.Schema, defs jsonschema.Definitions, v reflect.Value) {
	if s.Ref != "" {
		s = defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	for i := range v.NumField() {
		p, ok := s.Properties.Get(v.Type().Field(i).Tag.Get("yaml"))
		if !ok {
			continue
		}
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			setDefaults(p, defs, f)
		case f.Kind() == reflect.Slice && f.Type() != reflect.TypeFor[Hex]():
			p.Default = []string{}
		case f.Type() == reflect.TypeFor[Duration](), f.Type() == reflect.TypeFor[Hex](), f.Type() == reflect.TypeFor[Size]():
			p.Default = f.MethodByName("String").Call(nil)[0].String()
		default:
			p.Default = f.Interface()
		}
	}
}
