package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
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
	if why := tlsReason(err); why != nil {
		return why
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // its text has our port, which is another one each time
	}
	return err
}

// tlsReason explains a handshake of TLS that failed; nil: it was something else.
func tlsReason(err error) error {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return text.Errorf("the bot's certificate is of an authority that is not known here: name a PEM file with that in tls.ca, or set skip_tls_verify (%v)",
			"机器人证书的颁发机构未知：请在 tls.ca 中填写其证书的 PEM 文件，或设置 skip_tls_verify（%v）", e)
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return text.Errorf("the bot's certificate is for another name: use a name that is in it in the URL (%v)", "机器人的证书不属于该名称：请在 URL 中使用证书里的名称（%v）", e)
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return text.Errorf("the bot's certificate is out of date, or the clock of this machine is wrong (%v)", "机器人的证书已过期，或本机时钟不正确（%v）", e)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return text.Errorf("the bot speaks no TLS there: begin the URL with ws:// or http://", "机器人在该地址不使用 TLS：URL 请以 ws:// 或 http:// 开头")
	}
	// Alerts of the other side have no type of their own.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate") {
		return text.Errorf("the bot wants another certificate from this service: set tls.certificate and tls.key to what it accepts (%v)",
			"机器人要求本服务提供其他证书：请把 tls.certificate 和 tls.key 设为它接受的证书（%v）", op.Err)
	}
	return nil
}
