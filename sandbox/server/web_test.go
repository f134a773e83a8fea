package server

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// jumpAddress is the first step of a login to web pages, as clients write it.
func jumpAddress(uin message.UIN, key string) string {
	return fmt.Sprintf("/jump?ptlang=1033&clientuin=%d&clientkey=%s&u1=%s&keyindex=19&random=2599", uin, key,
		url.QueryEscape("https://h5.qzone.qq.com/qqnt/qzoneinpcqq/friend?refresh=0&clientuin=0&darkMode=0"))
}

// ask sends a request with a Host of its own and a body.
func (h *harness) ask(method, address, host string, body io.Reader, headers ...string) (*http.Response, string) {
	h.t.Helper()
	transport := &http.Transport{DialContext: h.l.DialContext}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(h.t.Context(), method, "http://sandbox"+address, body)
	must(h.t, err)
	request.Host = host
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := transport.RoundTrip(request)
	must(h.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(h.t, err)
	return answer, strings.TrimSpace(string(text))
}

// webClient is somebody with cookies for a group's pages.
type webClient struct {
	h           *harness
	uin         message.UIN
	skey, pskey string
}

// webLogin logs a client in to the web pages.
func webLogin(h *harness, uin message.UIN) webClient {
	h.t.Helper()
	c := h.dial().login(uin).register()
	key := call(c, rpc.ClientKey, &oidbpb.EmptyResp{})
	if key.GetKeyIndex() != 19 || key.GetExpiration() != 7200 {
		h.t.Errorf("got %v", key)
	}
	pskey := call(c, rpc.PSkeys, &oidbpb.PsKeyReq{Domains: []string{"vip.qq.com", "example.com", "qun.qq.com"}}).GetKeys()
	if len(pskey) != 3 || pskey[1].GetPSkey() != "" || pskey[0].GetPSkey() == pskey[2].GetPSkey() {
		h.t.Fatalf("got %v", pskey)
	}
	answer, _ := h.ask("GET", jumpAddress(uin, key.GetClientKey()), "ssl.ptlogin2.qq.com", nil)
	w := webClient{h: h, uin: uin, pskey: pskey[2].GetPSkey()}
	for _, cookie := range answer.Cookies() {
		if cookie.Domain != "qq.com" {
			h.t.Errorf("cookie %s is for %q", cookie.Name, cookie.Domain)
		}
		if cookie.Name == "skey" {
			w.skey = cookie.Value
		}
	}
	if to := answer.Header.Get("Location"); !strings.HasPrefix(to, "https://h5.qzone.qq.com/qqnt/") {
		h.t.Errorf("the login leads to %q", to)
	}
	return w
}

func (w webClient) bkn() string { return fmt.Sprint(pageToken(w.skey)) }

func (w webClient) cookies() string {
	return fmt.Sprintf("p_uin=o%d; p_skey=%s; skey=%s; uin=o%d", w.uin, w.pskey, w.skey, w.uin)
}

// post posts a form.
func (w webClient) post(path string, form url.Values) string {
	w.h.t.Helper()
	_, text := w.h.ask("POST", path, "web.qun.qq.com", strings.NewReader(form.Encode()), "Cookie", w.cookies(), "Content-Type", "application/x-www-form-urlencoded")
	return text
}

// TestPageCookies: every form of cookies that clients send opens a page, others do not.
func TestPageCookies(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	w := webLogin(h, bot)
	const list = "/cgi-bin/announce/get_t_list?qid=730000001&bkn="
	const opened, refused = `{"ec":0,"em":""}`, `{"ec":-100,"em":"not logged in"}`
	short := fmt.Sprint(pageToken(w.pskey[:10]))
	for name, tt := range map[string]struct{ path, cookies, want string }{
		"all":                     {list + w.bkn(), w.cookies(), opened},
		"under the real host":     {"/web.qun.qq.com" + list + w.bkn(), w.cookies(), opened},
		"one number, no o":        {list + w.bkn(), fmt.Sprintf("skey=%s; p_uin=%d; p_skey=%s", w.skey, w.uin, w.pskey), opened},
		"a number with zeros":     {list + w.bkn(), strings.ReplaceAll(w.cookies(), "o10001", "o0000010001"), opened},
		"g_tk":                    {strings.Replace(list, "bkn", "g_tk", 1) + w.bkn(), w.cookies(), opened},
		"no skey":                 {list + fmt.Sprint(pageToken(w.pskey)), fmt.Sprintf("uin=o%d; p_skey=%s", w.uin, w.pskey), opened},
		"no skey, a short token":  {list + short, fmt.Sprintf("uin=o%d; p_skey=%s", w.uin, w.pskey), opened},
		"skey, the other's token": {list + short, w.cookies(), refused},
		"no token":                {list, w.cookies(), refused},
		"another account":         {list + w.bkn(), strings.ReplaceAll(w.cookies(), "o10001", "o20001"), refused},
		"nobody":                  {list + w.bkn(), strings.ReplaceAll(w.cookies(), "o10001", "o1"), refused},
		"a wrong skey":            {list + w.bkn(), strings.Replace(w.cookies(), "skey=@", "skey=@x", 1), refused},
		"no p_skey":               {list + w.bkn(), fmt.Sprintf("skey=%s; uin=o%d", w.skey, w.uin), refused},
		"skey in place of p_skey": {list + w.bkn(), fmt.Sprintf("skey=%s; p_skey=%[1]s; uin=o%d", w.skey, w.uin), refused},
		"nothing":                 {list, "", refused},
	} {
		if _, got := h.ask("GET", tt.path, "web.qun.qq.com", nil, "Cookie", tt.cookies); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	must(t, h.ExpireCookies(bot))
	if _, got := h.ask("GET", list+w.bkn(), "web.qun.qq.com", nil, "Cookie", w.cookies()); got != refused {
		t.Errorf("expired: got %s", got)
	}
	if err := h.ExpireCookies(1); err == nil {
		t.Error("cookies of nobody have expired")
	}
}

// TestPageLogin: what a login to the web pages answers.
func TestPageLogin(t *testing.T) {
	t.Parallel()
	h := start(t, Options{})
	key := call(h.dial().login(bot).register(), rpc.ClientKey, &oidbpb.EmptyResp{}).GetClientKey()
	for name, tt := range map[string]struct {
		path   string
		status int
	}{
		"good":              {jumpAddress(bot, key), http.StatusFound},
		"another account":   {jumpAddress(alice, key), http.StatusForbidden},
		"a wrong key":       {jumpAddress(bot, "x"), http.StatusForbidden},
		"another index":     {strings.Replace(jumpAddress(bot, key), "keyindex=19", "keyindex=9", 1), http.StatusForbidden},
		"to a foreign page": {strings.Replace(jumpAddress(bot, key), "h5.qzone.qq.com", "example.com", 1), http.StatusBadRequest},
		"to nowhere":        {"/jump", http.StatusBadRequest},
		"to a bad address":  {"/jump?u1=%25%25", http.StatusBadRequest},
	} {
		if answer, _ := h.ask("GET", tt.path, "ssl.ptlogin2.qq.com", nil); answer.StatusCode != tt.status || (tt.status != http.StatusFound) != (len(answer.Cookies()) == 0) {
			t.Errorf("%s: got %s with %d cookies, want %d", name, answer.Status, len(answer.Cookies()), tt.status)
		}
	}
	// Who has the sandbox's own address for a host stays there.
	answer, _ := h.ask("GET", "/ssl.ptlogin2.qq.com"+jumpAddress(bot, key), "127.0.0.1:8001", nil)
	to := answer.Header.Get("Location")
	if !strings.HasPrefix(to, "/h5.qzone.qq.com/qqnt/qzoneinpcqq/friend?refresh=0&") || answer.Cookies()[0].Domain != "" {
		t.Errorf("the login leads to %q with %v", to, answer.Cookies())
	}
	for _, at := range [][2]string{
		{to, "127.0.0.1:8001"}, {"/qun.qq.com/10001/infocenter", "127.0.0.1:8001"}, {"/10001/infocenter", "qun.qq.com"}, {"/10001/infocenter", "qzone.qq.com:80"},
	} {
		if answer, _ := h.ask("GET", at[0], at[1], nil); answer.StatusCode != http.StatusOK {
			t.Errorf("there, at %s: %s", at, answer.Status)
		}
	}
}

// TestPageCookiesExpire: keys are good for their time.
func TestPageCookiesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{CookieLifetime: time.Hour})
		w := webLogin(h, bot)
		list := "/cgi-bin/announce/list_announce?qid=730000001&bkn=" + w.bkn()
		page := func() bool {
			_, got := h.ask("GET", list, "web.qun.qq.com", nil, "Cookie", w.cookies())
			return got == `{"ec":0,"em":""}`
		}
		time.Sleep(time.Hour - time.Second)
		if !page() {
			t.Error("they expire early")
		}
		time.Sleep(2 * time.Second)
		if page() {
			t.Error("they do not expire")
		}
		again := webLogin(h, alice)
		if again.skey == w.skey {
			t.Error("the same key once more")
		}
	})
}

// TestAnnouncementForms: all forms that clients ask in.
func TestAnnouncementForms(t *testing.T) {
	t.Parallel()
	h := startMedia(t, Options{})
	w := webLogin(h, alice) // owns the group
	code := message.GroupCode(730000001)
	if g, _ := h.World().Groups().Find(code); g.Owner != alice {
		t.Fatalf("the group belongs to %d", g.Owner)
	}
	id := regexp.MustCompile(`^\{"ec":0,"em":"","new_fid":"([0-9a-f]{32})"\}$`)
	made := func(answer string) string {
		t.Helper()
		m := id.FindStringSubmatch(answer)
		if m == nil {
			t.Fatalf("got %s", answer)
		}
		return m[1]
	}
	// The body of a form, the query of an empty POST, and pictures.
	form := url.Values{"qid": {"730000001"}, "bkn": {w.bkn()}, "text": {"first"}, "pinned": {"0"}, "type": {"1"}, "settings": {`{"is_show_edit_card":0,"tip_window_type":1,"confirm_required":1}`}}
	first := made(w.post("/cgi-bin/announce/add_qun_notice?bkn="+w.bkn(), form))
	form.Set("text", "second")
	form.Set("type", "20")
	_, answer := h.ask("POST", "/cgi-bin/announce/add_qun_instruction?"+form.Encode(), "web.qun.qq.com", nil, "Cookie", w.cookies())
	second := made(answer)

	picture := aPicture(t)
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	must(t, parts.WriteField("bkn", w.bkn()))
	must(t, parts.WriteField("qid", "730000001"))
	file, err := parts.CreateFormFile("pic_up", "temp_uploadFile.png")
	must(t, err)
	_, err = file.Write(picture)
	must(t, err)
	must(t, parts.Close())
	_, answer = h.ask("POST", "/cgi-bin/announce/upload_img", "web.qun.qq.com", &body, "Cookie", w.cookies(), "Content-Type", parts.FormDataContentType())
	stored := regexp.MustCompile(`^\{"ec":0,"em":"","id":"\{\\u0026quot;id\\u0026quot;:\\u0026quot;([0-9a-f]{40})\\u0026quot;,\\u0026quot;w\\u0026quot;:\\u0026quot;3\\u0026quot;,\\u0026quot;h\\u0026quot;:\\u0026quot;2\\u0026quot;\}"\}$`).FindStringSubmatch(answer)
	if stored == nil {
		t.Fatalf("got %s", answer)
	}
	form.Set("text", "third")
	form.Set("type", "1")
	form.Set("pic", stored[1])
	third := made(w.post("/cgi-bin/announce/add_qun_notice?bkn="+w.bkn(), form))

	list, err := h.World().Announcements().List(code, bot, false)
	must(t, err)
	var got []string
	for _, a := range list {
		got = append(got, fmt.Sprintf("%s %s %d %v %v", a.ID, a.Text, len(a.Pictures), a.Newcomers, a.Confirm))
	}
	want := []string{third + " third 1 false true", second + " second 0 true true", first + " first 0 false true"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	_, answer = h.ask("GET", "/cgi-bin/announce/get_t_list?qid=730000001&n=1&s=-1&n=2&bkn="+w.bkn(), "web.qun.qq.com", nil, "Cookie", w.cookies())
	if strings.Count(answer, `"fid"`) != 2 || !strings.Contains(answer, `"inst":[{"fid":"`+second) {
		t.Errorf("the newest two: %s", answer)
	}

	for _, tt := range []struct{ field, value, want string }{
		{"qid", "1", `{"ec":2,"em":"no group 1"}`},
		{"qid", "x", `{"ec":1,"em":"bad group code"}`},
		{"pic", "x", `{"ec":2,"em":"no such picture"}`},
		{"settings", "{", `{"ec":1,"em":"bad settings"}`},
		{"text", strings.Repeat("x", 9001), `{"ec":1,"em":"text of 9001 bytes is longer than 9000"}`},
		{"text", "\xff", `{"ec":1,"em":"text is not valid UTF-8"}`},
		{"text", strings.Repeat("x", maxPageBody), `{"ec":1,"em":"the form is too large"}`},
	} {
		wrong := url.Values{}
		for name, all := range form {
			wrong[name] = all
		}
		wrong.Set(tt.field, tt.value)
		if got := w.post("/cgi-bin/announce/add_qun_notice", wrong); got != tt.want {
			t.Errorf("%s %.10q: got %s, want %s", tt.field, tt.value, got, tt.want)
		}
	}

	// What the query says is not taken for what a body that is too large said.
	_, answer = h.ask("POST", "/cgi-bin/announce/add_qun_notice?"+form.Encode(), "web.qun.qq.com", strings.NewReader("text="+strings.Repeat("x", maxPageBody)),
		"Cookie", w.cookies(), "Content-Type", "application/x-www-form-urlencoded")
	if answer != `{"ec":1,"em":"the form is too large"}` {
		t.Errorf("a large body beside a query: %s", answer)
	}
	for name, tt := range map[string]struct {
		parts, size int
		want        string
	}{
		"the largest picture": {1, maxNoticePicture - 10, `{"ec":1,"em":"not a picture"}`},
		"a larger one":        {1, maxNoticePicture + maxPageBody, `{"ec":1,"em":"the form is too large"}`},
		"many parts":          {2000, 0, `{"ec":1,"em":"the form is too large"}`},
	} {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		for range tt.parts {
			must(t, parts.WriteField("bkn", w.bkn()))
		}
		file, err := parts.CreateFormFile("pic_up", "x.png")
		must(t, err)
		_, err = file.Write(make([]byte, tt.size))
		must(t, err)
		must(t, parts.Close())
		_, got := h.ask("POST", "/cgi-bin/announce/upload_img", "web.qun.qq.com", &body, "Cookie", w.cookies(), "Content-Type", parts.FormDataContentType())
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}

	// Deleted by GET, and by POST.
	_, answer = h.ask("GET", "/cgi-bin/announce/del_feed?ft=23&op=1&qid=730000001&fid="+first+"&bkn="+w.bkn(), "web.qun.qq.com", nil, "Cookie", w.cookies())
	if answer != `{"ec":0,"em":""}` {
		t.Errorf("deleted by GET: %s", answer)
	}
	if got := w.post("/cgi-bin/announce/del_feed", url.Values{"ft": {"23"}, "qid": {"730000001"}, "fid": {second}, "bkn": {w.bkn()}}); got != `{"ec":0,"em":""}` {
		t.Errorf("deleted by POST: %s", got)
	}
	if left, err := h.World().Announcements().List(code, alice, false); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	for range 100 {
		_, err = h.World().Announcements().Publish(code, 0, world.Announcement{Text: "x"})
	}
	if err == nil {
		t.Error("there is no end to announcements")
	}
}
