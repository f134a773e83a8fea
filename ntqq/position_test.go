package ntqq

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// absurd is a sequence that no chat reaches.
const absurd = 4_000_000_000

// orderWorld is a chat on a server, with the dispatcher of a client that may be
// started again. Its time is virtual.
type orderWorld struct {
	t    *testing.T
	chat chatID
	file FileProgress

	// fence orders the test's writes before the goroutines' reads, for the race
	// detector; synctest.Wait does so the other way round.
	fence atomic.Int32

	newest  uint64
	history map[uint64]*message.Message
	down    error // of each answer
	pages   int
	asks    int

	c    *Client
	stop func()
	got  []*event.Message // since the last start
	told map[uint64]int   // how often a bot got each sequence: with Announced
}

func newOrderWorld(t *testing.T, chat chatID) *orderWorld {
	t.Helper()
	w := &orderWorld{
		t: t, chat: chat, file: FileProgress(filepath.Join(t.TempDir(), "progress.json")),
		history: map[uint64]*message.Message{}, told: map[uint64]int{},
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *orderWorld) start() {
	w.t.Helper()
	w.got = nil
	c, err := New(Options{
		Initial: &Keystore{UIN: 10001, Device: NewDevice()}, Log: slog.New(slog.DiscardHandler), Progress: w.file,
		Handler: func(e event.Event) {
			w.fence.Add(1)
			m, ok := e.(*event.Message)
			if !ok {
				return
			}
			w.got = append(w.got, m)
			if !m.CaughtUp || w.told[m.Sequence] == 0 {
				w.told[m.Sequence]++
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	c.order.server = w
	w.c = c
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.dispatch(ctx)
	}()
	w.stop = func() {
		cancel()
		<-done
	}
	synctest.Wait()
}

func (w *orderWorld) restart() {
	w.t.Helper()
	synctest.Wait()
	w.stop()
	w.start()
}

// pass lets virtual time pass.
func (w *orderWorld) pass(d time.Duration) {
	w.fence.Add(1)
	time.Sleep(d)
	synctest.Wait()
}

func (w *orderWorld) latest(context.Context, chatID, UID) (uint64, error) {
	w.fence.Add(1)
	w.asks++
	return w.newest, w.down
}

func (w *orderWorld) page(_ context.Context, _ chatID, _ UID, first, last uint64) ([]*message.Message, error) {
	w.fence.Add(1)
	w.pages++
	if last-first >= historyPage || first > w.newest {
		w.t.Errorf("page of %d to %d asked for, the newest is %d", first, last, w.newest)
		return nil, ErrTimeout
	}
	var found []*message.Message
	for seq := first; seq <= last; seq++ {
		if m := w.history[seq]; m != nil {
			again := *m
			found = append(found, &again)
		}
	}
	return found, w.down
}

func (w *orderWorld) memberSince(context.Context, GroupCode) (int64, error) {
	w.fence.Add(1)
	return 1, w.down
}

// registered has the client compare its chats with the server's.
func (w *orderWorld) registered() {
	w.fence.Add(1)
	w.c.compared <- order.Registered{}
	if w.down == nil {
		w.c.compared <- order.Listed{Newest: []order.Newest{{Chat: w.chat, Peer: w.peer(), Sequence: w.newest}}, Groups: w.chat.Group}
	}
	synctest.Wait()
}

func (w *orderWorld) peer() UID {
	if w.chat.Group {
		return ""
	}
	return "u_0000000000000000000000"
}

// message makes a message of now.
func (w *orderWorld) message(seq uint64) *message.Message {
	m := &message.Message{
		Chat:   message.Chat{Kind: message.Friend, Peer: UIN(w.chat.Code), PeerUID: w.peer()},
		Sender: message.Sender{UIN: testFrom, Nickname: "x"}, Sequence: seq, Random: rand.Uint32() | 1, Time: time.Now().Unix(),
	}
	if w.chat.Group {
		m.Chat = message.Chat{Kind: message.Group, Group: GroupCode(w.chat.Code)}
	}
	return m
}

// says writes the next message. It is not pushed.
func (w *orderWorld) says() *message.Message {
	w.newest++
	m := w.message(w.newest)
	w.history[m.Sequence] = m
	return m
}

// wrote fills the history: the last of so many messages was written an hour ago.
func (w *orderWorld) wrote(messages uint64) {
	w.newest = messages - 1
	w.says()
	w.pass(time.Hour)
}

// push sends messages as the server does.
func (w *orderWorld) push(messages ...*message.Message) {
	w.t.Helper()
	w.fence.Add(1)
	for _, m := range messages {
		cm := &messagepb.CommonMessage{
			RoutingHead: &messagepb.RoutingHead{FromUin: uint64(testFrom), FromUid: proto.String("u_0000000000000000000000"), ToUin: 10001},
			ContentHead: &messagepb.ContentHead{
				Type: 82, Random: proto.Uint64(uint64(m.Random)), Sequence: proto.Uint64(m.Sequence), Time: proto.Uint64(uint64(m.Time)),
			},
			Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("x")}}}}},
		}
		if w.chat.Group {
			cm.RoutingHead.Group = &messagepb.RoutingGroup{GroupCode: w.chat.Code, GroupName: "group"}
		} else {
			cm.ContentHead.Type, cm.ContentHead.NtMsgSeq, cm.ContentHead.Sequence = 166, cm.ContentHead.Sequence, proto.Uint64(77)
		}
		payload, err := pb.Marshal(&messagepb.MsgPush{Message: cm})
		if err != nil {
			w.t.Fatal(err)
		}
		if !w.c.pushes.TryPut(push{command: rpc.PushMessage, payload: payload}, len(payload)) {
			w.t.Fatal("no room for a push")
		}
	}
	synctest.Wait()
}

// hostile is a message that names an absurd sequence and a time in 2046.
func (w *orderWorld) hostile(seq uint64) *message.Message {
	m := w.message(seq)
	m.Time = time.Now().AddDate(46, 0, 0).Unix()
	return m
}

func (w *orderWorld) sequences() (list []uint64) {
	for _, m := range w.got {
		list = append(list, m.Sequence)
	}
	return list
}

// saved is the position in the file.
func (w *orderWorld) saved() uint64 {
	w.t.Helper()
	d, err := w.file.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	if d == nil || len(d.Chats) == 0 {
		return 0
	}
	if d.Chats[0].Time > time.Now().Unix()+5 {
		w.t.Errorf("time %d saved, which is ahead", d.Chats[0].Time)
	}
	return d.Chats[0].Sequence
}

// position is the saved position of the chat.
func (w *orderWorld) position(seq uint64, last time.Time) *Delivered {
	ch := ChatDelivered{Group: GroupCode(w.chat.Code), Sequence: seq, Time: last.Unix()}
	if !w.chat.Group {
		ch.Group, ch.Peer, ch.PeerUID = 0, UIN(w.chat.Code), w.peer()
	}
	return &Delivered{UIN: 10001, Chats: []ChatDelivered{ch}}
}

// onceEach tells that a bot got each of these sequences once.
func (w *orderWorld) onceEach(from, to uint64) {
	w.t.Helper()
	for seq := from; seq <= to; seq++ {
		if n := w.told[seq]; n != 1 {
			w.t.Errorf("message %d came %d times", seq, n)
		}
	}
}

// inChats runs a test in a group and in a private chat.
func inChats(t *testing.T, f func(t *testing.T, w *orderWorld)) {
	t.Helper()
	for _, chat := range []chatID{groupChat(testGroup), friendChat(testFrom)} {
		t.Run(chat.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, newOrderWorld(t, chat)) })
		})
	}
}

// A message that names any sequence and any time is delivered, and moves nothing:
// those after it come at once, in order, and those that were lost are fetched.
func TestAbsurdMessageMovesNothing(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		w.push(w.says(), w.hostile(absurd), w.says())
		if want := []uint64{1001, 1002}; !slices.Equal(w.sequences(), want) {
			t.Errorf("got %v at once, want %v", w.sequences(), want)
		}
		w.pass(time.Minute)
		if want := []uint64{1001, 1002, absurd}; !slices.Equal(w.sequences(), want) {
			t.Errorf("got %v, want %v", w.sequences(), want)
		}
		if w.pages != 1 || w.asks > 3 {
			t.Errorf("%d pages and %d questions", w.pages, w.asks)
		}
		w.says() // lost
		w.push(w.says(), w.hostile(1<<63), w.says())
		w.pass(time.Minute)
		w.onceEach(1001, 1005)
		if got := w.saved(); got != 1005 {
			t.Errorf("position %d saved, want 1005", got)
		}
		w.restart()
		w.says()
		w.registered()
		w.push(w.says())
		w.pass(time.Minute)
		if want := []uint64{1006, 1007}; !slices.Equal(w.sequences(), want) {
			t.Errorf("got %v after a restart, want %v", w.sequences(), want)
		}
	})
}

// A message just beyond the newest one moves nothing either, and the real one with
// that sequence comes.
func TestMessageThatIsNotThere(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		forged := w.message(1005)
		w.push(forged)
		w.pass(time.Minute)
		for range 6 {
			w.push(w.says())
		}
		w.pass(time.Minute)
		want := []uint64{1005, 1001, 1002, 1003, 1004, 1005, 1006}
		if !slices.Equal(w.sequences(), want) || w.saved() != 1006 {
			t.Errorf("got %v and position %d, want %v", w.sequences(), w.saved(), want)
		}
	})
}

// While nothing can be asked, what comes is delivered, nothing of it is saved, and a
// bot gets it once, also after a restart. What was missing comes later.
func TestNothingUnprovenIsSaved(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		w.push(w.says())
		w.down = ErrTimeout
		w.says() // lost
		for range 20 {
			w.push(w.says())
		}
		w.push(w.hostile(absurd))
		w.pass(time.Minute)
		w.push(w.says())
		if n := len(w.got); n != 23 {
			t.Errorf("%d delivered while nothing can be asked, want 23: %v", n, w.sequences())
		}
		for range 2 {
			if got := w.saved(); got != 1001 {
				t.Errorf("position %d saved, want 1001", got)
			}
			w.restart()
			w.registered()
			w.pass(20 * time.Minute)
		}
		w.down = nil
		w.registered()
		w.pass(20 * time.Minute)
		w.onceEach(1001, w.newest)
		if got := w.saved(); got != w.newest {
			t.Errorf("position %d saved, want %d", got, w.newest)
		}
	})
}

// The same without a restart: what is missing comes when it can be had, without a
// new registration, and nothing comes twice to anybody.
func TestUnprovenBecomesProven(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		w.down = ErrTimeout
		w.says()         // lost
		for range 2000 { // more than the filter of duplicates remembers
			w.push(w.says())
		}
		w.pass(time.Minute)
		w.says() // lost
		w.push(w.says())
		w.pass(time.Minute)
		w.down = nil
		w.pass(20 * time.Minute)
		if len(w.got) != 2003 || w.pages > 20 {
			t.Errorf("%d delivered and %d pages, want 2003 and 2 when they can be had", len(w.got), w.pages)
		}
		w.push(w.says())
		if got := w.got[len(w.got)-1].Sequence; got != w.newest {
			t.Errorf("the last one is %d, want %d", got, w.newest)
		}
		w.pass(time.Minute)
		if got := w.saved(); got != w.newest {
			t.Errorf("position %d saved, want %d", got, w.newest)
		}
	})
}

// One message is missing, and nothing else happens: it comes when it can be had.
func TestGapAskedAgain(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		w.down = &ServerError{Code: 1}
		w.says() // lost
		w.push(w.says())
		w.pass(time.Minute)
		w.down = nil
		w.pass(10 * time.Minute)
		if want := []uint64{1002, 1001}; !slices.Equal(w.sequences(), want) || w.saved() != 1002 {
			t.Errorf("got %v and position %d, want %v", w.sequences(), w.saved(), want)
		}
	})
}

// The server's answer may be newer than pushes that are on their way: they are not
// taken for missed ones.
func TestPushesOnTheirWay(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		w.says() // lost
		w.push(w.says())
		late := w.says()
		w.pass(time.Second)
		w.push(late)
		w.pass(time.Minute)
		if want := []uint64{1001, 1002, 1003}; !slices.Equal(w.sequences(), want) || w.got[2].CaughtUp {
			t.Errorf("got %v, the last one missed %t, want %v", w.sequences(), w.got[2].CaughtUp, want)
		}
	})
}

// The same in a group that the list does not know yet.
func TestFirstPushesOnTheirWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newOrderWorld(t, groupChat(testGroup))
		w.registered()
		late := []*message.Message{w.says(), w.says()}
		w.pass(time.Second)
		w.push(late...)
		w.pass(time.Minute)
		if want := []uint64{1, 2}; !slices.Equal(w.sequences(), want) || w.saved() != 2 {
			t.Errorf("got %v and position %d, want %v", w.sequences(), w.saved(), want)
		}
	})
}

// A real message with an absurd time moves the chat's time to the present at most.
func TestAbsurdTime(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.wrote(1000)
		w.registered()
		m := w.says()
		m.Time = time.Now().AddDate(46, 0, 0).Unix()
		w.push(m)
		now := time.Now().Unix()
		w.pass(time.Minute)
		if d, err := w.file.Load(); err != nil || d.Chats[0].Time != now || w.got[0].Time != m.Time {
			t.Errorf("saved %+v, %v, want time %d; the handler got %d, want %d", d, err, now, w.got[0].Time, m.Time)
		}
	})
}

// A position that was saved wrong is put back, and what was written since comes.
func TestWrongPositionHeals(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"time in the past": 0, "time in 2046": 20 * 365 * 24 * time.Hour} {
		for _, listed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, in the list %t", name, listed), func(t *testing.T) {
				inChats(t, func(t *testing.T, w *orderWorld) {
					w.newest = 1000
					before := w.says()
					w.told[before.Sequence]++ // the service told it
					w.pass(time.Minute)
					wrong := w.position(absurd, time.Now().Add(ahead))
					wrong.Chats[0].Missing = []uint64{absurd - 1}
					w.stop()
					if err := w.file.Save(wrong); err != nil {
						t.Fatal(err)
					}
					w.pass(time.Minute)
					for range 20 {
						w.says()
					}
					w.start()
					if listed {
						w.registered()
					}
					w.pass(time.Minute)
					w.push(w.says(), w.says())
					w.pass(time.Minute)
					w.onceEach(before.Sequence, w.newest)
					if got := w.saved(); got != w.newest {
						t.Errorf("position %d saved, want %d", got, w.newest)
					}
					if ahead == 0 && len(w.got) != 22 {
						t.Errorf("got %v: what was delivered before came again", w.sequences())
					}
					w.restart()
					w.registered()
					w.pass(time.Minute)
					if len(w.got) != 0 {
						t.Errorf("got %v after a restart", w.sequences())
					}
				})
			})
		}
	}
}

// While a wrong position cannot be checked, messages are delivered all the same.
func TestWrongPositionWithoutAnswers(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.newest = 1000
		w.stop()
		if err := w.file.Save(w.position(absurd, time.Now().Add(-time.Hour))); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.down = ErrTimeout
		for i := range 5 {
			w.push(w.says())
			if i > 0 && len(w.got) != i+1 {
				t.Errorf("message %d waits while nothing can be asked", w.newest)
			}
			w.pass(time.Minute)
		}
		w.down = nil
		w.pass(10 * time.Minute)
		w.push(w.says())
		w.pass(time.Minute)
		w.onceEach(1001, 1006)
		if got := w.saved(); got != 1006 {
			t.Errorf("position %d saved, want 1006", got)
		}
	})
}

// A message with a low sequence and a new time does not put a right position back.
func TestLowSequenceMovesNothing(t *testing.T) {
	inChats(t, func(t *testing.T, w *orderWorld) {
		w.newest = 1000
		for range 50 {
			w.says()
		}
		w.pass(time.Hour)
		w.registered()
		w.push(w.says())
		w.pass(time.Minute)
		w.push(w.hostile(3), w.says())
		w.pass(time.Minute)
		if want := []uint64{1051, 1052}; !slices.Equal(w.sequences(), want) || w.pages != 1 {
			t.Errorf("got %v and %d pages, want %v", w.sequences(), w.pages, want)
		}
	})
}

// The first message of a chat gives it no position; what the server answers does. What
// is older than the first message is no news, whatever it names.
func TestFirstMessageProvesNothing(t *testing.T) {
	for _, first := range []uint64{absurd, 7} {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			inChats(t, func(t *testing.T, w *orderWorld) {
				w.newest = 1000
				for range 50 {
					w.says()
				}
				w.pass(time.Hour)
				w.down = ErrTimeout
				w.push(w.hostile(first))
				w.pass(time.Hour)
				if got := w.saved(); got != 0 {
					t.Errorf("position %d saved", got)
				}
				w.push(w.says())
				w.says() // lost
				w.down = nil
				w.push(w.says())
				w.pass(time.Hour)
				w.push(w.says())
				w.pass(time.Minute)
				want := []uint64{first, 1051, 1053, 1052, 1054}
				if !slices.Equal(w.sequences(), want) || w.saved() != 1054 {
					t.Errorf("got %v and position %d, want %v", w.sequences(), w.saved(), want)
				}
			})
		})
	}
}

// The push that names the newest messages of the groups proves nothing.
func TestInfoSyncProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newOrderWorld(t, groupChat(testGroup))
		w.wrote(1000)
		w.registered()
		w.says() // lost
		w.infoSync(absurd)
		w.pass(time.Minute)
		w.push(w.says())
		if want := []uint64{1001, 1002}; !slices.Equal(w.sequences(), want) || w.pages > 2 {
			t.Errorf("got %v and %d pages, want %v", w.sequences(), w.pages, want)
		}
	})
}

// infoSync pushes the newest sequence of the group.
func (w *orderWorld) infoSync(newest uint64) {
	w.t.Helper()
	payload, err := pb.Marshal(&pushpb.InfoSyncPush{Groups: []*pushpb.SyncGroupNode{
		{GroupCode: proto.Uint64(w.chat.Code), LatestSequence: proto.Uint64(newest)},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.c.pushes.TryPut(push{command: rpc.PushInfoSync, payload: payload}, len(payload))
	synctest.Wait()
}

// Messages of a group that is not known wait for the list of the groups: they come in
// order, and what is older is no news, whatever the push before the list says.
func TestInfoSyncOfAnUnknownGroup(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before int // messages before the push
		hint   func(newest uint64) uint64
	}{
		{"right", 50, func(newest uint64) uint64 { return newest }},
		{"too low", 50, func(uint64) uint64 { return 0 }},
		{"absurd", 50, func(uint64) uint64 { return absurd }},
		{"empty group", 0, func(uint64) uint64 { return 0 }},
	} {
		for _, listed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, list %t", tt.name, listed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newOrderWorld(t, groupChat(testGroup))
					for range tt.before {
						w.says()
					}
					w.pass(time.Hour)
					first := w.newest + 1
					w.infoSync(tt.hint(w.newest))
					one, two := w.says(), w.says()
					if tt.hint(first-1) == absurd { // nobody knows what was before
						one, two = two, one
					}
					w.push(two)
					if listed {
						w.registered()
					}
					w.pass(100 * time.Millisecond)
					w.push(one)
					w.pass(time.Minute)
					w.push(w.says())
					w.pass(time.Minute)
					want := []uint64{first, first + 1, first + 2}
					if !slices.Equal(w.sequences(), want) || w.saved() != first+2 {
						t.Errorf("got %v and position %d, want %v", w.sequences(), w.saved(), want)
					}
				})
			})
		}
	}
}

// Whatever is pushed, lost, forged or not answered, and however often the program
// starts again: each real message comes, to a bot once, and the position is right in
// the end. Forged are sequences that are far away.
func TestAnythingPushed(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) { anythingPushed(t, rand.New(rand.NewPCG(seed, 0)), seed) })
	}
}

func anythingPushed(t *testing.T, rng *rand.Rand, seed uint64) {
	w := newOrderWorld(t, chatID{Group: rng.IntN(2) == 0, Code: uint64(testFrom)})
	w.wrote(10_000)
	w.registered()
	var late []*message.Message
	for range 60 {
		switch rng.IntN(12) {
		case 0, 1, 2, 3:
			w.push(w.says())
		case 4:
			w.says() // lost
		case 5:
			late = append(late, w.says())
		case 6:
			w.push(late...)
			late = nil
		case 7:
			w.push(w.hostile([]uint64{1, 500, absurd, absurd + rng.Uint64N(50), 1 << 63}[rng.IntN(5)]))
		case 8:
			w.pass(time.Duration(rng.Int64N(int64(3 * time.Second))))
		case 9:
			w.pass(time.Duration(rng.Int64N(int64(10 * time.Minute))))
		case 10:
			w.down = []error{nil, ErrTimeout, &ServerError{Code: 1}}[rng.IntN(3)]
		case 11:
			if rng.IntN(2) == 0 {
				w.restart()
			}
			w.registered()
		}
	}
	w.down = nil
	w.registered()
	w.pass(20 * time.Minute)
	for seq := uint64(10_001); seq <= w.newest; seq++ {
		if n := w.told[seq]; n != 1 {
			t.Errorf("seed %d: message %d of %d came %d times", seed, seq, w.newest, n)
		}
	}
	if got := w.saved(); got != w.newest {
		t.Errorf("seed %d: position %d saved, want %d", seed, got, w.newest)
	}
	if problem := w.c.order.book.Check(); problem != "" {
		t.Errorf("seed %d: %s", seed, problem)
	}
}

// TestAnswerCountsWhatIsOnItsWay: the first answer about a chat may count messages
// whose pushes come, or are read, after it. They are news; what is older is not.
func TestAnswerCountsWhatIsOnItsWay(t *testing.T) {
	for _, chat := range []chatID{groupChat(testGroup), friendChat(20001)} {
		t.Run(chat.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newOrderWorld(t, chat)
				for range 5 {
					w.says()
				}
				w.pass(time.Hour)
				one, two := w.says(), w.says()
				w.registered()
				w.pass(100 * time.Millisecond)
				w.push(one)
				w.push(two)
				w.push(w.history[4]) // pushed again for whatever reason
				w.pass(time.Minute)
				w.push(w.says())
				w.push(one)
				w.pass(time.Minute)
				if want := []uint64{6, 7, 8}; !slices.Equal(w.sequences(), want) || w.saved() != 8 {
					t.Errorf("got %v and position %d, want %v", w.sequences(), w.saved(), want)
				}
			})
		})
	}
}

// TestFirstMessageBeforeTheList: the first message of a group comes before the list
// of the groups, which counts it, and no other one follows.
func TestFirstMessageBeforeTheList(t *testing.T) {
	for _, before := range []int{0, 50} {
		synctest.Test(t, func(t *testing.T) {
			w := newOrderWorld(t, groupChat(testGroup))
			for range before {
				w.says()
			}
			w.pass(time.Hour)
			w.infoSync(w.newest)
			w.push(w.says())
			w.registered()
			w.pass(10 * time.Second)
			if want := []uint64{uint64(before) + 1}; !slices.Equal(w.sequences(), want) || w.saved() != want[0] {
				t.Errorf("after %d messages: got %v and position %d, want %v", before, w.sequences(), w.saved(), want)
			}
		})
	}
}
