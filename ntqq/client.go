package ntqq

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/hourly"
	"libration/internal/network"
	"libration/internal/queue"
	"libration/internal/rpc"
	"libration/ntqq/clock"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/internal/upload"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/session"
)

// Options configure a Client. The zero value is a client of the real service that claims
// to be the Linux version, forgets its session at the end and logs in by QR code,
// unsigned. [session.Options] says more about the fields that it has, too.
type Options struct {
	App          AppInfo      // the client version to claim; zero value: App("linux")
	UIN          UIN          // the expected account; 0: the keystore's, or whoever scans the code
	PasswordMD5  HexBytes     // see PasswordMD5; nil: no login by password
	Keystore     KeystoreFile // keeps the session; nil: a MemoryKeystore
	Initial      *Keystore    // for an empty Keystore; nil: a new device
	Signer       Signer       // nil: nothing is signed
	SignLongList bool         // sign the longer list of commands of newer clients
	Servers      Servers      // zero value: the real service
	// FindServers is called before each connection; what it returns replaces Servers.
	FindServers  func(context.Context) (Servers, error)
	Taken        func(UIN) bool // what the scanned code may not be: an account in use elsewhere
	MaxQRCodes   int            // login codes in a row; 0: 10
	RefreshAfter time.Duration  // the age of tickets that are replaced; 0: 15 days, negative: never

	// OutcomeWait bounds how long a message whose answer was lost is looked up in the chat's
	// history. 0: 30 s. Negative: it is not looked up, and the send ends with
	// ErrUnknownOutcome at once.
	OutcomeWait time.Duration
	// SendLimit bounds how fast messages are sent. Its zero value is no limit.
	SendLimit SendLimit
	// CatchUp bounds the fetching of messages missed while the account was away.
	CatchUp CatchUp
	// Progress keeps over restarts which messages, requests and notices were delivered, so
	// that those missed in between are fetched. nil: it is known only while the Client lives.
	Progress Progress
	// Forwards keeps the content of forwards that were sent or opened, so that they can be
	// opened again without the service, which forgets them. nil: they are not kept.
	Forwards ForwardCache

	// MemberMemory bounds, in bytes, the lists of members of groups that are kept in memory;
	// a member takes about 100. Lists that were not used for the longest time are forgotten,
	// and fetched again when they are needed. 0: 128 MiB.
	MemberMemory int
	// Media gets what is sent ready: it measures, hashes and converts. Its zero value is
	// usable.
	Media media.Tools
	// Transfers takes the uploads and downloads of media; nil: a new one. See
	// [Client.Transfers].
	Transfers *transfer.Registry
	// UploadTCP: uploads go in frames of their own, not in HTTP requests.
	UploadTCP bool
	// PrivateMedia: media go to and come from private addresses, too, when the service names
	// one; those of a sandbox always are. See [media.Reach].
	PrivateMedia bool

	// Handler gets every event, one at a time; those of one chat in the order in which the
	// server sent them. An event about which the service is asked (the number of a person,
	// for instance) waits up to 10 s for the answer, and with it later ones of its chat.
	// While the handler runs, later events wait; when thousands do, the server waits, its
	// answers to requests included. A handler that calls the client should do so from a
	// goroutine of its own.
	Handler func(event.Event)
	// OnState gets every change of the state, in order, from the session's goroutine. It
	// must return quickly, and must not call methods but State and Self.
	OnState func(State)
	// OnCall gets every request that has ended: its command, how long it took and its error.
	// The command of those by SendPacket is "packet".
	// It is called from many goroutines and must return quickly.
	OnCall func(command string, took time.Duration, err error)
	// OnUnknown gets the bytes of input that was not understood, from the session's
	// goroutines. It must return quickly.
	OnUnknown func(UnknownPacket)

	Clock  *clock.Clock // corrected by the server's answers; nil: a new one
	Log    *slog.Logger // nil: slog.Default()
	Timing Timing       // the waits of the session; the zero value is right but for tests
	// Proxy is what all connections to public addresses go through, uploads, downloads and
	// web pages too: socks5://, http:// or https:// with host:port, and user:password@ before
	// them; "environment" for that of the environment. "" or "direct": they are direct. A
	// signer makes its own connections: see [ProxyClient].
	Proxy string
	// Dial and Lookup replace the network, also to the proxy. nil: the system's.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]string, error)
}

func (o *Options) setDefaults() {
	if o.OutcomeWait == 0 {
		o.OutcomeWait = outcomeWait
	}
	o.CatchUp.setDefaults()
	if o.MemberMemory == 0 {
		o.MemberMemory = memberMemory
	}
	if o.Handler == nil {
		o.Handler = func(event.Event) {}
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
	if o.Transfers == nil {
		o.Transfers = &transfer.Registry{}
	}
}

// session returns the options of the session, without its callbacks to the client.
func (o *Options) session() session.Options {
	return session.Options{
		App: o.App, UIN: o.UIN, PasswordMD5: o.PasswordMD5, Keystore: o.Keystore, Initial: o.Initial,
		Signer: o.Signer, SignLongList: o.SignLongList, Servers: o.Servers, FindServers: o.FindServers,
		MaxQRCodes: o.MaxQRCodes, Taken: o.Taken, RefreshAfter: o.RefreshAfter, OnState: o.OnState, OnCall: o.OnCall,
		Clock: o.Clock, Log: o.Log, Timing: o.Timing, Proxy: o.Proxy, Dial: o.Dial, Lookup: o.Lookup,
	}
}

// Client is one account: its session, what happens to it, and what it can do. Its methods
// are safe for concurrent use.
type Client struct {
	opts    Options
	log     *slog.Logger
	notes   *hourly.Log
	network network.Network
	session *session.Session
	clock   *clock.Clock
	running atomic.Bool
	crash   *crash // of the present Run

	stats        stats
	cache        cache
	devices      atomic.Pointer[[]event.Device] // nil: the service has not said
	restrictions restrictions
	decoder      *event.Decoder
	order        *ordering
	invitations  invitations // that were reported last
	lookedUp     lookedUp
	listing      chan struct{} // a place for each list of members that is fetched for a caller
	lanes        lanes
	silence      silence
	pushes       *queue.Queue[push]
	flooded      chan struct{}             // 1 when a push found no room
	own          *queue.Queue[order.Input] // of our own messages
	compared     chan order.Input          // what the server has, after each registration
	missed       chan missed               // of its lists of requests and notices
	comparing    sync.WaitGroup            // the goroutine that asks for it

	sending    *sendLimiter
	sends      *sendings
	shownFiles shownFiles
	showing    chan struct{} // a place for each forward that is read for what its card shows

	transfers *transfer.Registry
	uploads   chan struct{} // a place for each upload of a medium that runs
	// fileUploads is a place for each upload of a file.
	fileUploads chan struct{}
	blocks      *upload.Budget // of all uploads
	highways    highways
	rkeys       rkeys
	webLogin    webLogin
}

// New checks the options and loads the keystore. It starts nothing.
func New(o Options) (*Client, error) {
	o.setDefaults()
	c := &Client{
		opts: o, log: o.Log, notes: hourly.New(o.Log), clock: o.Clock,
		pushes: queue.New[push](pushQueue, pushBytes), flooded: make(chan struct{}, 1), own: queue.New[order.Input](ownQueue, ownBytes),
		crash:    &crash{stop: func() {}, log: o.Log},
		compared: make(chan order.Input), missed: make(chan missed), sending: newSendLimiter(o.SendLimit), sends: newSendings(o.Log),
		showing: make(chan struct{}, maxShowing), listing: make(chan struct{}, maxListing),
		transfers: o.Transfers, uploads: make(chan struct{}, maxUploads), fileUploads: make(chan struct{}, maxFileUploads), blocks: upload.NewBudget(),
	}
	s := o.session()
	s.OnPush, s.OnOnline, s.OnFrame = c.receive, c.online, c.noteFrame
	var err error
	if c.session, err = session.New(s); err != nil {
		return nil, err
	}
	c.network.DialFunc = o.Dial
	c.network.Proxy, _ = network.ParseProxy(o.Proxy) // the session has checked it
	c.cache.init(o.MemberMemory)
	c.lanes = newLanes()
	c.order = newOrdering(c)
	c.decoder = event.NewDecoder(func() event.Person {
		self := c.Self()
		return event.Person{UIN: self.UIN, UID: self.UID}
	})
	return c, nil
}

// Run connects, logs in and keeps the account online until ctx ends; then it says goodbye
// to the server, hands on what has been received, and returns nil. Failures never end it:
// it waits and tries again, and when a person is needed (Kicked, NeedsLogin) it waits for
// [Client.Relogin]. [Client.State] reports where it is. Run may be called once at a time.
// A panic in one of its goroutines, or in a callback of the options, ends it: Run panics
// with the same value when all of them have ended.
func (c *Client) Run(ctx context.Context) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("client is running already")
	}
	defer c.running.Store(false)
	defer c.session.Save() // a name that came last
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c.crash = &crash{stop: stop, log: c.log}
	defer func() {
		if v := c.crash.value; v != nil {
			panic(v)
		}
	}()

	// Events outlive the session's end a little: what has been received is handed on.
	dispatchCtx, stopDispatch := context.WithCancel(context.WithoutCancel(ctx))
	dispatched := make(chan struct{})
	go func() {
		defer close(dispatched)
		c.crash.guard(func() { c.dispatch(dispatchCtx) })
	}()
	defer func() {
		stopDispatch()
		<-dispatched
	}()
	defer c.comparing.Wait()
	return c.session.Run(ctx)
}

// online follows a registration; ctx ends with the connection. Lists count as stale,
// because pushes may have been missed, and what the server has is compared with what was
// delivered.
func (c *Client) online(ctx context.Context, serverTime int64) {
	c.cache.expire()
	c.highways.forget(nil)
	c.comparing.Wait() // that of the last connection has ended with it
	c.comparing.Go(func() { c.crash.guard(func() { c.compare(ctx, serverTime) }) })
}

// call runs one operation through Call. A refusal in the answer is a *ServerError,
// like one by the packet's return code.
func call[Req, Resp proto.Message](ctx context.Context, c *Client, op *rpc.Op[Req, Resp], req Req) (Resp, error) {
	resp, err := rpc.Call(ctx, c, op, req)
	return resp, serverError(err, nil)
}
