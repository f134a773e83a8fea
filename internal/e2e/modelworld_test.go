package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

const (
	carol = message.UIN(20003)
	// modelNewcomer is the number of the first new friend.
	modelNewcomer = message.UIN(20100)
	// modelFew is how many missed messages are fetched where it is few.
	modelFew = 40
	// modelCalm is how long an account must be online without trouble until what it
	// knows of a new chat is certain to be saved.
	modelCalm = 10 * time.Second
)

// modelGroups are the groups; the account is in the first two at the start.
var modelGroups = []message.GroupCode{730000001, 730000002, 730000003, 730000004}

// modelWorld is one world with the account in it. Its fields are the driver's, but for
// those that mu guards.
type modelWorld struct {
	seed       uint64
	trace      bool
	violations []modelViolation
	counts     modelCounts

	t          *testing.T
	rng        *rand.Rand
	pushRNG    *rand.Rand // the sink's
	uins       map[message.UID]message.UIN
	s          *service
	net        *modelNet
	progress   ntqq.Progress
	keys       ntqq.KeystoreFile
	run1       *modelRun // nil while the program is stopped
	runs       int
	activities <-chan world.Activity
	sending    sync.WaitGroup
	texts      int
	friends    []message.UIN // and others who write in private
	nature     modelNature

	changed   map[modelChat]modelChange // memberships
	joinTimes map[modelChat][]time.Time

	troubles   []modelTrouble
	calmSince  time.Time
	started    time.Time   // of the present run
	starts     []time.Time // of all runs
	registered time.Time   // the last time, before quiet
	quiet      time.Time   // when everything has come that needs no new connection
	swallowed  bool        // the connection is closed after the next answer: no push follows it
	stops      []modelStop
	spans      []modelSpan // in which the account was online

	mu     sync.Mutex
	pushes modelPushes
	truth  modelTruth
	heard  []*modelHeard
	sends  []*modelSend
}

// modelNature is what may happen in a world, so that some are simple.
type modelNature struct {
	drop, double, late float64 // of the pushes
	events             bool    // pushes that are no messages are struck, too
	disconnects        bool
	restarts           bool
	members            bool // the account joins and leaves
	history            bool // is slow, or refused for a while
	refused            bool // the history, to the end
	few                bool // messages are fetched at most
	sends              bool // answers to sends are lost
	recalls            bool
}

// modelTrouble is a time in which the history, the newest sequences or the lists could
// not be had.
type modelTrouble struct {
	from, to time.Time
	// gaps of groups, or of private chats, are given up.
	groups, private bool
}

func anyTrouble(modelTrouble) bool { return true }

// ofChat is trouble in which gaps of a chat are given up.
func (c modelChat) ofChat(t modelTrouble) bool {
	return c.group != 0 && t.groups || c.group == 0 && t.private
}

// modelChange is the last change of a membership, and whether the account was told.
type modelChange struct {
	at     time.Time
	handed bool
}

// modelStop is an end of the program.
type modelStop struct {
	at    time.Time
	crash bool
}

// modelSpan is a time on one connection.
type modelSpan struct{ from, to time.Time }

// modelRun is one run of the program.
type modelRun struct {
	*account
	number int
	mu     sync.Mutex
	dead   bool // crashed: nothing of what it does counts any more
}

func (r *modelRun) crashed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dead
}

// modelFile keeps what a run saves until it crashes.
type modelFile struct {
	run *modelRun
	ntqq.Progress
}

func (f *modelFile) Save(d *ntqq.Delivered) error {
	if f.run.crashed() {
		return nil
	}
	return f.Progress.Save(d)
}

// modelSend is a message that the program sends.
type modelSend struct {
	chat  modelChat
	text  string
	run   *modelRun
	ended bool // the context had ended before
	// These count when done is set.
	done    bool
	message *message.Message
	err     error
	at      time.Time
}

func (w *modelWorld) run(t *testing.T) {
	w.t, w.counts, w.uins = t, modelCounts{}, map[message.UID]message.UIN{}
	w.rng, w.pushRNG = rand.New(rand.NewPCG(w.seed, 7)), rand.New(rand.NewPCG(w.seed, 8))
	w.changed, w.joinTimes = map[modelChat]modelChange{}, map[modelChat][]time.Time{}
	w.keys, w.progress = &ntqq.MemoryKeystore{}, &memoryProgress{}
	if w.seed%16 == 0 { // real files take most of the time
		folder := t.TempDir()
		w.keys = ntqq.FileKeystore(filepath.Join(folder, "keystore.json"))
		w.progress = ntqq.FileProgress(filepath.Join(folder, "progress.json"))
	}
	w.build()
	w.begin()
	for range 25 + w.rng.IntN(40) {
		w.step()
	}
	w.end()
	w.judge()
	w.counts["messages"] = len(w.truth.messages)
	w.counts["sends"] = len(w.sends)
	w.counts["heard"] = len(w.heard)
}

// chance draws.
func (w *modelWorld) chance(p float64) bool { return w.rng.Float64() < p }

func (w *modelWorld) logf(format string, args ...any) {
	if w.trace {
		w.t.Logf("%s %s", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
}

// build makes the world and logs the account in.
func (w *modelWorld) build() {
	n := &w.nature
	for _, p := range []*float64{&n.drop, &n.double, &n.late} {
		if w.chance(0.5) {
			*p = 0.02 + 0.3*w.rng.Float64()
		}
	}
	for _, p := range []*bool{&n.events, &n.disconnects, &n.restarts, &n.members, &n.history, &n.sends, &n.recalls} {
		*p = w.chance(0.6)
	}
	n.refused, n.few = w.chance(0.1), w.chance(0.1)
	people := world.New(w.seed)
	for _, uin := range []message.UIN{bot, alice, bob, carol} {
		w.person(people, uin)
	}
	w.friends = []message.UIN{alice, bob}
	for _, uin := range w.friends {
		w.must(people.Friends().Add(bot, uin))
	}
	w.truth.init(w.friends)
	w.friends = append(w.friends, carol) // who writes through a group
	for i, code := range modelGroups {
		members := []message.UIN{alice, bob, carol}
		if i < 2 {
			members = append(members, bot)
			w.truth.chat(modelChat{group: code}).known = true
			w.truth.chat(modelChat{group: code}).inside = true
		}
		_, err := people.Groups().Add(world.Group{Code: code, Name: fmt.Sprint("group ", code), Owner: alice}, members...)
		w.must(err)
		w.must(people.Members().SetAdmin(code, bob, alice, true))
	}
	if w.chance(0.5) {
		w.must(people.Members().SetAdmin(modelGroups[1], bot, alice, true))
	}
	w.s = startService(w.t, sandbox.Options{World: people, AutoApprove: bot})
	w.net = &modelNet{dial: w.s.listener.DialContext}
	activities, end := people.Watch(1 << 14)
	w.activities = activities
	w.t.Cleanup(end)
	w.s.Intercept(w.push)
	if w.chance(0.7) { // old messages, which are no news
		for _, chat := range []modelChat{{group: modelGroups[0]}, {group: modelGroups[2]}, {peer: alice}} {
			for range w.rng.IntN(70) {
				w.say(chat, w.speaker(chat))
			}
		}
	}
	w.pass(time.Hour)
}

// person adds somebody to the world.
func (w *modelWorld) person(people *world.World, uin message.UIN) {
	user, err := people.Users().Add(world.User{UIN: uin})
	w.must(err)
	w.uins[user.UID] = uin
}

func (w *modelWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("seed %d: %v", w.seed, err)
	}
}

// begin starts the program for the first time; then the world counts.
func (w *modelWorld) begin() {
	w.start()
	w.pass(20 * time.Second)
	if !w.online() {
		w.t.Fatalf("seed %d: not online: %+v", w.seed, w.run1.State())
	}
	w.truth.begin()
}

// start starts the program.
func (w *modelWorld) start() {
	w.runs++
	r := &modelRun{number: w.runs}
	file := &modelFile{run: r, Progress: w.progress}
	w.logf("start of run %d", r.number)
	w.run1, w.started = r, time.Now()
	w.starts = append(w.starts, w.started)
	r.account = w.s.account(w.t, w.keys, func(o *ntqq.Options) {
		o.Progress, o.Dial = file, w.net.between
		o.Timing.RetryFirst, o.Timing.RetryMost = time.Second, time.Second
		o.Handler = func(e event.Event) { w.hear(r, e) }
		if o.OnState = nil; w.nature.few {
			o.CatchUp.Messages = modelFew
		}
	})
}

// stop ends the program, in a crash without saving anything.
func (w *modelWorld) stop(crash bool) {
	r := w.run1
	w.logf("stop of run %d, crash %t", r.number, crash)
	if crash {
		r.mu.Lock()
		r.dead = true
		r.mu.Unlock()
		w.net.cut()
	}
	r.stop()
	w.run1 = nil
	w.stops = append(w.stops, modelStop{time.Now(), crash})
	w.mu.Lock()
	w.pushes.forget(func(*modelPush) bool { return true })
	w.truth.stopped()
	w.mu.Unlock()
	w.pass(0)
}

// online tells whether the service has the account online, and it is not cut off.
func (w *modelWorld) online() bool {
	if w.net.isFrozen() {
		return false
	}
	for _, c := range w.s.Clients() {
		if c.UIN == bot && c.Registered {
			return true
		}
	}
	return false
}

// pass lets time pass and takes up what happened.
func (w *modelWorld) pass(d time.Duration) {
	synctest.Wait()
	w.took()
	if d > 0 {
		calm := w.run1 != nil && w.online() && !w.troubled(time.Now(), time.Now().Add(d), anyTrouble)
		if !calm {
			w.calmSince = time.Now().Add(d)
		}
		time.Sleep(d)
		synctest.Wait()
		w.took()
	}
	if !w.online() {
		w.calmSince = time.Now()
	}
	w.mu.Lock()
	w.truth.settle(time.Now(), w.calmSince)
	w.mu.Unlock()
}

// troubled tells whether there was trouble of a kind in a time.
func (w *modelWorld) troubled(from, to time.Time, kind func(modelTrouble) bool) bool {
	return slices.ContainsFunc(w.troubles, func(t modelTrouble) bool {
		return kind(t) && !t.from.After(to) && !t.to.Before(from)
	})
}

// took takes up the activities of the world.
func (w *modelWorld) took() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		select {
		case a, ok := <-w.activities:
			if !ok {
				w.t.Fatalf("seed %d: too much happened at once", w.seed)
			}
			w.logf("%s %s: group %d, %d to %d by %d, sequence %d", time.UnixMilli(a.Time).Format("15:04:05.000"), a.Kind, a.Group, a.User, a.Peer, a.By, a.Sequence)
			switch at := time.UnixMilli(a.Time); a.Kind {
			case world.ActivityOnline:
				if w.quiet.IsZero() {
					w.registered = at
				}
				w.spans = append(w.spans, modelSpan{from: at})
			case world.ActivityOffline:
				w.spans[len(w.spans)-1].to = at
			}
			w.truth.take(a, &w.pushes, !w.troubled(time.Now(), time.Now(), anyTrouble))
		default:
			return
		}
	}
}

// end lets the faults stop and everything come that is still owed.
func (w *modelWorld) end() {
	w.nature.drop, w.nature.double, w.nature.late = 0, 0, 0
	for _, f := range w.s.Faults().Active() {
		if f.Name != fault.Mute && f.Name != fault.Code || !w.nature.refused || f.For != 0 {
			w.s.Faults().Remove(f.ID)
		}
	}
	w.net.outage(0)
	if w.run1 == nil {
		w.start()
	}
	w.pass(14 * time.Minute)
	w.quiet = time.Now()
	// What was pushed last and got lost is known with the next registration.
	w.net.cut()
	w.pass(30 * time.Second)
	if !w.online() {
		w.t.Fatalf("seed %d: not online at the end: %+v", w.seed, w.run1.State())
	}
	w.sending.Wait()
	w.pass(2 * time.Minute)
	w.stop(false)
}

// refuseHistory makes the history unavailable to the end.
func (w *modelWorld) refuseHistory() {
	for _, command := range []string{rpc.GroupHistory.Name, rpc.FriendHistory.Name} {
		f := fault.Fault{Name: fault.Mute, On: command}
		if w.chance(0.5) {
			f.Name = fault.Code
		}
		_, err := w.s.Faults().Add(f)
		w.must(err)
	}
	w.troubles = append(w.troubles, modelTrouble{time.Now(), time.Now().AddDate(1, 0, 0), true, true})
	w.logf("history refused to the end")
}

// text is one that is never written again.
func (w *modelWorld) text() string {
	w.texts++
	return fmt.Sprint("said ", w.texts)
}

// send sends from the program and does not wait.
func (w *modelWorld) send(ctx context.Context, chat modelChat) *modelSend {
	w.texts++
	m := &modelSend{chat: chat, text: fmt.Sprint("sent ", w.texts), run: w.run1, ended: ctx.Err() != nil}
	w.mu.Lock()
	w.sends = append(w.sends, m)
	w.mu.Unlock()
	w.sending.Go(func() {
		var sent *message.Message
		var err error
		if chat.group != 0 {
			sent, err = m.run.Messages().SendGroup(ctx, chat.group, say(m.text))
		} else {
			sent, err = m.run.Messages().SendFriend(ctx, chat.peer, say(m.text))
		}
		if m.run.crashed() {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		m.done, m.message, m.err, m.at = true, sent, err, time.Now()
		w.logf("send %q to %v: %v", m.text, chat, err)
	})
	return m
}
