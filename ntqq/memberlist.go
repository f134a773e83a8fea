package ntqq

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"libration/ntqq/message"
)

// memberList is the members of a group in little memory, and without pointers, which the
// garbage collector would follow: an account may have a million of them.
type memberList struct {
	group GroupCode
	rows  []memberRow // by number
	byUID []uint32    // places in rows, by text id
	texts []byte      // of the rows: text id, nickname, card and title of each together
	waste int         // bytes of texts that no row has any more
	ok    bool        // not stale
	used  uint64      // memberLists.uses when it was used last

	fetched time.Time
}

// memberRow is a member without its texts.
type memberRow struct {
	uin                       UIN
	joined, spoke, muted      uint32 // Unix seconds
	level                     uint32
	at, nickname, card, title uint32 // where its texts begin, and their lengths
	uid                       uint8  // length
	role                      message.Role
}

// newMemberList takes over the list. Of a number that is in it twice, as when somebody
// came in between two pages, the last entry counts.
func newMemberList(group GroupCode, list []Member) *memberList {
	slices.SortStableFunc(list, func(x, y Member) int { return cmp.Compare(x.UIN, y.UIN) })
	size := 0
	for i := range list {
		size += list[i].textSize()
	}
	l := &memberList{group: group, rows: make([]memberRow, 0, len(list)), texts: make([]byte, 0, size)}
	for i := range list {
		if i+1 == len(list) || list[i+1].UIN != list[i].UIN {
			l.rows = append(l.rows, l.row(&list[i]))
		}
	}
	l.byUID = make([]uint32, len(l.rows))
	for i := range l.byUID {
		l.byUID[i] = uint32(i)
	}
	slices.SortFunc(l.byUID, func(x, y uint32) int { return bytes.Compare(l.uid(x), l.uid(y)) })
	return l
}

func (m *Member) textSize() int { return len(m.UID) + len(m.Nickname) + len(m.Card) + len(m.Title) }

// row is a member's, whose texts it keeps. A text id that is too long is nobody's.
func (l *memberList) row(m *Member) memberRow {
	if len(m.UID) > maxUID {
		m.UID = ""
	}
	r := memberRow{
		at: uint32(len(l.texts)), uid: uint8(len(m.UID)),
		nickname: uint32(len(m.Nickname)), card: uint32(len(m.Card)), title: uint32(len(m.Title)),
	}
	for _, text := range [...]string{string(m.UID), m.Nickname, m.Card, m.Title} {
		l.texts = append(l.texts, text...)
	}
	r.number(m)
	return r
}

// number takes what is no text.
func (r *memberRow) number(m *Member) {
	r.uin, r.role, r.level = m.UIN, m.Role, m.Level
	r.joined, r.spoke, r.muted = uint32(m.JoinTime), uint32(m.LastSpeak), uint32(m.MuteUntil)
}

func (r *memberRow) size() uint32 { return uint32(r.uid) + r.nickname + r.card + r.title }

// member is a row whose texts are given.
func (l *memberList) member(r *memberRow, texts string) Member {
	next := func(n uint32) (text string) {
		text, texts = texts[:n], texts[n:]
		return text
	}
	return Member{
		Group: l.group, UIN: r.uin, UID: UID(next(uint32(r.uid))),
		Nickname: next(r.nickname), Card: next(r.card), Title: next(r.title), Role: r.role, Level: r.level,
		JoinTime: int64(r.joined), LastSpeak: int64(r.spoke), MuteUntil: int64(r.muted),
	}
}

// at is the member in a row.
func (l *memberList) at(i int) Member {
	r := &l.rows[i]
	return l.member(r, string(l.texts[r.at:r.at+r.size()]))
}

// all are the members, sorted by number. They share their texts.
func (l *memberList) all() []Member {
	out, texts := make([]Member, len(l.rows)), string(l.texts)
	for i := range l.rows {
		r := &l.rows[i]
		out[i] = l.member(r, texts[r.at:r.at+r.size()])
	}
	return out
}

// find is the row of a number.
func (l *memberList) find(uin UIN) (int, bool) {
	return slices.BinarySearchFunc(l.rows, uin, func(r memberRow, uin UIN) int { return cmp.Compare(r.uin, uin) })
}

// uid is the text id in a row.
func (l *memberList) uid(i uint32) []byte {
	r := &l.rows[i]
	return l.texts[r.at : r.at+uint32(r.uid)]
}

// findUID is the row of a text id.
func (l *memberList) findUID(uid UID) (int, bool) {
	i, ok := slices.BinarySearchFunc(l.byUID, []byte(uid), func(i uint32, uid []byte) int { return bytes.Compare(l.uid(i), uid) })
	if !ok || uid == "" {
		return 0, false
	}
	return int(l.byUID[i]), true
}

// change changes a member, but neither number nor text id.
func (l *memberList) change(i int, change func(*Member)) {
	m := l.at(i)
	before := m
	change(&m)
	m.UIN, m.UID = before.UIN, before.UID
	switch r := &l.rows[i]; {
	case m.textSize() > maxNames:
	case m.Nickname == before.Nickname && m.Card == before.Card && m.Title == before.Title:
		r.number(&m)
	default:
		l.waste += before.textSize()
		*r = l.row(&m)
		if l.waste > len(l.texts)/2 {
			l.tidy()
		}
	}
}

// tidy drops the texts that no row has any more.
func (l *memberList) tidy() {
	texts := make([]byte, 0, len(l.texts)-l.waste)
	for i := range l.rows {
		r := &l.rows[i]
		at := uint32(len(texts))
		texts = append(texts, l.texts[r.at:r.at+r.size()]...)
		r.at = at
	}
	l.texts, l.waste = texts, 0
}

// What a list takes in memory, with its place in the map, and each of its members, with its
// place in byUID, in bytes.
const listBytes, rowBytes = 192, 48 + 4

// size is how many bytes the list takes in memory.
func (l *memberList) size() int { return listBytes + rowBytes*cap(l.rows) + cap(l.texts) }
