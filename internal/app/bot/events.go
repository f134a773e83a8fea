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

// PrintEvents writes every frame that the service at address sends to w, each on
// a line, until ctx ends (nil), otherwise like Follow.
func PrintEvents(ctx context.Context, w io.Writer, log *slog.Logger, address, token string) error {
	return Follow(ctx, log, address, token, func(_ context.Context, _ *Conn, frame []byte) error {
		if _, err := w.Write(append(bytes.TrimSpace(frame), '\n')); err != nil {
			return text.Errorf("write event: %v", "写入事件：%v", err)
		}
		return nil
	})
}

// Follow connects to address and gives each frame to handle, one at a time. It returns
// nil when ctx ends. It connects again when the connection breaks. It returns an error
// when the first try fails, when the token is refused, and when handle fails.
func Follow(ctx context.Context, log *slog.Logger, address, token string, handle Handler) error {
	conn, err := Dial(ctx, address, token)
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
		conn, err = redial(ctx, log, address, token, broken)
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// redial tries until it is connected, refused, or ctx has ended.
func redial(ctx context.Context, log *slog.Logger, address, token string, err error) (*Conn, error) {
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
		if conn, err = Dial(ctx, address, token); err == nil {
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
