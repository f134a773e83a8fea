package store

import (
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
func (s *Store) Put(m *message.Message) (int32, error) { return s.put(m, true, false) }

// PutSent is Put for a message as it was sent. What is stored of it already, as the
// service has reported it, stays: it only gets what it lacks.
func (s *Store) PutSent(m *message.Message) (int32, error) { return s.put(m, false, false) }

// PutFetched is PutSent for a message that somebody asked for: it does not count as one
// that has arrived ([Store.Newest]).
func (s *Store) PutFetched(m *message.Message) (int32, error) { return s.put(m, false, true) }

// put stores a message. newer: it knows better than what is stored of it.
func (s *Store) put(m *message.Message, newer, fetched bool) (int32, error) {
	if m == nil {
		return 0, ErrNoKey
	}
	k, err := keyOf(m.Chat, m.Sequence)
	if err != nil {
		return 0, err
	}
	rec := record{message: *m, people: people(m.Content), fetched: fetched}
	if len(m.Raw) > maxRaw {
		return k.first(s.o.hash), text.Errorf("message of %d bytes is too large to store, the limit is %d", "消息有 %d 字节，过大而无法保存，上限为 %d", len(m.Raw), maxRaw)
	}
	for n := range maxProbes {
		id := k.candidate(n, s.o.hash)
		if id == 0 {
			continue
		}
		switch placed, err := s.place(id, k, rec, newer); {
		case err != nil:
			return id, err
		case placed:
			return id, nil
		}
	}
	return 0, text.Errorf("no free id after %d tries", "尝试 %d 次后仍没有可用的 id", maxProbes)
}

// place queues the message under id, or reports that another message has it.
func (s *Store) place(id int32, k key, rec record, newer bool) (placed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.closed {
			return false, ErrClosed
		}
		if s.full() {
			if s.failure != nil {
				s.giveUpOldest()
			} else {
				s.room.Wait()
			}
			continue
		}
		if e := s.pending[id]; e != nil {
			if e.key != k {
				return false, nil
			}
			rec.join(&e.record, newer)
			s.enqueue(id, k, &rec)
			return true, nil
		}
		if !s.filter.mayHave(id) {
			s.enqueue(id, k, &rec)
			return true, nil
		}

		commits := s.commits
		s.mu.Unlock()
		oldKey, old, err := s.load(id)
		other := old != nil && oldKey != k
		if err == nil && old == nil {
			other, err = s.trimmedFromOther(id, k)
		}
		s.mu.Lock()
		if commits != s.commits || s.pending[id] != nil || s.closed {
			continue // what was read may be out of date
		}
		switch {
		case err != nil:
			// A file that cannot be read is reported by the writer and by Get. The first
			// id is nearly always right, and the insert never overwrites another key.
		case other:
			return false, nil
		case old != nil:
			rec.join(old, newer)
		}
		s.enqueue(id, k, &rec)
		return true, nil
	}
}

func (s *Store) full() bool {
	return len(s.queue) >= s.o.pending || s.bytes >= maxPendingBytes
}

func (s *Store) enqueue(id int32, k key, rec *record) {
	s.order++
	e := &entry{id: id, order: s.order, key: k, record: *rec}
	s.pending[id] = e
	s.queue = append(s.queue, e)
	s.bytes += e.size()
	s.filter.add(id)
	s.need(soon)
}

// dequeue removes the first entry of the queue.
func (s *Store) dequeue() {
	e := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.bytes -= e.size()
	if s.pending[e.id] == e {
		delete(s.pending, e.id)
	}
}

func (s *Store) giveUpOldest() {
	s.dequeue()
	s.lost++
	s.gone++
}
