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
	columns = `scene, peer, peer_uid, via_group, sequence, client_sequence, random, time, self,
		sender, sender_uid, nickname, card, title, role, level, group_name, people, raw`
	byIDSQL        = `SELECT ` + columns + ` FROM messages WHERE id = ?`
	keyByIDSQL     = `SELECT scene, peer, peer_uid, sequence FROM messages WHERE id = ?`
	trimmedByIDSQL = `SELECT key FROM trimmed WHERE id = ?`
	// The term on scene lets SQLite use the partial index.
	byNumbersSQL = `SELECT ` + columns + ` FROM messages WHERE scene <> 1 AND peer = ?1 AND client_sequence = ?2
		AND (?3 = 0 OR random = ?3) ORDER BY position DESC LIMIT 1`
	throughSQL = `SELECT via_group FROM messages WHERE scene <> 1 AND peer = ? AND scene = 3 ORDER BY position DESC LIMIT 1`
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
	return nil, !s.filter.mayHave(id), nil
}

// ID returns the id that the message with this key has, or would get if it were
// stored now. It writes nothing.
func (s *Store) ID(chat message.Chat, sequence uint64) (int32, error) {
	k, err := keyOf(chat, sequence)
	if err != nil {
		return 0, err
	}
	for n := range maxProbes {
		id := k.candidate(n, s.o.hash)
		if id == 0 {
			continue
		}
		other, err := s.takenByOther(id, k)
		if err != nil || !other {
			return id, err
		}
	}
	return 0, text.Errorf("no free id after %d tries", "尝试 %d 次后仍没有可用的 id", maxProbes)
}

// takenByOther tells whether another key than k has this id.
func (s *Store) takenByOther(id int32, k key) (bool, error) {
	s.mu.Lock()
	e, closed, may := s.pending[id], s.closed, s.filter.mayHave(id)
	s.mu.Unlock()
	switch {
	case closed:
		return false, ErrClosed
	case e != nil:
		return e.key != k, nil
	case !may:
		return false, nil
	}
	db, err := s.database()
	if err != nil {
		return false, err
	}
	var sc scene
	var uid string
	var peer, sequence int64
	err = db.keyByID.QueryRow(id).Scan(&sc, &peer, &uid, &sequence)
	if errors.Is(err, sql.ErrNoRows) {
		return s.trimmedFromOther(id, k)
	}
	return err == nil && storedKey(sc, peer, uid, sequence) != k, s.readError(err)
}

// trimmedFromOther tells whether the id belongs to a message of another key than k
// that retention took away. It must be asked after the messages: those go to the
// trimmed ones in one transaction.
func (s *Store) trimmedFromOther(id int32, k key) (bool, error) {
	db, err := s.database()
	if err != nil {
		return false, err
	}
	var f int32
	err = db.trimmedByID.QueryRow(uint32(id)).Scan(&f)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && f != k.fingerprint(), s.readError(err)
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
	_, rec, err := s.scan(db.byNumbers.QueryRow(int64(peer), int64(clientSequence), int64(random)))
	if err != nil || rec == nil {
		return nil, err
	}
	return &rec.message, nil
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
	var group int64
	switch err := db.through.QueryRow(int64(peer)).Scan(&group); {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, s.readError(err)
	}
	return message.GroupCode(group), nil
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
// overrule what the encoded message says: they are what the client knew.
func (s *Store) scan(row interface{ Scan(dest ...any) error }, before ...any) (key, *record, error) {
	var (
		sc                                                     scene
		peer, via, sequence, clientSequence, random, t, sender int64
		role, level, bits                                      int64
		peerUID, senderUID, nickname, card, title, group, ppl  string
		raw                                                    []byte
	)
	err := row.Scan(append(before, &sc, &peer, &peerUID, &via, &sequence, &clientSequence, &random, &t, &bits,
		&sender, &senderUID, &nickname, &card, &title, &role, &level, &group, &ppl, &raw)...)
	if errors.Is(err, sql.ErrNoRows) {
		return key{}, nil, nil
	}
	if err != nil {
		return key{}, nil, s.readError(err)
	}
	k := storedKey(sc, peer, peerUID, sequence)
	self := bits&bitSelf != 0
	m := message.Message{
		Chat: message.Chat{Kind: sc.kind(), Group: message.GroupCode(via), Peer: message.UIN(peer), PeerUID: message.UID(peerUID)},
		Sender: message.Sender{UIN: message.UIN(sender), UID: message.UID(senderUID), Nickname: nickname, Card: card,
			Title: title, Role: message.Role(role), Level: uint32(level)},
		Self: self, GroupName: group,
		Sequence: uint64(sequence), ClientSequence: uint64(clientSequence), Random: uint32(random), Time: t,
		Raw: raw,
	}
	if sc == sceneGroup {
		m.Chat.Group, m.Chat.Peer = message.GroupCode(peer), 0
	}
	if len(raw) > 0 {
		own := message.UIN(0)
		if self {
			own = m.Sender.UIN
		}
		parsed, err := elements.Parse(raw, own)
		if err != nil {
			return key{}, nil, fmt.Errorf("%w: %s: %w", ErrUnreadable, k.appendText(nil), err)
		}
		m.Content = parsed.Content
		nameUINs(m.Content, ppl)
	}
	return k, &record{message: m, people: ppl, fetched: bits&bitFetched != 0}, nil
}
