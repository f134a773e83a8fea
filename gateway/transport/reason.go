package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/redact"
	"libration/internal/text"
)

// endReason explains the end of a connection: who ended it and why.
func endReason(err error, t timing) (slog.Level, string) {
	var closed websocket.CloseError
	switch {
	case errors.Is(err, errStopping):
		return slog.LevelInfo, errStopping.Error()
	case errors.Is(err, gateway.ErrSlow):
		return slog.LevelWarn, "the peer reads events too slowly, its queue was full"
	case errors.Is(err, errNoPong):
		return slog.LevelWarn, fmt.Sprintf("the peer gave no sign of life for %v after a ping", t.pong)
	case errors.Is(err, errTooSlow):
		return slog.LevelWarn, "the peer sent a large message too slowly"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return slog.LevelWarn, fmt.Sprintf("the peer did not take anything for %v", t.write)
	case errors.Is(err, websocket.ErrMessageTooBig):
		return slog.LevelWarn, "the peer sent a message larger than the limit"
	case errors.As(err, &closed):
		if closed.Code == websocket.StatusNoStatusRcvd {
			return slog.LevelInfo, "closed by the peer"
		}
		if closed.Reason == "" {
			return slog.LevelInfo, fmt.Sprintf("closed by the peer with code %d", closed.Code)
		}
		return slog.LevelInfo, fmt.Sprintf("closed by the peer with code %d: %s", closed.Code, closed.Reason)
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return slog.LevelInfo, "the peer dropped the connection"
	}
	return slog.LevelWarn, err.Error()
}

// dialReason explains why a connection could not be opened, in the same words for
// every try and without the URL, which may contain a token.
func dialReason(err error, status int) error {
	switch {
	case status == 403: // NoneBot's answer to all three
		return text.Errorf("the bot refused the connection (HTTP status 403): compare access token and path with its configuration, and look whether this account is connected to it already",
			"机器人拒绝了连接（HTTP 状态 403）：请与它的配置核对令牌和路径，并检查该账号是否已经连接")
	case status == 401:
		return text.Errorf("the bot refused the access token (HTTP status %d): compare it with the bot's configuration", "机器人拒绝了令牌（HTTP 状态 %d）：请与机器人的配置核对", status)
	case status == 404 || status == 405:
		return text.Errorf("the bot does not know this path (HTTP status %d): compare the URL with the bot's documentation", "机器人没有这个路径（HTTP 状态 %d）：请对照机器人的文档检查 URL", status)
	case status != 0 && status != 101:
		return text.Errorf("the bot answered with HTTP status %d instead of opening a WebSocket", "机器人以 HTTP 状态 %d 应答，没有打开 WebSocket", status)
	}
	err = redact.Err(err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return text.Errorf("nothing listens there: is the bot running? (%v)", "该地址无人监听：机器人是否在运行？（%v）", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return text.Errorf("no answer in time: %v", "没有及时应答：%v", err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // its text has our port, which is another one each time
	}
	return err
}
