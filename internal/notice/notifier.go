package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"

	"libration/internal/network"
	"libration/internal/text"
)

// Limits of the delivery, for each target.
const (
	sendTimeout = 20 * time.Second // of one try
	maxTries    = 8                // within about three minutes
	firstPause  = 2 * time.Second
	mostPause   = time.Minute
	maxWaiting  = 32 // notices; the oldest gives way
)

// Options of New.
type Options struct {
	Targets []Target
	// Name is the account's name in the notices; "" where it is the only account.
	Name string
	// After is how long trouble must last before a notice is sent. Trouble that needs a
	// person is reported at once.
	After time.Duration
	// Look returns the account's number (0 while it is not known), the condition of every
	// subject, and a channel that is closed at the next change. Changes that do not close
	// the channel are seen within seconds.
	Look func() (account uint64, all []Condition, changed <-chan struct{})
	// At turns a time of time.Now into the time that notices show. Nil means that both are
	// the same.
	At func(time.Time) time.Time
	// IncludeQR permits to send the text of login codes.
	IncludeQR bool
	// TestCommand tries the targets, DoctorCommand finds out what is wrong. People paste
	// them.
	TestCommand, DoctorCommand string
	Language                   text.Language
	Version                    string
	// Network makes the connections. Its zero value is the system's network.
	Network network.Network
	Log     *slog.Logger
}

// Notifier watches conditions and delivers notices.
type Notifier struct {
	o Options
	w watcher
}

// New returns a notifier.
func New(o Options) *Notifier {
	return &Notifier{o, watcher{o.After, o.Language, o.IncludeQR, make(map[string]*subject), o.At, o.Name, o.DoctorCommand}}
}

// Run watches until ctx ends. It returns nil when every goroutine has ended; notices
// that were not sent by then are dropped. It may be called once.
func (n *Notifier) Run(ctx context.Context) error {
	if len(n.o.Targets) == 0 {
		return nil
	}
	var running sync.WaitGroup
	defer running.Wait()
	queues := make([]chan *Notice, len(n.o.Targets))
	for i := range n.o.Targets {
		queues[i] = make(chan *Notice, maxWaiting)
		name := fmt.Sprintf("notices.targets[%d] (%s)", i, n.o.Targets[i].Name())
		s := newSender(n.o.Targets[i], n.o.Version, n.o.Network)
		running.Go(func() { s.deliver(ctx, queues[i], n.o.Log.With("target", name), n.o.TestCommand) })
	}
	ticker := time.NewTicker(min(max(n.o.After/2, 50*time.Millisecond), 5*time.Second))
	defer ticker.Stop()
	for {
		account, all, changed := n.o.Look()
		for _, c := range all {
			notice := n.w.look(time.Now(), account, c)
			if notice == nil {
				continue
			}
			n.o.Log.Info("notice to the owner", "kind", notice.Kind, "subject", notice.Subject, "untold", notice.Untold)
			for _, q := range queues {
				put(q, notice, n.o.Log)
			}
		}
		select {
		case <-changed:
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// put never waits. One goroutine puts.
func put(q chan *Notice, n *Notice, log *slog.Logger) {
	for {
		select {
		case q <- n:
			return
		default:
		}
		select {
		case old := <-q:
			log.Warn("notice dropped: too many wait", "kind", old.Kind)
		default:
		}
	}
}

// sender sends to one target. One goroutine uses it.
type sender struct {
	Target
	client  *http.Client
	version string
	base    string // replaces scheme and host of deliveries, in tests; "" does not
	network network.Network
}

func newSender(t Target, version string, n network.Network) *sender {
	return &sender{Target: t, version: version, network: n, client: &http.Client{
		Transport: &http.Transport{DialContext: n.Dial, DisableKeepAlives: true},
		// A redirect could lead the signature and the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// deliver sends what comes, in order, until ctx ends. test is the command that tries the
// targets.
func (s *sender) deliver(ctx context.Context, q <-chan *Notice, log *slog.Logger, test string) {
	for {
		var n *Notice
		select {
		case n = <-q:
		case <-ctx.Done():
			return
		}
		pauses := backoff.NewExponentialBackOff()
		pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = firstPause, mostPause, 2
		_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, s.send(ctx, n) },
			backoff.WithBackOff(pauses), backoff.WithMaxTries(maxTries), backoff.WithMaxElapsedTime(0),
			backoff.WithNotify(func(err error, wait time.Duration) {
				log.Warn("notice not sent; it is tried again", "kind", n.Kind, "err", err, "retry_in", wait.Round(time.Millisecond))
			}))
		switch {
		case err == nil:
			log.Debug("notice sent", "kind", n.Kind)
		case ctx.Err() == nil:
			log.Error("notice given up: check the target", "kind", n.Kind, "err", err, "do", test)
		}
	}
}

// send tries once. Its error has no secrets; it is a backoff.PermanentError when
// another try would not help.
func (s *sender) send(ctx context.Context, n *Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	var err error
	if s.webhook() {
		err = s.post(ctx, s.client, s.version, n)
	} else {
		err = s.serve(ctx, n)
	}
	if err == nil {
		return nil
	}
	permanent, ok := errors.AsType[*backoff.PermanentError](err)
	if ok {
		return backoff.Permanent(errors.New(s.redact(permanent.Err.Error())))
	}
	return errors.New(s.redact(err.Error()))
}

// serve sends by a service.
func (s *sender) serve(ctx context.Context, n *Notice) (err error) {
	defer recovered(&err)
	service, err := s.service()
	if err != nil {
		return err
	}
	if service, ok := service.(*smtp.Service); ok {
		return sendMail(ctx, s.network, service, n)
	}
	all, err := deliveries(service, n, time.Now())
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := d.deliver(ctx, s.client, s.base, s.version); err != nil {
			return err
		}
	}
	return nil
}

// Account is one that notices are about.
type Account struct {
	// Name is "" for the only one.
	Name string
	// Number is 0 before the first login.
	Number uint64
}

// SendTest sends a notice that says it is a test, and of which accounts notices will come,
// once.
func SendTest(ctx context.Context, by network.Network, t Target, accounts []Account, l text.Language, version string) error {
	n := &Notice{Kind: Test, Level: Test.level(), Subject: "test", Time: time.Now()}
	var all []string
	for _, a := range accounts {
		all = append(all, called(a.Name, a.Number, l))
	}
	n.accounts = strings.Join(all, text.T(", account ", "、账号 ").In(l))
	if len(accounts) == 1 {
		n.Account, n.Name = accounts[0].Number, accounts[0].Name
	}
	n.fill(l, Condition{}, "")
	return newSender(t, version, by).send(ctx, n)
}
