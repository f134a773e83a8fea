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
	case status == 401 || status == 403:
		return fmt.Errorf("the bot refused the access token (HTTP status %d): compare it with the bot's configuration", status)
	case status == 404 || status == 405:
		return fmt.Errorf("the bot does not know this path (HTTP status %d): compare the URL with the bot's documentation", status)
	case status != 0 && status != 101:
		return fmt.Errorf("the bot answered with HTTP status %d instead of opening a WebSocket", status)
	}
	err = redact.Err(err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens there: is the bot running? (%w)", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer in time: %w", err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // its text has our port, which is another one each time
	}
	return err
}
