package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestEssenceList: the list has all that were chosen, page by page, and what is in it can
// be used. Cookies that have expired are replaced.
func TestEssenceList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		if got := b.data("get_essence_msg_list", `{"group_id":%d}`, group); got != "[]" {
			t.Errorf("of none: %s", got)
		}
		for i := range 21 {
			m := s.says(t, bob, false, fmt.Sprint("best ", i))
			if err := s.World().Messages().SetEssence(group, m.Sequence, 0, 0, true); err != nil {
				t.Fatal(err)
			}
		}
		var shown struct{ Sequence uint64 }
		s.api(t, "POST", "/api/send", fmt.Sprintf(`{"as":%d,"group":%d,"segments":[{"type":"text","text":"look"},{"type":"face","id":14},%s]}`, alice, group, gif(`"sub_type":0`)), &shown)
		time.Sleep(time.Second) // the latest choice is first
		s.api(t, "POST", "/api/essence", fmt.Sprintf(`{"group":%d,"sequence":%d,"by":0}`, group, shown.Sequence), &struct{}{})
		a.told()

		time.Sleep(2 * time.Minute)
		if err := s.ExpireCookies(bot); err != nil {
			t.Fatal(err)
		}
		var list []struct {
			Sender       message.UIN `json:"sender_id"`
			SenderNick   string      `json:"sender_nick"`
			SenderTime   int64       `json:"sender_time"`
			Operator     message.UIN `json:"operator_id"`
			OperatorTime int64       `json:"operator_time"`
			ID           int32       `json:"message_id"`
			Sequence     uint64      `json:"msg_seq"`
			Content      []struct {
				Type string
				Data struct{ Text, ID, URL string }
			}
		}
		if err := json.Unmarshal([]byte(b.data("get_essence_msg_list", `{"group_id":%d}`, group)), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != 22 {
			t.Fatalf("%d messages are listed", len(list))
		}
		g, _ := s.World().Groups().Find(group)
		first := list[0]
		if first.Sender != alice || first.SenderNick != "Alice" || first.Operator != g.Owner || first.Sequence != shown.Sequence || first.OperatorTime != first.SenderTime+1 ||
			len(first.Content) != 3 || first.Content[0].Data.Text != "look" || first.Content[1].Data.ID != "14" {
			t.Fatalf("the first is %+v", first)
		}
		if last := list[21]; last.Sender != bob || last.Content[0].Data.Text != "best 0" {
			t.Errorf("the last is %+v", last)
		}
		if got := b.data("get_msg", `{"message_id":%d}`, first.ID); !strings.Contains(got, `"text":"look"`) {
			t.Errorf("by its message_id: %s", got)
		}
		at, err := url.Parse(first.Content[2].Data.URL)
		if err != nil || at.Scheme != "http" {
			t.Fatalf("the picture is at %q", first.Content[2].Data.URL)
		}
		if picture := s.page(t, at.RequestURI(), ""); !strings.HasPrefix(picture, "GIF89a") {
			t.Errorf("the picture is %q", picture)
		}

		// Of a message that was taken back nothing is left.
		owner := a
		if g.Owner == bot {
			owner = b
		}
		owner.data("delete_essence_msg", `{"group_id":%d,"msg_seq":%d}`, group, shown.Sequence)
		best, err := b.Messages().Essences(t.Context(), group)
		if err != nil || len(best) != 21 || best[0].Removable != (owner == b) {
			t.Fatalf("then %d are listed: %v", len(best), err)
		}
		if err := b.Messages().ShareEssence(t.Context(), best[0], group); err != nil {
			t.Fatal(err)
		}
		if said := s.World().History().Newest(group, 0, 0, 1)[0]; said.Text() != "[精华消息] Bob: best 20" || said.Sender.UIN != bot {
			t.Errorf("shared as %q by %d", said.Text(), said.Sender.UIN)
		}
		best[0].Random++
		err = b.Messages().ShareEssence(t.Context(), best[0], group)
		if refused, ok := errors.AsType[*ntqq.ServerError](err); !ok || refused.Code != int64(world.NotFound) {
			t.Errorf("sharing none: %v", err)
		}
		if got := b.refused("get_essence_msg_list", `{"group_id":1}`); !strings.HasPrefix(got, "GROUP_NOT_FOUND") {
			t.Errorf("of no group: %s", got)
		}
	})
}

// TestHonorInfo: who wrote most the day before is talkative; other honours are given by
// hand. The older page of the service says the same.
func TestHonorInfo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		none := fmt.Sprintf(`{"group_id":%d,"talkative_list":[],"performer_list":[],"legend_list":[],"strong_newbie_list":[],"emotion_list":[]}`, group)
		if got := b.data("get_group_honor_info", `{"group_id":%d,"type":"all"}`, group); got != none {
			t.Errorf("of nobody: %s", got)
		}
		s.says(t, bob, false, "one")
		s.says(t, bob, false, "two")
		s.says(t, alice, false, "one")
		s.api(t, "POST", "/api/honors", fmt.Sprintf(`{"group":%d,"uin":%d,"honor":"strong_newbie"}`, group, alice), &struct{}{})
		time.Sleep(24 * time.Hour)
		of := func(uin message.UIN, name string) string {
			return fmt.Sprintf(`"user_id":%d,"nickname":"%s","avatar":"https://q1.qlogo.cn/g?b=qq\u0026nk=%d\u0026s=640"`, uin, name, uin)
		}
		want := fmt.Sprintf(`{"group_id":%d,"current_talkative":{%s,"day_count":1},"talkative_list":[{%s,"description":"1 day","day_count":1}]}`, group, of(bob, "Bob"), of(bob, "Bob"))
		if got := b.data("get_group_honor_info", `{"group_id":%d,"type":"talkative"}`, group); got != want {
			t.Errorf("talkative:\n got %s\nwant %s", got, want)
		}
		want = fmt.Sprintf(`{"group_id":%d,"strong_newbie_list":[{%s,"description":"2 days","day_count":2}]}`, group, of(alice, "Alice"))
		if got := b.data("get_group_honor_info", `{"group_id":%d,"type":"strong_newbie"}`, group); got != want {
			t.Errorf("strong newbie:\n got %s\nwant %s", got, want)
		}
		if got := b.refused("get_group_honor_info", `{"group_id":1,"type":"legend"}`); !strings.HasPrefix(got, "GROUP_NOT_FOUND") {
			t.Errorf("of no group: %s", got)
		}
		if _, err := b.Groups().Honors(t.Context(), group, "best"); !errors.Is(err, ntqq.ErrNoHonor) {
			t.Errorf("no honour: %v", err)
		}

		cookies, err := b.Web().Credentials(t.Context(), "qun.qq.com")
		if err != nil {
			t.Fatal(err)
		}
		older := s.page(t, fmt.Sprintf("/interactive/honorlist?gc=%d&type=1", group), cookies.Cookies)
		_, older, _ = strings.Cut(older, "window.__INITIAL_STATE__=")
		older, _, _ = strings.Cut(older, ";")
		var state struct {
			Talkative []struct {
				UIN        message.UIN
				Name, Desc string
			} `json:"talkativeList"`
			Current struct {
				UIN  message.UIN
				Days int `json:"day_count"`
			} `json:"currentTalkative"`
		}
		if err := json.Unmarshal([]byte(older), &state); err != nil || len(state.Talkative) != 1 || state.Talkative[0].UIN != bob || state.Current.UIN != bob || state.Current.Days != 1 {
			t.Errorf("the older page has %s: %v", older, err)
		}
	})
}

// TestSignedList: who signs in to a group is in its list of the day.
func TestSignedList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		a.data("send_group_sign", `{"group_id":%d}`, group)
		s.api(t, "POST", "/api/sign-in", fmt.Sprintf(`{"group":%d,"uin":%d}`, group, bob), &struct{}{})
		at := time.Now().Unix()
		want := fmt.Sprintf(`[{"user_id":%d,"nick":"Alice","time":%d,"rank":1},{"user_id":%d,"nick":"Bob","time":%d,"rank":2}]`, alice, at, bob, at)
		if got := b.data("get_group_signed_list", `{"group_id":%d}`, group); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		day := time.Now()
		time.Sleep(24 * time.Hour)
		if got := b.data("get_group_signed_list", `{"group_id":%d}`, group); got != "[]" {
			t.Errorf("a day later: %s", got)
		}
		if list, err := b.Groups().SignIns(t.Context(), group, day); err != nil || len(list) != 2 {
			t.Errorf("of that day: %+v, %v", list, err)
		}
		if got := b.refused("get_group_signed_list", `{"group_id":1}`); !strings.HasPrefix(got, "GROUP_NOT_FOUND") {
			t.Errorf("of no group: %s", got)
		}
	})
}

// TestManagementPages: other clients search and remove members by pages of the web.
func TestManagementPages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		owner := b
		if m, _ := s.World().Members().Find(group, alice); m.Role == message.RoleOwner {
			owner = a
		}
		login, err := owner.Web().Credentials(t.Context(), "qun.qq.com")
		if err != nil {
			t.Fatal(err)
		}
		post := func(path string, form url.Values) string {
			t.Helper()
			form.Set("gc", fmt.Sprint(group))
			form.Set("bkn", fmt.Sprint(login.Token))
			client := &http.Client{Transport: &http.Transport{DialContext: s.listener.DialContext, DisableKeepAlives: true}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://qun.qq.com/cgi-bin/qun_mgr/"+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Cookie", login.Cookies)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		search := func(first, last int) (found struct {
			EC, Count int
			Mems      []struct{ UIN message.UIN }
		}) {
			t.Helper()
			body := post("search_group_members", url.Values{"st": {fmt.Sprint(first)}, "end": {fmt.Sprint(last)}, "sort": {"1"}})
			if err := json.Unmarshal([]byte(body), &found); err != nil {
				t.Fatal(err)
			}
			return found
		}
		all := search(0, 39)
		if all.EC != 0 || all.Count != len(s.World().Members().List(group)) || len(all.Mems) != all.Count || all.Mems[0].UIN != owner.Self().UIN {
			t.Errorf("the members: %+v", all)
		}
		if second := search(1, 1); len(second.Mems) != 1 || second.Mems[0] != all.Mems[1] {
			t.Errorf("the second: %+v", second)
		}
		if got := post("delete_group_member", url.Values{"ul": {fmt.Sprint(bob, "|4711")}, "flag": {"0"}}); !strings.Contains(got, `"ec":3`) && !strings.Contains(got, `"ec":2`) {
			t.Errorf("of somebody else: %s", got)
		}
		if got := post("delete_group_member", url.Values{"ul": {fmt.Sprint(bob)}, "flag": {"0"}}); !strings.Contains(got, `"ec":0`) {
			t.Errorf("of Bob: %s", got)
		}
		if s.isMember(group, bob) {
			t.Error("Bob is still there")
		}
		if got := search(0, 39); got.Count != all.Count-1 {
			t.Errorf("then there are %d members", got.Count)
		}
	})
}
