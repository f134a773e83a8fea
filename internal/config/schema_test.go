package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write schema.json")

// makeSchema derives the schema from the types, their comments and Default.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper:                     scalarSchema,
	}
	if err := r.AddGoComments("libration/internal/config", ".", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
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

func TestSchema(t *testing.T) {
	want := makeSchema(t)
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Schema(), want) {
		t.Error("schema.json is out of date: run go generate in internal/config")
	}
	var s struct {
		Properties map[string]struct{ Description string }
		Defs       map[string]struct {
			Properties map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(want, &s); err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(reflect.TypeFor[Config]()) {
		if s.Properties[key].Description == "" {
			t.Errorf("%s has no description", key)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Log](), reflect.TypeFor[LogFile](), reflect.TypeFor[Store](), reflect.TypeFor[Admin](), reflect.TypeFor[Account](), reflect.TypeFor[Server](), reflect.TypeFor[ServerKeys](),
		reflect.TypeFor[SandboxServer](), reflect.TypeFor[Signer](), reflect.TypeFor[Send](), reflect.TypeFor[SendRate](), reflect.TypeFor[OneBot](), reflect.TypeFor[Connection](),
		reflect.TypeFor[Notices](), reflect.TypeFor[NoticeTarget]()} {
		for _, key := range keysOf(typ) {
			if s.Defs[typ.Name()].Properties[key].Description == "" {
				t.Errorf("%s: %s has no description", typ.Name(), key)
			}
		}
	}
}
