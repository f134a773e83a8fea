package control

import (
	"fmt"
	"testing"
)

// A chat is read from its end to its beginning, page by page.
func TestOlderMessages(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	for _, to := range []string{`"group":730000001`, `"to":10001`} {
		for n := range 7 {
			if status, answer := do(h, "POST", "/api/send", fmt.Sprintf(`{"as":20001,%s,"text":"%d"}`, to, n)); status != 200 {
				t.Fatal(answer)
			}
		}
	}
	if status, answer := do(h, "POST", "/api/recall", `{"as":20001,"group":730000001,"sequence":2}`); status != 200 {
		t.Fatal(answer)
	}
	for _, chat := range []string{"group=730000001", "a=10001&b=20001"} {
		var got []string
		var before uint64
		for {
			query := fmt.Sprintf("/api/messages?%s&limit=3&before=%d", chat, before)
			_, answer := do(h, "GET", query, "")
			page := decodeMessages(t, answer)
			if len(page) == 0 {
				break
			}
			var texts []string
			for _, m := range page {
				texts = append(texts, m.Text)
			}
			got, before = append(texts, got...), page[0].Sequence
		}
		if want := []string{"0", "1", "2", "3", "4", "5", "6"}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", chat, got, want)
		}
	}
	for query, want := range map[string]string{
		"group=730000001&before=1": "[]", "group=730000002&before=9": "[]",
		"group=730000001&before=x": `{"error":"before \"x\" is not a number"}`,
	} {
		if _, answer := do(h, "GET", "/api/messages?"+query, ""); answer != want {
			t.Errorf("%s: got %s, want %s", query, answer, want)
		}
	}
}
