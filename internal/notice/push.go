package notice

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/bark"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/generic"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

func byNtfy(c *ntfy.Config, n *Notice) []delivery {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Title": {n.Title}}
	for name, value := range map[string]string{
		"Priority": c.Priority.String(), "Tags": strings.Join(c.Tags, ","), "Delay": c.Delay, "Actions": strings.Join(c.Actions, ";"),
		"Click": c.Click, "Attach": c.Attach, "X-Icon": c.Icon, "Filename": c.Filename, "Email": c.Email,
	} {
		if value != "" {
			header.Set(name, value)
		}
	}
	for name, keep := range map[string]bool{"Cache": c.Cache, "Firebase": c.Firebase} {
		if !keep {
			header.Set(name, "no")
		}
	}
	if c.Username != "" || c.Password != "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password)))
	}
	return []delivery{{
		base: origin(c.Host, c.DisableTLS || c.Scheme == "http"), path: (&url.URL{Path: "/" + strings.TrimPrefix(c.Topic, "/")}).EscapedPath(),
		header: header, content: []byte(n.Text), insecure: c.DisableTLSVerification,
		accepted: func(a *answer) bool { return len(a.ID) > 0 },
	}}
}

func byBark(c *bark.Config, n *Notice) ([]delivery, error) {
	u, err := url.Parse(c.GetAPIURL("push"))
	if err != nil {
		return nil, err
	}
	return []delivery{{
		base: u.Scheme + "://" + u.Host, path: u.RequestURI(),
		json: bark.PushPayload{
			Body: n.Text, DeviceKey: c.DeviceKey, Title: n.Title, Category: c.Category, Copy: c.Copy, Sound: c.Sound,
			Group: c.Group, Badge: &c.Badge, Icon: c.Icon, URL: c.URL,
		},
		accepted: func(a *answer) bool { return a.Code != nil && *a.Code == http.StatusOK },
	}}, nil
}

// byGeneric takes any good status for success: what answers is the owner's own.
func byGeneric(s *generic.Service, n *Notice) ([]delivery, error) {
	c := s.Config
	content, err := s.GetPayload(c, types.Params{c.TitleKey: n.Title, c.MessageKey: n.Text})
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	kind := "text/plain"
	if c.Template != "" {
		kind = c.ContentType
	}
	header := http.Header{"Content-Type": {kind}, "Accept": {kind}}
	for key, values := range c.GetURL().Query() {
		if name, ok := strings.CutPrefix(key, "@"); ok {
			header.Set(name, values[0])
		}
	}
	u := c.WebhookURL()
	return []delivery{{
		base: u.Scheme + "://" + u.Host, path: u.RequestURI(), header: header, content: body, method: c.RequestMethod,
		accepted: func(*answer) bool { return true },
	}}, nil
}
