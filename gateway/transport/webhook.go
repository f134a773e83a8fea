package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"libration/gateway"
	"libration/internal/network"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/internal/tlsfiles"
)

// DefaultWebhookTimeout bounds one post of a webhook that sets none.
const DefaultWebhookTimeout = 10 * time.Second

// Results of a post, for WebhookOptions.OnPost.
const (
	PostOK       = "ok"
	PostRefused  = "refused"   // a status such as 403 or 404: somebody must change something
	PostFailed   = "failed"    // 408, 429, 5xx: it may pass
	PostNoAnswer = "no_answer" // nobody there, or no answer in time
)

// operationQueue is how many quick operations may wait for the ones before them; more are
// refused, so that they do not hold up events.
const operationQueue = 256

// WebhookOptions configure posts of events to a bot that listens. URL is required.
type WebhookOptions struct {
	// URL is http://, https:// or http+unix://.
	URL string
	// Secret is what posts are proved by, in the dialect's way; "": by nothing.
	Secret string
	// Timeout bounds one post; default DefaultWebhookTimeout.
	Timeout time.Duration
	// Retry is the first pause before a post is tried again; default
	// DefaultReconnectInterval. It grows to five times that.
	Retry time.Duration
	// InsecureSkipVerify accepts any certificate of an https:// server.
	InsecureSkipVerify bool
	// TLS is that of ReverseOptions.
	TLS TLS
	// Events and Heartbeat are those of WebSocketOptions.
	Events    gateway.Selection
	Heartbeat time.Duration
	// Journal serves the bot what it missed: what it has not answered with 2xx.
	Journal JournalOptions
	// Network is where it connects to the bot; default the system's.
	Network network.Network
	// OnPost gets the result of each post; nil: nobody counts.
	OnPost func(result string)
}

func (o *WebhookOptions) setDefaults() {
	if o.Timeout == 0 {
		o.Timeout = DefaultWebhookTimeout
	}
	if o.Retry == 0 {
		o.Retry = DefaultReconnectInterval
	}
	if o.OnPost == nil {
		o.OnPost = func(string) {}
	}
}

// validate never quotes the whole URL: it may contain a token.
func (o *WebhookOptions) validate(d gateway.Speaker) error {
	var errs []error
	if o.URL == "" {
		errs = append(errs, text.Errorf("the url is missing: it must look like http://127.0.0.1:8080/path", "缺少 url：应为 http://127.0.0.1:8080/path 的形式"))
	} else {
		errs = append(errs, checkBotURL("url", o.URL, "http"))
	}
	if o.Timeout < 0 {
		errs = append(errs, text.Errorf("timeout %v is negative", "超时 %v 为负", o.Timeout))
	}
	if o.Retry < 0 {
		errs = append(errs, text.Errorf("retry %v is negative", "重试间隔 %v 为负", o.Retry))
	}
	errs = append(errs, checkSession(d, o.Events, o.Heartbeat, 0), o.Journal.validate())
	return errors.Join(errs...)
}

// Webhook posts events to a bot, one at a time and in order. What the bot answers is carried out. A post that
// fails is tried again until it works; the events behind it wait. Proxies of the
// environment are not used and redirects are not followed.
type Webhook struct {
	status
	o       WebhookOptions
	log     *slog.Logger
	dialect gateway.Poster
	time    timing
	dialing dialing
	url     string // to ask for
	socket  string // where it is asked for; "" for none
}

// NewWebhook makes a webhook; Run starts it. The error names the option, what is
// wrong with it and what to do.
func NewWebhook(d gateway.Poster, o WebhookOptions, log *slog.Logger) (*Webhook, error) {
	if err := o.validate(d); err != nil {
		return nil, fmt.Errorf("%s webhook: %w", d.Dialect(), err)
	}
	o.setDefaults()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Webhook{o: o, log: log, dialect: d, time: defaultTiming()}
	w.dialing = dialing{network: o.Network, files: tlsfiles.Files(o.TLS), insecure: o.InsecureSkipVerify, log: log}
	w.socket, w.url = socketOf(o.URL)
	return w, nil
}

// Name implements Service.
func (w *Webhook) Name() string { return w.dialect.Dialect() + " webhook " + redact.URL(w.o.URL) }

// Run implements Service. It is StateConnected once the bot has answered the
// lifecycle event, and as long as the last post worked.
func (w *Webhook) Run(ctx context.Context) (err error) {
	if err := w.begin(); err != nil {
		return fmt.Errorf("%s: %w", w.Name(), err)
	}
	defer func() { w.end(err) }()
	calls, cancel := outlive(ctx, w.time.drain)
	defer cancel()
	web := w.dialing.transport(w.socket, nil)
	web.IdleConnTimeout, web.MaxResponseHeaderBytes = idleTimeout, headerBytes
	p := &posting{
		Webhook: w, log: w.log.With("service", w.dialect.Dialect()+" webhook", "url", redact.URL(w.o.URL)),
		client: &http.Client{
			Timeout:       w.o.Timeout,
			Transport:     web,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		pause: &backoff.ExponentialBackOff{
			InitialInterval: w.o.Retry, RandomizationFactor: 0.1, Multiplier: 1.5, MaxInterval: 5 * w.o.Retry,
		},
		operations: make(chan operation, operationQueue),
	}
	defer p.client.CloseIdleConnections()
	var working sync.WaitGroup
	defer working.Wait()
	working.Go(func() {
		for op := range p.operations {
			p.operate(calls, op)
		}
	})
	defer close(p.operations)
	return guarded(p.log, func() error { return p.run(ctx, calls) })
}

// set notes what the webhook is doing.
func (w *Webhook) set(c Condition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.set(c)
}
