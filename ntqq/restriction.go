package ntqq

import (
	"errors"
	"sync"
	"time"
)

// Restriction says that the account may not send messages of one kind until a person
// passes a verification.
type Restriction struct {
	Since time.Time // by the clock of this machine
	// Private is true when messages to people are refused; else those to groups are.
	Private bool
	Group   GroupCode // where the service said so; 0 when it did not say
	Kind    string    // what is restricted, in the service's words; may be ""
	URL     string    // where it is lifted; "" when the service did not say
}

// restrictions are those of messages to groups and to people.
type restrictions struct {
	mu              sync.Mutex // guards what follows
	group, personal *Restriction
}

func (r *restrictions) of(private bool) **Restriction {
	if private {
		return &r.personal
	}
	return &r.group
}

// begin notes a restriction. Of one that goes on, what is newly said of it is added.
func (r *restrictions) begin(now *Restriction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.of(now.Private)
	if *known == nil {
		*known = now
		return
	}
	more := **known
	if now.Group != 0 {
		more.Group = now.Group
	}
	if now.Kind != "" {
		more.Kind = now.Kind
	}
	if now.URL != "" {
		more.URL = now.URL
	}
	*known = &more
}

// sent notes how the service took a message: a restriction begins when it refuses the
// account, and ends when it takes one.
func (r *restrictions) sent(chat chatID, err error) {
	switch {
	case errors.Is(err, ErrRestricted):
		now := &Restriction{Since: time.Now(), Private: !chat.Group}
		if chat.Group {
			now.Group = GroupCode(chat.Code)
		}
		r.begin(now)
	case err == nil:
		r.mu.Lock()
		defer r.mu.Unlock()
		*r.of(!chat.Group) = nil
	}
}

// Restriction returns the restriction of the account from sending, as far as is known; nil
// when there is none. It begins when a message is refused for it ([ErrRestricted]) or the
// service says so, and ends when the service takes a message of that kind.
func (c *Client) Restriction() *Restriction {
	r := &c.restrictions
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.group != nil {
		return r.group
	}
	return r.personal
}
