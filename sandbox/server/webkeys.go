package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

const (
	// clientKeyLifetime and clientKeyIndex are those of docs/protocol/operations.md 7.4.
	clientKeyLifetime = 2 * time.Hour
	clientKeyIndex    = 19
	// maxAskedDomains is how many keys one request may ask for.
	maxAskedDomains = 64
)

// webGrant is what the keys of an account for web pages are made of, until it expires.
type webGrant struct {
	secret []byte
	until  time.Time
}

// derive makes a key of so many characters.
func (g webGrant) derive(label string, size int) string {
	h := hmac.New(sha256.New, g.secret)
	h.Write([]byte(label))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:size]
}

// The keys (docs/protocol/operations.md 5). Their looks are ours.
func (g webGrant) clientKey() string          { return g.derive("client key", 43) }
func (g webGrant) skey() string               { return "@" + g.derive("skey", 9) }
func (g webGrant) pskey(domain string) string { return g.derive("p_skey "+domain, 42) + "_" }
func (g webGrant) left(now time.Time) uint32 {
	return uint32(g.until.Sub(now).Round(time.Second) / time.Second)
}
func (g webGrant) expired(now time.Time) bool { return !now.Before(g.until) }
func newGrant(until time.Time) webGrant       { return webGrant{newTicket(), until} }
func sameKey(given, want string) bool         { return hmac.Equal([]byte(given), []byte(want)) }

// webKeys are what the web pages know accounts by. All clients of an account have the same.
type webKeys struct {
	world    *world.World
	lifetime time.Duration // of cookies

	mu         sync.Mutex // guards what follows
	clientKeys map[message.UIN]webGrant
	cookies    map[message.UIN]webGrant
}

func newWebKeys(w *world.World, lifetime time.Duration) *webKeys {
	return &webKeys{world: w, lifetime: lifetime, clientKeys: map[message.UIN]webGrant{}, cookies: map[message.UIN]webGrant{}}
}

func (k *webKeys) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.ClientKey, k.clientKey)
	rpc.Handle(mux, rpc.PSkeys, k.pskeys)
}

// granted returns what an account has, new where that has expired.
func (k *webKeys) granted(to map[message.UIN]webGrant, uin message.UIN, lifetime time.Duration) webGrant {
	now := k.world.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	g, ok := to[uin]
	if !ok || g.expired(now) {
		g = newGrant(now.Add(lifetime))
		to[uin] = g
	}
	return g
}

// valid returns what an account has, if it has not expired.
func (k *webKeys) valid(of map[message.UIN]webGrant, uin message.UIN) (webGrant, bool) {
	now := k.world.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	g, ok := of[uin]
	return g, ok && !g.expired(now)
}

// ExpireCookies makes the cookies that the clients of an account have for web pages
// invalid. The refusal is NotFound.
func (s *Server) ExpireCookies(uin message.UIN) error { return s.web.expire(uin) }

func (k *webKeys) expire(uin message.UIN) error {
	if _, ok := k.world.Users().Find(uin); !ok {
		return world.Refuse(world.NotFound, "no user %d", uin)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.cookies, uin)
	return nil
}

// forget makes all keys invalid.
func (k *webKeys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.clientKeys)
	clear(k.cookies)
}

func (k *webKeys) clientKey(rq *request, _ *oidbpb.EmptyResp) (*oidbpb.ClientKeyResp, error) {
	g := k.granted(k.clientKeys, rq.session.uin, clientKeyLifetime)
	return &oidbpb.ClientKeyResp{KeyIndex: clientKeyIndex, ClientKey: g.clientKey(), Expiration: g.left(k.world.Now())}, nil
}

// pskeys answers in the order of the request, by which clients go. A domain that is not
// the service's has no key.
func (k *webKeys) pskeys(rq *request, req *oidbpb.PsKeyReq) (*oidbpb.PsKeyResp, error) {
	if len(req.GetDomains()) > maxAskedDomains {
		return nil, world.Refuse(world.BadRequest, "more than %d domains", maxAskedDomains)
	}
	g := k.granted(k.cookies, rq.session.uin, k.lifetime)
	answer := &oidbpb.PsKeyResp{}
	for _, domain := range req.GetDomains() {
		key := &oidbpb.PsKey{Domain: domain}
		if ownDomain(domain) {
			key.PSkey = g.pskey(domain)
		}
		answer.Keys = append(answer.Keys, key)
	}
	return answer, nil
}

// ownDomain reports whether the service has pages in a domain (docs/protocol/login.md 10).
func ownDomain(domain string) bool {
	return strings.HasSuffix(domain, ".qq.com") || domain == "tenpay.com"
}
