package store

import (
	"errors"

	"libration/internal/text"
	"libration/ntqq/message"
)

// Put stores a message and returns its id. Storing a message again gives the
// same id; what the newer version knows replaces the older one. The message's
// parts (Content, Raw) are kept until written: they must not be changed
// afterwards.
//
// Put waits when thousands of messages are waiting to be written, unless
// writing fails: then the oldest waiting ones are given up. With any error but
// ErrNoKey the id is still the right one for the message.
func (s *Store) Put(m *message.Message) (int32, error) { return s.put(m, true, false, false) }

// PutSent is Put for a message as it was sent. What is stored of it already, as the
// service has reported it, stays: it only gets what it lacks. It does not wait behind
// received messages: there is room for it, and it is written with the next batch
// ([Store.FlushMessage]).
func (s *Store) PutSent(m *message.Message) (int32, error) { return s.put(m, false, false, true) }

// PutFetched is PutSent for a message that somebody asked for: it does not count as one
// that has arrived ([Store.Newest]).
func (s *Store) PutFetched(m *message.Message) (int32, error) { return s.put(m, false, true, false) }

// put stores a message. newer: it knows better than what is stored of it. sent: somebody
// waits for it.
func (s *Store) put(m *message.Message, newer, fetched, sent bool) (int32, error) {
	if m == nil {
		return 0, ErrNoKey
	}
	k, err := keyOf(m.Chat, m.Sequence)
	if err != nil {
		return 0, err
	}
	rec := record{message: *m, people: people(m.Content), fetched: fetched}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(m.Raw) > maxRaw {
		p, _ := s.find(k, true)
		return p.id, text.Errorf("message of %d bytes is too large to store, the limit is %d", "消息有 %d 字节，过大而无法保存，上限为 %d", len(m.Raw), maxRaw)
	}
	for {
		if s.full(sent) && !s.closed {
			if s.failure != nil {
				s.giveUpOldest()
			} else {
				s.room.Wait()
			}
			continue
		}
		p, err := s.find(k, true)
		if errors.Is(err, errNoID) && !s.usedUp {
			s.usedUp = true
			s.log.Error("the numbers for message ids are used up: some messages have the id 0 and cannot be quoted or looked up; start with a new data folder", "path", s.o.Path)
		}
		if err != nil {
			return p.id, err
		}
		if s.full(sent) { // meanwhile
			continue
		}
		if e := s.pending[p.id]; e != nil {
			rec.join(&e.record, newer)
		} else if p.stored != nil {
			rec.join(p.stored, newer)
		}
		s.enqueue(p, k, &rec, sent)
		return p.id, nil
	}
}

func (s *Store) full(sent bool) bool {
	if sent {
		return len(s.queue) >= s.o.pending+sentReserve || s.bytes >= maxPendingBytes+sentReserveBytes
	}
	return len(s.queue) >= s.o.pending || s.bytes >= maxPendingBytes
}

func (s *Store) enqueue(p place, k key, rec *record, urgent bool) {
	s.order++
	e := &entry{id: p.id, order: s.order, key: k, record: *rec, run: p.run}
	s.pending[p.id] = e
	s.queue = append(s.queue, e)
	s.bytes += e.size()
	if urgent {
		s.urgent = append(s.urgent, e)
	}
	if r := p.run; r != nil {
		if r.owner == (block{}) {
			r.owner, r.written = k.block(), false
		}
		r.taken.add(p.id)
		r.waiting++
	}
	s.need(soon)
}

// dequeue removes the first entry of the queue.
func (s *Store) dequeue() {
	e := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.bytes -= e.size()
	if len(s.urgent) > 0 && s.urgent[0] == e {
		s.urgent = s.urgent[1:]
	}
	if e.run != nil {
		e.run.waiting--
	}
	if s.pending[e.id] == e {
		delete(s.pending, e.id)
	}
}

func (s *Store) giveUpOldest() {
	s.dequeue()
	s.lost++
	s.gone++
}
