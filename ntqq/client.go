package ntqq

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/clock"
	"libration/internal/hourly"
	"libration/internal/network"
	"libration/internal/queue"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
)

// Options configure a Client. The zero value is a client of the real service
// that claims to be the Linux version, forgets its session at the end and logs in
// by QR code, unsigned.
type Options struct {
	// App is the client version to claim; zero value: App("linux").
	App AppInfo
	// UIN is the expected account; 0 takes the account of the keystore, or whoever scans
	// the code when it has never been logged in.
	UIN UIN
	// PasswordMD5 is the MD5 of the password (see PasswordMD5), used when there is no
	// saved login or it is refused, before a QR code; nil: it is not. It needs UIN.
	PasswordMD5 HexBytes
	// Keystore keeps the session; nil: a MemoryKeystore.
	Keystore KeystoreFile
	// Initial is used when Keystore is empty, e.g. an import; nil: a new device.
	Initial *Keystore
	// Signer signs what the service wants signed; nil: nothing is signed.
	Signer Signer
	// SignLongList signs the longer command list of newer clients.
	SignLongList bool
	Servers      Servers
	// FindServers, when set, is asked before each connection and replaces Servers: a
	// sandbox that is started again may have other addresses and keys. An error
	// counts as a server that cannot be reached. It is called by the session's
	// goroutine.
	FindServers func(context.Context) (Servers, error)
	// MaxQRCodes bounds how many login codes are shown in a row before the session
	// waits in NeedsLogin; 0: 10 (about twenty minutes).
	MaxQRCodes int
	// OutcomeWait bounds how long a message whose answer was lost is looked up in
	// the chat's history; 0: 30 s, negative: it is not, and the send ends with
	// ErrUnknownOutcome at once.
	OutcomeWait time.Duration
	// SendLimit bounds how fast messages are sent; the zero value: no limit.
	SendLimit SendLimit

	// CatchUp bounds the fetching of messages missed while the account was away.
	CatchUp CatchUp
	// Progress keeps over restarts which messages were delivered, so that those
	// missed in between are fetched; nil: they are only while the Client lives.
	Progress Progress
	// RefreshAfter is the age at which the session's tickets are replaced, on the
	// living connection; 0: 15 days, negative: never.
	RefreshAfter time.Duration

	// Handler gets every event, in the order in which the server sent them, one at
	// a time. While it blocks, later events wait, and when thousands do, the server
	// waits, its answers to requests included: a handler that calls back into the
	// client should do so from a goroutine of its own.
	Handler func(event.Event)
	// OnState gets every change of the state, in order, from the session's
	// goroutine: it must return quickly and not call back into the client but for
	// State and Self.
	OnState func(State)
	// OnCall gets every request that ended, for statistics: the protocol command, how
	// long it took and its error. It is called from many goroutines and must return
	// quickly; nil: nobody counts.
	OnCall func(command string, took time.Duration, err error)
	// OnUnknown gets the bytes of input that was not understood, for diagnosis, from
	// the session's goroutines: it must return quickly. nil: nobody looks.
	OnUnknown func(UnknownPacket)
	// Clock is corrected by the server's answers; nil: a new one.
	Clock *clock.Clock
	// Log is nil for slog.Default().
	Log *slog.Logger

	// Timing changes how patient the session is; its zero value is right but for
	// tests.
	Timing Timing

	// Dial and Lookup replace the network; nil: package net.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]string, error)
}

var errKeyLength = errors.New("must have 32 bytes")

func fieldError(field string, err error) error { return fmt.Errorf("ntqq.Options.%s: %w", field, err) }

func (o *Options) setDefaults() {
	if o.App == (AppInfo{}) {
		o.App, _ = App("")
	}
	if o.Keystore == nil {
		o.Keystore = &MemoryKeystore{}
	}
	if o.MaxQRCodes == 0 {
		o.MaxQRCodes = 10
	}
	if o.OutcomeWait == 0 {
		o.OutcomeWait = outcomeWait
	}
	if o.RefreshAfter == 0 {
		o.RefreshAfter = refreshAfter
	}
	o.CatchUp.setDefaults()
	if o.Handler == nil {
		o.Handler = func(event.Event) {}
	}
	if o.OnState == nil {
		o.OnState = func(State) {}
	}
	if o.OnCall == nil {
		o.OnCall = func(string, time.Duration, error) {}
	}
	if o.OnUnknown == nil {
		o.OnUnknown = func(UnknownPacket) {}
	}
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Dial == nil {
		o.Dial = network.Network{}.Dial
	}
	if o.Lookup == nil {
		o.Lookup = network.Lookup
	}
	o.Servers.setDefaults()
	o.Timing.setDefaults()
}

// Timing holds the waits of a session that a test may want shorter, so that faults
// are over in milliseconds. Zero fields have the values of docs/session.md.
type Timing struct {
	// RetryFirst and RetryMost bound the pause before another connection; 0: 1 s and
	// 30 s.
	RetryFirst, RetryMost time.Duration
	// QRPoll is the pause between two questions whether a login code has been
	// scanned; 0: 2 s.
	QRPoll time.Duration
	// Answer is how long the server may take for an answer; 0: 15 s.
	Answer time.Duration
	// Alive is the pause between two heartbeats of the connection, AliveAnswer how long
	// the answer to one may take; 0: 10 s and 5 s.
	Alive, AliveAnswer time.Duration
	// Session is the pause between two heartbeats of the session; 0: 270 s.
	Session time.Duration
	// SignAgain is the pause between two questions to signers that failed while the
	// account is online; 0: 10 s.
	SignAgain time.Duration
}

func (t *Timing) setDefaults() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.RetryFirst, backoffFirst}, {&t.RetryMost, backoffMost}, {&t.QRPoll, qrPoll}, {&t.Answer, callTimeout},
		{&t.Alive, alivePeriod}, {&t.AliveAnswer, aliveWait}, {&t.Session, sessionPeriod},
		{&t.SignAgain, signAgain},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	t.RetryMost = max(t.RetryFirst, t.RetryMost)
}

// Client is one account's session. Its methods are safe for concurrent use.
type Client struct {
	opts     Options
	log      *slog.Logger
	notes    *hourly.Log
	signed   map[string]bool // commands to sign
	stats    stats
	sequence atomic.Uint32
	cache    cache
	decoder  *event.Decoder
	order    *ordering
	// lookAgain is when events may cause look-ups again, after one that was not
	// answered; the dispatcher's.
	lookAgain time.Time
	pushes    *queue.Queue[push]
	own       *queue.Queue[order.Input] // of our own messages
	compared  chan order.Input          // what the server has, after each registration
	restart   chan struct{}
	running   atomic.Bool

	signFailure atomic.Pointer[SignFailure]
	sending     *sendLimiter
	sends       *sendings
	clock       *clock.Clock
	loginAhead  atomic.Int64 // loginNow
	server      string       // chosen last; the session goroutine's

	// keystore is replaced as a whole, by the session goroutine only.
	keystore atomic.Pointer[Keystore]
	unsaved  bool // the keystore could not be written; the session goroutine's
	// renamed is the account's new name until the session goroutine has put it into the
	// keystore; nil: there is none.
	renamed atomic.Pointer[string]

	mu      sync.Mutex // guards the fields below
	state   State
	changed chan struct{}      // closed at the next change of state
	online  *conn              // the connection to call through; nil when not Online
	captcha chan CaptchaAnswer // takes the one answer that is waited for; nil: none is
}

// New checks the options and loads the keystore. It starts nothing.
func New(o Options) (*Client, error) {
	o.setDefaults()
	if err := o.Servers.validate(); err != nil {
		return nil, err
	}
	if n := len(o.PasswordMD5); n != 0 && n != md5.Size {
		return nil, fieldError("PasswordMD5", fmt.Errorf("has %d bytes, not %d", n, md5.Size))
	}
	if len(o.PasswordMD5) > 0 && o.UIN == 0 {
		return nil, fieldError("PasswordMD5", errors.New("needs UIN: the account that the password is of"))
	}
	ks, err := o.Keystore.Load()
	if err != nil {
		return nil, err
	}
	if ks == nil {
		ks = o.Initial
	}
	if ks == nil {
		ks = &Keystore{Device: NewDevice()}
	}
	if len(ks.Device.GUID) != 16 {
		return nil, fieldError("Initial", errors.New("the device needs a GUID of 16 bytes"))
	}
	if o.UIN != 0 && ks.UIN != 0 && o.UIN != ks.UIN {
		return nil, fmt.Errorf("the keystore belongs to account %d, not to the configured %d: use another data folder or correct the number", ks.UIN, o.UIN)
	}
	c := &Client{
		opts: o, log: o.Log, notes: hourly.New(o.Log),
		pushes: queue.New[push](pushQueue, pushBytes), own: queue.New[order.Input](ownQueue, ownBytes),
		compared: make(chan order.Input), restart: make(chan struct{}, 1),
		sending: newSendLimiter(o.SendLimit), sends: newSendings(o.Log), clock: o.Clock,
		state: State{Stage: Offline, Since: time.Now()}, changed: make(chan struct{}),
	}
	c.sequence.Store(rand.Uint32N(lastSequence - firstSequence))
	c.keystore.Store(ks)
	c.signed = rpc.SignedCommands(o.SignLongList)
	c.cache.init()
	c.order = newOrdering(c)
	c.decoder = event.NewDecoder(func() event.Person {
		ks := c.keys()
		return event.Person{UIN: ks.UIN, UID: ks.UID}
	})
	return c, nil
}

// keys is the current keystore: read-only.
func (c *Client) keys() *Keystore { return c.keystore.Load() }

// setKeys replaces the keystore and writes it down. A failure to write is logged,
// not fatal: the session lives on, and saveAgain tries until it works.
func (c *Client) setKeys(ks Keystore) {
	name := c.renamed.Load()
	if name != nil {
		ks.Nickname = *name
	}
	c.keystore.Store(&ks)
	c.renamed.CompareAndSwap(name, nil) // unless there is a newer one
	err := c.opts.Keystore.Save(&ks)
	c.unsaved = err != nil
	if err != nil {
		c.log.Error("the session cannot be saved yet: until it is, a restart means logging in again", "err", err)
	}
}

// rename takes a name that the account got elsewhere.
func (c *Client) rename(name string) {
	if name == "" || len(name) > maxNames {
		return
	}
	c.renamed.Store(&name)
	c.log.Info("own nickname changed", "nickname", name)
}

// saveAgain writes what an earlier setKeys could not, and a new name.
func (c *Client) saveAgain() {
	if c.renamed.Load() != nil {
		c.setKeys(*c.keys())
		return
	}
	if !c.unsaved {
		return
	}
	if err := c.opts.Keystore.Save(c.keys()); err != nil {
		c.log.Debug("the session still cannot be saved", "err", err)
		return
	}
	c.unsaved = false
	c.log.Info("the session is saved now")
}

// Self is the account; its UIN is 0 before the first login.
func (c *Client) Self() Self {
	name := c.renamed.Load() // first: it is in the keystore before it is gone here
	ks := c.keys()
	self := Self{UIN: ks.UIN, UID: ks.UID, Nickname: ks.Nickname}
	if name != nil {
		self.Nickname = *name
	}
	return self
}

// App is the client version that the session claims.
func (c *Client) App() AppInfo { return c.opts.App }

// State is the session's state now.
func (c *Client) State() State {
	s, _ := c.watch()
	return s
}

func (c *Client) watch() (State, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state, c.changed
}

// Wait returns the first state, the present one included, for which ok is true.
// States that pass quickly may be missed. The error is ctx's.
func (c *Client) Wait(ctx context.Context, ok func(State) bool) (State, error) {
	for {
		s, changed := c.watch()
		if ok(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// setState is called by the session's goroutine only.
func (c *Client) setState(s State, online *conn) {
	s.Since = time.Now()
	switch s.Stage {
	case Offline, Probing, Stopped:
	default:
		s.Server = c.server
	}
	c.mu.Lock()
	s.OnlineCount = c.state.OnlineCount
	if s.Stage == Online && c.state.Stage != Online {
		s.OnlineCount++
	}
	c.state, c.online = s, online
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	c.opts.OnState(s)
}

// Relogin starts the session again when it waits for a person (Kicked or
// NeedsLogin), or at once when it waits for its next try. While the account is online
// it does nothing.
func (c *Client) Relogin() {
	select {
	case c.restart <- struct{}{}:
	default: // one is already asked for
	}
}

// unasked forgets a Relogin.
func (c *Client) unasked() {
	select {
	case <-c.restart:
	default:
	}
}

// Call sends one plain command over the online session and returns the answer's
// payload. Errors: ErrOffline, ErrTimeout, ErrConnectionLost, ErrSessionExpired,
// ErrKicked, ErrSign, *ServerError, or ctx's.
func (c *Client) Call(ctx context.Context, command string, payload []byte) ([]byte, error) {
	c.mu.Lock()
	k, s := c.online, c.state
	c.mu.Unlock()
	if k == nil {
		if s.Err != nil { // its text alone: an ErrTimeout or ErrConnectionLost was not this call's
			return nil, fmt.Errorf("%s: %w (%s: %s)", command, ErrOffline, s.Stage, s.Err.Error())
		}
		return nil, fmt.Errorf("%s: %w (%s)", command, ErrOffline, s.Stage)
	}
	return k.Call(ctx, command, payload)
}

// call runs one operation through Call. A refusal in the answer is a *ServerError,
// like one by the packet's return code.
func call[Req, Resp proto.Message](ctx context.Context, c *Client, op *rpc.Op[Req, Resp], req Req) (Resp, error) {
	resp, err := rpc.Call(ctx, c, op, req)
	return resp, serverError(err, "")
}

// serverError makes an operation's refusal a *ServerError with a hint; other errors
// stay as they are.
func serverError(err error, hint string) error {
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return &ServerError{Command: refused.Command, Code: refused.Code, Message: refused.Message, Hint: hint}
	}
	return err
}

func hexText(b []byte) []byte { return hex.AppendEncode(nil, b) }
