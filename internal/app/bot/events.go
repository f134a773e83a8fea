package bot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"libration/internal/text"
)

// reconnect is the pause between two tries.
const reconnect = 3 * time.Second

// Handler takes one frame. An error ends Follow.
type Handler func(ctx context.Context, c *Conn, frame []byte) error

// PrintEvents writes every frame that the service sends to w, each on
// a line, until ctx ends (nil), otherwise like Follow.
func PrintEvents(ctx context.Context, w io.Writer, log *slog.Logger, t Target) error {
	return t.Follow(ctx, log, func(_ context.Context, _ *Conn, frame []byte) error {
		if _, err := w.Write(append(bytes.TrimSpace(frame), '\n')); err != nil {
			return text.Errorf("write event: %v", "写入事件：%v", err)
		}
		return nil
	})
}

// Follow is Target.Follow at an address with a token.
func Follow(ctx context.Context, log *slog.Logger, address, token string, handle Handler) error {
	return Target{URL: address, Token: token}.Follow(ctx, log, handle)
}

// Follow connects and gives each frame to handle, one at a time. It returns
// nil when ctx ends. It connects again when the connection breaks. It returns an error
// when the first try fails, when the token is refused, and when handle fails.
func (t Target) Follow(ctx context.Context, log *slog.Logger, handle Handler) error {
	conn, err := t.Dial(ctx)
	for {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		broken, err := follow(ctx, conn, handle)
		if err != nil || ctx.Err() != nil {
			return err
		}
		conn, err = t.redial(ctx, log, broken)
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// redial tries until it is connected, refused, or ctx has ended.
func (t Target) redial(ctx context.Context, log *slog.Logger, err error) (*Conn, error) {
	for {
		log.Warn("connection ended: trying again", "err", err, "in", reconnect)
		timer := time.NewTimer(reconnect)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		var conn *Conn
		if conn, err = t.Dial(ctx); err == nil {
			log.Info("connected again")
			return conn, nil
		}
		if errors.Is(err, ErrToken) {
			return nil, err
		}
	}
}

// follow reads one connection to its end and closes it. broken is why it ended by
// itself, err is handle's.
func follow(ctx context.Context, conn *Conn, handle Handler) (broken, err error) {
	// ctx must not cut off the reading itself: that would end the connection without
	// a goodbye.
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		conn.Close()
	})
	defer func() {
		if stop() {
			conn.Drop()
		} else {
			<-closed
		}
	}()
	for {
		frame, err := conn.Read(context.WithoutCancel(ctx))
		if err != nil {
			return err, nil
		}
		if err := handle(ctx, conn, frame); err != nil {
			return nil, err
		}
	}
}
