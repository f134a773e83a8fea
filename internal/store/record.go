package store

import (
	"strconv"
	"strings"

	"libration/ntqq/message"
)

// record is a message with what its encoded form lacks.
type record struct {
	message message.Message
	people  string
	fetched bool // it has not arrived, or not yet
}

// The bits of the column self.
const (
	bitSelf    = 1 << iota // sent by the account
	bitFetched             // record.fetched
)

func (r *record) bits() (b int64) {
	if r.message.Self {
		b |= bitSelf
	}
	if r.fetched {
		b |= bitFetched
	}
	return b
}

// join takes over from what is stored of the message what this version does not know:
// the echo of a sent message and the message as sent each have parts the other lacks.
// Without newer, what is stored knows better. A sandbox that was started again numbers
// its messages anew: with another random the stored one is another message, and is
// replaced.
func (r *record) join(stored *record, newer bool) {
	if a, b := r.message.Random, stored.message.Random; a != b && a != 0 && b != 0 {
		return
	}
	if newer {
		r.fillFrom(stored)
		return
	}
	given := *r
	*r = *stored
	r.fillFrom(&given)
	r.fetched = stored.fetched && given.fetched
}

// fillFrom takes over what the record lacks.
func (r *record) fillFrom(old *record) {
	m, o := &r.message, &old.message
	fill(&m.Chat.Group, o.Chat.Group)
	fill(&m.Chat.Peer, o.Chat.Peer)
	fill(&m.Chat.PeerUID, o.Chat.PeerUID)
	fill(&m.Sender.UIN, o.Sender.UIN)
	fill(&m.Sender.UID, o.Sender.UID)
	fill(&m.Sender.Nickname, o.Sender.Nickname)
	fill(&m.Sender.Card, o.Sender.Card)
	fill(&m.Sender.Title, o.Sender.Title)
	fill(&m.Sender.Role, o.Sender.Role)
	fill(&m.Sender.Level, o.Sender.Level)
	fill(&m.GroupName, o.GroupName)
	fill(&m.ClientSequence, o.ClientSequence)
	fill(&m.Random, o.Random)
	fill(&m.Time, o.Time)
	fill(&r.people, old.people)
	m.Self = m.Self || o.Self
	if len(m.Raw) == 0 {
		m.Raw, m.Content = o.Raw, o.Content
	}
}

func fill[T comparable](v *T, old T) {
	var zero T
	if *v == zero {
		*v = old
	}
}

// maxPeople bounds the list of one message.
const maxPeople = 256

// people lists the accounts that the content names by both uid and uin, as lines
// "uid uin". The encoded message often has the uid alone, and the client's
// lookup must not be needed again.
func people(c message.Content) string {
	var b strings.Builder
	n := 0
	add := func(uid message.UID, uin message.UIN) {
		if uid == "" || uin == 0 || n == maxPeople || strings.ContainsAny(string(uid), " \n") {
			return
		}
		n++
		b.WriteString(string(uid))
		b.WriteByte(' ')
		b.WriteString(strconv.FormatUint(uint64(uin), 10))
		b.WriteByte('\n')
	}
	for _, s := range c {
		switch s := s.(type) {
		case *message.AtSegment:
			add(s.UID, s.UIN)
		case *message.ReplySegment:
			add(s.SenderUID, s.SenderUIN)
			for _, q := range s.Content {
				if at, ok := q.(*message.AtSegment); ok {
					add(at.UID, at.UIN)
				}
			}
		}
	}
	return b.String()
}

// nameUINs fills in the uins that a list made by people knows.
func nameUINs(c message.Content, people string) {
	if people == "" {
		return
	}
	known := make(map[message.UID]message.UIN)
	for line := range strings.Lines(people) {
		uid, number, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if n, err := strconv.ParseUint(number, 10, 64); err == nil {
			known[message.UID(uid)] = message.UIN(n)
		}
	}
	for _, s := range c {
		switch s := s.(type) {
		case *message.AtSegment:
			fill(&s.UIN, known[s.UID])
		case *message.ReplySegment:
			fill(&s.SenderUIN, known[s.SenderUID])
			for _, q := range s.Content {
				if at, ok := q.(*message.AtSegment); ok {
					fill(&at.UIN, known[at.UID])
				}
			}
		}
	}
}
