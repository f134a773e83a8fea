package store

import (
	"context"
	"time"

	"libration/ntqq/message"
)

const (
	// maxBatch bounds one transaction.
	maxBatch = 2048
	// After a batch of busyBatch the next one gathers busyFactor times as long: ids
	// lie all over their index, and a page that is changed twice in a transaction
	// is written once.
	busyBatch  = 100
	busyFactor = 5
)

// insertSQL changes an existing row only when it belongs to the same key: an id
// is never handed on.
const insertSQL = `INSERT INTO messages
	(id, scene, peer, peer_uid, via_group, sequence, client_sequence, random, time, self,
	 sender, sender_uid, nickname, card, title, role, level, group_name, people, raw)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET
	 peer_uid = excluded.peer_uid, via_group = excluded.via_group, client_sequence = excluded.client_sequence,
	 random = excluded.random, time = excluded.time, self = excluded.self, sender = excluded.sender,
	 sender_uid = excluded.sender_uid, nickname = excluded.nickname, card = excluded.card, title = excluded.title,
	 role = excluded.role, level = excluded.level, group_name = excluded.group_name, people = excluded.people,
	 raw = excluded.raw
	WHERE scene = excluded.scene AND peer = excluded.peer AND sequence = excluded.sequence
	 AND (peer <> 0 OR peer_uid = excluded.peer_uid)`

// writeLoop writes what gathers until the store closes, then once more.
func (s *Store) writeLoop() {
	var batch []*entry
	delay := s.o.retryMin
	gather := s.o.gather
	for {
		open := s.waitForWork(gather)
		gather = s.o.gather
		for {
			batch = s.next(batch[:0])
			if len(batch) == 0 {
				break
			}
			err := s.write(batch)
			s.finish(batch, err, delay)
			if err == nil {
				delay = s.o.retryMin
				if len(batch) >= busyBatch {
					gather = busyFactor * s.o.gather
				}
				continue
			}
			if !open || !s.pause(delay) {
				open = false
				break
			}
			delay = min(2*delay, s.o.retryMax)
		}
		clear(batch[:cap(batch)]) // or it would keep the messages in memory
		if !open {
			return
		}
	}
}

// waitForWork returns when a batch has gathered; false when the store closes.
func (s *Store) waitForWork(gather time.Duration) bool {
	select {
	case <-s.wake:
		return s.pause(gather)
	case <-s.stop:
		return false
	}
}

// pause waits; false when the store closes.
func (s *Store) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}

// next collects the oldest entries, without those that have a newer version.
func (s *Store) next(batch []*entry) []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 && s.pending[s.queue[0].id] != s.queue[0] {
		s.dequeue()
	}
	for _, e := range s.queue {
		if len(batch) == maxBatch {
			break
		}
		if s.pending[e.id] == e {
			batch = append(batch, e)
		}
	}
	return batch
}

// finish takes written entries out of the queue, or notes why they stay. Changes
// between working and failing are logged, once.
func (s *Store) finish(batch []*entry, err error, retry time.Duration) {
	s.mu.Lock()
	old, lost := s.failure, s.lost
	s.failure = explain("write", s.o.Path, err)
	if err != nil {
		s.refused++
	}
	failure := s.failure
	if err == nil {
		last := batch[len(batch)-1].order
		for len(s.queue) > 0 && s.queue[0].order <= last {
			s.dequeue()
		}
		if len(s.queue) == 0 && cap(s.queue) > 1024 {
			s.queue = nil // a burst's memory is given back
		}
		s.commits++
		s.lost = 0
	}
	s.room.Broadcast()
	s.mu.Unlock()

	switch {
	case err != nil && (old == nil || resultCode(old) != resultCode(err)):
		s.log.Error("messages are kept in memory only: writing failed, trying again", "err", failure, "retry_in", retry)
	case err == nil && old != nil:
		s.log.Info("messages are written again", "path", s.o.Path, "lost", lost)
	}
}

// write stores the entries in one transaction.
func (s *Store) write(batch []*entry) error {
	tx, err := s.w.Begin()
	if err != nil {
		return err
	}
	ctx := context.Background()
	insert := tx.StmtContext(ctx, s.insert)
	for _, e := range batch {
		m := &e.message
		via := m.Chat.Group
		if m.Chat.Kind == message.Group {
			via = 0 // it is the peer
		}
		raw := m.Raw
		if raw == nil {
			raw = []byte{} // nil would be NULL
		}
		res, err := insert.ExecContext(ctx, e.id, int64(e.key.scene), int64(e.key.peer), string(m.Chat.PeerUID), int64(via),
			int64(m.Sequence), int64(m.ClientSequence), int64(m.Random), m.Time, m.Self,
			int64(m.Sender.UIN), string(m.Sender.UID), m.Sender.Nickname, m.Sender.Card, m.Sender.Title,
			int64(m.Sender.Role), int64(m.Sender.Level), m.GroupName, e.people, raw)
		if err != nil {
			_ = tx.Rollback() // the first error says more
			return err
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			s.log.Warn("message not stored: its id belongs to another message", "id", e.id)
		}
	}
	return tx.Commit()
}
