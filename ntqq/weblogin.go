package ntqq

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
)

const (
	// webKeyAge is how long keys of web pages are used (docs/protocol/operations.md 5).
	webKeyAge = 24 * time.Hour
	// maxWebKeys bounds how many are kept, maxWebKey each in bytes, maxDomain what callers
	// may ask for.
	maxWebKeys = 64
	maxWebKey  = 1 << 10
	maxDomain  = 253
	// maxJumps bounds the redirects of a login.
	maxJumps = 10
	// jumpTarget is the page that other clients log in for.
	jumpTarget = "https://h5.qzone.qq.com/qqnt/qzoneinpcqq/friend?refresh=0&clientuin=0&darkMode=0"
)

var errWebKey = text.Errorf("the service has given no usable key", "服务器没有给出可用的密钥")

// webKeys are what the pages of one domain know the account by. They are secrets.
type webKeys struct {
	uin         UIN
	skey, pskey string
	got         time.Time // the older one
}

// cookies is a Cookie header.
func (k webKeys) cookies() string {
	return fmt.Sprintf("p_uin=o%d; p_skey=%s; skey=%s; uin=o%d", k.uin, k.pskey, k.skey, k.uin)
}

// hidden is a text of a page without the keys, which it may repeat.
func (k webKeys) hidden(text string) string {
	return strings.NewReplacer(k.skey, "***", k.pskey, "***", k.bkn(), "***").Replace(text)
}

// bkn is the token that pages want in addition to cookies.
func (k webKeys) bkn() string { return strconv.FormatInt(int64(webToken(k.skey)), 10) }

// webToken is the bkn of a key.
func webToken(key string) int32 {
	h := uint32(5381)
	for i := range len(key) {
		h += h<<5 + uint32(key[i])
	}
	return int32(h & 0x7fffffff)
}

// webKeys returns the keys for a domain, new ones where none are kept.
func (c *Client) webKeys(ctx context.Context, domain string) (webKeys, error) {
	p, err := c.webKey(ctx, domain, c.fetchPSkey)
	if err != nil {
		return webKeys{}, err
	}
	s, err := c.webKey(ctx, "", c.fetchSkey)
	if err != nil {
		return webKeys{}, err
	}
	keys := webKeys{uin: c.Self().UIN, skey: s.value, pskey: p.value, got: s.got}
	if p.got.Before(s.got) {
		keys.got = p.got
	}
	return keys, nil
}

// webKey returns one key, which is fetched once for all who ask at the same time.
func (c *Client) webKey(ctx context.Context, domain string, fetch func(ctx context.Context, domain string) (string, error)) (webKey, error) {
	of := string(c.session.Ticket())
	if k, ok := c.webLogin.get(of, domain, c.now()); ok {
		return k, nil
	}
	return once(ctx, c, "web key "+domain, func(ctx context.Context) (webKey, error) {
		if k, ok := c.webLogin.get(of, domain, c.now()); ok { // it came since
			return k, nil
		}
		value, err := fetch(ctx, domain)
		if err != nil {
			return webKey{}, err
		}
		k := webKey{value, c.now()}
		c.webLogin.put(of, domain, k)
		return k, nil
	})
}

// fetchPSkey asks for the key of a domain.
func (c *Client) fetchPSkey(ctx context.Context, domain string) (string, error) {
	resp, err := call(ctx, c, rpc.PSkeys, &oidbpb.PsKeyReq{Domains: []string{domain}})
	if err != nil {
		return "", fmt.Errorf("key of %s: %w", domain, err)
	}
	for _, k := range resp.GetKeys() {
		if k.GetDomain() == domain && usableKey(k.GetPSkey()) {
			return k.GetPSkey(), nil
		}
	}
	return "", fmt.Errorf("%s: %w", domain, errWebKey)
}

// fetchSkey logs in to the web pages with a client key.
func (c *Client) fetchSkey(ctx context.Context, _ string) (string, error) {
	if err := c.webLogin.early(c.now()); err != nil {
		return "", err
	}
	key, err := c.Web().ClientKey(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, webTimeout, ErrTimeout)
	defer cancel()
	client := c.webClient()
	client.Jar, _ = cookiejar.New(nil) // without options it cannot fail
	found := &skeyFinder{RoundTripper: client.Transport}
	client.Transport = found
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		r.Header.Del("Referer") // it would have the client key
		if len(via) >= maxJumps || !ofService(r.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, jumpURL(c.Self().UIN, key), http.NoBody)
	if err != nil {
		return "", errWebKey // its text would have the key
	}
	req.Header.Set("User-Agent", webAgent)
	resp, err := client.Do(req)
	if resp != nil {
		resp.Body.Close()
	}
	switch {
	case found.skey != "": // whatever the page is that it leads to
		c.webLogin.helped(webLoginHost)
		return found.skey, nil
	case err != nil:
		return "", fmt.Errorf("%s: %w", webLoginHost, webFailure(ctx, err))
	}
	refusal := &ServerError{Command: webLoginHost + "/jump", Code: int64(resp.StatusCode), Message: http.StatusText(resp.StatusCode), Cause: ErrWebLogin}
	return "", c.webLogin.refused(refusal, c.now())
}

// jumpURL is where a client key becomes cookies.
func jumpURL(uin UIN, key ClientKey) string {
	query := url.Values{
		"ptlang": {"1033"}, "clientuin": {fmt.Sprint(uin)}, "clientkey": {key.Key}, "u1": {jumpTarget},
		"keyindex": {fmt.Sprint(key.Index)}, "random": {"2599"},
	}
	return "https://" + webLoginHost + "/jump?" + query.Encode()
}

// ofService reports whether a redirect stays with the service.
func ofService(u *url.URL) bool {
	return u.Scheme == "https" && u.Port() == "" && strings.HasSuffix(u.Hostname(), ".qq.com")
}

// skeyFinder notes the skey that comes with the answers of a login.
type skeyFinder struct {
	http.RoundTripper
	skey string
}

// RoundTrip implements http.RoundTripper.
func (f *skeyFinder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := f.RoundTripper.RoundTrip(r)
	if err == nil {
		f.note(resp)
	}
	return resp, err
}

func (f *skeyFinder) note(resp *http.Response) {
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "skey" && usableKey(cookie.Value) {
			f.skey = cookie.Value
		}
	}
}

// usableKey reports whether a key can be a cookie.
func usableKey(key string) bool {
	return key != "" && len(key) <= maxWebKey && strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == ';' }) < 0
}

// Web are the operations on the account's login to the service's web pages. They are safe
// for concurrent use.
type Web struct{ c *Client }

// Web returns the operations on the account's login to the service's web pages.
func (c *Client) Web() Web { return Web{c} }

// ClientKey is what opens the service's web pages as the account, without a password. It
// is a secret.
type ClientKey struct {
	Key     string
	Index   uint32        // the number of the key that made it
	Expires time.Duration // how long it is good
}

// ClientKey asks for a key. The errors are those of [Client.Call].
func (w Web) ClientKey(ctx context.Context) (ClientKey, error) {
	resp, err := call(ctx, w.c, rpc.ClientKey, &oidbpb.EmptyResp{})
	if err != nil {
		return ClientKey{}, fmt.Errorf("client key: %w", err)
	}
	if !usableKey(resp.GetClientKey()) {
		return ClientKey{}, fmt.Errorf("client key: %w", errWebKey)
	}
	return ClientKey{resp.GetClientKey(), resp.GetKeyIndex(), time.Duration(resp.GetExpiration()) * time.Second}, nil
}

// Credentials are what requests to web pages of the service have. They are secrets: with
// them everybody is the account there.
type Credentials struct {
	Cookies string // a Cookie header
	Token   int32  // the parameter "bkn", "g_tk" or "csrf_token"
}

// Credentials returns what opens the pages of a domain, such as "qun.qq.com". They come
// from memory for up to 24 h. The errors are those of [Client.Call], [ErrWebLogin], and
// that of a domain that the service has no key for.
func (w Web) Credentials(ctx context.Context, domain string) (Credentials, error) {
	if domain == "" || len(domain) > maxDomain || strings.Trim(strings.ToLower(domain), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return Credentials{}, text.Errorf("%.60q is no domain", "%.60q 不是域名", domain)
	}
	keys, err := w.c.webKeys(ctx, strings.ToLower(domain))
	if err != nil {
		return Credentials{}, fmt.Errorf("cookies: %w", err)
	}
	return Credentials{keys.cookies(), webToken(keys.skey)}, nil
}

// CSRFToken returns the token of [Credentials], which is the same for all domains.
func (w Web) CSRFToken(ctx context.Context) (int32, error) {
	key, err := w.c.webKey(ctx, "", w.c.fetchSkey)
	if err != nil {
		return 0, fmt.Errorf("cookies: %w", err)
	}
	return webToken(key.value), nil
}
