package bot

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"libration/internal/redact"
	"libration/internal/text"
)

// maxFrame is the largest frame accepted, in bytes.
const maxFrame = 64 << 20

// dialTimeout bounds connecting and the handshake.
const dialTimeout = 10 * time.Second

// Conn is one WebSocket connection to a OneBot service. One goroutine may Read
// while others Send.
type Conn struct{ ws *websocket.Conn }

// Dial is Target.Dial at an address with a token.
func Dial(ctx context.Context, address, token string) (*Conn, error) {
	return Target{URL: address, Token: token}.Dial(ctx)
}

// Dial connects to a forward WebSocket address such as ws://127.0.0.1:6700. The error says in words why it failed; it
// never contains the token.
func (t Target) Dial(ctx context.Context) (*Conn, error) {
	address, token := t.URL, t.Token
	client, plain := t.client()
	defer client.CloseIdleConnections()
	u, err := url.Parse(plain)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, text.Errorf("the address is not one of a WebSocket: use a form like ws://127.0.0.1:6700", "不是 WebSocket 地址：请写成 ws://127.0.0.1:6700 的形式")
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	o := &websocket.DialOptions{HTTPClient: client, CompressionMode: websocket.CompressionDisabled}
	if token != "" {
		o.HTTPHeader = http.Header{"Authorization": {"Bearer " + token}}
	}
	ws, response, err := websocket.Dial(ctx, plain, o)
	if err != nil {
		return nil, text.Errorf("connect to %s: %v", "连接 %s：%v", redact.URL(address), dialReason(err, response))
	}
	ws.SetReadLimit(maxFrame)
	return &Conn{ws}, nil
}

// Errors that tell a person what to do.
var (
	// ErrToken is returned when the access token is wrong, or one is needed and none was
	// given.
	ErrToken = text.Errorf("the access token is missing or wrong: name the configuration of the service with -c, or set LIBRATION_TOKEN",
		"访问令牌缺失或错误：请用 -c 指定服务的配置，或设置 LIBRATION_TOKEN")
	// ErrUnreachable is returned when nothing listens at the address.
	ErrUnreachable = text.Errorf("nobody listens there: is the service running, its account logged in, and this its address?", "该地址无人监听：服务是否在运行，账号是否已登录，地址是否正确？")
)

// maxReason is how much of a refusal is shown, in bytes.
const maxReason = 1 << 10

// refused explains the answer to a caller without the right token; nil for others.
// Of a token that was not given, or given too often, the service says more.
func refused(status int, answer []byte) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return nil
	}
	var said struct {
		Message string `json:"message"`
	}
	if len(answer) <= maxReason && json.Unmarshal(answer, &said) == nil && said.Message != "" {
		return text.Errorf("%v (the service says: %q)", "%v（服务的回答：%q）", ErrToken, said.Message)
	}
	return ErrToken
}

func dialReason(err error, response *http.Response) error {
	if response != nil {
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxReason)) // what there is of it
		if err := refused(response.StatusCode, body); err != nil {
			return err
		}
		return text.Errorf("the server answers %s, not as a WebSocket", "服务器应答 %s，不是 WebSocket", response.Status)
	}
	return netReason(err)
}

// netReason replaces the texts of a refused connection.
func netReason(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && !op.Timeout() {
		return ErrUnreachable
	}
	return redact.Err(err)
}

// Read returns the next frame: an event, or the response to a request. The error
// ends the connection.
func (c *Conn) Read(ctx context.Context) ([]byte, error) {
	_, frame, err := c.ws.Read(ctx)
	return frame, err
}

// Send asks for an action. The response comes by Read, with this echo.
func (c *Conn) Send(ctx context.Context, action string, params any, echo string) ([]byte, error) {
	frame, err := json.Marshal(struct {
		Action string `json:"action"`
		Params any    `json:"params"`
		Echo   string `json:"echo"`
	}{action, params, echo})
	if err != nil {
		return nil, err
	}
	return frame, c.ws.Write(ctx, websocket.MessageText, frame)
}

// Close closes the connection with a closing handshake, for which it waits a short
// time.
func (c *Conn) Close() { _ = c.ws.Close(websocket.StatusNormalClosure, "") }

// Drop ends the connection at once.
func (c *Conn) Drop() { _ = c.ws.CloseNow() }

// Frame has the fields of events and responses that this package's callers need.
type Frame struct {
	PostType    string    `json:"post_type"`
	MessageType string    `json:"message_type"`
	NoticeType  string    `json:"notice_type"`
	RequestType string    `json:"request_type"`
	SubType     string    `json:"sub_type"`
	SelfID      int64     `json:"self_id"`
	UserID      int64     `json:"user_id"`
	GroupID     int64     `json:"group_id"`
	OperatorID  int64     `json:"operator_id"`
	MessageID   int32     `json:"message_id"`
	Duration    int64     `json:"duration"`
	Flag        string    `json:"flag"`
	RawMessage  string    `json:"raw_message"`
	Message     []Segment `json:"message"`

	Status  string          `json:"status"`
	RetCode int             `json:"retcode"`
	Wording string          `json:"wording"`
	Data    json.RawMessage `json:"data"`
	Echo    json.RawMessage `json:"echo"`
}

// Segment is one segment of a message; Data has what its type needs.
type Segment struct {
	Type string         `json:"type"`
	Data map[string]any `json:"data"`
}

// Parse reads a frame. Two fields have other meanings elsewhere and are then left
// out: status is an object in heartbeats, message a text in responses and in events
// of the string format.
func Parse(frame []byte) (*Frame, error) {
	var f struct {
		Frame
		Status  json.RawMessage `json:"status"`
		Message json.RawMessage `json:"message"`
	}
	if err := json.Unmarshal(frame, &f); err != nil {
		return nil, text.Errorf("read frame: %v", "读取帧：%v", err)
	}
	_ = json.Unmarshal(f.Status, &f.Frame.Status)
	if err := json.Unmarshal(f.Message, &f.Frame.Message); err != nil {
		f.Frame.Message = nil
	}
	return &f.Frame, nil
}

// IsEcho tells whether the frame is the response to the request with this echo.
func (f *Frame) IsEcho(echo string) bool {
	var text string
	return f.PostType == "" && json.Unmarshal(f.Echo, &text) == nil && text == echo
}

// Text is a plain text.
func Text(text string) Segment { return Segment{"text", map[string]any{"text": text}} }

// Image is a picture, by its bytes.
func Image(content []byte) Segment {
	return Segment{"image", map[string]any{"file": "base64://" + base64.StdEncoding.EncodeToString(content)}}
}

// At is a mention.
func At(user int64) Segment { return Segment{"at", map[string]any{"qq": strconv.FormatInt(user, 10)}} }

// Reply quotes a message.
func Reply(id int32) Segment { return Segment{"reply", map[string]any{"id": fmt.Sprint(id)}} }
