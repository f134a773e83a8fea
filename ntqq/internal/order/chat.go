package order

import (
	"cmp"
	"slices"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// beginning is what is known of where the account's part of a chat begins.
type beginning uint8

const (
	unknown beginning = iota // no answer has named a sequence
	named                    // position is the newest message when the server was asked
	firm                     // position is right
)

// chat is the state of one chat.
type chat struct {
	id   ID
	peer message.UID // "": not known

	// The beginning. since: messages of the history before it are old, Unix seconds;
	// 0: none are. It counts until nothing is missing.
	begin    beginning
	since    int64
	hint     *uint64 // the newest sequence at the registration, as a push says
	searched uint64  // the history has been searched down to here; 0: not yet
	healing  bool    // the position was put back, and what is younger than since is missing
	young    uint64  // the lowest message that the search has found
	partial  bool    // what was found did not find room, and is fetched again
	expected bool    // the account will want all messages, also after a restart
	eager    bool    // the beginning is asked for although nothing waits
	away     bool    // the account was not there all the time, or not in the group
	restored bool    // before the restart messages may have been delivered that count for nothing
	unlisted bool    // not in the list of the groups since the last registration

	// position: messages up to it have been delivered, or never will be, but for those
	// in owed and absent. It moves by one with the next message, and further only to
	// what is proven. time is that of the last one, Unix seconds, but at most the
	// server's time when it came.
	position uint64
	time     int64
	// proven is the newest sequence that an answer of the server has named, known the
	// newest one that anything has named; 0: nothing is missing.
	proven, known uint64
	ahead         spans     // beyond position, delivered without proof
	waiting       []waiting // ascending, beyond a gap
	owed          []uint64  // ascending; could not be had, and are asked for again
	owedSince     time.Time
	absent        spans // missing in the history, too; a late push is delivered

	// doubt: the position may be wrong, and the server has to be asked. doubted are
	// messages whose sequences have passed; they wait for the answer. denials counts
	// the answers in a row that contradict what was pushed.
	doubt   bool
	doubted []*event.Message
	denials int

	// The question about the chat.
	due       time.Time // when it is asked; zero: not planned
	asked     bool      // it is under way
	stalled   bool      // it failed with the connection: the next registration goes on
	tries     int
	rests     int       // in a row
	restUntil time.Time // the history of this chat cannot be had
	sureUntil time.Time // the server has confirmed the position

	leftOut, tooOld int // messages of the present catching up
}

// waiting is a message that waits for those before it, or a recall that waits for its
// message, or both.
type waiting struct {
	sequence uint64
	message  *event.Message
	recall   *event.MessageRecalled
	asked    bool // the server was asked whether it is there
}

// Size is about how many bytes of memory it keeps.
func (w waiting) Size() int {
	n := 0
	if w.message != nil {
		n += w.message.Size()
	}
	if w.recall != nil {
		n += w.recall.Size()
	}
	return n
}

// maxUID bounds a text id that is remembered.
const maxUID = 128

// know notes the text id of a private chat's other side, "" when not known.
func (st *chat) know(peer message.UID) {
	if peer != "" && len(peer) <= maxUID {
		st.peer = peer
	}
}

// nobody tells that there is nobody to ask for.
func (st *chat) nobody() bool { return !st.id.Group && st.peer == "" }

// missing tells whether messages of the chat wait, or are to be fetched.
func (st *chat) missing() bool { return len(st.waiting) > 0 || st.known > st.position }

// unsure tells that the server has to be asked for the newest sequence.
func (st *chat) unsure() bool { return st.doubt || st.known > max(st.proven, st.position) }

// find is the place of a sequence among those that wait.
func (st *chat) find(seq uint64) (i int, found bool) {
	return slices.BinarySearchFunc(st.waiting, seq, func(w waiting, seq uint64) int { return cmp.Compare(w.sequence, seq) })
}

// late takes a sequence out of those that may still come.
func (st *chat) late(seq uint64) bool {
	if i, found := slices.BinarySearch(st.owed, seq); found {
		st.owed = slices.Delete(st.owed, i, i+1)
		return true
	}
	found := st.absent.remove(seq)
	st.absent.forget()
	return found
}

// lost notes a sequence that is missing in the history.
func (st *chat) lost(seq uint64) {
	st.absent.add(seq)
	st.absent.forget()
}

// wentAhead notes that a message beyond the position was delivered.
func (st *chat) wentAhead(seq uint64) {
	st.ahead.add(seq)
	st.leftOut += int(st.ahead.join())
}

// lacks notes that the history does not have the sequences from one to another, but
// for those that were pushed or recalled.
func (st *chat) lacks(from, to uint64) {
	for seq := max(from, st.position+1); seq <= to; seq++ {
		if _, waits := st.find(seq); waits || st.ahead.has(seq) {
			continue
		}
		st.lost(seq)
	}
}

// gapEnd is the last sequence that is missing for certain before the next one that is
// here.
func (st *chat) gapEnd() uint64 {
	end := st.proven
	for _, w := range st.waiting {
		if w.message != nil {
			end = min(end, w.sequence-1)
			break
		}
	}
	if len(st.ahead) > 0 {
		end = min(end, st.ahead[0].from-1)
	}
	return end
}

// span is a range of sequences, both ends included.
type span struct{ from, to uint64 }

// spans are ranges, ascending, that do not touch.
type spans []span

func (s spans) has(seq uint64) bool {
	i, found := slices.BinarySearchFunc(s, seq, func(r span, seq uint64) int { return cmp.Compare(r.from, seq) })
	return found || i > 0 && seq <= s[i-1].to
}

// add puts a sequence in.
func (s *spans) add(seq uint64) {
	list := *s
	i, found := slices.BinarySearchFunc(list, seq, func(r span, seq uint64) int { return cmp.Compare(r.from, seq) })
	switch {
	case found || i > 0 && seq <= list[i-1].to:
	case i > 0 && list[i-1].to == seq-1:
		list[i-1].to = seq
		if i < len(list) && list[i].from == seq+1 {
			list[i-1].to = list[i].to
			list = slices.Delete(list, i, i+1)
		}
	case i < len(list) && list[i].from == seq+1:
		list[i].from = seq
	default:
		list = slices.Insert(list, i, span{seq, seq})
	}
	*s = list
}

// join makes the two lowest of too many ranges one, and returns how many sequences that
// were in none are in it now.
func (s *spans) join() uint64 {
	if len(*s) <= spansMost {
		return 0
	}
	low, next := (*s)[0], (*s)[1]
	*s = slices.Delete(*s, 0, 1)
	(*s)[0].from = low.from
	return next.from - low.to - 1
}

// forget takes the lowest of too many ranges out.
func (s *spans) forget() {
	if len(*s) > spansMost {
		*s = slices.Delete(*s, 0, 1)
	}
}

// remove takes a sequence out, and tells whether it was there.
func (s *spans) remove(seq uint64) bool {
	for i, r := range *s {
		switch {
		case seq < r.from || seq > r.to:
			continue
		case r.from == r.to:
			*s = slices.Delete(*s, i, i+1)
		case seq == r.from:
			(*s)[i].from++
		case seq == r.to:
			(*s)[i].to--
		default:
			(*s)[i].to = seq - 1
			*s = slices.Insert(*s, i+1, span{seq + 1, r.to})
		}
		return true
	}
	return false
}
