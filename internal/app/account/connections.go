package account

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/transport"
	"libration/internal/config"
	"libration/internal/store"
	"libration/internal/supervise"
	"libration/onebot"
)

// connection is one way for bots to connect.
type connection struct {
	kind    config.ConnectionType
	service transport.Service
	// cursor is the name of its position in the journal; "" when it keeps none.
	cursor     string
	reportSelf bool
}

// journaled tells whether a connection, of the resolved ones, reads the journal.
func journaled(c *config.Connection) bool {
	apiOnly := c.Type == config.ReverseWebSocket && c.URL == "" && c.EventURL == ""
	return *c.Journal > 0 && !apiOnly
}

// keepEvents is how long events are kept: as long as some connection may ask for
// them, and at least an hour, so that what is fetched again after a crash is known.
func keepEvents(o *config.OneBot) time.Duration {
	keep := time.Hour
	for _, c := range o.Resolved() {
		keep = max(keep, time.Duration(*c.Journal))
	}
	return keep
}

// readers are the clients that still have to get some events.
func readers(o *config.OneBot) (all []store.Reader) {
	for _, c := range o.Resolved() {
		if !journaled(&c) {
			continue
		}
		r := store.Reader{Window: time.Duration(*c.Journal), Most: gateway.MostWaiting(int(c.JournalLimit)), Own: *c.ReportSelf}
		if c.Type != config.WebSocket {
			r.Name = c.JournalName()
		}
		all = append(all, r)
	}
	return all
}

func formatOf(c *config.Connection) onebot.Format {
	if c.Format == config.FormatString {
		return onebot.FormatString
	}
	return onebot.FormatArray
}

func (a *Account) newConnection(b *onebot.Service, c *config.Connection) (connection, error) {
	n, counted, log, name, token := a.o.Network, a.counted, a.log, a.cfg.Account.Name, c.TokenOf(&a.cfg.Account)
	var port *transport.Port
	if a.o.Port != nil && c.Address != "" {
		port = a.o.Port(c)
	}
	events := gateway.Selection{Form: b.Form(formatOf(c)), ReportSelf: *c.ReportSelf}
	journal := transport.JournalOptions{Window: time.Duration(*c.Journal), Limit: int(c.JournalLimit), Name: c.JournalName(), Client: c.Name()}
	made := connection{kind: c.Type}
	var err error
	switch c.Type {
	case config.HTTP:
		made.service, err = transport.NewHTTP(b, transport.HTTPOptions{
			Network: n, Address: c.Address, Port: port, Account: name, AccessToken: token, CORS: c.CORS, OnRefused: counted.refused(c.Name()),
		}, log)
	case config.WebSocket:
		made.service, err = transport.NewWebSocket(b, transport.WebSocketOptions{
			Network: n, Address: c.Address, Port: port, Account: name, AccessToken: token, OnRefused: counted.refused(c.Name()),
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal,
		}, log)
	case config.ReverseWebSocket:
		made.service, err = transport.NewReverse(b, transport.ReverseOptions{
			Network: n, URL: c.URL, APIURL: c.APIURL, EventURL: c.EventURL, AccessToken: c.AccessToken,
			ReconnectInterval: time.Duration(c.Reconnect), InsecureSkipVerify: c.SkipTLSVerify,
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal,
		}, log)
	case config.Webhook:
		made.service, err = transport.NewWebhook(b, transport.WebhookOptions{
			Network: n, URL: c.URL, Secret: c.Secret, Timeout: time.Duration(c.Timeout),
			Retry: time.Duration(c.Reconnect), InsecureSkipVerify: c.SkipTLSVerify,
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal, OnPost: counted.posts(c.Name()),
		}, log)
	default:
		err = fmt.Errorf("unknown type %q", c.Type)
	}
	if err != nil {
		return made, fmt.Errorf("onebot.connections: %w", err)
	}
	if journaled(c) && c.Type != config.WebSocket {
		made.cursor, made.reportSelf = journal.Name, *c.ReportSelf
	}
	return made, nil
}

// connect makes the OneBot connections, and a supervisor that runs them; it completes p.
func (a *Account) connect(p *parts) error {
	supervisor := supervise.New(supervise.Options{Log: a.log, MinRetry: a.o.ServiceRetry, OnChange: a.change})
	p.supervisor, p.connections = supervisor, make(map[string]connection)
	for _, c := range a.cfg.OneBot.Resolved() {
		t, err := a.newConnection(p.service, &c)
		if err != nil {
			return err
		}
		start := supervise.After(a.online)
		if c.Start == config.StartAtOnce {
			start = nil
		}
		name := c.Name()
		run := t.supervised(func(err error, retry time.Time) { supervisor.Trouble(name, err, retry) })
		if err := supervisor.Add(name, start, run); err != nil {
			return fmt.Errorf("onebot.connections: %w", err)
		}
		a.transports = append(a.transports, t)
		p.connections[c.Name()] = t
	}
	if len(a.transports) == 0 {
		a.log.Warn("no OneBot connection is configured: the account will be online, but no bot can reach it (onebot.connections in the config)")
	}
	close(a.built)
	return nil
}

// supervised is the supervise.RunFunc of the connection. It counts as ready when it
// listens and has answered its own request, or is connected to the bot. While a bot
// is away, the connection that dials it tells trouble.
func (c connection) supervised(trouble func(err error, retry time.Time)) supervise.RunFunc {
	return func(ctx context.Context, ready func()) error {
		var watching sync.WaitGroup
		defer watching.Wait()
		watch, cancel := context.WithCancel(ctx)
		defer cancel()
		watching.Go(func() {
			for {
				now, changed := c.service.Watch()
				switch {
				case now.Serving():
					ready()
				case now.Err != nil && now.State != transport.StateFailed:
					trouble(now.Err, now.Retry)
				}
				select {
				case <-changed:
				case <-watch.Done():
					return
				}
			}
		})
		return c.service.Run(ctx)
	}
}

// Endpoint is an address on which an account listens.
type Endpoint struct {
	Kind config.ConnectionType
	Addr net.Addr
}

// Endpoints waits until all listening connections have begun to serve, and returns them in the
// order of the configuration. The error is ctx's.
func (a *Account) Endpoints(ctx context.Context) ([]Endpoint, error) {
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
		var addr net.Addr
		for addr == nil { // it may fail again between the two
			select {
			case <-listening.Ready():
				addr = listening.Addr()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		all = append(all, Endpoint{c.kind, addr})
	}
	return all, nil
}
