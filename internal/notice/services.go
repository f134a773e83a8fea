package notice

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/googlechat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/lark"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/wecom"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/zulip"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/bark"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/generic"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"libration/internal/text"
)

// deliveries returns the requests that send a notice by a service; mail is none of them.
func deliveries(s types.Service, n *Notice, now time.Time) ([]delivery, error) {
	whole := n.Title + "\n" + n.Text
	switch s := s.(type) {
	case *telegram.Service:
		return byTelegram(s.Config, whole), nil
	case *discord.Service:
		return byDiscord(s.Config, whole), nil
	case *slack.Service:
		return bySlack(s.Config, n)
	case *lark.Service:
		return byLark(s.Config, whole, now), nil
	case *wecom.Service:
		return byWeCom(s.Config, whole), nil
	case *gotify.Service:
		return byGotify(s.Config, n), nil
	case *pushover.Service:
		return byPushover(s.Config, n), nil
	case *mattermost.Service:
		return byMattermost(s.Config, whole)
	case *rocketchat.Service:
		return byRocketChat(s.Config, whole)
	case *googlechat.Service:
		return byGoogleChat(s.Config, whole), nil
	case *zulip.Service:
		return byZulip(s.Config, whole), nil
	case *ntfy.Service:
		return byNtfy(s.Config, n), nil
	case *bark.Service:
		return byBark(s.Config, n)
	case *generic.Service:
		return byGeneric(s, n)
	}
	return nil, text.Errorf("the service cannot be used", "该服务无法使用") // services and this list differ
}

// byTelegram makes one request for each chat.
func byTelegram(c *telegram.Config, whole string) []delivery {
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
	return all
}

func byDiscord(c *discord.Config, whole string) []delivery {
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
	return []delivery{{
		base: "https://discord.com", path: "/api/webhooks/" + c.WebhookID + "/" + c.Token + "?" + query.Encode(),
		json: body, accepted: func(a *answer) bool { return len(a.ID) > 2 },
	}}
}

// bySlack uses Slack's API or a webhook, whichever the token is for.
func bySlack(c *slack.Config, n *Notice) ([]delivery, error) {
	c.Title = n.Title
	body := slack.CreateJSONPayload(c, n.Text)
	if c.Token.IsAPIToken() {
		return []delivery{{
			base: "https://slack.com", path: "/api/chat.postMessage", json: body,
			header:   http.Header{"Authorization": {c.Token.Authorization()}},
			accepted: func(a *answer) bool { return a.OK },
		}}, nil
	}
	u, err := url.Parse(c.Token.WebhookURL())
	if err != nil {
		return nil, err
	}
	return []delivery{{base: u.Scheme + "://" + u.Host, path: u.RequestURI(), json: body, accepted: saysOK}}, nil
}

func byLark(c *lark.Config, whole string, now time.Time) []delivery {
	body := map[string]any{"msg_type": "text", "content": map[string]string{"text": whole}}
	if c.Secret != "" {
		when := strconv.FormatInt(now.Unix(), 10)
		body["timestamp"] = when
		body["sign"] = base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(when+"\n"+c.Secret)).Sum(nil))
	}
	return []delivery{{
		base: "https://" + c.Host, path: "/open-apis/bot/v2/hook/" + strings.TrimPrefix(c.Path, "/"), json: body,
		accepted: func(a *answer) bool {
			code := cmp.Or(a.Code, a.StatusCode)
			return code != nil && *code == 0
		},
	}}
}

func byWeCom(c *wecom.Config, whole string) []delivery {
	content := map[string]any{"content": whole}
	for key, list := range map[string]string{"mentioned_list": c.MentionedList, "mentioned_mobile_list": c.MentionedMobileList} {
		if list != "" {
			content[key] = strings.Split(list, ",")
		}
	}
	return []delivery{{
		base: "https://qyapi.weixin.qq.com", path: "/cgi-bin/webhook/send?key=" + url.QueryEscape(c.Key),
		json:     map[string]any{"msgtype": "text", "text": content},
		accepted: func(a *answer) bool { return a.ErrCode != nil && *a.ErrCode == 0 },
	}}
}

func byGotify(c *gotify.Config, n *Notice) []delivery {
	return []delivery{{
		base: origin(c.Host, c.DisableTLS), path: strings.TrimSuffix(c.Path, "/") + "/message",
		header: http.Header{"X-Gotify-Key": {c.Token}}, insecure: c.InsecureSkipVerify,
		json:     map[string]any{"title": n.Title, "message": n.Text, "priority": c.Priority},
		accepted: func(a *answer) bool { return len(a.ID) > 0 },
	}}
}

func byPushover(c *pushover.Config, n *Notice) []delivery {
	return []delivery{{
		base: "https://api.pushover.net", path: "/1/messages.json",
		form: url.Values{
			"token": {c.Token}, "user": {c.User}, "title": {n.Title}, "message": {n.Text},
			"device": {strings.Join(c.Devices, ",")}, "priority": {strconv.Itoa(int(c.Priority))},
		},
		accepted: func(a *answer) bool { return string(a.Status) == "1" },
	}}
}

func byMattermost(c *mattermost.Config, whole string) ([]delivery, error) {
	body, err := mattermost.CreateJSONPayload(c, whole, &types.Params{})
	if err != nil {
		return nil, err
	}
	return []delivery{{
		base: origin(c.Host, c.DisableTLS), path: "/hooks/" + c.Token,
		json: json.RawMessage(body), accepted: saysOK,
	}}, nil
}

func byRocketChat(c *rocketchat.Config, whole string) ([]delivery, error) {
	body, err := rocketchat.CreateJSONPayload(c, whole, &types.Params{})
	if err != nil {
		return nil, err
	}
	d := delivery{
		base: "https://" + c.Host, path: "/hooks/" + c.TokenA + "/" + c.TokenB, json: json.RawMessage(body),
		accepted: func(a *answer) bool { return a.Success },
	}
	if c.Port != "" {
		d.base += ":" + c.Port
	}
	return []delivery{d}, nil
}

func byGoogleChat(c *googlechat.Config, whole string) []delivery {
	query := url.Values{"key": {c.Key}, "token": {c.Token}}
	return []delivery{{
		base: "https://" + c.Host, path: "/" + strings.TrimPrefix(c.Path, "/") + "?" + query.Encode(),
		json: map[string]string{"text": whole}, accepted: func(a *answer) bool { return a.Name != "" },
	}}
}

func byZulip(c *zulip.Config, whole string) []delivery {
	login := base64.StdEncoding.EncodeToString([]byte(c.BotMail + ":" + c.BotKey))
	return []delivery{{
		base: "https://" + c.Host, path: "/api/v1/messages", form: zulip.CreatePayload(c, whole),
		header:   http.Header{"Authorization": {"Basic " + login}},
		accepted: func(a *answer) bool { return a.Result == "success" },
	}}
}

// origin returns scheme and host of a server that may be without TLS.
func origin(host string, plain bool) string {
	if plain {
		return "http://" + host
	}
	return "https://" + host
}

// saysOK is whether the answer is the word ok.
func saysOK(a *answer) bool { return strings.TrimSpace(a.text) == "ok" }
