package transport

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"

	"libration/internal/network"
	"libration/onebot"
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
	return guarded(s.log, func() error { return s.check(ctx, ownAddress(addr)) })
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

// checkClient is an HTTP client for one request to an address, past all proxies.
func checkClient(n network.Network, address string) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, network, _ string) (net.Conn, error) { return n.Dial(ctx, network, address) },
			DisableKeepAlives: true, MaxResponseHeaderBytes: headerBytes,
		},
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

// checkStatus asks for get_status as a bot would.
func (h *HTTP) checkStatus(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+checkHost+"/get_status", nil)
	if err != nil {
		return err
	}
	r.Header = checkHeaders(h.token)
	response, err := checkClient(h.network, address).Do(r)
	if err != nil {
		return dialReason(err, 0)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is HTTP %s", response.Status)
	}
	var envelope struct {
		Status string `json:"status"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxCheckAnswer)).Decode(&envelope)
	if err == nil && envelope.Status != onebot.StatusOK {
		err = fmt.Errorf("the status is %q", envelope.Status)
	}
	if err != nil {
		return fmt.Errorf("the answer is not OneBot's: %w", err)
	}
	return nil
}

// checkHandshake opens a connection as a bot would and waits for the lifecycle
// event.
func (s *WebSocket) checkHandshake(ctx context.Context, address string) error {
	header := checkHeaders(s.token)
	header.Set(checkHeader, s.secret)
	ws, response, err := websocket.Dial(ctx, "ws://"+checkHost+"/", &websocket.DialOptions{
		HTTPClient: checkClient(s.network, address), HTTPHeader: header, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			return fmt.Errorf("the answer is HTTP %s", response.Status)
		}
		return dialReason(err, 0)
	}
	defer ws.CloseNow()
	ws.SetReadLimit(maxCheckAnswer)
	_, frame, err := ws.Read(ctx)
	if err != nil {
		return fmt.Errorf("no lifecycle event: %w", err)
	}
	var first struct {
		Type string `json:"meta_event_type"`
	}
	if err := json.Unmarshal(frame, &first); err != nil || first.Type != "lifecycle" {
		return errors.New("the first frame is not the lifecycle event")
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
	if ws.Write(ctx, websocket.MessageText, s.onebot.Lifecycle("connect")) == nil {
		_, _, _ = ws.Read(ctx) // until the check has seen it and closes
	}
}
