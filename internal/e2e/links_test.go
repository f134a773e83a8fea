package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// TestLinks: the service says what it thinks of addresses.
func TestLinks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		for host, verdict := range map[string]string{"bad.example": "dangerous", "good.bad.example": "safe"} {
			s.api(t, "POST", "/api/links", fmt.Sprintf(`{"host":%q,"verdict":%q}`, host, verdict), new(any))
		}
		for address, level := range map[string]int{
			"https://bad.example/a?b=c": 3, "http://WWW.bad.example": 3, "https://good.bad.example/": 1,
			"https://qun.qq.com/x": 1, "https://example.org": 2, "https://notqq.com": 2,
		} {
			if got, want := b.data("check_url_safely", `{"url":%q}`, address), fmt.Sprintf(`{"level":%d}`, level); got != want {
				t.Errorf("%s: got %s, want %s", address, got, want)
			}
		}
		if got := b.refused("check_url_safely", `{"url":"no address"}`); !strings.HasPrefix(got, "API_ERROR: ") || !strings.Contains(got, "no web address") {
			t.Errorf("what is no address: %s", got)
		}
	})
}

// TestMiniAppCards: a card that the service made is sent and arrives as one.
func TestMiniAppCards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := speakers(t)
		const content = `"title":"a video","desc":"by somebody","picUrl":"https://pic.example/1.jpg","jumpUrl":"pages/video/video?bvid=1","webUrl":"https://b23.tv/1"`
		var made struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal([]byte(b.data("get_mini_app_ark", `{"type":"bili",%s}`, content)), &made); err != nil {
			t.Fatal(err)
		}
		card, err := json.Marshal(made.Data)
		if err != nil {
			t.Fatal(err)
		}
		b.data("send_group_msg", `{"group_id":%d,"message":[{"type":"json","data":{"data":%q}}]}`, group, card)
		a.told()
		seen := eventsOf[*event.Message](a.account)
		got, ok := seen[len(seen)-1].Message.Content[0].(*message.LightAppSegment)
		if !ok || !strings.Contains(got.JSON, `"app":"com.tencent.miniapp_01"`) || !strings.Contains(got.JSON, `"qqdocurl":"https://b23.tv/1"`) ||
			!strings.Contains(got.JSON, `"appid":"1109937557"`) || !strings.Contains(got.JSON, `"nick":`) {
			t.Errorf("Alice got %+v", seen[len(seen)-1].Message.Content)
		}
		if raw := b.data("get_mini_app_ark", `{"type":"bili",%s,"rawArkData":"true"}`, content); !strings.Contains(raw, `"metaData":{"detail_1":`) {
			t.Errorf("raw: %s", raw)
		}
		own := b.data("get_mini_app_ark", `{%s,"appId":"1","sdkId":"s","iconUrl":"i","versionId":"v","scene":"1036","verType":3}`, content)
		if !strings.Contains(own, `"appid":"1"`) {
			t.Errorf("an app of the bot's choice: %s", own)
		}
		for params, want := range map[string]string{
			`{"type":"weibo",` + content + `}`:                              `BAD_PARAMS: parameter "appId"`,
			`{"type":"bili",` + content + `,"scene":-1}`:                    `BAD_PARAMS: parameter "scene"`,
			`{"type":"bili","title":"","desc":"","picUrl":"","jumpUrl":""}`: "API_ERROR: ",
		} {
			if got := b.refused("get_mini_app_ark", "%s", params); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %s, want %s", params, got, want)
			}
		}
	})
}

// TestArkShares: cards that recommend, under all their names; keys of pictures in all their
// forms.
func TestArkShares(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, _ := speakers(t)
		for call, want := range map[string]string{
			fmt.Sprintf(`send_ark_share {"user_id":%d}`, alice):        `\"contact\":\"账号：20001\"`,
			fmt.Sprintf(`ArkSharePeer {"group_id":"%d"}`, group):       `"arkJson":"{`,
			fmt.Sprintf(`send_group_ark_share {"group_id":%d}`, group): `\"contact\":\"群号：730000001\"`,
			fmt.Sprintf(`ArkShareGroup {"group_id":%d}`, group):        `"{\"app\":\"com.tencent.contact.lua\"`,
			`nc_get_rkey {}`:     `[{"type":"private","rkey":"\u0026rkey=`,
			`get_rkey_server {}`: `"name":"Libration"`,
		} {
			action, params, _ := strings.Cut(call, " ")
			if got := b.data(action, "%s", params); !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s in it", call, got, want)
			}
		}
		for _, params := range []string{`{}`, fmt.Sprintf(`{"user_id":%d,"group_id":%d}`, alice, group)} {
			if got := b.refused("send_ark_share", "%s", params); !strings.HasPrefix(got, "BAD_PARAMS") {
				t.Errorf("%s: %s", params, got)
			}
		}
		if got := b.refused("ArkShareGroup", `{"group_id":99999}`); !strings.Contains(got, "no such group") {
			t.Errorf("no group: %s", got)
		}
	})
}
