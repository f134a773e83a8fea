package onebot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"libration/gateway"
	"libration/gateway/table"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// captured is an event of testdata/events.jsonl, with who gets it so: internal/e2e takes
// them from the sandbox.
type captured struct {
	Flavours []string        `json:"flavours"`
	Formats  []string        `json:"formats"`
	Event    json.RawMessage `json:"event"`
}

func capturedEvents(t testing.TB) (all []captured) {
	t.Helper()
	file, err := os.ReadFile("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		var c captured
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// judge holds events against their descriptions.
type judge struct {
	events map[string]*judged
	// there and missing count, by kind and field, or kind, field and value of an enum.
	there, missing map[string]int
}

type judged struct {
	kind string
	Type *table.Type
	of   Flavour
}

func newJudge() *judge {
	j := &judge{map[string]*judged{}, map[string]int{}, map[string]int{}}
	for _, d := range describedEvents() {
		j.events[d.kind] = &judged{d.kind, d.def().Type, d.of()}
	}
	return j
}

// find returns what describes an event.
func (j *judge) find(frame []byte) *judged {
	var e map[string]any
	if json.Unmarshal(frame, &e) != nil {
		return nil
	}
	post, _ := e["post_type"].(string)
	kind := post
	for {
		if j.events[kind] != nil {
			return j.events[kind]
		}
		names := typeFields[post]
		if depth := strings.Count(kind, "/"); depth < len(names) {
			kind += fmt.Sprint("/", e[names[depth]])
			continue
		}
		return nil
	}
}

// event says in what an event differs from its description.
func (j *judge) event(frame []byte, flavour string) error {
	d := j.find(frame)
	if d == nil {
		return errors.New("no description fits")
	}
	if d.of != 0 && flavour != "both" && flavour != d.of.String() {
		return fmt.Errorf("%s has it, which is for %s", flavour, d.of)
	}
	j.there[d.kind]++
	return j.value(d.kind, frame, d.Type, flavour)
}

func (j *judge) value(at string, raw json.RawMessage, t *table.Type, flavour string) error {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return err
	}
	kind := table.Any
	switch v := v.(type) {
	case nil:
		kind = table.Nothing
	case bool:
		kind = table.Boolean
	case string:
		kind = table.String
	case []any:
		kind = table.Array
	case map[string]any:
		kind = table.Object
	case json.Number:
		if kind = table.Integer; strings.ContainsAny(v.String(), ".eE") {
			kind = table.Number
		}
	}
	switch {
	case t.Ref != "":
		if kind != table.Array && kind != table.String {
			return fmt.Errorf("%s is no message but %s", at, raw)
		}
		return nil
	case t.Kind != table.Any && kind != t.Kind:
		return fmt.Errorf("%s is %s, not of the type %s", at, raw, t.Kind)
	case kind == table.Array && t.Items != nil:
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items)
		for _, item := range items {
			if err := j.value(at, item, t.Items, flavour); err != nil {
				return err
			}
		}
	case kind == table.Object && t.Fields != nil:
		var has map[string]json.RawMessage
		_ = json.Unmarshal(raw, &has)
		return j.fields(at, has, t.Fields, flavour)
	}
	return nil
}

func (j *judge) fields(at string, has map[string]json.RawMessage, fields []table.Field, flavour string) error {
	for i := range fields {
		f := &fields[i]
		name := at + "." + f.Name()
		value, ok := has[f.Name()]
		delete(has, f.Name())
		wanted := f.Variant == "" || f.Variant == flavour || flavour == "both"
		switch {
		case ok && !wanted:
			return fmt.Errorf("%s is there, though the flavour is %s", name, flavour)
		case !ok && f.Required && wanted:
			return fmt.Errorf("%s is missing", name)
		case !ok:
			j.missing[name]++
			continue
		}
		j.there[name]++
		if f.Nullable && string(value) == "null" {
			continue
		}
		if err := j.value(name, value, f.Type, flavour); err != nil {
			return err
		}
		if f.Enum != nil {
			var word string
			if _ = json.Unmarshal(value, &word); !slices.Contains(f.Enum, word) {
				return fmt.Errorf("%s is %s, not one of %v", name, value, f.Enum)
			}
			j.there[name+"="+word]++
		}
	}
	for name, value := range has {
		return fmt.Errorf("%s.%s is not described: %s", at, name, value)
	}
	return nil
}

// unseen lists what is described and never happens: events, fields, values, and fields
// that are always there though they are described as not.
func (j *judge) unseen() (all []string) {
	var look func(at string, t *table.Type)
	look = func(at string, t *table.Type) {
		for t.Kind == table.Array && t.Items != nil {
			t = t.Items
		}
		for _, f := range t.Fields {
			name := at + "." + f.Name()
			if j.there[name] == 0 {
				all = append(all, name+" is never there")
			}
			if !f.Required && j.missing[name] == 0 {
				all = append(all, name+" is always there")
			}
			for _, value := range f.Enum {
				if j.there[name+"="+value] == 0 {
					all = append(all, name+" is never "+value)
				}
			}
			look(name, f.Type)
		}
	}
	for kind, d := range j.events {
		if j.there[kind] == 0 {
			all = append(all, kind+" never happens")
			continue
		}
		look(kind, d.Type)
	}
	slices.Sort(all)
	return all
}

// someEvents gives events to f, written in a flavour: of all types, with all kinds of
// values, and messages of every kind of chat.
func someEvents(f func(flavour Flavour, name string, frame []byte)) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, flavour := range []Flavour{Lagrange, NapCat, Lagrange | NapCat} {
		w := &writer{flavour: flavour, self: func() message.UIN { return selfUIN }, segments: newSegmentTable()}
		w.renders.New = func() any { return new(rendering) }
		happened := []gateway.Happening{&gateway.Online{}, &gateway.Offline{}}
		for _, e := range event.All() {
			if _, message := e.(*event.Message); !message {
				happened = append(happened, e)
			}
		}
		for n := range 200 {
			for _, e := range happened {
				fill(random, reflect.ValueOf(e).Elem(), []string{"", "u_1"})
				if file, ok := e.(*event.OnlineFileNotice); ok {
					file.What = []event.OnlineFileEnd{event.OnlineFileDone, event.OnlineFileRefused, event.OnlineFileCancelled}[n%3]
				}
				for _, frame := range w.notices(&gateway.Event{ID: int64(n % 2), At: testTime, Event: e}) {
					f(flavour, e.Name(), frame)
				}
			}
		}
		for _, kind := range []message.ChatKind{message.Group, message.Friend, message.Temp} {
			for n := range 12 {
				m := groupMessage(5, message.Text("x"))
				m.Chat = message.Chat{Kind: kind, Group: groupCode, Peer: friendUIN}
				m.Sender.Role, m.Self = []message.Role{message.RoleMember, message.RoleAdmin, message.RoleOwner}[n%3], n < 6
				for format := range formats {
					f(flavour, "message", w.messageEvent(&gateway.Event{ID: int64(n % 2), Message: m, MessageID: -5}, format))
				}
			}
		}
	}
}

// TestDescribedEvents: events are what their descriptions say, and everything that is
// described happens.
func TestDescribedEvents(t *testing.T) {
	j := newJudge()
	for _, c := range capturedEvents(t) {
		for _, flavour := range c.Flavours {
			if err := j.event(c.Event, flavour); err != nil {
				t.Errorf("%s: %v", c.Event, err)
			}
		}
	}
	for _, d := range describedEvents() {
		if j.there[d.kind] == 0 {
			t.Errorf("%s never happens in the sandbox", d.kind)
		}
	}
	someEvents(func(flavour Flavour, name string, frame []byte) {
		if err := j.event(frame, flavour.String()); err != nil {
			t.Errorf("%s in %s: %v: %.500s", name, flavour, err, frame)
		}
	})
	for _, what := range j.unseen() {
		t.Error(what)
	}
}

// TestDescriptions: every row has a description, of whose services docs/protocol says the
// same.
func TestDescriptions(t *testing.T) {
	spec, err := os.ReadFile("../docs/protocol/onebot11.md")
	if err != nil {
		t.Fatal(err)
	}
	known := newJudge().events
	for _, r := range noticeRows() {
		if known[r.described()] == nil {
			t.Errorf("%s has no description", r.described())
		}
	}
	_, events, _ := strings.Cut(string(spec), "## (c) Events")
	events, _, _ = strings.Cut(events, "## (d)")
	for _, d := range describedEvents() {
		post, kind, _ := strings.Cut(d.kind, "/")
		if post != "notice" && post != "request" {
			continue
		}
		name, sub, _ := strings.Cut(kind, "/")
		found := false
		for line := range strings.Lines(events) {
			cells := strings.Split(line, " | ")
			if len(cells) < 4 || !strings.HasPrefix(cells[0], "| `"+name+"`") && !strings.Contains(cells[0], "; `"+name+"`") || !strings.Contains(cells[0], sub) {
				continue
			}
			found = true
			if from := strings.ReplaceAll(strings.TrimSuffix(cells[2], " (declared; sending uncertain)"), "Co", "C"); from != d.from {
				t.Errorf("%s is of %q, and in docs/protocol/onebot11.md of %q", d.kind, d.from, from)
			}
			break
		}
		if !found {
			t.Errorf("%s is not in docs/protocol/onebot11.md (c)", d.kind)
		}
	}
}

var chinese = regexp.MustCompile(`\p{Han}`)

// TestDescribedWords: whatever is said of a field is said in both languages.
func TestDescribedWords(t *testing.T) {
	for _, d := range describedEvents() {
		for _, f := range d.fields {
			for en, zh := range map[string]string{f.Text.EN: f.Text.ZH, f.When.EN: f.When.ZH, d.text.EN: d.text.ZH} {
				if en != "" && !chinese.MatchString(zh) {
					t.Errorf("%s.%s: %q has no Chinese text, but %q", d.kind, f.Name(), en, zh)
				}
			}
		}
	}
}
