package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
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

// TestPagesForStrictClients: lists that are empty are no null, numbers and texts are what
// clients take them for, and what is 0 or "" is written.
func TestPagesForStrictClients(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	w := webLogin(h, alice) // owns the group
	m, err := h.World().Messages().Send(world.Send{From: alice, Group: 730000001, Parts: world.Parts(message.Face(0), message.Text(`"<"`))}, nil)
	must(t, err)
	must(t, h.World().Messages().SetEssence(730000001, m.Sequence, 0, alice, true))
	_, err = h.World().Announcements().Publish(730000001, alice, world.Announcement{Text: `"<'`})
	must(t, err)
	for path, want := range map[string]string{
		"/cgi-bin/qunapp/honor_talkative?gc=730000001&num=3000":                            `"talkative_list":[]`,
		"/cgi-bin/qunapp/honor_continuous?gc=730000001&continuous_type=2":                  `"continuous_list":[]`,
		"/cgi-bin/qunapp/honor_emotion?gc=730000001&num=0":                                 `"emotion_list":[]`,
		"/interactive/honorlist?gc=730000001&type=2":                                       `"gc":"730000001","legendList":[],"strongnewbieList":[],"talkativeList":[],"type":2,"uin":"20001"};</script>`,
		"/cgi-bin/group_digest/digest_list?group_code=730000001&page_start=0&page_limit=2": `"msg_content":[{"face_index":0,"msg_type":2},{"msg_type":1,"text":"\"\u003c\""}]`,
		"/cgi-bin/group_digest/digest_list?group_code=730000001&page_start=1&page_limit=2": `"is_end":true,"msg_list":null`,
		"/cgi-bin/announce/get_t_list?qid=730000001":                                       `"text":"\u0026quot;\u0026lt;\u0026#39;","text_face":"\u0026quot;\u0026lt;\u0026#39;","title":"群公告","pics":[]}`,
	} {
		if _, got := h.ask("GET", path+"&bkn="+w.bkn(), "qun.qq.com", nil, "Cookie", w.cookies()); !strings.Contains(got, want) {
			t.Errorf("%s\n got %s\nwant %s", path, got, want)
		}
	}
	pskey := call(h.dial().login(alice).register(), rpc.PSkeys, &oidbpb.PsKeyReq{Domains: []string{"qzone.qq.com"}}).GetKeys()[0].GetPSkey()
	w.pskey = pskey
	const slice = "/webapp/json/sliceUpload/FileUploadVideo?seq=0&retry=0&offset=0&end=1&total=1&type=form&g_tk="
	if got := w.post(slice+w.bkn(), url.Values{"session": {"x"}}); got != `{"msg":"no such upload","ret":2}` {
		t.Errorf("a slice of a video: %s", got)
	}
}
