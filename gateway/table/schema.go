package table

import (
	"bytes"
	"encoding/json"

	"libration/internal/text"
)

// Schema returns a JSON schema with descriptions in a language. A request of the form
// {"action", "params"} is valid by it. What an action returns is in $defs, under the
// action's name and ".data", and so are more.
func (t *Table[S]) Schema(l text.Language, more ...Def) []byte {
	var requests []any
	defs := object{}
	for _, r := range t.rows {
		if !r.Works() {
			continue
		}
		name := object{{"const", r.Name}}
		if r.Aliases != nil {
			name = object{{"enum", r.Names()}}
		}
		requests = append(requests, object{
			{"title", r.Name},
			{"description", r.Text.In(l)},
			{"properties", object{
				{"action", name},
				{"params", object{{"$ref", "#/$defs/" + r.Name + ".params"}}},
			}},
			{"required", []string{"action"}},
		})
		params, data := r.Params().schema(l), r.Result().schema(l)
		if e := r.Example(); e != nil {
			params = append(params, member{"examples", []any{e.Params}})
			data = append(data, member{"examples", e.data()})
		}
		defs = append(defs, member{r.Name + ".params", params}, member{r.Name + ".data", data})
	}
	for _, d := range more {
		defs = append(defs, d.schema(l))
	}
	b, err := json.Marshal(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", t.dialect.Name},
		{"type", "object"},
		{"oneOf", requests},
		{"$defs", defs},
	})
	var out bytes.Buffer
	if err == nil {
		err = json.Indent(&out, b, "", "  ")
	}
	if err != nil {
		panic(err) // a default that is no JSON: New has read it
	}
	return append(out.Bytes(), '\n')
}

func (t *Type) schema(l text.Language) object {
	s := object{}
	if t.Ref != "" {
		return object{ref(t.Ref)}
	}
	if t.Kind != Any {
		s = append(s, member{"type", t.Kind})
	}
	if t.Items != nil {
		s = append(s, member{"items", t.Items.schema(l)})
	}
	if len(t.Fields) == 0 {
		return s
	}
	properties, required := object{}, []string{}
	for i := range t.Fields {
		f := &t.Fields[i]
		for _, name := range f.Names {
			properties = append(properties, member{name, f.schema(l)})
		}
		if f.Required && f.Variant == "" && len(f.Names) == 1 {
			required = append(required, f.Name())
		}
	}
	s = append(s, member{"properties", properties})
	if len(required) > 0 {
		s = append(s, member{"required", required})
	}
	return s
}

func (f *Field) schema(l text.Language) object {
	s := append(object{{"description", f.Text.In(l)}}, f.Type.schema(l)...)
	if f.Enum != nil {
		s = append(s, member{"enum", f.Enum})
	}
	if f.preset.IsValid() {
		s = append(s, member{"default", f.preset.Interface()})
	}
	if f.Nullable {
		return object{{"anyOf", []any{s, object{{"type", Nothing}}}}}
	}
	return s
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		k, err := encode(m.key)
		if err != nil {
			return nil, err
		}
		v, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, k...), ':'), v...)
	}
	return append(b, '}'), nil
}

// encode is json.Marshal that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
