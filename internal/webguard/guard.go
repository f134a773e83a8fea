package webguard

import (
	"log/slog"
	"net/http"

	"libration/internal/text"
)

// Options of New. The zero value is for a listener without a token that its own pages
// may use.
type Options struct {
	// Service is the name in log lines.
	Service string
	// Token is the access token that callers must give. With "" the rules for requests
	// without a token apply.
	Token string
	// Origins are the web origins, besides the listener's own, whose pages need no token;
	// "*" allows all.
	Origins []string
	// Remote permits any Host header on connections to addresses that are not loopback.
	Remote bool
	// Remedy ends the text of refusals that a token would prevent: it says what the owner
	// can do.
	Remedy text.Text
	// Log gets refusals, at most one line a minute. By default they are not logged.
	Log *slog.Logger
	// OnRefused is called for each refusal, by many goroutines at once. It may be nil.
	OnRefused func(Reason)
}

// Reason is a kind of refusal, for statistics.
type Reason string

// The reasons.
const (
	NoToken     Reason = "no_token"     // a token is configured, and none was given
	WrongToken  Reason = "wrong_token"  // another token was given
	TooMany     Reason = "too_many"     // wrong tokens were given too often
	ForeignHost Reason = "host"         // without a token: the Host is not this machine's
	ForeignPage Reason = "foreign_page" // without a token: a page of another origin asks
	ContentType Reason = "content_type" // without a token: the body is not declared as JSON
	ChangeByGet Reason = "get"          // without a token: a GET would change something
	Malformed   Reason = "malformed"    // refused by the service itself
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{NoToken, WrongToken, TooMany, ForeignHost, ForeignPage, ContentType, ChangeByGet, Malformed}
}

// Refusal is the answer to a request that may not act.
type Refusal struct {
	Status int       // of HTTP
	Text   text.Text // what is wrong and what to do; it never holds a token
	Reason Reason
}

var (
	wrongToken = text.T("access token wrong: compare it with the configuration of the service", "访问令牌错误：请与服务的配置核对")
	tooOften   = text.T("access token wrong, too often: try again later with the right one", "访问令牌错误次数过多：请稍后用正确的令牌重试")
)

// Guard decides about the requests to one listener. Its methods are safe for concurrent
// use.
type Guard struct {
	o       Options
	token   *secret // nil: none is configured
	slow    slowdown
	refused refusalLog
}

// New returns a Guard.
func New(o Options) *Guard {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnRefused == nil {
		o.OnRefused = func(Reason) {}
	}
	g := &Guard{o: o, refused: refusalLog{log: o.Log, service: o.Service}}
	if o.Token != "" {
		g.token = newSecret(o.Token)
	}
	return g
}

// Check decides by the head of a request; nil lets it pass. It sets the response
// headers that belong to a refusal. From the second wrong token on it slows the caller
// down: Check returns when the answer is due, or when the request's context ends.
func (g *Guard) Check(w http.ResponseWriter, r *http.Request) *Refusal {
	return g.check(w, r, typeJSON)
}

// CheckBytes is Check for a request whose body is bytes and no JSON, an upload: its
// Content-Type is application/octet-stream, which no page of another origin can send.
func (g *Guard) CheckBytes(w http.ResponseWriter, r *http.Request) *Refusal {
	return g.check(w, r, typeBytes)
}

func (g *Guard) check(w http.ResponseWriter, r *http.Request, body string) *Refusal {
	if g.token == nil {
		if refusal := g.checkPage(r, body); refusal != nil {
			return g.Refuse(r, refusal)
		}
		return nil
	}
	switch given, right := g.token.given(r); {
	case right:
		return nil
	case !given:
		w.Header().Set("WWW-Authenticate", "Bearer")
		return g.Refuse(r, &Refusal{http.StatusUnauthorized,
			text.T("access token missing: send the header Authorization: Bearer <token>", "缺少访问令牌：请发送请求头 Authorization: Bearer <令牌>"), NoToken})
	}
	if !g.slow.wait(r) {
		w.Header().Set("Retry-After", retryAfter)
		w.Header().Set("Connection", "close")
		return g.Refuse(r, &Refusal{http.StatusTooManyRequests, tooOften, TooMany})
	}
	return g.Refuse(r, &Refusal{http.StatusForbidden, wrongToken, WrongToken})
}

// CheckToken decides about a caller whose token came after the head of its request; nil
// lets it pass. Where no token is configured every token is right. From the second
// wrong token on the answer is late, as with Check.
func (g *Guard) CheckToken(r *http.Request, token string) *Refusal {
	if g.token == nil || g.token.is(token) {
		return nil
	}
	if !g.slow.wait(r) {
		return g.Refuse(r, &Refusal{http.StatusTooManyRequests, tooOften, TooMany})
	}
	return g.Refuse(r, &Refusal{http.StatusForbidden, wrongToken, WrongToken})
}

// CheckHost decides about a request whose address alone proves what its caller may have, in
// place of a token and whatever page it comes from; nil lets it pass. Where no token is
// configured its Host must be this machine, as with Check.
func (g *Guard) CheckHost(r *http.Request) *Refusal {
	if g.token != nil {
		return nil
	}
	if refusal := g.checkHost(r); refusal != nil {
		return g.Refuse(r, refusal)
	}
	return nil
}

// CheckChange decides about a request that would change something, after Check has let
// it pass. It refuses a GET without a token: anybody can make a browser send one, by a
// link. By a Unix socket no browser sends one.
func (g *Guard) CheckChange(r *http.Request) *Refusal {
	if g.token != nil || onSocket(r) || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	return g.Refuse(r, &Refusal{http.StatusForbidden,
		g.remedy(text.T("a GET changes nothing without an access token: POST JSON with Content-Type: application/json",
			"没有访问令牌时，GET 不能改变任何内容：请用 POST 发送 JSON，并带上 Content-Type: application/json")), ChangeByGet})
}

// Refuse logs and counts a refusal, and returns it. The listener calls it for its own
// refusals.
func (g *Guard) Refuse(r *http.Request, refusal *Refusal) *Refusal {
	g.o.OnRefused(refusal.Reason)
	g.refused.add(r.RemoteAddr, refusal)
	return refusal
}

// remedy appends what the owner can do.
func (g *Guard) remedy(why text.Text) text.Text {
	if g.o.Remedy == (text.Text{}) {
		return why
	}
	return text.T("%s, or %s", "%s，或%s").Fill(why, g.o.Remedy)
}
