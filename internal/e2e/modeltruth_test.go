package e2e

import (
	"fmt"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// modelChat names a chat of the account: a group, or the private chat with somebody.
type modelChat struct {
	group message.GroupCode
	peer  message.UIN
}

func (c modelChat) String() string {
	if c.group != 0 {
		return fmt.Sprint("group ", c.group)
	}
	return fmt.Sprint("friend ", c.peer)
}

// modelMessage is a message of the world.
type modelMessage struct {
	chat     modelChat
	sequence uint64
	text     string
	from     message.UIN
	random   uint32
	client   uint64 // the sender's own sequence
	at       time.Time
	recalled time.Time // zero: it was not

	old bool // written before the account was online for the first time
	// outside: the account was not in the group. knowable: it can know that.
	outside, knowable bool
	// known: the account knew of the chat, so that it can know what is missing.
	known bool
	// unsaved: it was not certain to be saved when the program was stopped that the
	// account knew.
	unsaved bool
	epoch   int // of the group: the account's how-manieth time in it
	handed  *modelHanded
	// first and told are the first and the last time that it was delivered.
	first, told *modelHeard
	message     *world.Message
}

// modelChatTruth is what the account can know of a chat.
type modelChatTruth struct {
	messages map[uint64]*modelMessage
	inside   bool // in the group, or a friend
	// known: there was an event or an answer that says since when the messages are the
	// account's. settled: it is certain that it is saved, too.
	known, settled bool
	since          time.Time
	entered        time.Time // when the account joined, or became a friend
	epoch          int
	ended          []modelEpochEnd
	// first is when the first push of a chat came that was not known.
	first time.Time
}

// modelEpochEnd is the end of a time in a group.
type modelEpochEnd struct {
	left, learned time.Time // learned: zero: not yet
	place         int       // of the push that says so; 0: none
}

// modelTruth is what happened. modelWorld.mu guards it.
type modelTruth struct {
	chats    map[modelChat]*modelChatTruth
	messages []*modelMessage
	byText   map[string]int
	begun    bool
	online   time.Time // the last registration
	joins    map[modelChat]int
}

func (tr *modelTruth) init(friends []message.UIN) {
	tr.chats, tr.byText, tr.joins = map[modelChat]*modelChatTruth{}, map[string]int{}, map[modelChat]int{}
	for _, uin := range friends {
		c := tr.chat(modelChat{peer: uin})
		c.inside, c.known = true, true
	}
}

func (tr *modelTruth) chat(chat modelChat) *modelChatTruth {
	c := tr.chats[chat]
	if c == nil {
		c = &modelChatTruth{messages: map[uint64]*modelMessage{}}
		tr.chats[chat] = c
	}
	return c
}

// begin is called when the account is online for the first time: what was written
// before is no news.
func (tr *modelTruth) begin() {
	tr.begun = true
	for _, c := range tr.chats {
		c.settled = c.known
	}
}

// take takes up one activity. certain: the lists can be had.
func (tr *modelTruth) take(a world.Activity, p *modelPushes, certain bool) {
	at := time.UnixMilli(a.Time)
	chat := modelChat{group: a.Group}
	if a.Group == 0 {
		chat.peer = a.User
		if a.User == bot {
			chat.peer = a.Peer
		}
	}
	switch a.Kind {
	case world.ActivityMessage:
		tr.said(chat, a, at, p)
	case world.ActivityRecall:
		if m := tr.chat(chat).messages[a.Sequence]; m != nil {
			m.recalled = at
		}
	case world.ActivityJoin:
		if a.User == bot {
			tr.joined(chat, at, p)
		}
	case world.ActivityLeave, world.ActivityKick:
		if a.User == bot {
			tr.left(chat, at, p)
		}
	case world.ActivityFriendAdded:
		c := tr.chat(chat)
		h, ok := p.handed[modelPush{kind: modelFriend, chat: chat}]
		if c.inside, c.entered = true, at; ok && !c.known && !h.at.Before(at) {
			c.begins(at)
		}
	case world.ActivityFriendRemoved:
		c := tr.chat(chat)
		c.inside, c.ended = false, append(c.ended, modelEpochEnd{left: at})
	case world.ActivityOnline:
		tr.online = at
		tr.registered(at, certain)
	}
}

func (tr *modelTruth) said(chat modelChat, a world.Activity, at time.Time, p *modelPushes) {
	c := tr.chat(chat)
	m := &modelMessage{
		chat: chat, sequence: a.Sequence, from: a.User, at: at, old: !tr.begun,
		text:    a.Message.Text(),
		random:  a.Message.Random,
		client:  a.Message.ClientSequence,
		message: a.Message, outside: chat.group != 0 && !c.inside, known: c.known, epoch: c.epoch,
	}
	c.messages[m.sequence] = m
	tr.messages = append(tr.messages, m)
	tr.byText[m.text]++
	if h, ok := p.handed[modelPush{kind: modelSaid, chat: chat, sequence: m.sequence}]; ok {
		tr.note(c, m, h)
	}
}

// note notes that a message was handed to the account.
func (tr *modelTruth) note(c *modelChatTruth, m *modelMessage, h modelHanded) {
	if m.handed != nil {
		return
	}
	m.handed = &h
	if !c.known && m.epoch == c.epoch && !m.outside {
		c.known, c.settled, c.since, c.first = true, false, h.at, h.at
	}
}

// handed notes that a late push was handed to the account.
func (tr *modelTruth) handed(push modelPush, h modelHanded) {
	c := tr.chat(push.chat)
	switch push.kind {
	case modelSaid:
		if m := c.messages[push.sequence]; m != nil {
			tr.note(c, m, h)
		}
	case modelJoin, modelFriend:
		c.begins(h.at)
		for _, m := range c.messages { // the event has its time
			m.known = m.known || m.epoch == c.epoch && !m.outside && !m.at.Before(c.since)
		}
	case modelLeave:
		c.known = false
		c.learned(h.at, h.place)
	}
}

// begins notes that the account was told of a chat.
func (c *modelChatTruth) begins(at time.Time) {
	c.known, c.settled = true, false
	// The event has the time of the join: what is older was not the account's.
	for _, m := range c.messages {
		m.knowable = m.knowable || m.outside && m.at.Unix() < c.entered.Unix()
	}
	c.since = c.entered
	c.learned(at, 0)
}

func (tr *modelTruth) joined(chat modelChat, at time.Time, p *modelPushes) {
	c := tr.chat(chat)
	c.inside, c.entered = true, at
	c.epoch++
	handed, ok := p.handed[modelPush{kind: modelJoin, chat: chat}]
	if !ok || handed.at.Before(at.Truncate(time.Millisecond)) {
		return
	}
	c.begins(at)
}

// learned notes that the account knows that it had left.
func (c *modelChatTruth) learned(at time.Time, place int) {
	for i := range c.ended {
		if c.ended[i].learned.IsZero() {
			c.ended[i].learned, c.ended[i].place = at, place
		}
	}
}

func (tr *modelTruth) left(chat modelChat, at time.Time, p *modelPushes) {
	c := tr.chat(chat)
	c.inside = false
	c.ended = append(c.ended, modelEpochEnd{left: at})
	if handed, ok := p.handed[modelPush{kind: modelLeave, chat: chat}]; ok && !handed.at.Before(at.Truncate(time.Millisecond)) {
		c.known = false
		c.learned(at, handed.place)
	}
}

// registered: the account is told of all its groups.
func (tr *modelTruth) registered(at time.Time, certain bool) {
	for chat, c := range tr.chats {
		switch {
		case chat.group == 0:
		case c.inside && !c.known:
			c.known, c.settled, c.since = true, false, at
		case !c.inside && c.known && certain:
			c.known = false
			c.learned(at, 0)
		}
		if !c.known && certain {
			for _, m := range c.messages {
				m.knowable = m.knowable || m.outside
			}
		}
	}
}

// settle notes what the account is certain to know by now.
func (tr *modelTruth) settle(now, calm time.Time) {
	for chat, c := range tr.chats {
		from := calm
		if c.since.After(from) {
			from = c.since
		}
		if now.Sub(from) < modelCalm {
			continue
		}
		if chat.peer != 0 && c.inside && !c.known && tr.online.After(c.entered) {
			c.known = true // it is in the list of friends, and was asked about
		}
		c.settled = c.settled || c.known
	}
}

// stopped: what was not saved is not known to the next run.
func (tr *modelTruth) stopped() {
	for _, c := range tr.chats {
		if c.settled {
			continue
		}
		c.known = false
		for _, m := range c.messages {
			m.unsaved = m.unsaved || m.epoch == c.epoch
		}
	}
}

// modelHeard is a message or a recall that the program got.
type modelHeard struct {
	run      int
	at       time.Time
	place    int // among what was handed
	kind     modelPushKind
	chat     modelChat
	sequence uint64
	text     string
	caughtUp bool
	message  *message.Message
}

// hear takes an event of the program.
func (w *modelWorld) hear(r *modelRun, e event.Event) {
	if r.crashed() {
		return
	}
	h := &modelHeard{run: r.number, at: time.Now()}
	switch e := e.(type) {
	case *event.Message:
		h.kind, h.chat, h.sequence, h.text = modelSaid, modelChatOf(e.Chat), e.Sequence, text(e.Message)
		h.caughtUp, h.message = e.CaughtUp, e.Message
	case *event.MessageRecalled:
		h.kind, h.chat, h.sequence = modelRecall, modelChatOf(e.Chat), e.Sequence
		if h.chat.group == 0 && h.chat.peer == 0 {
			h.chat.peer = w.uins[e.Chat.PeerUID]
		}
	case *event.GroupLeft:
		h.kind, h.chat = modelLeave, modelChat{group: e.Group}
	case *event.GroupMemberIncrease:
		if e.Member.UIN != bot {
			return
		}
		h.kind, h.chat = modelJoin, modelChat{group: e.Group}
	default:
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	h.place = w.pushes.place
	w.heard = append(w.heard, h)
	w.logf("heard by run %d: %s %v %d %q caught up %t", h.run, e.Name(), h.chat, h.sequence, h.text, h.caughtUp)
}

func modelChatOf(c message.Chat) modelChat {
	if c.Kind == message.Group {
		return modelChat{group: c.Group}
	}
	return modelChat{peer: c.Peer}
}
