package bot

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"libration/internal/network"
)

// Target is a OneBot service to talk to.
type Target struct {
	// URL is its address for HTTP or WebSocket, also one of a Unix socket, such as
	// http+unix:///run/bot.sock.
	URL string
	// Token is the access token; "" for none.
	Token string
	// TLS says how its certificate is checked; nil: by the authorities of the system.
	TLS *tls.Config
}

// client returns a client for it, and the URL to ask that for.
func (t Target) client() (client *http.Client, plain string) {
	web := network.Network{}.Transport()
	socket, plain, ok := network.UnixURL(t.URL)
	if ok {
		web.Proxy = nil
		web.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return network.Network{}.Dial(ctx, "unix", socket)
		}
	} else {
		plain = t.URL
	}
	if t.TLS != nil {
		web.TLSClientConfig, web.ForceAttemptHTTP2 = t.TLS, false
	}
	return &http.Client{Transport: web}, plain
}
