package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/tlsfiles"
)

// dialing opens connections to a bot: where its URL says, and with the certificates of
// the moment.
type dialing struct {
	network  network.Network
	files    tlsfiles.Files
	insecure bool // any certificate will do
	log      *slog.Logger

	mu     sync.Mutex       // guards keeper
	keeper *tlsfiles.Keeper // nil: the files could not be read yet, or there are none
}

// socketOf takes a URL of a bot apart: the socket, "" for none, and the URL to ask for.
func socketOf(raw string) (socket, plain string) {
	if socket, plain, ok := network.UnixURL(raw); ok {
		return socket, plain
	}
	return "", raw
}

// dial connects to an address, or to the socket when there is one.
func (d *dialing) dial(ctx context.Context, socket, address string) (net.Conn, error) {
	if socket != "" {
		return d.network.Dial(ctx, "unix", socket)
	}
	return d.network.Dial(ctx, "tcp", address)
}

// secure adds TLS to a connection and makes the handshake. On an error it has closed the
// connection.
func (d *dialing) secure(ctx context.Context, c net.Conn, address string) (net.Conn, error) {
	config, err := d.config()
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	secured := tls.Client(c, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return secured, nil
}

// config reads the files when they have changed.
func (d *dialing) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.files != (tlsfiles.Files{}) {
		k, err := d.keep()
		if err != nil {
			return nil, err
		}
		config = k.Client()
	}
	config.InsecureSkipVerify = d.insecure
	return config, nil
}

func (d *dialing) keep() (*tlsfiles.Keeper, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keeper != nil {
		d.keeper.Look()
		return d.keeper, nil
	}
	k, err := tlsfiles.Keep(d.files, d.log)
	if err == nil {
		d.keeper = k
	}
	return k, err
}

// transport makes requests to one URL, whose socket may be "". wrap gets each connection
// below TLS; nil: nobody does.
func (d *dialing) transport(socket string, wrap func(net.Conn) net.Conn) *http.Transport {
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		c, err := d.dial(ctx, socket, address)
		if err == nil && wrap != nil {
			c = wrap(c)
		}
		return c, err
	}
	return &http.Transport{
		DialContext: dial,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return d.secure(ctx, c, address)
		},
	}
}

// checkBotURL never quotes the whole URL: it may contain a token. plain is http or ws.
func checkBotURL(option, value, plain string) error {
	form := plain + "://127.0.0.1:8080/path"
	socket, asked := socketOf(value)
	u, err := url.Parse(asked)
	switch {
	case err != nil:
		return text.Errorf("%s cannot be read: use a form like %s", "无法识别 %s：请写成 %s 的形式", option, form)
	case socket != "" && u.Scheme == plain:
		return nil
	case socket != "", strings.HasSuffix(u.Scheme, "+unix"):
		return text.Errorf("%s cannot be read: use a form like %s+unix:///run/bot.sock:/path", "无法识别 %s：请写成 %s+unix:///run/bot.sock:/path 的形式", option, plain)
	case u.Scheme != plain && u.Scheme != plain+"s":
		return text.Errorf("%s begins with %q: it must begin with %s:// or %[3]ss://", "%s 以 %q 开头：应以 %s:// 或 %[3]ss:// 开头", option, u.Scheme, plain)
	case u.Hostname() == "":
		return text.Errorf("%s names no host: use a form like %s", "%s 没有主机名：请写成 %s 的形式", option, form)
	}
	return nil
}
