package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
)

// speaker is an account with its OneBot service and what that told, in both formats.
type speaker struct {
	*account
	call        func(action, params string) *onebot.Response
	array, code *gateway.Subscription
}

// speakers are the bot and Alice, as two bots.
func speakers(t *testing.T) (*service, *speaker, *speaker) {
	t.Helper()
	s := startService(t, sandbox.Options{})
	var out []*speaker
	for _, uin := range []message.UIN{bot, alice} {
		var dialect atomic.Pointer[onebot.Dialect]
		a := s.account(t, nil, func(o *ntqq.Options) {
			seen := o.Handler
			o.Handler = func(e event.Event) {
				seen(e)
				if d := dialect.Load(); d != nil {
					d.Gateway().Handle(t.Context(), e)
				}
			}
		})
		a.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, uin); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		d := a.dialect(func(o *onebot.Options) { o.SignCard = s.signCard })
		sp := &speaker{
			account: a, call: a.calls(d),
			array: d.Gateway().Subscribe(gateway.Selection{Form: d.Form(onebot.FormatArray)}),
			code:  d.Gateway().Subscribe(gateway.Selection{Form: d.Form(onebot.FormatString)}),
		}
		t.Cleanup(sp.array.Close)
		t.Cleanup(sp.code.Close)
		dialect.Store(d)
		out = append(out, sp)
	}
	return s, out[0], out[1]
}

// signCard asks the sandbox's signer of music cards.
func (s *service) signCard(ctx context.Context, request []byte) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/sign/music", bytes.NewReader(request))
	if err != nil {
		return "", err
	}
	response, err := (&handlerTransport{handler: s.Handler()}).RoundTrip(r)
	if err != nil {
		return "", err
	}
	card, err := io.ReadAll(response.Body)
	return string(card), err
}

// say sends a message, segments or a text with CQ codes as JSON, to the group or to a
// friend.
func (s *speaker) say(to message.UIN, content string) {
	s.t.Helper()
	action, params := "send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":%s}`, group, content)
	if to != 0 {
		action, params = "send_private_msg", fmt.Sprintf(`{"user_id":%d,"message":%s}`, to, content)
	}
	if r := s.call(action, params); r.RetCode != onebot.RetOK {
		s.t.Errorf("%s %s: got %+v", action, params, r)
	}
}

// heard returns the one message that came, in both formats.
func (s *speaker) heard() (array, code json.RawMessage) {
	s.t.Helper()
	synctest.Wait()
	var out [2]json.RawMessage
	for i, sub := range []*gateway.Subscription{s.array, s.code} {
		events, err := sub.Take(nil, 10)
		if err != nil || len(events) != 1 {
			s.t.Fatalf("%d events, %v, want a message", len(events), err)
		}
		var e struct {
			Message json.RawMessage `json:"message"`
			Raw     string          `json:"raw_message"`
		}
		if err := json.Unmarshal(events[0], &e); err != nil || e.Message == nil {
			s.t.Fatalf("%s: %v, want a message", events[0], err)
		}
		out[i] = e.Message
	}
	return out[0], out[1]
}

// TestSegments: what one bot sends, another one receives with the same data, in a group
// and in private; and what it sends back as it received it, in either format, comes back
// the same.
func TestSegments(t *testing.T) {
	const card = `{"app":"com.tencent.structmsg","meta":{"n":[1,2.50],"t":"a, [b] & <c> \"d\""},"prompt":"[分享]题目"}`
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	rows := `[{"buttons":[{"id":"1","render_data":{"label":"是, [好]","visited_label":"已选","style":1},"action":{"type":2,` +
		`"permission":{"type":0,"specify_role_ids":["1"],"specify_user_ids":["2","3"]},"unsupport_tips":"升级","data":"/say & \"x\"","reply":true,"enter":false}}]}]`
	const inCodes = "codes "
	for _, tt := range []struct {
		name, sent string
		// got is what arrives when that is not what was sent; "%s" stands for a text that is
		// the service's.
		got string
		// lost says why it cannot be sent back as it arrived, or not as a CQ code.
		lost string
	}{
		{"text", `[{"type":"text","data":{"text":"a, b & [CQ:at,qq=1] \"c\" 你好\n😀"}}]`, "", ""},
		{"at", `[{"type":"at","data":{"qq":"20002"}},{"type":"text","data":{"text":" hi"}}]`,
			`[{"type":"at","data":{"qq":"20002","name":"%s"}},{"type":"text","data":{"text":" hi"}}]`, ""},
		{"at with a name", `[{"type":"at","data":{"qq":"20002","name":"@a, [b]"}}]`, "", inCodes + "have no name"},
		{"everybody", `[{"type":"at","data":{"qq":"all"}}]`, `[{"type":"at","data":{"qq":"all","name":"@全体成员"}}]`, "the bot is no admin"},
		{"face", `[{"type":"face","data":{"id":"14"}}]`, "", ""},
		{"newer face", `[{"type":"face","data":{"id":"271"}}]`, "", ""},
		{"large face", `[{"type":"face","data":{"id":"5","large":"true"}}]`, "", ""},
		{"thrown face", `[{"type":"face","data":{"id":"5","chainCount":7}}]`, "", ""},
		{"dice", `[{"type":"dice","data":{}}]`, `[{"type":"dice","data":{"result":"%s"}}]`, ""},
		{"rps", `[{"type":"rps","data":{"value":0}}]`, `[{"type":"rps","data":{"result":"%s"}}]`, ""},
		{"mface", `[{"type":"mface","data":{"emoji_id":"0123456789abcdef0123456789abcdef","emoji_package_id":231182,"key":"1234567890abcdef","summary":"[a, b]"}}]`,
			`[{"type":"mface","data":{"emoji_id":"0123456789abcdef0123456789abcdef","emoji_package_id":231182,"key":"1234567890abcdef","summary":"[a, b]",` +
				`"url":"https://gxh.vip.qq.com/club/item/parcel/item/01/0123456789abcdef0123456789abcdef/raw300.gif"}}]`, ""},
		{"mface without its key", `[{"type":"mface","data":{"emoji_id":"0123456789ABCDEF0123456789abcdef","emoji_package_id":"231182","key":null}}]`,
			`[{"type":"mface","data":{"emoji_id":"0123456789abcdef0123456789abcdef","emoji_package_id":231182,"key":"%s","summary":"",` +
				`"url":"https://gxh.vip.qq.com/club/item/parcel/item/01/0123456789abcdef0123456789abcdef/raw300.gif"}}]`, ""},
		{"json", `[{"type":"json","data":{"data":` + quoted(card) + `}}]`, "", ""},
		{"json as an object", `[{"type":"json","data":{"data":` + card + `}}]`, `[{"type":"json","data":{"data":` + quoted(card) + `}}]`, ""},
		{"older json", `[{"type":"json","data":{"data":` + quoted(card) + `,"resid":"1"}}]`, "", ""},
		{"xml", `[{"type":"xml","data":{"data":"<?xml version=\"1.0\"?><msg a=\"b, [c]\">&lt;</msg>","service_id":"60"}}]`, "", ""},
		{"xml without a number", `[{"type":"xml","data":{"data":"<msg/>"}}]`, `[{"type":"xml","data":{"data":"<msg/>","service_id":"35"}}]`, ""},
		{"markdown", `[{"type":"markdown","data":{"content":"# a, [b](mqqapi://x?a=1&b=2)"}}]`, "", ""},
		{"keyboard", `[{"type":"markdown","data":{"content":"choose"}},{"type":"keyboard","data":{"content":{"rows":` + rows + `,"bot_app_id":"102000000"}}}]`,
			`[{"type":"markdown","data":{"content":"choose"}},{"type":"keyboard","data":{"rows":` + rows + `,"bot_app_id":"102000000"}}]`, ""},
		{"location", `[{"type":"location","data":{"lat":"39.90469","lon":"-116.4","title":"a, b","content":"[c]"}}]`, "", ""},
		{"contact", `[{"type":"contact","data":{"type":"qq","id":"20002"}}]`, `[{"type":"json","data":{"data":"%s"}}]`, ""},
		{"contact of a group", `[{"type":"contact","data":{"type":"group","id":"730000001"}}]`, `[{"type":"json","data":{"data":"%s"}}]`, ""},
		{"music", `[{"type":"music","data":{"type":"163","id":28949129}}]`, `[{"type":"json","data":{"data":"%s"}}]`, ""},
		{"own music", `[{"type":"music","data":{"type":"custom","url":"http://u/","audio":"http://a/","title":"t","content":"s"}}]`, `[{"type":"json","data":{"data":"%s"}}]`, ""},
		{"share", `[{"type":"share","data":{"url":"http://a/b?c=d&e","title":"t","content":"c","image":"i"}}]`, `[{"type":"text","data":{"text":"t\nhttp://a/b?c=d&e"}}]`, ""},
		{"poke", `[{"type":"poke","data":{"type":"2","id":"-1","strength":"9"}}]`, `[{"type":"poke","data":{"type":"2","id":"-1","name":"比心","strength":"9"}}]`, ""},
		{"special poke", `[{"type":"poke","data":{"type":"12","special":"true","count":"3"}}]`,
			`[{"type":"poke","data":{"type":"12","id":"-1","name":"钞票","special":"true","count":"3"}}]`, ""},
		{"shake", `[{"type":"shake","data":{}}]`, `[{"type":"poke","data":{"type":"1","id":"-1","name":"戳一戳","strength":"0"}}]`, ""},
		{"anonymous", `[{"type":"anonymous","data":{"ignore":"1"}},{"type":"text","data":{"text":"x"}}]`, `[{"type":"text","data":{"text":"x"}}]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				_, b, a := speakers(t)
				got := tt.got
				if got == "" {
					got = tt.sent
				}
				same := func(where string, message json.RawMessage) {
					t.Helper()
					if diff := sameSegments(t, got, message); diff != "" {
						t.Errorf("%s (-want +got):\n%s", where, diff)
					}
				}
				for _, private := range []bool{false, true} {
					toBot, toAlice := bot, alice
					if !private {
						toBot, toAlice = 0, 0
					} else if tt.name == "everybody" {
						continue
					}
					a.say(toBot, tt.sent)
					array, code := b.heard()
					same(fmt.Sprintf("private %t", private), array)
					forms := []json.RawMessage{array, code}
					if strings.HasPrefix(tt.lost, inCodes) {
						forms = forms[:1]
					} else if tt.lost != "" {
						forms = nil
					}
					for _, form := range forms {
						b.say(toAlice, string(form))
						back, _ := a.heard()
						same(fmt.Sprintf("private %t, sent back as %s", private, form), back)
					}
				}
			})
		})
	}
}

// sameSegments compares segments with those that arrived, in which "%s" stands for any
// text but an empty one.
func sameSegments(t *testing.T, want string, got json.RawMessage) string {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	return cmp.Diff(w, g, cmp.FilterValues(func(a, b any) bool { return a == "%s" || b == "%s" },
		cmp.Comparer(func(a, b any) bool { return a != "" && b != "" })))
}
