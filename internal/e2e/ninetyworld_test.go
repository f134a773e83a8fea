//go:build endurance

package e2e

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// chatKey names a chat of the world: a group, or two people.
type chatKey struct {
	group     message.GroupCode
	low, high message.UIN
}

func compareChats(a, b chatKey) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.low, b.low), cmp.Compare(a.high, b.high))
}

func pairOf(a, b message.UIN) chatKey { return chatKey{low: min(a, b), high: max(a, b)} }

// other is the other side of a private chat.
func (k chatKey) other(uin message.UIN) message.UIN { return k.low + k.high - uin }

// said is a message of the world.
type said struct {
	sequence uint64
	text     string
	recalled bool
}

// worldRecord is what was said since the last evening.
type worldRecord struct {
	mu    sync.Mutex
	chats map[chatKey][]said
}

func (r *worldRecord) follow(activities <-chan world.Activity) {
	for a := range activities {
		key := chatKey{group: a.Group}
		if a.Group == 0 {
			key = pairOf(a.User, a.Peer)
		}
		r.mu.Lock()
		switch a.Kind {
		case world.ActivityMessage:
			r.chats[key] = append(r.chats[key], said{a.Sequence, a.Message.Text(), false})
		case world.ActivityRecall:
			list := r.chats[key]
			if i := slices.IndexFunc(list, func(s said) bool { return s.sequence == a.Sequence }); i >= 0 {
				list[i].recalled = true
			}
		}
		r.mu.Unlock()
	}
}

func (r *worldRecord) clear() (messages int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, list := range r.chats {
		messages += len(list)
	}
	clear(r.chats)
	return messages
}

// The people. The accounts share the first group; the steady one never loses its
// session by a fault, so that it is refreshed for ninety days.
var (
	ninetyAccounts  = []message.UIN{10001, 10002, 10003}
	steadyAccount   = ninetyAccounts[0]
	passwordAccount = ninetyAccounts[2] // the others scan codes
	ninetyPeople    = []message.UIN{20001, 20002, 20003}
	silentMember    = message.UIN(20004) // never writes
	ninetyGroups    = map[message.GroupCode][]message.UIN{
		730000001: {20001, 20002, 20003, 20004, 10001, 10002, 10003},
		730000002: {20002, 20003, 10001, 10002},
		730000003: {10003, 20001},
	}
	ninetyFriends = [][2]message.UIN{
		{10001, 10002}, {10001, 10003}, {10002, 10003},
		{10001, 20001}, {10001, 20002}, {10002, 20002}, {10002, 20003}, {10003, 20003},
	}
)

// rememberedMessages is how many messages of a chat the world remembers. As many are
// in each chat from the start, so that its memory is the same at any time.
const rememberedMessages = 2000

func newNinety(t *testing.T, seed uint64, days int, folder string) *ninety {
	n := &ninety{
		t: t, seed: seed, days: days, rng: rand.New(rand.NewPCG(seed, 90)),
		record:   &worldRecord{chats: map[chatKey][]said{}},
		log:      &dayLog{seen: map[string]int{}, late: map[message.UIN]bool{}, errors: map[string]int{}},
		sendings: &sendings{ended: map[string]string{}, total: map[string]int{}},
		said:     map[chatKey]int{}, total: map[string]int{}, newcomer: 20100,
	}
	w := world.New(seed)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, uin := range slices.Concat(ninetyAccounts, ninetyPeople, []message.UIN{silentMember}) {
		_, err := w.Users().Add(world.User{UIN: uin})
		must(err)
	}
	for _, f := range ninetyFriends {
		must(w.Friends().Add(f[0], f[1]))
		n.chats = append(n.chats, pairOf(f[0], f[1]))
	}
	for code, members := range ninetyGroups {
		_, err := w.Groups().Add(world.Group{Code: code, Name: fmt.Sprint("group ", code)}, members...)
		must(err)
		n.chats = append(n.chats, chatKey{group: code})
	}
	slices.SortFunc(n.chats, compareChats)
	n.service = withPassword(t, func(o *sandbox.Options) {
		*o = sandbox.Options{
			World: w, Seed: seed, RequireSign: true, SessionLifetime: sessionsLast, Log: slog.New(n.log.of(0)),
			Passwords: map[message.UIN]string{passwordAccount: secret},
		}
	})
	for _, key := range n.chats {
		for range rememberedMessages {
			n.say(key)
		}
	}
	clear(n.said)
	time.Sleep(time.Minute) // what is written in the second of the first login is news
	signer := &handlerTransport{handler: n.Handler()}
	for _, uin := range ninetyAccounts {
		n.lives = append(n.lives, n.newLife(uin, filepath.Join(folder, fmt.Sprint(uin, ".db")), signer))
	}
	for _, l := range n.lives {
		t.Cleanup(func() { l.stop() })
		if !l.onlineWithin(time.Hour) {
			t.Fatalf("account %d: %+v", l.uin, l.client.State())
		}
	}
	time.Sleep(6 * time.Hour) // the refreshes come by day
	activities, end := w.Watch(1 << 14)
	var following sync.WaitGroup
	following.Go(func() { n.record.follow(activities) })
	t.Cleanup(func() { end(); following.Wait() })
	return n
}

// hears tells whether an account gets the messages of a chat.
func (n *ninety) hears(uin message.UIN, key chatKey) bool {
	return key.low == uin || key.high == uin || slices.Contains(ninetyGroups[key.group], uin)
}

// text makes a text that is never made again; all are of one length.
func (n *ninety) text() string {
	n.texts++
	return fmt.Sprintf("message number %09d", n.texts)
}

// say has somebody who is no account write; in chats between accounts one of them,
// by another device.
func (n *ninety) say(key chatKey) {
	text := n.text()
	send := world.Send{Parts: world.Text(text), Group: key.group}
	if key.group != 0 {
		send.From = n.speaker(key)
	} else {
		send.From, send.To = key.high, key.low
		if n.rng.IntN(8) == 0 { // an account writes elsewhere
			send.From, send.To = key.low, key.high
		}
	}
	if _, err := n.World().Messages().Send(send, nil); err != nil {
		n.t.Fatalf("not sent: %v", err)
	}
	n.said[key]++
}

// speaker is one of the people in a group.
func (n *ninety) speaker(key chatKey) message.UIN {
	for {
		if uin := ninetyPeople[n.rng.IntN(len(ninetyPeople))]; slices.Contains(ninetyGroups[key.group], uin) {
			return uin
		}
	}
}

// dayTask is something that happens in a day.
type dayTask struct {
	at time.Duration
	do func()
}

// mostADay is how many messages of a chat are written in a day: fewer than a client
// catches up.
const mostADay = 450

// weather is how a week is.
type weather struct{ messages, bursts, faults, notices int }

// plan draws what happens in the day.
func (n *ninety) plan() []dayTask {
	week := rand.New(rand.NewPCG(n.seed, uint64(n.day-1)/7))
	w := []weather{{3, 0, 0, 0}, {25, 1, 4, 2}, {50, 2, 10, 4}, {50, 4, 25, 6}}[week.IntN(4)]
	if n.day == 1 {
		w = weather{50, 3, 15, 4}
	}
	var tasks []dayTask
	add := func(do func()) {
		tasks = append(tasks, dayTask{time.Duration(n.rng.Int64N(int64(20 * time.Hour))), do})
	}
	for range w.messages {
		switch n.rng.IntN(6) {
		case 0, 1:
			add(func() { n.anySend(n.rng.IntN(4) == 0) })
		case 2:
			add(n.sayAndRecall)
		default:
			add(func() { n.say(n.chat()) })
		}
	}
	for range w.bursts {
		add(n.burst)
	}
	for range w.notices {
		add(n.notice)
	}
	for range w.faults {
		at := time.Duration(n.rng.Int64N(int64(20 * time.Hour)))
		tasks = append(tasks, dayTask{at, n.fault})
		// Something is under way when it strikes, and after that.
		for range n.rng.IntN(4) {
			tasks = append(tasks, dayTask{at + time.Duration(n.rng.IntN(120))*time.Second, func() { n.anySend(false) }})
		}
		if n.rng.IntN(6) == 0 {
			tasks = append(tasks, dayTask{at + time.Duration(n.rng.IntN(600))*time.Second, n.burst})
		}
	}
	if key := n.stranger; key != (chatKey{}) {
		n.stranger = chatKey{}
		add(func() { n.say(key) })
	}
	if w.faults > 0 && n.rng.IntN(5) == 0 {
		l := n.lives[n.rng.IntN(len(n.lives))]
		at := time.Duration(n.rng.Int64N(int64(20 * time.Hour)))
		tasks = append(tasks, dayTask{at, func() {
			n.note("%d stopped", l.uin)
			l.stop()
		}}, dayTask{at + time.Duration(1+n.rng.IntN(3600))*time.Second, func() {
			l.start()
			l.count("restarts")
		}})
	}
	if at, due := n.refreshDue(); due && n.rng.IntN(2) == 0 {
		tasks = append(tasks, dayTask{at - time.Second, n.refreshFault})
	}
	slices.SortStableFunc(tasks, func(a, b dayTask) int { return int(a.at - b.at) })
	return tasks
}

func (n *ninety) spend(dawn time.Time, tasks []dayTask) {
	for _, task := range tasks {
		time.Sleep(time.Until(dawn.Add(task.at)))
		task.do()
	}
	if n.rng.IntN(2) == 0 { // else in the middle of something
		time.Sleep(time.Until(dawn.Add(21 * time.Hour)))
	}
}

// chat draws one that may have more messages today.
func (n *ninety) chat() chatKey {
	for {
		if key := n.chats[n.rng.IntN(len(n.chats))]; n.said[key] < mostADay {
			return key
		}
	}
}

// befriend gives an account a new friend, who will write on the next day. It is for
// quiet moments: an account that does not hear of it takes what is written for old.
func (n *ninety) befriend() {
	l := n.lives[n.rng.IntN(len(n.lives))]
	n.newcomer++
	if _, err := n.World().Users().Add(world.User{UIN: n.newcomer}); err != nil {
		n.t.Error(err)
	}
	if err := n.World().Friends().Add(l.uin, n.newcomer); err != nil {
		n.t.Error(err)
	}
	n.stranger = pairOf(l.uin, n.newcomer)
	n.total["new friends"]++
}

func (n *ninety) anySend(recall bool) {
	l := n.lives[n.rng.IntN(len(n.lives))]
	key := n.chat()
	for !n.hears(l.uin, key) {
		key = n.chat()
	}
	n.said[key]++
	l.send(key, n.text(), recall)
}

func (n *ninety) burst() {
	key := n.chat()
	for range min(1+n.rng.IntN(1+n.rng.IntN(150)), mostADay-n.said[key]) {
		n.say(key)
		if n.rng.IntN(10) == 0 {
			time.Sleep(time.Duration(n.rng.IntN(1000)) * time.Millisecond)
		}
	}
}

func (n *ninety) sayAndRecall() {
	key := n.chat()
	for key.group == 0 && slices.Contains(ninetyAccounts, key.high) {
		key = n.chat()
	}
	text := n.text()
	n.said[key]++
	wait := time.Duration(n.rng.IntN(100)) * time.Second
	if n.rng.IntN(2) == 0 {
		wait = 0
	}
	send := world.Send{From: key.high, To: key.low, Parts: world.Text(text), Group: key.group}
	if key.group != 0 {
		send.From, send.To = n.speaker(key), 0
	}
	m, err := n.World().Messages().Send(send, nil)
	if err != nil {
		n.t.Fatalf("not sent: %v", err)
	}
	time.Sleep(wait)
	if key.group != 0 {
		err = n.World().Messages().RecallGroup(send.From, key.group, m.Sequence, nil)
	} else {
		err = n.World().Messages().RecallFriend(send.From, send.To, m.ClientSequence, m.Random, m.Sequence, nil)
	}
	if err == nil { // else the clock was put on
		n.total["recalls"]++
	}
}

// notice does something in a group that the members are told of.
func (n *ninety) notice() {
	w, code := n.World(), message.GroupCode(730000001)
	uin := ninetyPeople[n.rng.IntN(len(ninetyPeople))]
	var err error
	switch n.rng.IntN(5) {
	case 0:
		err = w.Members().Mute(code, silentMember, 0, 60)
	case 1:
		err = w.Members().SetCard(code, uin, uin, fmt.Sprint("card ", n.rng.IntN(10)))
	case 2:
		err = w.Groups().Rename(code, 0, fmt.Sprint("name ", n.rng.IntN(10)))
	case 3:
		err = w.Members().SetAdmin(code, 20003, 0, n.rng.IntN(2) == 0)
	case 4:
		code = 730000003
		if _, in := w.Members().Find(code, 20002); in {
			err = w.Members().Leave(code, 20002)
		} else {
			err = w.Members().Join(code, 20002, 0, false)
		}
	}
	if err != nil {
		n.t.Errorf("notice: %v", err)
	}
	n.total["notices"]++
}
