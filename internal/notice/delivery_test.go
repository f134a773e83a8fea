package notice

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"libration/internal/network"
)

// word is how each kind of target says yes and no.
type word struct {
	url      string // with HOST
	yes, no  string // bodies of 200
	path     string // of the request, a part
	body     string // of it, a part
	anyAgree bool   // every 2xx is a yes: the target is the owner's own
}

var answersOf = map[string]word{
	"http":       {url: "http://HOST/hook/s3cr3tpath", yes: "", no: `{"errcode":5,"errmsg":"go away"}`, path: "/hook/s3cr3tpath", body: `"title":`, anyAgree: true},
	"generic":    {url: "generic://HOST/s3cr3tpath?disabletls=yes&template=json", anyAgree: true, path: "/s3cr3tpath", body: `"title":`},
	"telegram":   {url: "telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=12345", yes: `{"ok":true,"result":{"message_id":1}}`, no: `{"ok":false,"description":"go away"}`, path: "/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendMessage", body: `"chat_id":"12345"`},
	"discord":    {url: "discord://s3cr3ttoken@12345", yes: `{"id":"99"}`, no: `{"message":"go away","code":10015}`, path: "/api/webhooks/12345/s3cr3ttoken?wait=true", body: `"content":`},
	"slack":      {url: "slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook", yes: "ok", no: "no_service", path: "/services/WNA3PBYV6/F20DUQND3RQ/Webc4MAvoacrpPakR8phF0zi", body: `"text":`},
	"lark":       {url: "lark://open.feishu.cn/s3cr3ttoken?secret=h1dd3n", yes: `{"code":0,"msg":"success"}`, no: `{"code":19024,"msg":"go away"}`, path: "/open-apis/bot/v2/hook/s3cr3ttoken", body: `"sign":`},
	"wecom":      {url: "wecom://693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa", yes: `{"errcode":0,"errmsg":"ok"}`, no: `{"errcode":93000,"errmsg":"go away"}`, path: "/cgi-bin/webhook/send?key=693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa", body: `"msgtype":"text"`},
	"gotify":     {url: "gotify://HOST/AzyoeNS.D4iJLVa?disabletls=yes", yes: `{"id":25,"appid":5}`, no: `{"error":"Unauthorized","errorDescription":"go away"}`, path: "/message", body: `"message":`},
	"pushover":   {url: "pushover://shoutrrr:s3cr3ttoken@userkey", yes: `{"status":1,"request":"x"}`, no: `{"status":0,"errors":["go away"]}`, path: "/1/messages.json", body: "token=s3cr3ttoken"},
	"mattermost": {url: "mattermost://HOST/s3cr3ttoken?disabletls=yes", yes: "ok", no: `{"message":"go away"}`, path: "/hooks/s3cr3ttoken", body: `"text":`},
	"rocketchat": {url: "rocketchat://HOST/s3cr3ttokenA/s3cr3ttokenB", yes: `{"success":true}`, no: `{"success":false,"error":"go away"}`, path: "/hooks/s3cr3ttokenA/s3cr3ttokenB", body: `"text":`},
	"googlechat": {url: "googlechat://chat.googleapis.com/v1/spaces/FOO/messages?key=s3cr3tkey&token=s3cr3ttoken", yes: `{"name":"spaces/FOO/messages/1"}`, no: `{"error":{"message":"go away"}}`, path: "/v1/spaces/FOO/messages?key=s3cr3tkey&token=s3cr3ttoken", body: `"text":`},
	"hangouts":   {url: "hangouts://chat.googleapis.com/v1/spaces/FOO/messages?key=s3cr3tkey&token=s3cr3ttoken", yes: `{"name":"spaces/FOO/messages/1"}`, no: `{"error":{"message":"go away"}}`, path: "/v1/spaces/FOO/messages", body: `"text":`},
	"zulip":      {url: "zulip://bot%40example.com:s3cr3tkey@zulip.example.com?stream=x&topic=y", yes: `{"result":"success","id":42}`, no: `{"result":"error","msg":"go away","code":"BAD_REQUEST"}`, path: "/api/v1/messages", body: "to=x"},
	"ntfy":       {url: "ntfy://HOST/s3cr3ttopic?scheme=http", yes: `{"id":"1","event":"message"}`, path: "/s3cr3ttopic"},
	"bark":       {url: "bark://:s3cr3tdevice@HOST/?scheme=http", yes: `{"code":200,"message":"success"}`, no: `{"code":400,"message":"go away"}`, path: "/push", body: "s3cr3tdevice"},
}

// TestEveryTarget: a notice counts as sent when the service itself says that it took
// it, and never else.
func TestEveryTarget(t *testing.T) {
	t.Parallel()
	for _, name := range services {
		if _, ok := answersOf[name]; !ok && name != "smtp" {
			t.Errorf("%s is offered, but nobody knows its answers", name)
		}
	}
	status := func(code int, body string) func(int, http.ResponseWriter) {
		return func(_ int, w http.ResponseWriter) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, word := range answersOf {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name != "http" && !slices.Contains(services, name) {
				t.Fatalf("%s is not offered", name)
			}
			try := func(what string, answer func(int, http.ResponseWriter), down bool) ([]received, error) {
				t.Helper()
				s := newServer(t)
				s.answer = answer
				base := s.url
				if down {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					base = "http://" + l.Addr().String()
					_ = l.Close()
				}
				target := Target{URL: strings.Replace(word.url, "HOST", strings.TrimPrefix(base, "http://"), 1)}
				if err := target.Check(); err != nil {
					t.Fatal(err)
				}
				sender := newSender(target, "", network.Network{})
				sender.base = base
				err := sender.send(within(t), sample)
				if err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "AAHdq")) {
					t.Errorf("%s: the error has a secret: %v", what, err)
				}
				return s.requests(), err
			}
			got, err := try("ok", status(200, word.yes), false)
			if err != nil || len(got) != 1 {
				t.Fatalf("taken: got %v after %d requests", err, len(got))
			}
			if !strings.Contains(got[0].path, word.path) || !strings.Contains(got[0].body, word.body) || !strings.Contains(got[0].body+got[0].header.Get("Title"), "line") {
				t.Errorf("got %s with %s, want %s with %s", got[0].path, got[0].body, word.path, word.body)
			}
			garbled := func(_ int, w http.ResponseWriter) {
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(c, "SSH-2.0-no\r\n\r\n")
				_ = c.Close()
			}
			for _, failure := range []struct {
				what   string
				answer func(int, http.ResponseWriter)
				down   bool
				unless bool // true: such an answer is a yes of this target
			}{
				{"down", nil, true, false},
				{"forbidden", status(403, word.no), false, false},
				{"bad request in HTML", status(400, "<html>"), false, false},
				{"broken", status(502, "<html>"), false, false},
				{"refused with 200", status(200, word.no), false, word.no == ""},
				{"another page", status(200, "<html><title>Log in to this network</title>"), false, word.anyAgree},
				{"nothing", status(200, ""), false, word.anyAgree},
				{"empty object", status(200, "{}"), false, word.anyAgree},
				{"not HTTP", garbled, false, false},
			} {
				if failure.unless {
					continue
				}
				if _, err := try(failure.what, failure.answer, failure.down); err == nil {
					t.Errorf("%s: it counts as sent", failure.what)
				} else if word.no != "" && failure.what == "refused with 200" && strings.Contains(word.no, "go away") && !strings.Contains(err.Error(), "go away") {
					t.Errorf("%s: got %v, want the reason", failure.what, err)
				}
			}
		})
	}
}

// TestNotOffered: where it cannot be told whether a notice arrived.
func TestNotOffered(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"pushbullet://token", "ifttt://key/?events=x", "teams+https://a", "join://shoutrrr:key@join/?devices=x", "logger://x", "matrix://a:b@h"} {
		target := Target{URL: url}
		if err := target.Check(); err == nil {
			t.Errorf("%s is offered", target.Name())
		}
	}
	target := Target{URL: "pagerduty://s3cr3t"}
	if err := target.Check(); err == nil || !strings.Contains(err.Error(), "pagerduty is not offered") || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
}

// TestMailServers: mail counts as sent when the server took it.
func TestMailServers(t *testing.T) {
	t.Parallel()
	for name, banner := range map[string]string{
		"not mail": "HTTP/1.1 200 OK\r\n\r\n<html>", "busy": "421 come back later\r\n", "refusal": "554 go away\r\n", "nothing": "",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := l.Accept()
			if err == nil {
				_, _ = io.WriteString(c, banner)
				_ = c.Close()
			}
		}()
		target := Target{URL: "smtp://" + l.Addr().String() + "/?from=bot@example.com&to=owner@example.com"}
		if err := newSender(target, "", network.Network{}).send(within(t), sample); err == nil {
			t.Errorf("%s: it counts as sent", name)
		}
		_ = l.Close()
		<-done
		if err := newSender(target, "", network.Network{}).send(within(t), sample); err == nil {
			t.Errorf("%s: it counts as sent to nobody", name)
		}
	}
}
