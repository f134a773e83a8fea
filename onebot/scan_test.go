package onebot

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzScan(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, ` { "a" : 1 , "b":[1,{"x":"]}"}] } `, `[1 , "\"",[],{},null]`, `{"\u0061":"\\","a":-1.5e3}`, `"x"`, "{\"\xff\":1}", `"\ud83d\ude00\ud83dx\udead\/\n\u0041"`, `{"echo":{"a":[[[]]]}}`, `""  `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := checked(in)
		if err != nil {
			return
		}
		if v[0] == '"' {
			var want string
			if err := json.Unmarshal(v, &want); err != nil || unquote(v) != want {
				t.Errorf("unquote(%s) = %q, want %q", v, unquote(v), want)
			}
		}
		want := map[string]json.RawMessage{}
		if v[0] == '{' {
			if err := json.Unmarshal(v, &want); err != nil {
				t.Fatal(err)
			}
		}
		got := map[string]json.RawMessage{}
		for name, v := range members(v) {
			got[name] = v
		}
		for name, v := range want {
			if !strings.Contains(name, "\ufffd") && !bytes.Equal(member(json.RawMessage(in)[space(in, 0):], name), v) {
				t.Errorf("member %q of %q: got %s, want %s", name, in, member(in, name), v)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members of %q (-want +got):\n%s", in, diff)
		}
		wantItems := []json.RawMessage{}
		if v[0] == '[' {
			if err := json.Unmarshal(v, &wantItems); err != nil {
				t.Fatal(err)
			}
		}
		gotItems := []json.RawMessage{}
		for v := range items(v) {
			gotItems = append(gotItems, v)
		}
		if diff := cmp.Diff(wantItems, gotItems); diff != "" {
			t.Errorf("items of %q (-want +got):\n%s", in, diff)
		}
	})
}
