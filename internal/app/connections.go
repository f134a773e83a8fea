package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"libration/internal/config"
	"libration/onebot"
	"libration/onebot/transport"
)

// connection is one way for bots to connect.
type connection struct {
	kind    config.ConnectionType
	service transport.Service
}

func newConnection(b *onebot.Service, c *config.Connection, version string, log *slog.Logger) (connection, error) {
	format := onebot.FormatArray
	if c.Format == config.FormatString {
		format = onebot.FormatString
	}
	made := connection{kind: c.Type}
	var err error
	switch c.Type {
	case config.HTTP:
		made.service, err = transport.NewHTTP(b, transport.HTTPOptions{
			Address: c.Address, AccessToken: c.AccessToken, CORS: c.CORS,
		}, log)
	case config.WebSocket:
		made.service, err = transport.NewWebSocket(b, transport.WebSocketOptions{
			Address: c.Address, AccessToken: c.AccessToken,
			Format: format, ReportSelf: *c.ReportSelf, Heartbeat: time.Duration(*c.Heartbeat),
		}, log)
	case config.ReverseWebSocket:
		made.service, err = transport.NewReverse(b, transport.ReverseOptions{
			URL: c.URL, APIURL: c.APIURL, EventURL: c.EventURL, AccessToken: c.AccessToken,
			Version: version, ReconnectInterval: time.Duration(c.Reconnect), InsecureSkipVerify: c.SkipTLSVerify,
			Format: format, ReportSelf: *c.ReportSelf, Heartbeat: time.Duration(*c.Heartbeat),
		}, log)
	default:
		err = fmt.Errorf("unknown type %q", c.Type)
	}
	if err != nil {
		return made, fmt.Errorf("onebot.connections: %w", err)
	}
	return made, nil
}

// run is the supervise.RunFunc of the connection. It counts as ready when it
// listens, or at once when it is the one that dials.
func (c connection) run(ctx context.Context, ready func()) error {
	listening, ok := c.service.(transport.Listening)
	if !ok {
		ready()
		return c.service.Run(ctx)
	}
	var waiting sync.WaitGroup
	defer waiting.Wait()
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	waiting.Go(func() {
		select {
		case <-listening.Ready():
			ready()
		case <-watch.Done():
		}
	})
	return c.service.Run(ctx)
}

// Endpoint is an address on which the app listens.
type Endpoint struct {
	Kind config.ConnectionType
	Addr net.Addr
}

// Endpoints waits until all listening connections do, and returns them in the
// order of the configuration. The error is ctx's.
func (a *App) Endpoints(ctx context.Context) ([]Endpoint, error) {
	select {
	case <-a.built:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var all []Endpoint
	for _, c := range a.transports {
		listening, ok := c.service.(transport.Listening)
		if !ok {
			continue
		}
		select {
		case <-listening.Ready():
			all = append(all, Endpoint{c.kind, listening.Addr()})
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return all, nil
}
