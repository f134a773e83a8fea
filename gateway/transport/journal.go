package transport

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"libration/gateway"
	"libration/internal/text"
)

// JournalOptions say how far back a client that was away is served. With a Window
// the connection reads events from the service's journal: each at least once, and it
// is never cut off for being slow.
type JournalOptions struct {
	// Window is how old an event may be, and Limit how many a client may have missed;
	// what goes beyond is skipped. Window 0 turns the journal off, Limit 0 is no limit.
	Window time.Duration
	Limit  int
	// Name under which it is kept what the client has received. Servers, whose clients
	// have no names, do not use it. It may be secret.
	Name string
	// Client is the name for logs.
	Client string
}

func (o JournalOptions) validate() error {
	var errs []error
	if o.Window < 0 {
		errs = append(errs, text.Errorf("journal %v is negative: give a time, or 0 to turn it off", "journal %v 为负：请写时长，或写 0 关闭", o.Window))
	}
	if o.Limit < 0 {
		errs = append(errs, text.Errorf("journal limit %d is negative: give a number of events, or 0 for no limit", "journal 上限 %d 为负：请写事件数，或写 0 表示不限", o.Limit))
	}
	return errors.Join(errs...)
}

// cursor are the options of a cursor; after is what the client says it has.
func (o JournalOptions) cursor(form gateway.Selection, after *int64) gateway.CursorOptions {
	return gateway.CursorOptions{
		Name: o.Name, Client: o.Client, Selection: form, Window: o.Window, Limit: o.Limit, After: after,
		Live: o.Name == "", // nothing is known of the client
	}
}

// lastEventHeader has the id of the last event that a client has.
const lastEventHeader = "Last-Event-ID"

// lastEvent reads an event id that a client gave; nil when it gave none.
func lastEvent(given string) (*int64, error) {
	if given == "" {
		return nil, nil
	}
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil || id < 0 {
		return nil, text.Errorf("the last event id is not an event_id: it must be a whole number", "上一个事件 id 不是 event_id：应为整数")
	}
	return &id, nil
}

// lastEventOf reads it from a request: the query counts before the header.
func lastEventOf(r *http.Request) (*int64, error) {
	text := r.URL.Query().Get("last_event_id")
	if text == "" {
		text = r.Header.Get(lastEventHeader)
	}
	return lastEvent(text)
}
