package store

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"hash/fnv"

	"libration/ntqq/message"
)

// An id is a slot, and a place in it: that of the sequence in its block.
const (
	placeBits = 10
	places    = 1 << placeBits
	slotBits  = 32 - placeBits
	slots     = 1 << slotBits
)

// block names 1,024 sequences of a chat in a row. Their ids lie side by side.
type block struct {
	scene  scene // 0: no block
	peer   uint64
	uid    message.UID // as key has it
	number uint64
}

func (k key) block() block { return block{k.scene, k.peer, k.uid, k.sequence >> placeBits} }

// nth is the n-th slot of the block's series; 0 means: use the next, as no id is 0.
func (b block) nth(n int) uint32 {
	peer := b.peer
	if peer == 0 {
		f := fnv.New64a()
		f.Write([]byte(b.uid))
		peer = f.Sum64()
	}
	chat := mix(mix(uint64(b.scene)) + peer)
	return uint32(mix(mix(chat^b.number)+uint64(n)) >> (64 - slotBits))
}

// idIn is the id of the sequence when its block has the slot.
func idIn(slot uint32, sequence uint64) int32 {
	return int32(slot<<placeBits | uint32(sequence)%places)
}

func slotOf(id int32) uint32 { return uint32(id) >> placeBits }

// has tells whether the slot is one of the block's series.
func (b block) has(slot uint32, nth func(block, int) uint32) bool {
	for n := range maxProbes {
		if nth(b, n) == slot {
			return slot != 0
		}
	}
	return false
}

// bits says of each place of a slot whether a message has it. One that was removed may
// still be in it.
type bits [places / 64]uint64

func (b *bits) add(id int32)      { b[uint32(id)%places/64] |= 1 << (uint32(id) % 64) }
func (b *bits) has(id int32) bool { return b[uint32(id)%places/64]&(1<<(uint32(id)%64)) != 0 }

// run is what is known of a slot. The store's mu guards it.
type run struct {
	slot    uint32
	owner   block // no block: nobody has it yet
	written bool  // the owner is in the file
	loaded  bool  // else the file could not be read
	taken   bits  // by messages in the file, and by removed ones of an earlier version
	waiting int   // entries with these ids in the queue
	batch   uint64
}

// maxRuns are kept, and those that messages wait for.
const maxRuns = 1024

// runs are those that were used last.
type runs struct {
	bySlot map[uint32]*list.Element
	used   list.List // of *run, the latest first
}

func (c *runs) use(slot uint32) *run {
	e := c.bySlot[slot]
	if e == nil {
		return nil
	}
	c.used.MoveToFront(e)
	return e.Value.(*run)
}

// make adds a slot of which nothing is known.
func (c *runs) make(slot uint32) *run {
	if c.bySlot == nil {
		c.bySlot = make(map[uint32]*list.Element)
	}
	for range c.used.Len() {
		last := c.used.Back()
		if len(c.bySlot) < maxRuns {
			break
		}
		if r := last.Value.(*run); r.waiting == 0 {
			c.used.Remove(last)
			delete(c.bySlot, r.slot)
			continue
		}
		c.used.MoveToFront(last)
	}
	r := &run{slot: slot}
	c.bySlot[slot] = c.used.PushFront(r)
	return r
}

// doubt has all owners written again: the file was made anew.
func (c *runs) doubt() {
	for e := c.used.Front(); e != nil; e = e.Next() {
		e.Value.(*run).written = false
	}
}

const (
	ownerSQL = `SELECT scene, peer, uid, number FROM blocks WHERE slot = ?`
	takenSQL = `SELECT id FROM messages WHERE id BETWEEN ?1 AND ?2
		UNION ALL SELECT id FROM trimmed WHERE id BETWEEN ?1 & 4294967295 AND ?2 & 4294967295`
	addBlockSQL = `INSERT OR IGNORE INTO blocks (slot, scene, peer, uid, number) VALUES (?, ?, ?, ?, ?)`
	// isOwnSQL tells of a row of messages whether its id is that of its block.
	isOwnSQL = `EXISTS (SELECT 1 FROM blocks AS b WHERE b.slot = (messages.id >> 10) & 4194303
		AND messages.id & 1023 = messages.sequence & 1023
		AND b.scene = messages.scene AND b.peer = messages.peer
		AND b.uid = CASE messages.peer WHEN 0 THEN messages.peer_uid ELSE '' END
		AND b.number = (messages.sequence >> 10) & 18014398509481983)`
)

// read reads what the file says of the slot.
func (r *run) read(db *database) error {
	var err error
	if r.owner, err = scanOwner(db.owner.QueryRow(r.slot)); err != nil {
		return err
	}
	rows, err := db.taken.Query(idIn(r.slot, 0), idIn(r.slot, places-1))
	if err != nil {
		return err
	}
	for rows.Next() && err == nil {
		var id int64
		err = rows.Scan(&id)
		r.taken.add(int32(id))
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

// scanOwner reads a row of ownerSQL, with more columns behind it; none is no block.
func scanOwner(row interface{ Scan(dest ...any) error }, more ...any) (b block, err error) {
	var peer, number int64
	if err = row.Scan(append([]any{&b.scene, &peer, &b.uid, &number}, more...)...); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return block{}, err
	}
	b.peer, b.number = uint64(peer), uint64(number)
	if b.scene == 0 {
		b.scene = nobodys
	}
	return b, nil
}

// nobodys is the scene of a block that no message is in.
const nobodys scene = -1

func (b block) args(slot uint32) []any {
	sc := b.scene
	if sc == nobodys {
		sc = 0
	}
	return []any{slot, int64(sc), int64(b.peer), string(b.uid), int64(b.number)}
}

// writeOwners has the blocks of the runs own them. It returns the owners of those that
// another block has: the file could not be read when they were chosen.
func (s *Store) writeOwners(ctx context.Context, tx *sql.Tx, claims []claim) (others map[*run]block, err error) {
	if len(claims) == 0 {
		return nil, nil
	}
	add := tx.StmtContext(ctx, s.db.addBlock)
	for _, c := range claims {
		res, err := add.ExecContext(ctx, c.owner.args(c.run.slot)...)
		if err != nil {
			return nil, err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			continue
		}
		owner, err := scanOwner(tx.QueryRowContext(ctx, ownerSQL, c.run.slot))
		if err != nil {
			return nil, err
		}
		if owner != c.owner {
			if others == nil {
				others = make(map[*run]block)
			}
			others[c.run] = owner
		}
	}
	return others, nil
}

// claim is a run whose owner a batch writes.
type claim struct {
	run   *run
	owner block
}

const step = 0x9e3779b97f4a7c15 // odd, so that multiplying loses nothing

// mix spreads the bits of a number (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += step
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
