package onebot

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzScan(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, ` { "a" : 1 , "b":[1,{"x":"]}"}] } `, `[1 , "\"",[],{},null]`, `{"\u0061":"\\","a":-1.5e3}`, `"x"`, "{\"\xff\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := checked(in)
		if err != nil {
			return
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
		for v := range elements(v) {
			gotItems = append(gotItems, v)
		}
		if diff := cmp.Diff(wantItems, gotItems); diff != "" {
			t.Errorf("elements of %q (-want +got):\n%s", in, diff)
		}
	})
}
