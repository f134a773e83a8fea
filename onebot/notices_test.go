package onebot

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"libration/gateway"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// TestEveryEventHasANotice finds an event type that is neither told nor left out on
// purpose.
func TestEveryEventHasANotice(t *testing.T) {
	doc, err := os.ReadFile("../docs/protocol/onebot11.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, e := range event.All() {
		name := e.Name()
		all[name] = true
		if _, left := ignored[name]; left == (len(noticesOf[name]) > 0) {
			t.Errorf("%s has %d rows in noticeRows, in ignored: %v; want rows, or a reason in ignored", name, len(noticesOf[name]), left)
		}
	}
	for _, e := range []gateway.Happening{&gateway.Online{}, &gateway.Offline{}} {
		all[e.Name()] = true
	}
	for name, why := range ignored {
		if !all[name] || why == "" {
			t.Errorf("%q is ignored and no event, or without a reason: %q", name, why)
		}
	}
	for _, r := range noticeRows() {
		if !all[r.event] {
			t.Errorf("%s is for %q, which is no event", r.kind, r.event)
		}
		if !regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(r.doc) + ` `).Match(doc) {
			t.Errorf("%s: docs/protocol/onebot11.md has no section %s", r.kind, r.doc)
		}
	}
}

// TestFlavours: a fact that services tell in different words comes once in each flavour,
// and its frames have ids of their own.
func TestFlavours(t *testing.T) {
	for name, rows := range noticesOf {
		var told Flavour
		for _, r := range rows {
			if r.of == 0 {
				told = Lagrange | NapCat
			}
			told |= r.of
		}
		if told != Lagrange|NapCat {
			t.Errorf("%s is told in the flavours %b only", name, told)
		}
	}
	renamed := &event.GroupNameChanged{Group: groupCode, NewName: "name", Operator: event.Person{UIN: 6}, Time: testTime}
	const head, group = `{"time":1700000000,"self_id":10001,"post_type":"notice","notice_type":`, `,"group_id":9007199254740993`
	for flavour, want := range map[Flavour][]string{
		Lagrange: {head + `"group_name_change"` + group + `,"name":"name","operator_id":6,"event_id":8}`},
		NapCat:   {head + `"notify","sub_type":"group_name"` + group + `,"user_id":6,"name_new":"name","event_id":8}`},
		Lagrange | NapCat: {
			head + `"group_name_change"` + group + `,"name":"name","operator_id":6,"event_id":7}`,
			head + `"notify","sub_type":"group_name"` + group + `,"user_id":6,"name_new":"name","event_id":8}`,
		},
	} {
		w := &writer{flavour: flavour, self: func() message.UIN { return selfUIN }}
		var got []string
		for _, b := range w.notices(&gateway.Event{ID: 8, Event: renamed}) {
			got = append(got, string(b))
		}
		if !slices.Equal(got, want) {
			t.Errorf("flavour %b: got %q\nwant %q", flavour, got, want)
		}
	}
}

// TestNobodyIsZeroAlone finds a notice in which somebody without a known number is 0 and
// nothing else, as if there were nobody: only operators may be.
func TestNobodyIsZeroAlone(t *testing.T) {
	t.Parallel()
	left := map[string]string{
		"group_invited_join_request Inviter": "invitor_id is 0 for an unknown one, too",
		"friend_poke Peer":                   "OneBot says who poked whom",
		"friend_file_received Peer":          "OneBot says who sent it",
	}
	told := 0
	for _, kind := range event.All() {
		if noticesOf[kind.Name()] == nil {
			continue
		}
		e := reflect.New(reflect.TypeOf(kind).Elem())
		for i := range e.Elem().NumField() {
			if who, ok := e.Elem().Field(i).Addr().Interface().(*event.Person); ok {
				who.UID = message.UID("u_" + e.Elem().Type().Field(i).Name)
			}
		}
		if file, ok := e.Interface().(*event.OnlineFileNotice); ok {
			file.What = event.OnlineFileDone
		}
		w := &writer{flavour: Lagrange | NapCat, self: func() message.UIN { return selfUIN }}
		frames := w.notices(&gateway.Event{Event: e.Interface().(event.Event)})
		for i := range e.Elem().NumField() {
			field := e.Elem().Type().Field(i)
			if _, ok := e.Elem().Field(i).Interface().(event.Person); !ok || len(frames) == 0 || field.Name == "Operator" {
				continue
			}
			told++
			name := kind.Name() + " " + field.Name
			for _, f := range frames {
				if has := bytes.Contains(f, []byte(`"u_`+field.Name+`"`)); has == (left[name] != "") {
					t.Errorf("%s: text id told %t, left out because of %q: %s", name, has, left[name], f)
				}
			}
		}
	}
	if told < 15 {
		t.Errorf("%d people in notices; want more", told)
	}
}

// TestPokesOfNapCat: clients of that service read a poke from raw_info, in private chats its
// two people only; the others do not get it.
func TestPokesOfNapCat(t *testing.T) {
	who, whom := event.Person{UIN: 6, UID: "u_six"}, event.Person{UIN: 7, UID: "u_seven"}
	look := event.PokeLook{Action: "pats", Suffix: "on the head", ImageURL: "http://a/b"}
	const fields = `"user_id":6,"target_id":7,"sender_id":6,"action":"pats","suffix":"on the head","action_img_url":"http://a/b"`
	const six, seven = `{"type":"qq","col":"","nm":"","tp":"","uid":"u_six"}`, `{"type":"qq","col":"","nm":"","tp":"","uid":"u_seven"}`
	for flavour, want := range map[Flavour][2]string{
		Lagrange: {fields, fields},
		NapCat: {
			fields + `,"raw_info":[` + six + `,{"type":"img","jp":"","src":"http://a/b"},{"type":"nor","txt":"pats"},` + seven + `,{"type":"nor","txt":"on the head"}]`,
			fields + `,"raw_info":[` + six + "," + seven + "]",
		},
	} {
		w := &writer{flavour: flavour, self: func() message.UIN { return selfUIN }}
		group := w.notices(&gateway.Event{Event: &event.GroupPoked{Group: groupCode, Operator: who, Target: whom, Look: look}})
		friend := w.notices(&gateway.Event{Event: &event.FriendPoked{Peer: who, Operator: who, Target: whom, Look: look}})
		for i, frames := range [][][]byte{group, friend} {
			if len(frames) != 1 || !json.Valid(frames[0]) || !strings.HasSuffix(string(frames[0]), want[i]+"}") {
				t.Errorf("flavour %b: got %s\nwant it to end with %s", flavour, frames, want[i])
			}
		}
	}
}
