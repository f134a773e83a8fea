package e2e

import (
	"context"
	"slices"
	"time"

	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// step does something and lets time pass.
func (w *modelWorld) step() {
	w.act()
	w.pass(0)
	switch w.rng.IntN(8) {
	case 0, 1, 2:
	case 3, 4:
		w.pass(time.Duration(w.rng.IntN(700)) * time.Millisecond)
	case 5, 6:
		w.pass(time.Duration(w.rng.IntN(12000)) * time.Millisecond)
	case 7:
		w.pass(time.Duration(w.rng.IntN(90)) * time.Second)
	}
}

// act draws what happens.
func (w *modelWorld) act() {
	n := &w.nature
	if w.run1 == nil && w.chance(0.25) {
		w.start()
		return
	}
	for {
		switch w.rng.IntN(24) {
		case 0, 1, 2, 3, 4:
			w.talk(1 + w.rng.IntN(4))
		case 5:
			w.talk(20 + w.rng.IntN(60))
		case 6:
			w.elsewhere()
		case 7, 8:
			if w.run1 == nil {
				continue
			}
			w.sendSomething()
		case 9, 10:
			if !n.recalls {
				continue
			}
			w.recall()
		case 11:
			if !n.recalls {
				continue
			}
			w.recallPage()
		case 12, 13:
			if !n.members {
				continue
			}
			w.membership()
		case 14:
			w.newFriend()
		case 15, 16:
			if !n.disconnects {
				continue
			}
			w.disconnect()
		case 17:
			if !n.restarts || w.run1 == nil {
				continue
			}
			crash := w.chance(0.5)
			w.stop(crash)
			if w.counts["restarts"]++; crash {
				w.counts["crashes"]++
			}
			if w.chance(0.3) {
				w.start()
			}
		case 18, 19:
			if !n.history {
				continue
			}
			w.strikeHistory()
		case 20:
			if !n.refused || w.counts["history refused to the end"] > 0 {
				continue
			}
			w.counts["history refused to the end"]++
			w.refuseHistory()
		case 21:
			w.oldPush()
		case 22:
			if n.drop == 0 {
				continue
			}
			w.unheard()
		case 23:
			w.pass(time.Duration(w.rng.IntN(240)) * time.Second)
		}
		return
	}
}

// anyChat draws a chat in which somebody may write.
func (w *modelWorld) anyChat() modelChat {
	if w.chance(0.4) {
		return modelChat{peer: w.friends[w.rng.IntN(len(w.friends))]}
	}
	return modelChat{group: modelGroups[w.rng.IntN(len(modelGroups))]}
}

// speaker draws somebody else of a chat.
func (w *modelWorld) speaker(chat modelChat) message.UIN {
	if chat.group == 0 {
		return chat.peer
	}
	return []message.UIN{alice, bob, carol}[w.rng.IntN(3)]
}

// say has somebody write; the account as from another device.
func (w *modelWorld) say(chat modelChat, from message.UIN) {
	send := world.Send{From: from, Group: chat.group, Parts: world.Text(w.text())}
	if chat.group == 0 {
		if send.To = bot; from == bot {
			send.To = chat.peer
		}
		if chat.peer == carol { // who is no friend
			send.TempGroup = modelGroups[0]
		}
	}
	w.s.World().Messages().Send(send, nil)
}

// talk has others write, sometimes with the account between them.
func (w *modelWorld) talk(n int) {
	chat := w.anyChat()
	mixed := w.chance(0.2)
	for range n {
		from := w.speaker(chat)
		if mixed && w.chance(0.3) {
			from = bot
		}
		w.say(chat, from)
		if w.chance(0.1) {
			w.pass(time.Duration(w.rng.IntN(200)) * time.Millisecond)
		}
	}
}

// oldPush pushes an old message once more: one from before the first login, or one that
// was delivered and saved long ago.
func (w *modelWorld) oldPush() {
	chat := w.anyChat()
	c := w.truth.chat(chat)
	if !c.inside || !c.settled || !w.online() { // what comes of a chat that is not known is news
		return
	}
	var old []*modelMessage
	for _, m := range w.truth.messages {
		if m.chat == chat && m.old && m.recalled.IsZero() {
			old = append(old, m)
		}
	}
	for _, h := range w.heard {
		if h.kind != modelSaid || h.chat != chat || time.Since(h.at) < modelSaved {
			continue
		}
		if h.run < w.runs {
			stop := w.stops[h.run-1]
			if stop.at.Sub(h.at) < modelSaved || w.troubled(stop.at.Add(-modelRest), stop.at, anyTrouble) {
				continue
			}
		}
		m := c.messages[h.sequence]
		if m != nil && !m.outside && !m.unsaved && m.epoch == c.epoch && m.recalled.IsZero() {
			old = append(old, m)
		}
	}
	if len(old) == 0 {
		return
	}
	m := old[w.rng.IntN(len(old))]
	w.counts["old pushes"]++
	w.logf("old push of %v %d", chat, m.sequence)
	w.s.Deliver(w.s.PushOf(m.message, bot))
}

// unheard loses the pushes of some messages; of what shows them one may come: the recall
// of the last one, or the answer to a send.
func (w *modelWorld) unheard() {
	chat, drop := w.anyChat(), w.nature.drop
	w.setDrop(1)
	for range 1 + w.rng.IntN(3) {
		w.say(chat, w.speaker(chat))
	}
	if w.run1 != nil && w.chance(0.3) {
		w.send(context.Background(), chat)
	}
	w.pass(0)
	w.setDrop(0)
	if w.nature.recalls && w.chance(0.5) {
		w.recallLast(chat, 1)
		w.pass(0)
	}
	w.setDrop(drop)
}

func (w *modelWorld) setDrop(p float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nature.drop = p
}

// elsewhere has the account write by another device.
func (w *modelWorld) elsewhere() {
	w.say(w.anyChat(), bot)
	w.counts["sent from another device"]++
}

// sendSomething sends from the program; the answer may be lost.
func (w *modelWorld) sendSomething() {
	chat := w.anyChat()
	ctx := context.Background()
	faults := w.s.Faults()
	add := func(f fault.Fault) {
		if f.On == "" {
			f.On = "send"
		}
		f.Count = 1
		_, err := faults.Add(f)
		w.must(err)
	}
	if w.nature.sends && w.chance(0.6) {
		w.counts["sends struck"]++
		switch w.rng.IntN(8) {
		case 0:
			add(fault.Fault{Name: fault.Mute})
		case 1:
			add(fault.Fault{Name: fault.Ignore})
		case 2:
			add(fault.Fault{Name: fault.Close})
		case 3:
			add(fault.Fault{Name: fault.Mute})
			add(fault.Fault{Name: fault.CloseAfter})
			w.swallowed = true
		case 4, 5:
			add(fault.Fault{Name: fault.Delay, Delay: time.Duration(1+w.rng.IntN(25)) * time.Second})
		case 6:
			ended, cancel := context.WithCancel(ctx)
			cancel()
			ctx = ended
		case 7:
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Duration(1+w.rng.IntN(20))*time.Second)
			add(fault.Fault{Name: fault.Mute})
			w.t.Cleanup(cancel)
		}
	}
	w.send(ctx, chat)
	w.pass(0)
	w.swallowed = false
	for _, f := range faults.Active() { // of one that was not sent
		if f.On == "send" {
			faults.Remove(f.ID)
		}
	}
	if w.chance(0.4) { // an answer at once
		for range 1 + w.rng.IntN(2) {
			w.say(chat, w.speaker(chat))
		}
	}
	if w.nature.recalls && w.chance(0.3) {
		w.pass(time.Duration(w.rng.IntN(15000)) * time.Millisecond)
		w.recallLast(chat, 1)
		if w.chance(0.3) {
			w.page(chat)
		}
	}
}

// recall takes back one of the last messages.
func (w *modelWorld) recall() { w.recallLast(w.anyChat(), 1+w.rng.IntN(8)) }

// recallLast takes back one of the last n messages of a chat.
func (w *modelWorld) recallLast(chat modelChat, n int) {
	var last []*modelMessage
	for _, m := range slices.Backward(w.truth.messages) {
		if m.chat == chat && m.recalled.IsZero() && len(last) < n {
			last = append(last, m)
		}
	}
	if len(last) == 0 {
		return
	}
	w.takeBack(last[len(last)-1])
}

// takeBack recalls a message: by its author or by an admin, in the program or
// elsewhere. It may be refused.
func (w *modelWorld) takeBack(m *modelMessage) {
	w.counts["recalls"]++
	if m.from == bot && w.run1 != nil && w.chance(0.5) {
		for _, h := range w.heard {
			if h.message != nil && h.chat == m.chat && h.sequence == m.sequence {
				r := w.run1
				w.sending.Go(func() { _ = r.Messages().Recall(context.Background(), h.message) })
				w.pass(0)
				return
			}
		}
	}
	if m.chat.group == 0 {
		to := bot
		if m.from == bot {
			to = m.chat.peer
		}
		w.s.World().Messages().RecallFriend(m.from, to, m.client, m.random, m.sequence, nil)
		return
	}
	by := m.from
	if by != alice && w.chance(0.5) {
		by = alice
	}
	w.s.World().Messages().RecallGroup(by, m.chat.group, m.sequence, nil)
}

// recallPage has more messages written than there are in a page of the history, and
// all of them recalled.
func (w *modelWorld) recallPage() { w.page(w.anyChat()) }

func (w *modelWorld) page(chat modelChat) {
	n := 31 + w.rng.IntN(30)
	from := bob
	if chat.group == 0 {
		from = chat.peer
	}
	for range n {
		w.say(chat, from)
	}
	w.pass(time.Duration(w.rng.IntN(2)*w.rng.IntN(3000)) * time.Millisecond)
	var last []*modelMessage
	for _, m := range slices.Backward(w.truth.messages) {
		if m.chat == chat && m.recalled.IsZero() && len(last) < n {
			last = append(last, m)
		}
	}
	for _, m := range last {
		w.takeBack(m)
	}
	w.counts["pages recalled"]++
}

// membership has the account join a group, or leave one, or be kicked.
func (w *modelWorld) membership() {
	world := w.s.World()
	code := modelGroups[w.rng.IntN(len(modelGroups))]
	chat := modelChat{group: code}
	// A change within a minute of one that nothing told counts as the same.
	last := w.changed[chat]
	if !last.handed && time.Since(last.at) < 61*time.Second && !last.at.IsZero() || w.pushes.pending(chat) {
		return
	}
	kind := modelLeave
	if _, inside := world.Members().Find(code, bot); !inside {
		kind = modelJoin
		by := message.UIN(0)
		if w.chance(0.5) {
			by = bob
		}
		w.must(world.Members().Join(code, bot, by, by != 0 && w.chance(0.5)))
		w.joinTimes[chat] = append(w.joinTimes[chat], time.Now())
		w.counts["joins"]++
	} else if w.chance(0.6) {
		w.must(world.Members().Kick(code, bot, alice))
		w.counts["kicks"]++
	} else {
		w.must(world.Members().Leave(code, bot))
		w.counts["leaves"]++
	}
	if kind == modelLeave { // what is late does not come any more
		w.mu.Lock()
		w.pushes.forget(func(push *modelPush) bool { return push.chat == chat })
		w.mu.Unlock()
	}
	h, ok := w.pushes.handed[modelPush{kind: kind, chat: chat}]
	w.changed[chat] = modelChange{time.Now(), ok && h.at.Equal(time.Now())}
	w.logf("%v: inside %t", chat, kind == modelJoin)
}

// newFriend gives the account a new friend, who may write at once, or takes one away.
func (w *modelWorld) newFriend() {
	world := w.s.World()
	uin := w.friends[w.rng.IntN(len(w.friends))]
	switch again := w.chance(0.2) && uin != carol; {
	case again && world.Friends().Are(bot, uin):
		w.must(world.Friends().Remove(bot, uin))
		w.counts["friends removed"]++
		w.logf("friend %d is removed", uin)
		return
	case !again:
		uin = modelNewcomer + message.UIN(len(w.friends))
		w.person(world, uin)
		w.friends = append(w.friends, uin)
	}
	w.must(world.Friends().Add(bot, uin))
	w.counts["new friends"]++
	w.logf("friend %d is new", uin)
	if w.chance(0.3) {
		w.pass(0)
	}
	if w.chance(0.5) {
		for range 1 + w.rng.IntN(3) {
			w.say(modelChat{peer: uin}, uin)
		}
	}
}

// disconnect takes the network away.
func (w *modelWorld) disconnect() {
	w.counts["disconnects"]++
	if w.chance(0.2) {
		w.logf("connection silent")
		w.net.freeze()
		return
	}
	out := time.Duration(0)
	if w.chance(0.6) {
		out = time.Duration(w.rng.IntN(90)) * time.Second
	}
	w.logf("connection cut for %v", out)
	w.net.outage(out)
	w.net.cut()
}

// strikeHistory makes the history or the lists slow, silent or refused for a while.
func (w *modelWorld) strikeHistory() {
	commands := []string{
		rpc.GroupHistory.Name, rpc.FriendHistory.Name, rpc.GroupInfo.Name, rpc.PeerSequence.Name, rpc.GroupList.Name, rpc.FriendList.Name,
	}
	names := []fault.Name{
		fault.Mute, fault.Ignore, fault.Code, fault.Delay, fault.Close, fault.CloseAfter,
	}
	f := fault.Fault{Name: names[w.rng.IntN(len(names))], For: time.Duration(1+w.rng.IntN(60)) * time.Second}
	if w.chance(0.2) {
		f.For = time.Duration(1+w.rng.IntN(12)) * time.Minute
	}
	switch f.Name {
	case fault.Delay:
		f.Delay = time.Duration(1+w.rng.IntN(20)) * time.Second
	case fault.Close, fault.CloseAfter:
		f.Count = 1 + w.rng.IntN(3)
	}
	for i, command := range commands {
		if !w.chance(0.4) {
			continue
		}
		f.On = command
		if f.Delay != 0 && slices.ContainsFunc(w.s.Faults().Active(), func(a fault.Active) bool { return a.On == command && a.Delay != 0 }) {
			continue // together they would be no slow answers but none
		}
		_, err := w.s.Faults().Add(f)
		w.must(err)
		w.counts["fault "+string(f.Name)]++
		w.logf("fault %v", f)
		trouble := modelTrouble{from: time.Now(), to: time.Now().Add(f.For)}
		if i < 4 { // history, or newest sequences
			refused := f.Name == fault.Code
			// No answer in time is taken for trouble with all chats.
			silent := f.Name == fault.Mute || f.Name == fault.Ignore || f.Delay > 14*time.Second
			trouble.groups, trouble.private = silent || refused && i%2 == 0, silent || refused && i%2 == 1
		}
		w.troubles = append(w.troubles, trouble)
	}
}
