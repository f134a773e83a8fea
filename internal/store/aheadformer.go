package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// reservation is an id that is kept for a key.
type reservation struct {
	id       int32
	owner    int32 // fingerprint of the key that it is for
	span     int32 // of that key
	sequence uint64
}

// reserveFormer keeps the ids of the spans for their keys as an earlier version gave them.
// An id that two of them begin with is for neither, as it is not known who had it. Those
// keys, and keys whose id is taken, have the next of their series, too.
func reserveFormer(ctx context.Context, tx *sql.Tx, spans []span, hash func([]byte) uint32) (int, error) {
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
	for _, s := range spans {
		chat, last := s.chat, s.key(s.after+s.count).former()
		if _, err := tx.ExecContext(ctx, addFormerSQL, int64(chat.scene), int64(chat.peer), string(chat.uid), int64(last)); err != nil {
			return 0, err
		}
	}
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
