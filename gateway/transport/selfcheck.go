package transport

import (
	"context"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"libration/internal/text"
)

// checkHeader marks the handshake by which a WebSocket server checks itself. Its
// value is known to nobody else, so that no bot is taken for a check.
const checkHeader = "X-Libration-Check"

// maxCheckAnswer bounds what a check reads, in bytes.
const maxCheckAnswer = 1 << 20

// checkSelf runs the check of a server that has begun to listen.
func (s *server) checkSelf(ctx context.Context, addr net.Addr) error {
	ctx, cancel := context.WithTimeout(ctx, s.time.check)
	defer cancel()
	return guarded(s.log, func() error { return s.check(ctx, addr) })
}

// ownAddress is where this machine reaches a listener: one on all interfaces also
// listens on loopback.
func ownAddress(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	own := *tcp
	own.IP = net.IPv6loopback
	if tcp.IP.To4() != nil {
		own.IP = net.IPv4(127, 0, 0, 1)
	}
	return own.String()
}

// checkHost stands in URLs for the address, which may have a form (an IPv6 zone)
// that URLs have not. Any guard lets it pass.
const checkHost = "localhost"

// checkURL is where a server is asked for a path, by its checkClient.
func (s *server) checkURL(path string) string {
	scheme := s.scheme
	if s.port.keeper.Load() != nil {
		scheme += "s"
	}
	return scheme + "://" + checkHost + s.Prefix() + path
}

// checkClient is an HTTP client for one request to the own address, past all proxies. It
// trusts the own certificate alone.
func (s *server) checkClient(addr net.Addr) *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		if unix, ok := addr.(*net.UnixAddr); ok {
			return s.port.o.Network.Dial(ctx, "unix", unix.Name)
		}
		return s.port.o.Network.Dial(ctx, network, ownAddress(addr))
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true, MaxResponseHeaderBytes: headerBytes}
	if k := s.port.keeper.Load(); k != nil {
		transport.TLSClientConfig = k.Now().Own()
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// checkHeaders are those that a bot with the right token sends.
func checkHeaders(token string) http.Header {
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return h
}

// checkAnswer makes the dialect's own request as a bot would.
func (h *HTTP) checkAnswer(ctx context.Context, addr net.Addr) error {
	probe := h.dialect.Probe()
	r, err := http.NewRequestWithContext(ctx, probe.Method, h.checkURL(probe.Path), strings.NewReader(probe.Body))
	if err != nil {
		return err
	}
	r.Header = checkHeaders(h.token)
	if probe.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := h.checkClient(addr).Do(r)
	if err != nil {
		return dialReason(err, 0)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return text.Errorf("the answer is HTTP %s", "应答为 HTTP %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxCheckAnswer))
	if err != nil {
		return dialReason(err, 0)
	}
	return probe.Check(body)
}

// checkHandshake opens a connection as a bot would and waits for a frame. A server
// whose dialect has a first frame has written that one by then.
func (s *WebSocket) checkHandshake(ctx context.Context, addr net.Addr) error {
	header := checkHeaders(s.token)
	header.Set(checkHeader, s.secret)
	ws, response, err := websocket.Dial(ctx, s.checkURL("/"), &websocket.DialOptions{
		HTTPClient: s.checkClient(addr), HTTPHeader: header, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			return text.Errorf("the answer is HTTP %s", "应答为 HTTP %s", response.Status)
		}
		return dialReason(err, 0)
	}
	defer ws.CloseNow()
	ws.SetReadLimit(maxCheckAnswer)
	_, frame, err := ws.Read(ctx)
	if err != nil {
		return text.Errorf("no first frame: %v", "没有收到首帧：%v", err)
	}
	if string(frame) != s.secret {
		return text.Errorf("the first frame is not that of this service", "首帧不是本服务的")
	}
	return nil
}

// ownCheck tells whether a handshake is that of checkHandshake.
func (s *WebSocket) ownCheck(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(checkHeader)), []byte(s.secret)) == 1
}

// answerCheck is the other side of checkHandshake. It takes no events, which are for
// bots, and appears in no log.
func (s *WebSocket) answerCheck(ctx context.Context, ws *websocket.Conn) {
	defer ws.CloseNow()
	ctx, cancel := context.WithTimeout(ctx, s.time.check)
	defer cancel()
	s.dialect.Hello() // it must work
	if ws.Write(ctx, websocket.MessageText, []byte(s.secret)) == nil {
		_, _, _ = ws.Read(ctx) // until the check has seen it and closes
	}
}
