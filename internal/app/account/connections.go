package account

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/transport"
	"libration/internal/config"
	"libration/internal/store"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/onebot"
)

// connection is one way for bots to connect.
type connection struct {
	config  config.Connection // resolved, for the account
	service transport.Service
	// cursor is the name of its position in the journal; "" when it keeps none.
	cursor string
	events gateway.Selection
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
		if !c.Listens() { // else its clients have no names
			r.Name = c.JournalName()
		}
		if c.Filter != "" { // the store does not know which pass
			r.Most = math.MaxInt
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

var flavours = map[config.Flavour]onebot.Flavour{
	config.FlavourLagrange: onebot.Lagrange,
	config.FlavourNapCat:   onebot.NapCat,
	config.FlavourBoth:     onebot.Lagrange | onebot.NapCat,
}

func (a *Account) newConnection(b *onebot.Dialect, c *config.Connection) (connection, error) {
	n, counted, log, key := a.o.Network, a.counted, a.log, a.cfg.Account.Folder()
	var port *transport.Port
	if a.o.Port != nil && c.Address != "" {
		port = a.o.Port(c)
	}
	events := gateway.Selection{Form: b.Form(formatOf(c)), ReportSelf: *c.ReportSelf}
	if c.Filter != "" {
		file, err := a.filters.load(c.Filter)
		if err != nil {
			return connection{}, filterError(c, err)
		}
		events.Filter = file
	}
	journal := transport.JournalOptions{Window: time.Duration(*c.Journal), Limit: int(c.JournalLimit), Name: c.JournalName(), Client: c.Name()}
	made := connection{config: *c, events: events}
	var err error
	switch c.Type {
	case config.HTTP:
		made.service, err = transport.NewHTTP(b, transport.HTTPOptions{
			Network: n, Address: c.Address, TLS: transport.TLS(c.TLS.Files()), Port: port, Account: key, AccessToken: c.AccessToken, CORS: c.CORS, OnRefused: counted.refused(c.Name()),
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal, PollQueue: int(c.PollQueue),
		}, log)
	case config.WebSocket:
		made.service, err = transport.NewWebSocket(b, transport.WebSocketOptions{
			Network: n, Address: c.Address, TLS: transport.TLS(c.TLS.Files()), Port: port, Account: key, AccessToken: c.AccessToken, OnRefused: counted.refused(c.Name()),
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal,
		}, log)
	case config.ReverseWebSocket:
		made.service, err = transport.NewReverse(b, transport.ReverseOptions{
			Network: n, URL: c.URL, APIURL: c.APIURL, EventURL: c.EventURL, AccessToken: c.AccessToken,
			ReconnectInterval: time.Duration(c.Reconnect), InsecureSkipVerify: c.SkipTLSVerify, TLS: transport.TLS(c.TLS.Files()),
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal,
		}, log)
	case config.Webhook:
		made.service, err = transport.NewWebhook(b, transport.WebhookOptions{
			Network: n, URL: c.URL, Secret: c.Secret, Timeout: time.Duration(c.Timeout),
			Retry: time.Duration(c.Reconnect), InsecureSkipVerify: c.SkipTLSVerify, TLS: transport.TLS(c.TLS.Files()),
			Events: events, Heartbeat: time.Duration(*c.Heartbeat), Journal: journal, OnPost: counted.posts(c.Name()),
		}, log)
	default:
		err = text.Errorf("unknown type %q", "未知的类型 %q", c.Type)
	}
	if err != nil {
		return made, fmt.Errorf("onebot.connections: %w", err)
	}
	if journaled(c) && !c.Listens() {
		made.cursor = journal.Name
	}
	return made, nil
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
