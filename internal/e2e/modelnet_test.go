package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
	"libration/sandbox/server"
)

// modelBack is how long after the end of a connection there can be a new one. It is
// longer than the client's pause, whose length is drawn, so that the time of the new
// connection is not.
const modelBack = 1500 * time.Millisecond

// modelNet is the network of an account.
type modelNet struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu      sync.Mutex
	link    *modelLink // the last one
	back    time.Time  // when there can be a connection
	outUpTo time.Time  // until when there is no network
}

// modelLink is one connection.
type modelLink struct {
	net.Conn
	n      *modelNet
	frozen bool // guarded by n.mu: nothing comes through any more
	closed bool
}

var errNoNetwork = errors.New("no network")

// between is the Options.Dial of the account.
func (n *modelNet) between(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	back, out := n.back, time.Now().Before(n.outUpTo)
	n.mu.Unlock()
	if out {
		return nil, errNoNetwork
	}
	select {
	case <-time.After(time.Until(back)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	nc, err := n.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.link = &modelLink{Conn: nc, n: n}
	return n.link, nil
}

// cut ends the connection.
func (n *modelNet) cut() {
	n.mu.Lock()
	l := n.link
	n.mu.Unlock()
	if l != nil {
		l.Close()
	}
}

// freeze lets nothing through on the connection any more.
func (n *modelNet) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.link != nil {
		n.link.frozen = true
	}
}

func (n *modelNet) isFrozen() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.link != nil && n.link.frozen && !n.link.closed
}

// outage takes the network away for a while; 0: it is there.
func (n *modelNet) outage(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.outUpTo = time.Now().Add(d)
	if back := n.outUpTo.Add(modelBack); back.After(n.back) && d > 0 {
		n.back = back
	}
}

func (l *modelLink) Close() error {
	l.n.mu.Lock()
	if !l.closed {
		l.closed = true
		if back := time.Now().Add(modelBack); back.After(l.n.back) {
			l.n.back = back
		}
	}
	l.n.mu.Unlock()
	return l.Conn.Close()
}

func (l *modelLink) dead() bool {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	return l.frozen
}

func (l *modelLink) Read(b []byte) (int, error) {
	for {
		n, err := l.Conn.Read(b)
		if err != nil || !l.dead() {
			return n, err
		}
	}
}

func (l *modelLink) Write(b []byte) (int, error) {
	if l.dead() {
		return len(b), nil
	}
	return l.Conn.Write(b)
}

// modelPushKind says what a push is about.
type modelPushKind int

const (
	modelOther modelPushKind = iota
	modelSaid
	modelRecall
	modelJoin
	modelLeave
	modelFriend
)

// modelPush is a push to the account.
type modelPush struct {
	kind     modelPushKind
	chat     modelChat
	sequence uint64
	timer    *time.Timer // of one that is late
}

func (p modelPush) String() string {
	return fmt.Sprintf("%s %v %d", []string{"event", "message", "recall", "join", "leave", "friend"}[p.kind], p.chat, p.sequence)
}

// modelHanded says when something was first handed to the account.
type modelHanded struct {
	at    time.Time
	place int // among all that was
}

// modelPushes is what became of the pushes. modelWorld.mu guards it.
type modelPushes struct {
	handed map[modelPush]modelHanded // by kind, chat and sequence
	late   map[*modelPush]struct{}
	place  int
}

// forget drops late pushes.
func (p *modelPushes) forget(which func(*modelPush) bool) {
	for push := range p.late {
		if which(push) {
			push.timer.Stop()
			delete(p.late, push)
		}
	}
}

// pending tells whether a push about the account's place in a group is late.
func (p *modelPushes) pending(chat modelChat) bool {
	for push := range p.late {
		if push.chat == chat && (push.kind == modelJoin || push.kind == modelLeave) {
			return true
		}
	}
	return false
}

// hand notes that a push reaches the account.
func (p *modelPushes) hand(push modelPush) modelHanded {
	if p.handed == nil {
		p.handed, p.late = map[modelPush]modelHanded{}, map[*modelPush]struct{}{}
	}
	push.timer = nil
	p.place++
	if _, again := p.handed[push]; !again || push.kind == modelJoin || push.kind == modelLeave || push.kind == modelFriend {
		p.handed[push] = modelHanded{time.Now(), p.place}
	}
	return p.handed[push]
}

// push takes every push of the service.
func (w *modelWorld) push(p server.Push) {
	if p.To != bot {
		return
	}
	push := w.readPush(p.Payload)
	message := push.kind == modelSaid
	n := &w.nature
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs == 0 {
		return // nobody is there yet
	}
	if w.pushes.late == nil {
		w.pushes.late = map[*modelPush]struct{}{}
	}
	rng := w.pushRNG
	drop, double, late := rng.Float64() < n.drop, rng.Float64() < n.double, rng.Float64() < n.late
	wait := time.Duration(20+rng.IntN(430)) * time.Millisecond
	if rng.IntN(5) < 2 {
		wait = time.Duration(rng.IntN(20000)) * time.Millisecond
	}
	if !message && !n.events {
		drop, double, late = false, false, false
	}
	switch push.kind {
	case modelOther:
		drop, late = false, false
	case modelJoin, modelLeave, modelFriend: // other pushes overtake it a little
		wait = min(wait, 450*time.Millisecond)
	}
	if drop {
		w.counts["pushes dropped"]++
		w.logf("push of %v dropped", push)
		return
	}
	if !late || double {
		w.pushes.deliver(w, push, p)
		if double && !late {
			w.pushes.deliver(w, push, p)
		}
		if double {
			w.counts["pushes doubled"]++
		}
	}
	if !late {
		return
	}
	w.counts["pushes late"]++
	w.logf("push of %v late by %v", push, wait)
	w.pushes.late[&push] = struct{}{}
	push.timer = time.AfterFunc(wait, func() {
		online := w.online()
		w.mu.Lock()
		_, due := w.pushes.late[&push]
		delete(w.pushes.late, &push)
		if due && online && p.Exclude == nil {
			w.logf("pushed late: %v", push)
			w.truth.handed(push, w.pushes.hand(push))
		}
		w.mu.Unlock()
		if due {
			w.s.Deliver(p)
		}
	})
}

// deliver hands a push on at once.
func (p *modelPushes) deliver(w *modelWorld, push modelPush, packet server.Push) {
	if packet.Exclude == nil && !w.swallowed && w.online() {
		p.hand(push)
		w.logf("pushed: %v", push)
	}
	w.s.Deliver(packet)
}

// readPush reads what a push is about.
func (w *modelWorld) readPush(payload []byte) (p modelPush) {
	var envelope messagepb.MsgPush
	if pb.Unmarshal(payload, &envelope) != nil {
		return p
	}
	m := envelope.GetMessage()
	head, content := m.GetContentHead(), m.GetBody().GetMsgContent()
	self := m.GetRoutingHead().GetToUid()
	switch head.GetType() {
	case 82:
		return modelPush{modelSaid, modelChat{group: message.GroupCode(m.GetRoutingHead().GetGroup().GetGroupCode())}, head.GetSequence(), nil}
	case 166:
		peer := m.GetRoutingHead().GetFromUin()
		if peer == uint64(bot) {
			peer = m.GetRoutingHead().GetToUin()
		}
		return modelPush{modelSaid, modelChat{peer: message.UIN(peer)}, head.GetNtMsgSeq(), nil}
	case 33, 34:
		var b pushpb.GroupMemberChange
		if pb.Unmarshal(content, &b) != nil || b.GetMemberUid() != self {
			return p
		}
		p = modelPush{modelJoin, modelChat{group: message.GroupCode(b.GetGroupCode())}, 0, nil}
		if head.GetType() == 34 {
			p.kind = modelLeave
		}
	case 85:
		var b pushpb.GroupSelfJoined
		if pb.Unmarshal(content, &b) == nil {
			p = modelPush{modelJoin, modelChat{group: message.GroupCode(b.GetGroupCode())}, 0, nil}
		}
	case 528:
		return w.readAccountPush(m, head.GetSubType(), content)
	case 732:
		var b pushpb.GroupNotify
		if head.GetSubType() == 17 && pb.Unmarshal(content[7:], &b) == nil {
			return modelPush{modelRecall, modelChat{group: message.GroupCode(b.GetGroupCode())}, b.GetRecall().GetMessages()[0].GetSequence(), nil}
		}
	}
	return p
}

func (w *modelWorld) readAccountPush(m *messagepb.CommonMessage, kind uint64, content []byte) (p modelPush) {
	from := message.UIN(m.GetRoutingHead().GetFromUin())
	switch kind {
	case 138, 139:
		var b pushpb.FriendRecall
		if pb.Unmarshal(content, &b) == nil {
			peer := w.uins[message.UID(b.GetInfo().GetFromUid())]
			if peer == bot {
				peer = w.uins[message.UID(b.GetInfo().GetToUid())]
			}
			return modelPush{modelRecall, modelChat{peer: peer}, b.GetInfo().GetSequence(), nil}
		}
	case 179:
		return modelPush{modelFriend, modelChat{peer: from}, 0, nil}
	case 212:
		var b pushpb.GroupRemoved
		if pb.Unmarshal(content, &b) == nil {
			return modelPush{modelLeave, modelChat{group: message.GroupCode(b.GetGroupCode())}, 0, nil}
		}
	}
	return p
}
