package onebot

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"libration/gateway/table"
	"libration/internal/text"
)

// defs are the events and segments for the schema.
func defs() (all []table.Def) {
	event := table.Def{Name: "event", Text: text.T("What bots get.", "机器人收到的事件。")}
	for _, d := range describedEvents() {
		def := d.def()
		event.OneOf = append(event.OneOf, &table.Type{Ref: def.Name})
		all = append(all, def)
	}
	received := table.Def{Name: "segment.received", Text: text.T("A part of a message that bots get.", "收到的消息的一部分。")}
	sent := table.Def{Name: "segment.sent", Text: text.T("A part of a message that bots send.", "发送的消息的一部分。")}
	for _, r := range segmentRows() {
		part := func(fields []table.Field) *table.Type {
			return object(word("type", "", "", r.name), table.Field{Names: []string{"data"}, Type: object(fields...), Required: true})
		}
		if r.show != nil {
			def := table.Def{Name: "segment." + r.name + ".received", Text: r.notes, Type: part(r.received)}
			received.OneOf, all = append(received.OneOf, &table.Type{Ref: def.Name}), append(all, def)
		}
		if !r.refused {
			def := table.Def{Name: "segment." + r.name + ".sent", Text: r.notes, Type: part(ofAnyType(r.sent))}
			if len(r.sent) == 0 { // nor needs it data
				def.Type.Fields[1] = optional(def.Type.Fields[1])
			}
			sent.OneOf, all = append(sent.OneOf, &table.Type{Ref: def.Name}), append(all, def)
		}
	}
	list := func(of string) *table.Type { return &table.Type{Kind: table.Array, Items: &table.Type{Ref: of}} }
	return append([]table.Def{
		event, received, sent,
		{Name: receivedMessage, Text: text.T("A message that bots get: segments or a text with CQ codes.", "收到的消息：消息段数组，或带 CQ 码的字符串。"),
			OneOf: []*table.Type{{Kind: table.String}, list(received.Name)}},
		{Name: sentMessage, Text: text.T("A message that bots send: segments, one segment or a text with CQ codes.", "发送的消息：消息段数组、单个消息段，或带 CQ 码的字符串。"),
			OneOf: []*table.Type{{Kind: table.String}, list(sent.Name), {Ref: sent.Name}}},
	}, all...)
}

// ofAnyType is data of any type: values are taken as numbers or texts, and null is absent.
func ofAnyType(fields []table.Field) (all []table.Field) {
	for _, f := range fields {
		if f.Type.Ref == "" {
			f.Type = &table.Type{Kind: table.Any}
		}
		all = append(all, f)
	}
	return all
}

// published compiles parts of the schema.
func published(t *testing.T) func(part string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Table().Schema(text.English, defs()...)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("onebot.json", doc); err != nil {
		t.Fatal(err)
	}
	return func(part string) *jsonschema.Schema {
		s, err := c.Compile("onebot.json#" + part)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// valid says why JSON is not valid by a schema.
func valid(t *testing.T, s *jsonschema.Schema, raw []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// TestSchema: events of the sandbox, segments that are sent, and examples of all actions
// are valid by the published schema, and what is wrong is not.
func TestSchema(t *testing.T) {
	schema := published(t)
	event := schema("/$defs/event")
	for _, c := range capturedEvents(t) {
		if err := valid(t, event, c.Event); err != nil {
			t.Errorf("%s: %v", c.Event, err)
		}
		for _, wrong := range [][2]string{{`"self_id":`, `"self":`}, {`"time":9`, `"time":"x",_`}, {`"post_type":"`, `"post_type":"x`}} {
			broken := strings.Replace(string(c.Event), wrong[0], strings.TrimSuffix(wrong[1], "_"), 1)
			if !json.Valid([]byte(broken)) {
				broken = strings.Replace(string(c.Event), `"time":`, `"time":true,"x":`, 1)
			}
			if valid(t, event, []byte(broken)) == nil {
				t.Errorf("%s is valid", broken)
			}
		}
	}
	sent := schema("/$defs/" + sentMessage)
	for _, r := range segmentRows() {
		for _, sample := range r.samples {
			one := `{"type":"` + r.name + `","data":` + sample + `}`
			for _, written := range []string{one, "[" + one + "]", `"hello"`} {
				if err := valid(t, sent, []byte(written)); err != nil {
					t.Errorf("%s: %v", written, err)
				}
			}
		}
	}
	for _, wrong := range []string{`5`, `{"type":"nobody","data":{}}`, `[{"type":"face","data":{}}]`, `[{"type":"face"}]`} {
		if valid(t, sent, []byte(wrong)) == nil {
			t.Errorf("%s is valid", wrong)
		}
	}
}

// TestSchemaOfExamples: calls that were really made are valid, and what they returned.
func TestSchemaOfExamples(t *testing.T) {
	schema := published(t)
	request := schema("")
	for name, e := range examples() {
		raw, err := json.Marshal(map[string]any{"action": name, "params": e.Params})
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(t, request, raw); err != nil && name != "set_group_bot_status" { // its boolean is Lagrange's number
			t.Errorf("%s: %v", raw, err)
		}
		data := schema("/$defs/" + name + ".data")
		for _, answer := range e.Answers {
			var got struct {
				Status string
				Data   json.RawMessage
			}
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			if got.Status != StatusOK {
				continue
			}
			if err := valid(t, data, got.Data); err != nil {
				t.Errorf("%s returned %s: %v", name, got.Data, err)
			}
		}
	}
}
