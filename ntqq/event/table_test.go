package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
)

// handed returns the names of All, each once.
func handed(t testing.TB) map[string]Event {
	t.Helper()
	named := map[string]Event{}
	for _, e := range All() {
		if _, twice := named[e.Name()]; twice {
			t.Errorf("two types are named %s", e.Name())
		}
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)+$|^message$`).MatchString(e.Name()) {
			t.Errorf("%T is named %q", e, e.Name())
		}
		named[e.Name()] = e
	}
	return named
}

// TestAllIsComplete reads the sources: every type with a Name stands in All.
func TestAllIsComplete(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Name" {
				continue
			}
			types = append(types, f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name)
		}
	}
	types = slices.DeleteFunc(types, func(name string) bool { return name == "ListsChanged" }) // nobody gets it
	slices.Sort(types)
	var all []string
	for _, e := range All() {
		all = append(all, reflect.TypeOf(e).Elem().Name())
	}
	slices.Sort(all)
	if diff := cmp.Diff(types, all); diff != "" {
		t.Errorf("types and All (-types +All):\n%s", diff)
	}
}

// TestRows finds a row that is wrong by itself, and an event type that no row gives.
func TestRows(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol/events.md")
	if err != nil {
		t.Fatal(err)
	}
	named := handed(t)
	given := map[string]bool{"unknown_push": true}
	seen := map[kind]bool{}
	for _, r := range rows() {
		if r.command == "" && seen[r.kind] {
			t.Errorf("%v has two rows", r.kind)
		}
		seen[r.kind] = r.command == ""
		if !regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(r.doc) + `\.? `).Match(doc) {
			t.Errorf("%v %s: docs/protocol/events.md has no section %s", r.kind, r.event, r.doc)
		}
		_, ok := named[r.event]
		switch {
		case r.decode == nil && ok:
			t.Errorf("%v is ignored, but there is a type %s", r.kind, r.event)
		case r.decode != nil && !ok && r.event != "" && r.event != listsChanged:
			t.Errorf("%v gives %s, which is not in All", r.kind, r.event)
		}
		if r.decode != nil {
			given[r.event] = true
		}
		if whole := (kind{r.kind.typ, r.kind.sub, none}); r.command == "" && r.kind.part != none && known.pushes[whole] == nil {
			t.Errorf("%v is a part of a push without a row", r.kind)
		}
	}
	given["group_left"] = true // 528/212, and behind a decrease
	for _, e := range []Event{&GroupFileUploaded{}, &FriendFileReceived{}, &GroupCardChanged{}} {
		given[e.Name()] = true // from messages
	}
	for name := range named {
		if !given[name] {
			t.Errorf("no row gives %s", name)
		}
	}
}

// watched is a decoder that fails the test when a row gives an event of another name
// than its own.
func watched(t testing.TB) *Decoder {
	list := rows()
	for i := range list {
		r := list[i]
		if r.decode == nil || r.event == "" {
			continue
		}
		list[i].decode = func(p *push) {
			before := len(p.events)
			r.decode(p)
			for _, e := range p.events[before:] {
				_, unknown := e.(*Unknown)
				_, left := e.(*GroupLeft)
				if lists, ok := e.(*ListsChanged); ok && lists.Lists.Members != 0 && r.event == "group_admin_changed" {
					continue // of nobody
				}
				if r.chat && p.key.Discriminator != none {
					continue // a part of a type of chat messages; it has a row of its own
				}
				if e.Name() != r.event && !unknown && (!left || r.event != "group_member_decrease") {
					t.Errorf("row %v %s gave %s", r.kind, r.event, e.Name())
				}
			}
		}
	}
	d := decoderFor(bot)
	d.known = newTable(list)
	return d
}

func TestRowsGiveWhatTheySay(t *testing.T) {
	for _, tt := range specification() {
		watched(t).Decode(CommandMsgPush, fromAlice(t, tt.typ, tt.subType, tt.content))
	}
}

// TestPeople finds a person of an event that People leaves out: nobody would look for
// the number.
func TestPeople(t *testing.T) {
	for _, e := range All() {
		got := e.People()
		who := append(slices.Clone(got.Members), got.Others...)
		v := reflect.ValueOf(e).Elem()
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			switch field := v.Field(i).Addr().Interface().(type) {
			case *Person:
				if !slices.Contains(who, field) {
					t.Errorf("People leaves out %s", name)
				}
			case *message.Chat:
				if got.Chat != field {
					t.Errorf("People leaves out %s", name)
				}
			}
		}
		if group := v.FieldByName("Group"); group.IsValid() {
			const code = 5
			group.SetUint(code)
			if got := e.People(); len(got.Members) > 0 && got.Group != code {
				t.Errorf("%T: the members are looked for in group %d", e, got.Group)
			}
		}
		if when := v.FieldByName("Time"); when.IsValid() {
			when.SetInt(7)
			if e.When() != 7 {
				t.Errorf("%T: When is %d", e, e.When())
			}
		}
	}
}

// TestReferences finds an event about a message that does not say so: dialects could
// not name the message.
func TestReferences(t *testing.T) {
	for _, e := range All() {
		sequence := reflect.ValueOf(e).Elem().FieldByName("Sequence")
		if _, isMessage := e.(*Message); isMessage || !sequence.IsValid() {
			continue
		}
		sequence.SetUint(7)
		if r, ok := e.(Referrer); !ok || r.Refers().Sequence != 7 {
			t.Errorf("%T refers to no message", e)
		}
	}
}

// TestStale says of every type what it does to lists: a new type has to be decided.
func TestStale(t *testing.T) {
	const group = message.GroupCode(5)
	want := map[string]Stale{
		"message":               {},
		"message_recalled":      {},
		"group_member_increase": {Groups: true, Members: group},
		"group_member_decrease": {Groups: true, Members: group},
		"group_left":            {Left: group},
		"group_admin_changed":   {Members: group},
		"group_name_changed":    {}, // Update
		"group_title_changed":   {}, // Update
		"group_card_changed":    {},
		"group_muted":           {Members: group},
		"group_reaction":        {},
		"group_essence_changed": {},
		"friend_request":        {},
		"group_todo":            {},
		"chat_pin_changed":      {},
		"friend_added":          {Friends: true},
		"friend_removed":        {Friends: true},
		"friend_renamed":        {}, // Update
		"self_renamed":          {},
		"group_poke":            {},
		"friend_poke":           {},
		"group_poke_recalled":   {},
		"friend_poke_recalled":  {},
		"group_sign_in":         {},
		"group_honor_changed":   {},
		"group_bot_added":       {Groups: true, Members: group},
		"group_gray_tip":        {},
		"group_lucky_king":      {},
		"group_member_entered":  {},
		"group_album_updated":   {},
		"input_status":          {},
		"voice_text_ready":      {},
		"online_file_notice":    {},
		"clients_online":        {},
		"group_file_uploaded":   {},
		"friend_file_received":  {},
		"account_restricted":    {},
		"profile_liked":         {},
		"account_kicked":        {},
		"unknown_push":          {},
		"group_join_request":    {}, "group_invited_join_request": {}, "group_invitation": {}, "group_join_rejected": {},
	}
	for _, e := range All() {
		if f := reflect.ValueOf(e).Elem().FieldByName("Group"); f.IsValid() {
			f.SetUint(uint64(group))
		}
		w, ok := want[e.Name()]
		if got := e.Stale(); !ok {
			t.Errorf("%s makes %+v stale: decide whether that is right, and say so here", e.Name(), got)
		} else if got != w {
			t.Errorf("%s makes %+v stale, want %+v", e.Name(), got, w)
		}
	}
}

// TestMoves: whoever may write in a chat, or no longer, is reported to the order of
// messages.
func TestMoves(t *testing.T) {
	group := message.Chat{Kind: message.Group, Group: 5}
	who := Person{20001, "u_alice"}
	for _, tt := range []struct {
		event Mover
		want  Move
	}{
		{&GroupMemberIncrease{Group: 5, Member: who}, Move{Chat: group, Who: who}},
		{&GroupMemberDecrease{Group: 5, Member: who}, Move{Chat: group, Who: who, Left: true}},
		{&GroupLeft{Group: 5}, Move{Chat: group, Left: true}},
		{&FriendAdded{Friend: who}, Move{Chat: message.Chat{Kind: message.Friend, Peer: who.UIN, PeerUID: who.UID}}},
	} {
		if got := tt.event.Moves(); got != tt.want {
			t.Errorf("%T: got %+v, want %+v", tt.event, got, tt.want)
		}
	}
}
