package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
)

// Ahead is what MoveAhead has to know of an old file.
type Ahead struct {
	// Taken is when the file was copied, Now the time of the machine.
	Taken, Now time.Time
	// Newest are the newest messages of chats as far as the server has confirmed them. For
	// others those in the file count.
	Newest []Newest
}

// Limits of the ids that are reserved.
const (
	maxReserved     = 2 << 20
	maxReservedChat = 256 << 10
	// leastReserved is for a chat in which little happened lately.
	leastReserved = 256
	// busierBy is how much busier than before a chat may have been since the copy.
	busierBy = 4
	rateOver = 7 * 24 * time.Hour
)

// aheadMargin is how far the ids of events go beyond the present: less than future, so
// that they do not seem to be of another time.
const aheadMargin = 50 * time.Second

// MoveAhead prepares an old copy of the file, which no program uses, so that no id is
// used twice that was given out after it was copied. The ids of events go on beyond the
// present. The ids of messages follow from their chat and sequence: those of the
// sequences that each chat can have had since are kept for these messages, as the ids of
// removed ones are. It returns how many, and whether that were all.
//
// Not covered are chats that are not in the file, and chats with more than four times as
// many messages a day as before.
func MoveAhead(ctx context.Context, path string, a Ahead) (reserved int, all bool, err error) {
	return moveAhead(ctx, path, a, crc)
}

func moveAhead(ctx context.Context, path string, a Ahead, hash func([]byte) uint32) (reserved int, all bool, err error) {
	db, err := openDatabase(ctx, path)
	if err != nil {
		return 0, false, explain("open", path, err)
	}
	defer func() { err = explain("write", path, errors.Join(err, db.close())) }()
	tx, err := db.w.BeginTx(ctx, nil)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	last := max(a.Now.UnixMicro(), a.Taken.UnixMicro())
	var newest int64
	err = tx.QueryRowContext(ctx, `SELECT max(coalesce((SELECT max(id) FROM journal), 0),
		coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name IN ('events', 'journal')), 0))`).Scan(&newest)
	if err == nil {
		_, err = tx.ExecContext(ctx, newLastSQL)
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, keepLastSQL, max(last, newest)+aheadMargin.Microseconds())
	}
	if err != nil {
		return 0, false, err
	}
	chats, all, err := ahead(ctx, tx, a)
	if err != nil {
		return 0, false, err
	}
	if reserved, err = reserve(ctx, tx, chats, hash); err != nil {
		return 0, false, err
	}
	return reserved, all, tx.Commit()
}

// span are the count sequences of a chat behind after.
type span struct {
	chat         key // without a sequence
	after, count uint64
}

func (s span) key(sequence uint64) key {
	s.chat.sequence = sequence
	return s.chat
}

// ahead returns the sequences that the chats may have had since the copy, those of the
// liveliest first, and whether the limits left out any.
func ahead(ctx context.Context, tx *sql.Tx, a Ahead) (spans []span, all bool, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT scene, peer, CASE peer WHEN 0 THEN max(peer_uid) ELSE '' END, max(sequence),
		count(CASE WHEN time > ? AND self < 2 THEN 1 END) AS lately
		FROM messages GROUP BY scene, peer, CASE peer WHEN 0 THEN peer_uid ELSE '' END ORDER BY lately DESC, max(time) DESC`,
		a.Taken.Add(-rateOver).Unix())
	if err != nil {
		return nil, false, err
	}
	certain := make(map[key]uint64)
	for _, n := range a.Newest {
		if k, err := keyOf(n.Chat, 1); err == nil {
			k.sequence = 0
			certain[k] = n.Sequence
		}
	}
	weeks := max(0, a.Now.Sub(a.Taken)).Seconds() / rateOver.Seconds()
	left := uint64(maxReserved)
	all = true
	add := func(k key, newest uint64, lately float64) {
		n := uint64(min(leastReserved+busierBy*lately*weeks, maxReservedChat))
		if float64(n) < busierBy*lately*weeks || n > left {
			all = false
		}
		n = min(n, left, math.MaxUint64-newest)
		left -= n
		if n > 0 {
			spans = append(spans, span{k, newest, n})
		}
	}
	for rows.Next() && err == nil {
		var k key
		var peer, sequence, lately int64
		if err = rows.Scan(&k.scene, &peer, &k.uid, &sequence, &lately); err == nil {
			k.peer = uint64(peer)
			newest, ok := certain[k]
			if !ok {
				newest = uint64(sequence)
			}
			delete(certain, k)
			add(k, newest, float64(lately))
		}
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, false, err
	}
	for _, n := range a.Newest { // chats of which no message is left, in their order
		if k, err := keyOf(n.Chat, 1); err == nil {
			k.sequence = 0
			if newest, ok := certain[k]; ok {
				delete(certain, k)
				add(k, newest, 0)
			}
		}
	}
	return spans, all, nil
}

// reservation is an id that is kept for a key.
type reservation struct {
	id       int32
	owner    int32 // fingerprint of the key that it is for
	span     int32 // of that key
	sequence uint64
}

// reserve keeps the ids of the spans for their keys. An id that two of them begin with is
// for neither, as it is not known who had it. Those keys, and keys whose id is taken, have
// the next of their series, too.
func reserve(ctx context.Context, tx *sql.Tx, spans []span, hash func([]byte) uint32) (int, error) {
	taken, err := takenIDs(ctx, tx)
	if err != nil {
		return 0, err
	}
	var all []reservation
	for i, s := range spans {
		for n := range s.count {
			k := s.key(s.after + 1 + n)
			all = append(all, reservation{k.candidate(0, hash), k.fingerprint(), int32(i), k.sequence})
		}
	}
	byID := func(a, b reservation) int { return cmp.Compare(uint32(a.id), uint32(b.id)) }
	slices.SortFunc(all, byID)
	var kept, next []reservation
	for begin, end := 0, 0; begin < len(all); begin = end {
		for end = begin; end < len(all) && all[end].id == all[begin].id; end++ {
		}
		first := all[begin]
		_, was := slices.BinarySearch(taken, first.id)
		if was || first.id == 0 || end-begin > 1 {
			for _, r := range all[begin:end] {
				r.id = spans[r.span].key(r.sequence).candidate(1, hash)
				next = append(next, r)
			}
		}
		if end-begin > 1 {
			first.owner = nobody(all[begin].owner, all[begin+1].owner)
		}
		if !was && first.id != 0 {
			kept = append(kept, first)
		}
	}
	for _, r := range next {
		// What is taken must not become this key's when its message is removed.
		if _, was := slices.BinarySearch(taken, r.id); !was && r.id != 0 {
			kept = append(kept, r)
		}
	}
	slices.SortStableFunc(kept, byID)
	return len(kept), addReserved(ctx, tx, kept)
}

// addReserved writes them in their order, many at once.
func addReserved(ctx context.Context, tx *sql.Tx, all []reservation) error {
	const many = 256
	for part := range slices.Chunk(all, many) {
		args := make([]any, 0, 2*many)
		for _, r := range part {
			args = append(args, int64(uint32(r.id)), r.owner)
		}
		if _, err := tx.ExecContext(ctx, addTrimmedSQL+strings.Repeat(", (?, ?)", len(part)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// nobody is a fingerprint that is neither.
func nobody(a, b int32) int32 {
	n := ^a
	if n == b {
		n ^= 1
	}
	return n
}

// takenIDs are the ids in use, ascending.
func takenIDs(ctx context.Context, tx *sql.Tx) (ids []int32, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id FROM messages UNION ALL SELECT id FROM trimmed")
	if err != nil {
		return nil, err
	}
	for rows.Next() && err == nil {
		var id int64
		err = rows.Scan(&id)
		ids = append(ids, int32(id))
	}
	slices.Sort(ids)
	return ids, errors.Join(err, rows.Err(), rows.Close())
}
