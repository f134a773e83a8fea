package e2e

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
	"libration/sandbox/world"
)

// page asks the sandbox for a page, as foreign programs do with what get_cookies gave them.
func (s *service) page(t *testing.T, path, cookies string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: s.listener.DialContext, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://sandbox"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookies)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

// TestCookies: what bots get opens the service's pages as long as it is good, and the
// client gets new ones by itself.
func TestCookies(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		var got struct {
			Cookies string
			BKN     string
		}
		if err := json.Unmarshal([]byte(b.data("get_cookies", `{"domain":"qun.qq.com"}`)), &got); err != nil {
			t.Fatal(err)
		}
		if data := b.data("get_cookies", `{"domain":""}`); data != b.data("get_cookies", `{}`) || !strings.Contains(data, got.Cookies) {
			t.Errorf("of an empty domain: %s", data)
		}
		list := fmt.Sprintf("/cgi-bin/announce/get_t_list?bkn=%s&qid=%d", got.BKN, group)
		const opened, refused = `{"ec":0,"em":""}`, `{"ec":-100,"em":"not logged in"}`
		if page := s.page(t, "/web.qun.qq.com"+list, got.Cookies); page != opened {
			t.Errorf("with the cookies: %s", page)
		}
		if data := b.data("get_csrf_token", `{}`); data != fmt.Sprintf(`{"token":%s}`, got.BKN) {
			t.Errorf("get_csrf_token: %s", data)
		}
		if data := b.data("get_credentials", `{}`); data != fmt.Sprintf(`{"cookies":%q,"csrf_token":%s,"token":%s}`, got.Cookies, got.BKN, got.BKN) {
			t.Errorf("get_credentials: %s", data)
		}
		for name, cookies := range map[string]string{
			"of nobody": "", "without p_skey": strings.Replace(got.Cookies, "p_skey=", "x=", 1), "another account": strings.ReplaceAll(got.Cookies, "o10001", "o20001"),
			"another domain": strings.TrimSuffix(strings.TrimPrefix(b.data("get_cookies", `{"domain":"vip.qq.com"}`), `{"cookies":"`), fmt.Sprintf(`","bkn":"%s"}`, got.BKN)),
		} {
			if page := s.page(t, list, cookies); page != refused {
				t.Errorf("%s: %s", name, page)
			}
		}
		if page := s.page(t, strings.Replace(list, "bkn=", "bkn=1", 1), got.Cookies); page != refused {
			t.Errorf("with another token: %s", page)
		}
		if strings.Contains(a.data("get_cookies", `{}`), got.Cookies) {
			t.Error("two accounts have the same cookies")
		}
		if got := b.refused("get_cookies", `{"domain":"example.com"}`); got != "WEB_LOGIN_FAILED: the operation failed: cookies: example.com: the service has given no usable key" {
			t.Errorf("of a foreign domain: %s", got)
		}
		if got := b.refused("get_cookies", `{"domain":"a b"}`); got != `WEB_LOGIN_FAILED: the operation failed: "a b" is no domain` {
			t.Errorf("of no domain: %s", got)
		}
		if key := b.data("get_clientkey", `{}`); len(key) < 40 {
			t.Errorf("get_clientkey: %s", key)
		}

		// They expire, also before their day is over, and are renewed.
		time.Sleep(2 * time.Minute)
		if err := s.ExpireCookies(bot); err != nil {
			t.Fatal(err)
		}
		if page := s.page(t, list, got.Cookies); page != refused {
			t.Errorf("with old cookies: %s", page)
		}
		if list := b.data("_get_group_notice", `{"group_id":%d}`, group); list != "[]" {
			t.Errorf("of the client: %s", list)
		}
		if b.data("get_cookies", `{}`) == a.data("get_cookies", `{}`) || strings.Contains(b.data("get_cookies", `{}`), got.Cookies) {
			t.Error("the cookies are the old ones")
		}
	})
}

// TestAnnouncements: the owner puts up announcements, which others see, and takes one down.
func TestAnnouncements(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		const says = "Tea at \"4\" <here> &\n全体成员"
		owner, other := b, a
		if g, _ := s.World().Groups().Find(group); g.Owner != bot {
			owner, other = a, b
		}
		var first, second struct {
			ID string `json:"notice_id"`
		}
		decode := func(text string, to any) {
			t.Helper()
			if err := json.Unmarshal([]byte(text), to); err != nil {
				t.Fatal(err)
			}
		}
		decode(owner.data("_send_group_notice", `{"group_id":%d,"content":%q}`, group, says), &first)
		for _, card := range other.told() {
			if !strings.Contains(card, "com.tencent.mannounce") || !strings.Contains(card, first.ID) {
				t.Errorf("in the chat: %s", card)
			}
		}
		media := newMediaBot(t, s, owner.account)
		owner.call = media.calls(media.Dialect)
		decode(owner.data("_send_group_notice", `{"group_id":%d,"content":"second","image":"base64://%s","pinned":1,"type":"20","confirm_required":0,"is_show_edit_card":true,"tip_window_type":1}`,
			group, base64.StdEncoding.EncodeToString(dot)), &second)
		sender := owner.Self().UIN
		quoted, _ := json.Marshal(says)
		now := time.Now().Unix()
		want := []string{
			fmt.Sprintf(`{"notice_id":"%s","sender_id":%d,"publish_time":%d,"message":{"text":%s,"images":[],"image":[]},"settings":{"is_show_edit_card":false,"tip_window_type":0,"tip_window":false,"confirm_required":true,"pinned":false,"send_new_member":false},"read_num":0}`,
				first.ID, sender, now, quoted),
			fmt.Sprintf(`{"notice_id":"%s","sender_id":%d,"publish_time":%d,"message":{"text":"second","images":%[4]s,"image":%[4]s},"settings":{"is_show_edit_card":true,"tip_window_type":1,"tip_window":true,"confirm_required":false,"pinned":true,"send_new_member":true},"read_num":0}`,
				second.ID, sender, now, fmt.Sprintf(`[{"id":"%x","height":"1","width":"1"}]`, sha1.Sum(dot))),
		}
		if got := other.data("_get_group_notice", `{"group_id":%d}`, group); got != "["+strings.Join(want, ",")+"]" {
			t.Errorf("the list:\n got %s\nwant %s", got, want)
		}
		if got := owner.data("_get_group_notice", `{"group_id":%d}`, group); !strings.Contains(got, `"read_num":1`) {
			t.Errorf("after somebody has read them: %s", got)
		}

		if got := other.refused("_send_group_notice", `{"group_id":%d,"content":"x"}`, group); !strings.HasPrefix(got, "SEND_NOTICE_FAILED: the server refused, code 4: ") {
			t.Errorf("by a member: %s", got)
		}
		if got := other.refused("_delete_group_notice", `{"group_id":%d,"notice_id":"%s"}`, group, first.ID); !strings.Contains(got, "code 4: ") {
			t.Errorf("deleted by a member: %s", got)
		}
		if got := owner.refused("_del_group_notice", `{"group_id":%d,"notice_id":"x"}`, group); !strings.Contains(got, `the group has no announcement "x"`) {
			t.Errorf("none: %s", got)
		}
		if got := owner.refused("_send_group_notice", `{"group_id":%d}`, group); got != `BAD_PARAMS: parameter "content" is missing` {
			t.Errorf("an empty one: %s", got)
		}
		if _, err := b.Announcements().List(t.Context(), 1); !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("of no group: %v", err)
		}
		owner.data("_del_group_notice", `{"group_id":%d,"notice_id":"%s"}`, group, first.ID)
		owner.data("_delete_group_notice", `{"group_id":%d,"notice_id":"%s"}`, group, second.ID)
		if list, err := s.World().Announcements().List(group, bob, false); err != nil || len(list) != 0 {
			t.Errorf("left in the world: %v, %v", list, err)
		}
		if _, err := s.World().Announcements().Publish(group, 0, world.Announcement{Text: "by hand"}); err != nil {
			t.Fatal(err)
		}
		if list, err := b.Announcements().List(t.Context(), group); err != nil || len(list) != 1 || list[0].Text != "by hand" {
			t.Errorf("put up by hand: %+v, %v", list, err)
		}
	})
}
