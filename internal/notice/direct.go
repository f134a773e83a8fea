package notice

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/googlechat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/lark"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/wecom"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/zulip"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// delivery is one HTTP request that sends a notice, and how the service says that
// it took it. The library reads the URL of these services; what it makes of their
// answers is not to be relied on: of some it takes any for success.
type delivery struct {
	base, path string // scheme and host, and the rest
	header     http.Header
	json       any
	form       url.Values // instead of json
	insecure   bool       // any certificate will do
	accepted   func(a *answer) bool
}

// answer is what these services say, each some of it.
type answer struct {
	text        string          // the whole
	OK          bool            `json:"ok"`
	ID          json.RawMessage `json:"id"`
	Name        string          `json:"name"`
	Status      json.RawMessage `json:"status"`
	Success     bool            `json:"success"`
	Result      string          `json:"result"`
	Code        *int            `json:"code"`
	StatusCode  *int            `json:"StatusCode"`
	ErrCode     *int            `json:"errcode"`
	Description string          `json:"description"` // why not, as the next ones
	Error       json.RawMessage `json:"error"`
	Errors      []string        `json:"errors"`
	Msg         string          `json:"msg"`
	ErrMsg      string          `json:"errmsg"`
	Message     string          `json:"message"`
	Details     string          `json:"errorDescription"`
}

func saysOK(a *answer) bool { return strings.TrimSpace(a.text) == "ok" }

// deliveries are what sends a notice by one of these services; nil for others.
func deliveries(s types.Service, n *Notice, now time.Time) ([]delivery, error) {
	whole := n.Title + "\n" + n.Text
	var d delivery
	switch s := s.(type) {
	case *telegram.Service:
		c := s.Config
		var all []delivery
		for _, chat := range c.Chats {
			all = append(all, delivery{
				base: "https://api.telegram.org", path: "/bot" + c.Token + "/sendMessage",
				json: map[string]any{
					"chat_id": chat, "text": whole,
					"disable_web_page_preview": !c.Preview, "disable_notification": !c.Notification,
				},
				accepted: func(a *answer) bool { return a.OK },
			})
		}
		return all, nil
	case *discord.Service:
		c := s.Config
		query := url.Values{"wait": {"true"}} // for an answer
		if c.ThreadID != "" {
			query.Set("thread_id", c.ThreadID)
		}
		body := map[string]any{"content": whole}
		if c.Username != "" {
			body["username"] = c.Username
		}
		if c.Avatar != "" {
			body["avatar_url"] = c.Avatar
		}
		d = delivery{
			base: "https://discord.com", path: "/api/webhooks/" + c.WebhookID + "/" + c.Token + "?" + query.Encode(),
			json: body, accepted: func(a *answer) bool { return len(a.ID) > 2 },
		}
	case *slack.Service:
		s.Config.Title = n.Title
		d.json = slack.CreateJSONPayload(s.Config, n.Text)
		if s.Config.Token.IsAPIToken() {
			d.base, d.path = "https://slack.com", "/api/chat.postMessage"
			d.header = http.Header{"Authorization": {s.Config.Token.Authorization()}}
			d.accepted = func(a *answer) bool { return a.OK }
			break
		}
		u, err := url.Parse(s.Config.Token.WebhookURL())
		if err != nil {
			return nil, err
		}
		d.base, d.path, d.accepted = u.Scheme+"://"+u.Host, u.RequestURI(), saysOK
	case *lark.Service:
		c := s.Config
		body := map[string]any{"msg_type": "text", "content": map[string]string{"text": whole}}
		if c.Secret != "" {
			when := strconv.FormatInt(now.Unix(), 10)
			body["timestamp"] = when
			body["sign"] = base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(when+"\n"+c.Secret)).Sum(nil))
		}
		d = delivery{
			base: "https://" + c.Host, path: "/open-apis/bot/v2/hook/" + strings.TrimPrefix(c.Path, "/"), json: body,
			accepted: func(a *answer) bool {
				code := cmp.Or(a.Code, a.StatusCode)
				return code != nil && *code == 0
			},
		}
	case *wecom.Service:
		c := s.Config
		content := map[string]any{"content": whole}
		for key, list := range map[string]string{"mentioned_list": c.MentionedList, "mentioned_mobile_list": c.MentionedMobileList} {
			if list != "" {
				content[key] = strings.Split(list, ",")
			}
		}
		d = delivery{
			base: "https://qyapi.weixin.qq.com", path: "/cgi-bin/webhook/send?key=" + url.QueryEscape(c.Key),
			json:     map[string]any{"msgtype": "text", "text": content},
			accepted: func(a *answer) bool { return a.ErrCode != nil && *a.ErrCode == 0 },
		}
	case *gotify.Service:
		c := s.Config
		d = delivery{
			base: "https://" + c.Host, path: strings.TrimSuffix(c.Path, "/") + "/message",
			header: http.Header{"X-Gotify-Key": {c.Token}}, insecure: c.InsecureSkipVerify,
			json:     map[string]any{"title": n.Title, "message": n.Text, "priority": c.Priority},
			accepted: func(a *answer) bool { return len(a.ID) > 0 },
		}
		if c.DisableTLS {
			d.base = "http://" + c.Host
		}
	case *pushover.Service:
		c := s.Config
		d = delivery{
			base: "https://api.pushover.net", path: "/1/messages.json",
			form: url.Values{
				"token": {c.Token}, "user": {c.User}, "title": {n.Title}, "message": {n.Text},
				"device": {strings.Join(c.Devices, ",")}, "priority": {strconv.Itoa(int(c.Priority))},
			},
			accepted: func(a *answer) bool { return string(a.Status) == "1" },
		}
	case *mattermost.Service:
		c := s.Config
		body, err := mattermost.CreateJSONPayload(c, whole, &types.Params{})
		if err != nil {
			return nil, err
		}
		d = delivery{base: "https://" + c.Host, path: "/hooks/" + c.Token, json: json.RawMessage(body), accepted: saysOK}
		if c.DisableTLS {
			d.base = "http://" + c.Host
		}
	case *rocketchat.Service:
		c := s.Config
		body, err := rocketchat.CreateJSONPayload(c, whole, &types.Params{})
		if err != nil {
			return nil, err
		}
		d = delivery{
			base: "https://" + c.Host, path: "/hooks/" + c.TokenA + "/" + c.TokenB, json: json.RawMessage(body),
			accepted: func(a *answer) bool { return a.Success },
		}
		if c.Port != "" {
			d.base += ":" + c.Port
		}
	case *googlechat.Service:
		c := s.Config
		d = delivery{
			base: "https://" + c.Host, path: "/" + strings.TrimPrefix(c.Path, "/") + "?" + url.Values{"key": {c.Key}, "token": {c.Token}}.Encode(),
			json: map[string]string{"text": whole}, accepted: func(a *answer) bool { return a.Name != "" },
		}
	case *zulip.Service:
		c := s.Config
		login := base64.StdEncoding.EncodeToString([]byte(c.BotMail + ":" + c.BotKey))
		d = delivery{
			base: "https://" + c.Host, path: "/api/v1/messages", form: zulip.CreatePayload(c, whole),
			header:   http.Header{"Authorization": {"Basic " + login}},
			accepted: func(a *answer) bool { return a.Result == "success" },
		}
	default:
		return nil, nil
	}
	return []delivery{d}, nil
}

// deliver makes the request. base replaces its own; "" does not.
func (d *delivery) deliver(ctx context.Context, client *http.Client, base, version string) error {
	var body []byte
	kind := "application/json; charset=utf-8"
	if d.form != nil {
		body, kind = []byte(d.form.Encode()), "application/x-www-form-urlencoded"
	} else {
		var err error
		if body, err = json.Marshal(d.json); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, cmp.Or(base, d.base)+d.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	for key, values := range d.header {
		request.Header[key] = values
	}
	if d.insecure {
		transport := client.Transport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		client = &http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}
	}
	text, err := exchange(client, request, version)
	a := answer{text: string(text)}
	valid := json.Unmarshal(text, &a)
	reason := cmp.Or(a.Description, a.Details, plainText(a.Error), a.Msg, a.ErrMsg, a.Message, strings.Join(a.Errors, ", "))
	if err != nil {
		if reason == "" {
			return err
		}
		if permanent, ok := errors.AsType[*backoff.PermanentError](err); ok {
			return backoff.Permanent(fmt.Errorf("%w: %.200s", permanent.Err, reason))
		}
		return fmt.Errorf("%w: %.200s", err, reason)
	}
	switch {
	case d.accepted(&a):
		return nil
	case reason != "":
		return fmt.Errorf("refused: %.200s", reason)
	case valid != nil:
		return fmt.Errorf("the answer is not the service's: %.100q", text)
	}
	return fmt.Errorf("the service does not say that it took the notice: %.100q", text)
}

// plainText is a JSON string's content; other JSON as it is, but for null.
func plainText(v json.RawMessage) string {
	var s *string
	if json.Unmarshal(v, &s) == nil {
		if s == nil {
			return ""
		}
		return *s
	}
	return string(v)
}

// exchange makes a request and returns the answer, at most maxAnswer of it. A status
// that is not 2xx is an error: a backoff.PermanentError when another try would not
// help.
func exchange(client *http.Client, request *http.Request, version string) ([]byte, error) {
	request.Header.Set("User-Agent", "Libration/"+version)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch status := response.StatusCode; {
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		err = errors.New("the answer is HTTP " + response.Status)
	case status < 200 || status > 299: // the same again would not help
		err = backoff.Permanent(errors.New("the answer is HTTP " + response.Status))
	}
	return answer, err
}
