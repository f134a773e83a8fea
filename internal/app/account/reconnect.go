package account

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"slices"
	"time"

	"libration/gateway/transport"
	"libration/internal/config"
	"libration/internal/store"
	"libration/internal/supervise"
)

// keep says what the store keeps, with these connections.
func (a *Account) keep(o *config.OneBot) store.Keep {
	return store.Keep{
		Messages: a.cfg.Store.MaxAge.Std(), Events: keepEvents(o), Size: int64(a.cfg.Store.MaxSize), Readers: readers(o),
	}
}

// kept tells whether some connection reads the journal, and whether one gets the
// account's own messages from it.
func kept(o *config.OneBot) (journal, own bool) {
	for _, r := range readers(o) {
		journal, own = true, own || r.Own
	}
	return journal, own
}

// Reconnect makes the connections those of cfg, which is of the same account. The others
// do not notice. false: the account has to start anew for them.
func (a *Account) Reconnect(cfg *config.Config) (bool, error) {
	p := a.running()
	journal, own := kept(&cfg.OneBot)
	if p == nil || journal && !p.journal {
		return false, nil
	}
	if err := a.connect(p, cfg); err != nil {
		return true, err
	}
	p.messages.SetKeep(a.keep(&cfg.OneBot))
	p.gateway.KeepOwn(own)
	return true, nil
}

// connect makes the OneBot connections those of cfg. With an error nothing has changed.
func (a *Account) connect(p *parts, cfg *config.Config) error {
	before := p.links()
	var all, fresh []connection
	for _, c := range cfg.OneBot.Resolved() {
		c = c.For(&cfg.Account)
		i := slices.IndexFunc(before, func(b connection) bool { return reflect.DeepEqual(b.config, c) })
		if i >= 0 {
			all = append(all, before[i])
			continue
		}
		made, err := a.newConnection(p.onebot, &c)
		if err != nil {
			return err
		}
		all, fresh = append(all, made), append(fresh, made)
	}
	if len(all) == 0 {
		a.log.Warn("no OneBot connection is configured: the account will be online, but no bot can reach it (onebot.connections in the config)")
	}
	p.mu.Lock()
	p.connections = all
	p.mu.Unlock()
	for _, b := range before {
		if !slices.ContainsFunc(all, func(c connection) bool { return c.service == b.service }) {
			p.supervisor.Remove(b.config.Name())
		}
	}
	for _, c := range fresh {
		name, start := c.config.Name(), supervise.After(a.online)
		if c.config.Start == config.StartAtOnce {
			start = nil
		}
		run := c.supervised(func(err error, retry time.Time) { p.supervisor.Trouble(name, err, retry) })
		if err := p.supervisor.Add(name, start, run); err != nil {
			return fmt.Errorf("onebot.connections: %w", err)
		}
	}
	return nil
}

// links are the connections at this moment.
func (p *parts) links() []connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.connections
}

// Endpoint is an address on which an account listens.
type Endpoint struct {
	Kind config.ConnectionType
	Addr net.Addr
}

// Endpoints waits until all listening connections have begun to serve, and returns them
// in the order of the configuration. The error is ctx's.
func (a *Account) Endpoints(ctx context.Context) ([]Endpoint, error) {
	p := a.running()
	for p == nil {
		_, changed := a.watch()
		if p = a.running(); p != nil {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var all []Endpoint
	for _, c := range p.links() {
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
		all = append(all, Endpoint{c.config.Type, addr})
	}
	return all, nil
}
