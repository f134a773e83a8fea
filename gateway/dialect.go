package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
)

// A dialect is a language that bots speak with one account. Transports carry its bytes
// and know nothing else of it. Speaker is what all of them ask, Teller what those
// do that give events; Answerer, Talker and Poster are what one kind of transport does.
// All methods are called from several goroutines at once.

// Speaker names a dialect and whose account it is.
type Speaker interface {
	// Dialect is the name of the dialect, in the names of services and in logs.
	Dialect() string
	// Gateway is the account's.
	Gateway() *Gateway
	// Public answers a request whose address alone proves that the caller may have what it
	// names, in place of a token; nil: it is none.
	Public(r *http.Request) http.HandlerFunc
}

// Teller is a dialect whose clients get events.
type Teller interface {
	Speaker
	// Beat is a heartbeat to a client that gets one in this interval; nil: there is none.
	Beat(interval time.Duration) []byte
}

// Answer is what a request gets.
type Answer struct {
	Status int         // of HTTP
	Header http.Header // nil: only what each answer has
	Type   string      // of the body
	Body   []byte      // of HTTP, or the frame of a WebSocket; nil: there is none
}

// Call is a request that was read.
type Call struct {
	// Run carries the request out. It must not panic. hold is what the request takes of
	// the Budget: Run gives it back. nil: there is nothing to do, and Answer says so.
	Run    func(ctx context.Context, hold Hold) Answer
	Answer Answer
	// Frames, where it is set, takes the place of Run where a request may have several
	// frames: it sends all but the last one, its Answer. When a frame cannot be sent it
	// ends. Few such requests run at a time.
	Frames func(ctx context.Context, hold Hold, send func(frame []byte) error) Answer
	// Poll, where it is set, takes the place of Run by HTTP: the request waits for events
	// until ctx ends, which is when its caller hangs up or the service stops. It waits for no
	// place. queue is nil where the connection has none.
	Poll func(ctx context.Context, hold Hold, queue Queue) Answer
	// Lane is whom the request may keep waiting.
	Lane table.Lane
	// Chat names the chat that a message is sent to; "": none is sent to one. Upload tells
	// that it may have media, which may take long: such requests wait for each other only,
	// and hardly for those of other chats. Of one WebSocket connection, later messages to
	// the chat wait for them.
	Chat   string
	Upload bool
	// Large tells that its answer may take many MiB: few such requests run at a time, and
	// until their answer is written.
	Large bool
	// Keeps is how many bytes of the request are needed to run it, where that is less than
	// all of it.
	Keeps int64
	// Changes tells that it may change something: a web page must not cause it.
	Changes bool
}

// Queue has the events that wait for a client that asks for them. Its methods are safe for
// concurrent use.
type Queue interface {
	// Next removes and returns the frames of events, old to new: most of them, or with 0 all,
	// and no more than an answer has room for. Where none wait, it waits for one for this
	// time, or with 0 until ctx ends; then there are none. ErrOtherPoll: another call took
	// the place of this one.
	Next(ctx context.Context, patience time.Duration, most int) ([][]byte, error)
}

// ErrOtherPoll: of two calls that wait for the same events, the later one gets them.
var ErrOtherPoll = errors.New("another call waits for these events now")

// Route is how an HTTP request goes on by its head.
type Route struct {
	// Refused, when its status is set, is all that the request gets.
	Refused Answer
	// Serve, when set, answers the request itself, which may take and give any bytes.
	Serve http.HandlerFunc
	// Stream, when set, answers with events, as they come.
	Stream *Stream
	// Take, when set, takes the body as it comes, however large that is, and keeps no more
	// of it in memory than TakeMemory. Where callers need no token there is no such route.
	Take func(body io.Reader) Answer
	// Body is to be read.
	Body bool
	// Read reads the request, with its body.
	Read func(body []byte) Call
}

// Stream is how a client of server-sent events gets them.
type Stream struct {
	// Event is the type of all of them; "" for that of events without one.
	Event string
}

// TakeMemory is what a request of Route.Take may have in memory, in bytes.
const TakeMemory = SmallRequest

// Probe is a request by which a listener asks itself whether it answers.
type Probe struct {
	Method, Path, Body string
	// Check says what is wrong with the body of the answer, whose status is 200.
	Check func(body []byte) error
}

// Answerer is a dialect with requests by HTTP, and server-sent events. A caller proves himself by his token,
// in the header Authorization or the query, before anything else is looked at.
type Answerer interface {
	Teller
	// Refuse answers a request that the dialect has not seen. status is of HTTP; the
	// answer may have another one. why is for people.
	Refuse(status int, why text.Text) Answer
	Route(r *http.Request) Route
	Probe() Probe
	// Hello is that of Talker.
	Hello() []byte
}

// Line says what a WebSocket carries.
type Line struct{ Requests, Events bool }

// String is for logs.
func (l Line) String() string {
	switch l {
	case Line{Requests: true}:
		return "API"
	case Line{Events: true}:
		return "Event"
	}
	return "Universal"
}

// Greeting is the first frame of a client, where that proves who it is and not the
// handshake.
type Greeting struct {
	// Within is how long the client may take.
	Within time.Duration
	// Read reads the frame: its token, and the last event that the client says it has;
	// nil: it says nothing. An error closes the connection with Malformed.
	Read func(frame []byte) (token string, after *int64, err error)
	// Late, Malformed and Wrong close the connection of a client that says nothing, that
	// is not understood, or whose token is wrong, with these codes of WebSocket.
	Late, Malformed, Wrong int
}

// Talker is a dialect with WebSockets.
type Talker interface {
	Teller
	Refuse(status int, why text.Text) Answer
	// Line is what a connection with this handshake carries.
	Line(r *http.Request) Line
	// Greeting is nil where callers prove themselves like those of HTTP.
	Greeting() *Greeting
	// DialHeader goes out with the handshake of a connection to a bot.
	DialHeader(l Line) http.Header
	// Hello is the first frame to a client that takes events; nil: there is none.
	Hello() []byte
	// Frame reads a frame of a client. It keeps the frame. An Answer without a body is
	// not sent.
	Frame(l Line, frame []byte) Call
}

// Failure is why what a bot asked for was not done.
type Failure struct{ Code, Reason string }

// Poster is a dialect with webhooks: events are posted to the bot.
type Poster interface {
	Teller
	// PostHeader goes out with a post of this body. secret is the bot's; "": it has none.
	PostHeader(secret string, body []byte) http.Header
	// First and Last are posted when the webhook starts and when it ends; nil: nothing is.
	First() []byte
	Last() []byte
	// Answered reads the bot's answer to an event. The result carries out what the bot
	// asks for, and gives hold back; nil: it asks for nothing.
	Answered(event, answer []byte) func(ctx context.Context, hold Hold) *Failure
}
