package webguard

import (
	"log/slog"
	"net/http"
)

// Options of New. Their zero value is a service without a token for its own pages.
type Options struct {
	// Service names the service in the log.
	Service string
	// Token is what callers must give. "" means that the rules for requests without a
	// token hold.
	Token string
	// Origins are the web origins besides the service's own whose pages may use it
	// without a token, "*" for all.
	Origins []string
	// Remote permits any Host on connections to other than loopback addresses.
	Remote bool
	// Remedy is the end of refusals for want of a token: what the owner can do.
	Remedy string
	// Log gets refusals, at most one line a minute. It discards by default.
	Log *slog.Logger
	// OnRefused is called for each refusal, from many goroutines; nil: nobody counts.
	OnRefused func(Reason)
}

// Reason is a kind of refusal, for statistics.
type Reason string

// The reasons.
const (
	NoToken     Reason = "no_token"     // a token is configured, and none was given
	WrongToken  Reason = "wrong_token"  // another one was given
	TooMany     Reason = "too_many"     // another one was given, too often
	ForeignHost Reason = "host"         // without a token: the Host is not this machine's
	ForeignPage Reason = "foreign_page" // without a token: a page of another origin asks
	ContentType Reason = "content_type" // without a token: the body is not declared as JSON
	ChangeByGet Reason = "get"          // without a token: a GET would change something
	Malformed   Reason = "malformed"    // refused by the service itself
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{NoToken, WrongToken, TooMany, ForeignHost, ForeignPage, ContentType, ChangeByGet, Malformed}
}

// Refusal is the answer to a request that may not act.
type Refusal struct {
	Status int    // of HTTP
	Text   string // what is wrong and what to do; it never holds a token
	Reason Reason
}

// Guard decides about the requests to one service. Its methods are safe for
// concurrent use.
type Guard struct {
	o       Options
	token   *secret // nil: none is configured
	slow    slowdown
	refused refusalLog
}

// New makes a Guard.
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

// Check decides by the head of a request; nil lets it pass. It sets the headers that
// belong to a refusal. A wrong token that is not the first one is refused late:
// Check returns when the answer is due, or when the request's context ends.
func (g *Guard) Check(w http.ResponseWriter, r *http.Request) *Refusal {
	if g.token == nil {
		if refusal := g.checkPage(r); refusal != nil {
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
			"access token missing: send the header Authorization: Bearer <token>", NoToken})
	}
	if !g.slow.wait(r) {
		w.Header().Set("Retry-After", retryAfter)
		w.Header().Set("Connection", "close")
		return g.Refuse(r, &Refusal{http.StatusTooManyRequests, "access token wrong, too often: try again later with the right one", TooMany})
	}
	return g.Refuse(r, &Refusal{http.StatusForbidden, "access token wrong: compare it with the configuration of the service", WrongToken})
}

// CheckToken decides about a caller whose token came after the head of its request; nil
// lets it pass. Without a configured token any is right. A wrong one that is not the
// first is refused late, as by Check.
func (g *Guard) CheckToken(r *http.Request, token string) *Refusal {
	if g.token == nil || g.token.is(token) {
		return nil
	}
	if !g.slow.wait(r) {
		return g.Refuse(r, &Refusal{http.StatusTooManyRequests, "access token wrong, too often: try again later with the right one", TooMany})
	}
	return g.Refuse(r, &Refusal{http.StatusForbidden, "access token wrong: compare it with the configuration of the service", WrongToken})
}

// CheckChange decides about a request that would change something, once the service
// knows that; Check has let it pass. Anybody can make a browser send a GET, by a link.
func (g *Guard) CheckChange(r *http.Request) *Refusal {
	if g.token != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	return g.Refuse(r, &Refusal{http.StatusForbidden,
		g.remedy("a GET changes nothing without an access token: POST JSON with Content-Type: application/json"), ChangeByGet})
}

// Refuse logs and counts a refusal, and returns it. The service calls it for
// refusals of its own.
func (g *Guard) Refuse(r *http.Request, refusal *Refusal) *Refusal {
	g.o.OnRefused(refusal.Reason)
	g.refused.add(r.RemoteAddr, refusal)
	return refusal
}

// remedy appends what the owner can do.
func (g *Guard) remedy(text string) string {
	if g.o.Remedy != "" {
		text += ", or " + g.o.Remedy
	}
	return text
}
