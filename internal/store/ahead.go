package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"math"
	"slices"
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
// present. The ids of messages follow from their chat and sequence: the blocks of the
// sequences that each chat can have had since own theirs. It returns how many ids are
// kept, and whether that were all.
//
// Not covered are chats that are not in the file, and chats with more than four times as
// many messages a day as before.
func MoveAhead(ctx context.Context, path string, a Ahead) (reserved int, all bool, err error) {
	return moveAhead(ctx, path, a, Options{})
}

func moveAhead(ctx context.Context, path string, a Ahead, o Options) (reserved int, all bool, err error) {
	o.setDefaults()
	db, err := openDatabase(ctx, path, &o, false)
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
	if reserved, err = reserveBlocks(ctx, tx, chats, o.slot); err != nil {
		return 0, false, err
	}
	// The program that went on may have been of an earlier version.
	if db.earlier {
		former, err := reserveFormer(ctx, tx, chats, o.hash)
		if err != nil {
			return 0, false, err
		}
		reserved += former
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

// reserveBlocks has the blocks of the spans own their slots, and returns how many ids
// these have. A slot that two of them begin with is for neither, as it is not known who
// had it. Those blocks, and blocks whose slot another has, have the next of their series,
// too.
func reserveBlocks(ctx context.Context, tx *sql.Tx, spans []span, nth func(block, int) uint32) (int, error) {
	owned, err := ownedSlots(ctx, tx)
	if err != nil {
		return 0, err
	}
	first := make(map[uint32][]block)
	for _, s := range spans {
		b := s.key(s.after + 1).block()
		for last := s.key(s.after + s.count).block().number; ; b.number++ {
			slot := nth(b, 0)
			first[slot] = append(first[slot], b)
			if b.number == last {
				break
			}
		}
	}
	reserved := 0
	keep := func(slot uint32, b block) error {
		if _, ok := owned[slot]; ok || slot == 0 {
			return nil
		}
		owned[slot] = b
		reserved += places
		_, err := tx.ExecContext(ctx, addBlockSQL, b.args(slot)...)
		return err
	}
	var next []block
	for _, slot := range slices.Sorted(maps.Keys(first)) {
		blocks := first[slot]
		owner, ok := owned[slot]
		for _, b := range blocks {
			if slot == 0 || len(blocks) > 1 && !ok || ok && owner != b {
				next = append(next, b)
			}
		}
		b := blocks[0]
		if len(blocks) > 1 {
			b = block{scene: nobodys}
		}
		if err := keep(slot, b); err != nil {
			return 0, err
		}
	}
	for _, b := range next {
		if err := keep(nth(b, 1), b); err != nil {
			return 0, err
		}
	}
	return reserved, nil
}

// ownedSlots are those in the table blocks.
func ownedSlots(ctx context.Context, tx *sql.Tx) (owned map[uint32]block, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT scene, peer, uid, number, slot FROM blocks")
	if err != nil {
		return nil, err
	}
	owned = make(map[uint32]block)
	for rows.Next() && err == nil {
		var slot uint32
		var b block
		if b, err = scanOwner(rows, &slot); err == nil {
			owned[slot] = b
		}
	}
	return owned, errors.Join(err, rows.Err(), rows.Close())
}
