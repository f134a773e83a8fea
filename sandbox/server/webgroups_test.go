package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// FuzzPagesOfGroups: whatever is asked, a page answers with JSON or HTML, or refuses.
func FuzzPagesOfGroups(f *testing.F) {
	w := world.New(1)
	owner, err := w.Users().Add(world.User{UIN: 10001, Nickname: "</script>"})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.Groups().Add(world.Group{Code: 5, Name: "g", Owner: owner.UIN}, owner.UIN); err != nil {
		f.Fatal(err)
	}
	m, err := w.Messages().Send(world.Send{From: owner.UIN, Group: 5, Parts: world.Parts(message.Text("x"), message.Face(14))}, nil)
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Messages().SetEssence(5, m.Sequence, 0, 0, true); err != nil {
		f.Fatal(err)
	}
	s, err := New(Options{World: w})
	if err != nil {
		f.Fatal(err)
	}
	for i, query := range []string{
		"group_code=5&page_start=0&page_limit=20", "group_code=5&msg_seq=1&msg_random=1&target_group_code=5",
		"gc=5&num=3000", "gc=5&num=1&continuous_type=2", "gc=5&num=1", "gc=5&type=1", "", "gc=5&st=0&end=9223372036854775807", "gc=5&ul=1|2", "fuin=10001",
	} {
		f.Add(uint8(i), query, `{"dayYmd":"20260801","offset":-1,"limit":100,"uid":"10001","groupId":"5"}`)
	}
	pages := slices.Concat(essencePages(), groupPages())
	f.Fuzz(func(t *testing.T, which uint8, query, body string) {
		p := pages[int(which)%len(pages)]
		r := &http.Request{Method: p.method, URL: &url.URL{Path: p.path, RawQuery: query}, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}
		answer, err := p.do(s, owner, r)
		if err != nil {
			return
		}
		if page, ok := answer.(webHTML); ok {
			if strings.Count(string(page), "</script>") != 1 {
				t.Errorf("the page can be broken out of: %s", page)
			}
			return
		}
		if _, err := json.Marshal(answer); err != nil {
			t.Errorf("%s: %v", p.path, err)
		}
	})
}
