package store

import (
	"context"
	"encoding/json"
	"errors"
	"math"
)

// formerIDs says up to which sequence the file may have a row of a message with an id of
// an earlier version, by chat. It does not change.
type formerIDs map[key]uint64

// removed tells whether that version has removed messages. Of those nothing but the ids is
// left, not even whose chat it was.
func (f formerIDs) removed() bool {
	_, ok := f[key{}]
	return ok
}

// chat is the key without its sequence.
func (k key) chat() key {
	k.sequence = 0
	return k
}

// former is the sequence as the table former has it.
func (k key) former() uint64 { return min(k.sequence, math.MaxInt64) }

const (
	formerSQL    = `SELECT scene, peer, uid, last FROM former`
	addFormerSQL = `INSERT INTO former (scene, peer, uid, last) VALUES (?, ?, ?, ?)
		ON CONFLICT (scene, peer, uid) DO UPDATE SET last = max(last, excluded.last)`
	inUseSQL = `SELECT key FROM json_each(?) WHERE EXISTS (SELECT 1 FROM trimmed WHERE id = value & 4294967295)
		OR EXISTS (SELECT 1 FROM messages WHERE id = value)`
)

// loadFormer reads which chats may have ids of an earlier version.
func loadFormer(ctx context.Context, db *database) (former formerIDs, err error) {
	former = make(formerIDs)
	rows, err := db.w.QueryContext(ctx, formerSQL)
	if err != nil {
		return nil, err
	}
	for rows.Next() && err == nil {
		var k key
		var peer, last int64
		err = rows.Scan(&k.scene, &peer, &k.uid, &last)
		k.peer = uint64(peer)
		former[k] = uint64(last)
	}
	return former, errors.Join(err, rows.Err(), rows.Close())
}

// maxSuspects are the blocks of which Store.suspects knows something.
const maxSuspects = 1024

// mayBeFormer tells whether the message can have an id of an earlier version; read has to
// be called first when it is not nil.
func (s *Store) mayBeFormer(l *lookup) (may bool, read func() (keep func(), err error)) {
	k := l.key
	if last, ok := s.former[k.chat()]; ok && k.former() <= last {
		return true, nil
	}
	if !s.former.removed() {
		return false, nil
	}
	b := k.block()
	places, ok := s.suspects[b]
	if ok || l.failed {
		return places.has(int32(k.sequence)), nil
	}
	return false, func() (func(), error) {
		found, err := s.readSuspects(b)
		if err != nil {
			return nil, err
		}
		// It holds whatever is written meanwhile: no id of that version comes to be used.
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.suspects) >= maxSuspects || s.suspects == nil {
			s.suspects = make(map[block]bits)
		}
		s.suspects[b] = found
		return func() {}, nil
	}
}

// readSuspects reads which messages of a block would have had an id that is in use: all
// at once, as one query for each costs more than storing it.
func (s *Store) readSuspects(b block) (found bits, err error) {
	db, err := s.database()
	if err != nil {
		return found, err
	}
	ids := make([]int32, places)
	for i := range ids {
		ids[i] = key{b.scene, b.peer, b.uid, b.number<<placeBits + uint64(i)}.candidate(0, s.o.hash)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return found, err
	}
	rows, err := db.inUse.Query(string(list))
	if err != nil {
		return found, s.readError(err)
	}
	for rows.Next() && err == nil {
		var place int32
		err = rows.Scan(&place)
		found.add(place)
	}
	for i, id := range ids {
		if id == 0 { // then it had another
			found.add(int32(i))
		}
	}
	return found, s.readError(errors.Join(err, rows.Err(), rows.Close()))
}
