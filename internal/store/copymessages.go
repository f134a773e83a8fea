package store

import (
	"libration/internal/elements"
	"libration/ntqq/message"
)

// The shapes of the table messages, and of that of an earlier version.
const (
	messageShape    = "niiitiiiibb"
	oldMessageShape = "niiit" + "iiiiiii" + "tttt" + "ii" + "tt" + "b"
)

// maxPosition is above every sensible position of a message.
const maxPosition = 1 << 40

const copyMessageSQL = `INSERT OR IGNORE INTO messages (position, id, ` + columns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (c *copier) addMessage(r foundRow) error {
	o := oldRow{
		position: r.id, bits: r.columns[8].(int64),
		key: storedKey(scene(r.columns[2].(int64)), r.columns[3].(int64), r.columns[4].(string), r.columns[5].(int64)),
	}
	m := &o.message
	m.Chat.PeerUID = message.UID(r.columns[4].(string))
	m.Sequence, m.ClientSequence, m.Time = o.key.sequence, uint64(r.columns[6].(int64)), r.columns[7].(int64)
	m.Raw = r.columns[10].([]byte)
	if !o.readMeta(r.columns[9].([]byte)) {
		c.n.unreadable++
		return c.lost(r.columns[1].(int64), o.key)
	}
	return c.copyMessage(r.columns[1].(int64), &o)
}

// addOldMessage keeps a row of an earlier version.
func (c *copier) addOldMessage(r foundRow) error {
	number := func(i int) int64 { return r.columns[i].(int64) }
	words := func(i int) string { return r.columns[i].(string) }
	o := oldRow{
		position: r.id, bits: number(10),
		key: storedKey(scene(number(2)), number(3), words(4), number(6)),
	}
	o.people = words(19)
	m := &o.message
	m.Chat = message.Chat{Group: message.GroupCode(number(5)), PeerUID: message.UID(words(4))}
	m.Sequence, m.ClientSequence, m.Random, m.Time = o.key.sequence, uint64(number(7)), uint32(number(8)), number(9)
	m.Sender = message.Sender{UIN: message.UIN(number(11)), UID: message.UID(words(12)), Nickname: words(13), Card: words(14),
		Title: words(15), Role: message.Role(number(16)), Level: uint32(number(17))}
	m.GroupName = words(18)
	m.Raw = r.columns[20].([]byte)
	return c.copyMessage(number(1), &o)
}

// copyMessage writes a message if its id is one that its key can have. Of one that cannot
// be read the id stays taken.
func (c *copier) copyMessage(id int64, o *oldRow) error {
	if !fits[int32](id) || o.key.scene.kind() == 0 || o.bits&^(bitSelf|bitFetched) != 0 || !c.canHave(int32(id), o.key) {
		c.n.unreadable++ // the id would be another message's
		return nil
	}
	o.id = int32(id)
	if len(o.message.Raw) > 0 {
		if _, err := elements.Parse(o.message.Raw, o.message.Sender.UIN); err != nil {
			c.n.unreadable++
			return c.lost(id, o.key)
		}
	}
	if err := c.keepID(o.id, o.key); err != nil {
		return err
	}
	args := o.args()
	if o.position > 0 && o.position < maxPosition {
		c.n.first, c.n.last = min(c.n.first, o.position), max(c.n.last, o.position)
	} else {
		args[0] = nil // at the end
	}
	return c.exec(&c.n.messages, copyMessageSQL, args...)
}

// canHave tells whether an id is one of the key's, of this version or of an earlier one.
func (c *copier) canHave(id int32, k key) bool {
	owner, ok := c.owned[slotOf(id)]
	return k.has(id, c.o.hash) || c.isNew(id, k) && (!ok || owner == k.block())
}

// isNew tells whether an id is one of those that this version gives.
func (c *copier) isNew(id int32, k key) bool {
	return idIn(slotOf(id), k.sequence) == id && k.block().has(slotOf(id), c.o.slot)
}

// keepID has nobody else get the id.
func (c *copier) keepID(id int32, k key) error {
	if slot := slotOf(id); !k.has(id, c.o.hash) {
		if _, ok := c.owned[slot]; ok {
			return nil
		}
		c.owned[slot] = k.block()
		return c.exec(nil, addBlockSQL, k.block().args(slot)...)
	}
	c.former[k.chat()] = max(c.former[k.chat()], k.former())
	return nil
}

// lost keeps the id of a message that cannot be read.
func (c *copier) lost(id int64, k key) error {
	if !fits[int32](id) || k.scene.kind() == 0 || !c.canHave(int32(id), k) {
		return nil
	}
	if err := c.keepID(int32(id), k); err != nil || !k.has(int32(id), c.o.hash) {
		return err
	}
	return c.exec(&c.n.stubs, addTrimmedSQL, uint32(id), k.fingerprint())
}

// addBlock keeps a found owner that can have the slot.
func (c *copier) addBlock(r foundRow) error {
	b := block{scene(r.columns[1].(int64)), uint64(r.columns[2].(int64)), message.UID(r.columns[3].(string)), uint64(r.columns[4].(int64))}
	slot := uint32(r.id)
	if r.id <= 0 || r.id >= slots || b.scene != 0 && (b.scene.kind() == 0 || !b.has(slot, c.o.slot)) {
		return nil
	}
	if _, ok := c.owned[slot]; ok {
		return nil
	}
	c.owned[slot] = b
	return c.exec(nil, addBlockSQL, b.args(slot)...)
}

// addFormer keeps a found row of the table former.
func (c *copier) addFormer(r foundRow) {
	chat := key{scene: scene(r.columns[0].(int64)), peer: uint64(r.columns[1].(int64)), uid: message.UID(r.columns[2].(string))}
	if last := r.columns[3].(int64); last >= 0 && (chat == key{} || chat.scene.kind() != 0) {
		c.former[chat] = max(c.former[chat], uint64(last))
	}
}

// fits tells whether T can hold the number: reading the row would fail else.
func fits[T int32 | uint32](n int64) bool { return int64(T(n)) == n }

// has tells whether id is one of the key's series in an earlier version.
func (k key) has(id int32, hash func([]byte) uint32) bool {
	for n := range maxProbes {
		if k.candidate(n, hash) == id {
			return id != 0
		}
	}
	return false
}
