package store

import (
	"database/sql"
	"errors"
	"fmt"

	"libration/internal/elements"
	"libration/internal/text"
	"libration/ntqq/message"
)

const (
	columns        = `scene, peer, peer_uid, sequence, client_sequence, time, self, meta, raw`
	byIDSQL        = `SELECT ` + columns + ` FROM messages WHERE id = ?`
	trimmedByIDSQL = `SELECT key FROM trimmed WHERE id = ?`
	// The term on scene lets SQLite use the partial index.
	byNumbersSQL = `SELECT ` + columns + ` FROM messages WHERE scene <> 1 AND peer = ? AND client_sequence = ?
		ORDER BY position DESC`
	throughSQL = `SELECT meta FROM messages WHERE scene <> 1 AND peer = ? AND scene = 3 ORDER BY position DESC LIMIT 1`
)

// Get returns the message with this id, nil when there is none. The message is
// the caller's, but Content and Raw may be shared: they are read-only.
func (s *Store) Get(id int32) (*message.Message, error) {
	if m, known, err := s.fromMemory(id); known || err != nil {
		return m, err
	}
	_, rec, err := s.load(id)
	if err != nil || rec == nil {
		return nil, err
	}
	return &rec.message, nil
}

// fromMemory answers Get when no query is needed.
func (s *Store) fromMemory(id int32) (m *message.Message, known bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false, ErrClosed
	}
	if e := s.pending[id]; e != nil {
		c := e.message
		return &c, true, nil
	}
	r := s.runs.use(slotOf(id))
	return nil, r != nil && r.loaded && !r.taken.has(id), nil
}

func storedKey(sc scene, peer int64, uid string, sequence int64) key {
	k := key{scene: sc, peer: uint64(peer), sequence: uint64(sequence)}
	if peer == 0 {
		k.uid = message.UID(uid)
	}
	return k
}

// FindFriend returns the private message (friend or temp) with this peer that
// has these numbers of its sender, nil when there is none. A random of 0 stands
// for an unknown one; with several matches the newest is returned.
func (s *Store) FindFriend(peer message.UIN, clientSequence uint64, random uint32) (*message.Message, error) {
	if peer == 0 || clientSequence == 0 {
		return nil, nil
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	for i := len(s.queue) - 1; i >= 0; i-- {
		m := &s.queue[i].message
		if m.ClientSequence == clientSequence && m.Chat.Peer == peer && m.Chat.Kind != message.Group && (random == 0 || m.Random == random) {
			c := s.pending[s.queue[i].id].message
			s.mu.Unlock()
			return &c, nil
		}
	}
	s.mu.Unlock()
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	rows, err := db.byNumbers.Query(int64(peer), int64(clientSequence))
	if err != nil {
		return nil, s.readError(err)
	}
	var found *message.Message
	for found == nil && err == nil && rows.Next() {
		var rec *record
		if _, rec, err = s.scan(rows); err == nil && (random == 0 || rec.message.Random == random) {
			found = &rec.message
		}
	}
	if errors.Is(err, ErrUnreadable) {
		return nil, errors.Join(err, rows.Close())
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, s.readError(err)
	}
	return found, nil
}

// Through returns by which group the newest temporary message of the chat with peer came
// or went; 0 when there is none.
func (s *Store) Through(peer message.UIN) (message.GroupCode, error) {
	if peer == 0 {
		return 0, nil
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return 0, ErrClosed
	}
	for i := len(s.queue) - 1; i >= 0; i-- {
		if c := s.queue[i].message.Chat; c.Kind == message.Temp && c.Peer == peer {
			s.mu.Unlock()
			return c.Group, nil
		}
	}
	s.mu.Unlock()
	db, err := s.database()
	if err != nil {
		return 0, err
	}
	var meta []byte
	switch err := db.through.QueryRow(int64(peer)).Scan(&meta); {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, s.readError(err)
	}
	var r record
	r.readMeta(meta)
	return r.message.Chat.Group, nil
}

// load reads the row with this id; nil when there is none.
func (s *Store) load(id int32) (key, *record, error) {
	db, err := s.database()
	if err != nil {
		return key{}, nil, err
	}
	return s.scan(db.byID.QueryRow(id))
}

// ErrUnreadable: a stored message cannot be read, and never will be.
var ErrUnreadable = text.Errorf("the stored message cannot be read", "无法读取保存的消息")

// scan decodes one row; before are the columns before those of the message. The columns
// overrule what the encoded message says: they are what the client knew. An unreadable
// message's key is returned too.
func (s *Store) scan(row interface{ Scan(dest ...any) error }, before ...any) (key, *record, error) {
	var sc scene
	var peer, sequence, clientSequence, t, bits int64
	var peerUID string
	var meta, raw []byte
	err := row.Scan(append(before, &sc, &peer, &peerUID, &sequence, &clientSequence, &t, &bits, &meta, &raw)...)
	if errors.Is(err, sql.ErrNoRows) {
		return key{}, nil, nil
	}
	if err != nil {
		return key{}, nil, s.readError(err)
	}
	k := storedKey(sc, peer, peerUID, sequence)
	rec := &record{fetched: bits&bitFetched != 0}
	if !rec.readMeta(meta) {
		return k, nil, fmt.Errorf("%w: %s", ErrUnreadable, k.appendText(nil))
	}
	m := &rec.message
	m.Chat.Kind, m.Chat.Peer, m.Chat.PeerUID = sc.kind(), message.UIN(peer), message.UID(peerUID)
	if sc == sceneGroup {
		m.Chat.Group, m.Chat.Peer = message.GroupCode(peer), 0
	}
	m.Self = bits&bitSelf != 0
	m.Sequence, m.ClientSequence, m.Time, m.Raw = uint64(sequence), uint64(clientSequence), t, raw
	if len(raw) > 0 {
		own := message.UIN(0)
		if m.Self {
			own = m.Sender.UIN
		}
		parsed, err := elements.Parse(raw, own)
		if err != nil {
			return k, nil, fmt.Errorf("%w: %s: %w", ErrUnreadable, k.appendText(nil), err)
		}
		m.Content = parsed.Content
		nameUINs(m.Content, rec.people)
	}
	return k, rec, nil
}
