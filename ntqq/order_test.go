package ntqq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

const (
	testGroup = GroupCode(5)
	testFrom  = UIN(20001)
)

func groupMessage(seq uint64) *event.Message {
	return &event.Message{Message: &message.Message{
		Chat: message.Chat{Kind: message.Group, Group: testGroup}, Sender: message.Sender{UIN: testFrom},
		Sequence: seq, Random: uint32(seq) + 1, Time: 1_700_000_000 + int64(seq),
	}}
}

// Whatever the order in which messages come, and how often, they are delivered
// once and in order, as long as none is missing.
func TestOrderOfAnyPushes(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var got, want []uint64
		c, err := New(Options{Handler: func(e event.Event) { got = append(got, e.(*event.Message).Sequence) }})
		if err != nil {
			t.Fatal(err)
		}
		c.order.start(c.order.add(chatID{true, uint64(testGroup)}, ""), 0)
		var pushed []uint64
		for seq := uint64(1); seq <= 60; seq++ {
			want = append(want, seq)
			for range 1 + rng.IntN(3) {
				pushed = append(pushed, seq)
			}
		}
		rng.Shuffle(len(pushed), func(i, j int) { pushed[i], pushed[j] = pushed[j], pushed[i] })
		for _, seq := range pushed {
			c.deliver(t.Context(), groupMessage(seq))
		}
		if !slices.Equal(got, want) || c.order.held != (held{}) || len(c.order.waiting) != 0 {
			t.Fatalf("seed %d: got %v, %+v held, %d chats waiting", seed, got, c.order.held, len(c.order.waiting))
		}
	}
}

// A recall that overtakes its message waits for it.
func TestRecallWaitsForItsMessage(t *testing.T) {
	var got []string
	c, err := New(Options{Handler: func(e event.Event) { got = append(got, e.Name()) }})
	if err != nil {
		t.Fatal(err)
	}
	c.order.start(c.order.add(chatID{true, uint64(testGroup)}, ""), 0)
	for _, e := range []event.Event{
		groupMessage(2), &event.MessageRecalled{Chat: groupMessage(2).Chat, Sequence: 2}, groupMessage(1),
	} {
		c.deliver(t.Context(), e)
	}
	if want := []string{groupMessage(1).Name(), groupMessage(1).Name(), (&event.MessageRecalled{}).Name()}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Where the sequences of private chats have gaps that mean nothing, messages do
// not wait for them for ever.
func TestSparsePrivateSequences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newOrderWorld(t, chatID{false, uint64(testFrom)})
		w.newest = 993
		w.registered()
		for i := range uint64(20) {
			w.newest = 1000 + 7*i
			said := time.Now()
			w.push(w.message(w.newest))
			for n := 0; n <= int(i); n = len(w.got) {
				w.pass(100 * time.Millisecond)
			}
			if waited := time.Since(said); (waited >= reorderWait) != (i < sparseAfter) {
				t.Errorf("message %d waited %v", i, waited)
			}
			w.pass(time.Minute)
		}
		if w.pages != sparseAfter {
			t.Errorf("%d pages fetched, want %d", w.pages, sparseAfter)
		}
		if got := w.saved(); got != w.newest {
			t.Errorf("position %d saved, want %d", got, w.newest)
		}
	})
}

// What was given up comes once: by a late push, or from the history. A wrong local
// clock makes nothing too old.
func TestOwedMessagesComeOnce(t *testing.T) {
	for _, offset := range []time.Duration{0, -24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) { owedMessagesComeOnce(t, offset) })
	}
}

func owedMessagesComeOnce(t *testing.T, offset time.Duration) {
	var got []uint64
	c, err := New(Options{
		Handler: func(e event.Event) { got = append(got, e.(*event.Message).Sequence) },
		CatchUp: CatchUp{Age: time.Hour}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.noteServerTime(uint32(time.Now().Add(offset).Unix()), time.Now())
	now := func(seq uint64, age time.Duration) *event.Message {
		m := groupMessage(seq)
		m.Time = c.now().Add(-age).Unix()
		return m
	}
	st := c.order.add(chatID{true, uint64(testGroup)}, "")
	c.order.start(st, 0)
	c.order.prove(st, 6)
	st.restUntil = time.Now().Add(time.Minute) // the history cannot be had
	c.deliver(t.Context(), now(6, 0))
	c.deliver(t.Context(), now(2, 0))
	if want := []uint64{1, 3, 4, 5}; !slices.Equal(c.order.snapshot().Chats[0].Missing, want) {
		t.Errorf("owed are %v, want %v", st.owed, want)
	}
	page := []*message.Message{ // 3 is too old, 5 is not there
		now(1, 0).Message, now(2, 0).Message, now(3, 2*time.Hour).Message, now(4, 0).Message,
	}
	c.order.answer(t.Context(), pageResult{st: st, kind: askOwed, first: 1, last: 5, messages: page})
	if want := []uint64{6, 2, 1, 4}; !slices.Equal(got, want) || len(st.owed) > 0 {
		t.Errorf("delivered %v, want %v; %v are still owed", got, want, st.owed)
	}
	c.deliver(t.Context(), now(5, 0))
	if len(got) != 5 {
		t.Errorf("delivered %v, want 5 too: its push was late", got)
	}
}

// A private message without the server's number is delivered as it comes.
func TestUnnumberedMessages(t *testing.T) {
	n := 0
	c, err := New(Options{Handler: func(event.Event) { n++ }})
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{70000, 12345, 12345, 99999} {
		m := &message.Message{
			Chat:     message.Chat{Kind: message.Friend, Peer: testFrom, PeerUID: "u_x"},
			Sender:   message.Sender{UIN: testFrom, Nickname: "x"},
			Sequence: seq, ClientSequence: seq, Random: uint32(seq),
		}
		c.deliver(t.Context(), &event.Message{Message: m})
	}
	if n != 3 {
		t.Errorf("%d delivered, want 3", n)
	}
}

func TestTooManyChats(t *testing.T) {
	c := newTestClient(t)
	for i := range uint64(chatsMost + 10) {
		st := c.order.add(chatID{true, i + 1}, "")
		c.order.start(st, 1)
		st.lastTime = int64(i)
	}
	if n := len(c.order.chats); n > chatsMost || n < chatsMost/2 {
		t.Errorf("%d chats kept, want at most %d", n, chatsMost)
	}
	if c.order.chats[chatID{true, 1}] != nil {
		t.Error("the chat that was silent longest is kept")
	}
	known := 0
	for i := range uint64(3 * chatsMost) { // pushes that name other chats
		e := groupMessage(4_000_000_000)
		e.Chat.Group = GroupCode(1<<20 + i)
		c.deliver(t.Context(), e)
	}
	for _, st := range c.order.chats {
		if st.begun {
			known++
		}
	}
	if n := len(c.order.chats); n > chatsMost || known < chatsMost/2 {
		t.Errorf("%d chats kept, %d of them real: pushes drive real chats out", n, known)
	}
}

// What is saved is what the next client starts from.
func TestProgressFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := FileProgress(filepath.Join(t.TempDir(), "progress.json"))
		if d, err := file.Load(); d != nil || err != nil {
			t.Errorf("before the first save: got %+v, %v", d, err)
		}
		ks := &Keystore{UIN: 10001, Device: NewDevice()}
		o := Options{Initial: ks, Progress: file, Log: slog.New(slog.DiscardHandler), Handler: func(event.Event) {}}
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.dispatch(ctx)
		}()
		seventh := groupMessage(7)
		seventh.Time = time.Now().Unix()
		c.emit(seventh)
		time.Sleep(progressNew) // virtual
		synctest.Wait()
		want := &Delivered{UIN: 10001, Chats: []ChatDelivered{{Group: testGroup, Sequence: 7, Time: seventh.Time}}}
		if d, err := file.Load(); err != nil || cmp.Diff(want, d) != "" {
			t.Errorf("after a while: %v, %s", err, cmp.Diff(want, d))
		}
		c.emit(groupMessage(8))
		cancel()
		<-done
		again, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.order.delivered(chatID{true, uint64(testGroup)}); got != 8 {
			t.Errorf("got sequence %d, want 8", got)
		}
		o.Initial = &Keystore{UIN: 10002, Device: NewDevice()}
		if other, err := New(o); err != nil || len(other.order.chats) != 0 {
			t.Errorf("another account: %v, %d chats", err, len(other.order.chats))
		}
		if err := os.WriteFile(string(file), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Load(); err == nil {
			t.Error("a damaged file was read")
		}
		if _, err := New(o); err != nil {
			t.Errorf("a damaged file stops the client: %v", err)
		}
	})
}

// failingProgress refuses to save at first.
type failingProgress struct {
	Progress
	failures int
}

func (p *failingProgress) Save(d *Delivered) error {
	if p.failures--; p.failures >= 0 {
		return errors.New("disk full")
	}
	return p.Progress.Save(d)
}

// What could not be saved is tried again, although nothing new comes.
func TestProgressSavedLater(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int
		wait     time.Duration
		want     uint64
	}{
		{"while it runs", 2, progressNew + 2*progressEvery, 7},
		{"at the end", 1, progressNew, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := FileProgress(filepath.Join(t.TempDir(), "progress.json"))
				client, err := New(Options{
					Initial: &Keystore{UIN: 10001, Device: NewDevice()}, Log: slog.New(slog.DiscardHandler),
					Progress: &failingProgress{file, c.failures},
				})
				if err != nil {
					t.Fatal(err)
				}
				saved := func() (sequence uint64) {
					d, err := file.Load()
					if err != nil {
						t.Fatal(err)
					}
					if d != nil {
						sequence = d.Chats[0].Sequence
					}
					return sequence
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					client.dispatch(ctx)
				}()
				client.emit(groupMessage(7))
				time.Sleep(c.wait) // virtual
				synctest.Wait()
				if got := saved(); got != c.want {
					t.Errorf("after %v: got sequence %d, want %d", c.wait, got, c.want)
				}
				cancel()
				<-done
				if got := saved(); got != 7 {
					t.Errorf("at the end: got sequence %d, want 7", got)
				}
			})
		})
	}
}

// BenchmarkHandlePush is the way of a group message from the reader's queue to the
// handler.
func BenchmarkHandlePush(b *testing.B) {
	c, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	payloads := make([][]byte, 4096)
	for i := range payloads {
		seq := uint64(i + 1)
		raw, err := pb.Marshal(&messagepb.MsgPush{Message: &messagepb.CommonMessage{
			RoutingHead: &messagepb.RoutingHead{
				FromUin: uint64(testFrom), FromUid: proto.String("u_0000000000000000000000"),
				Group: &messagepb.RoutingGroup{GroupCode: uint64(testGroup), GroupName: []byte("group")},
			},
			ContentHead: &messagepb.ContentHead{
				Type: 82, Random: proto.Uint64(seq), Sequence: proto.Uint64(seq), Time: proto.Uint64(1_700_000_000),
			},
			Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{
				{Text: &messagepb.Text{Str: proto.String(fmt.Sprint("message ", i))}},
			}}},
		}})
		if err != nil {
			b.Fatal(err)
		}
		payloads[i] = raw
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if n := i % len(payloads); n == 0 {
			b.StopTimer()
			c.seen = event.Deduper{}
			c.order = newOrder(c)
			c.order.start(c.order.add(chatID{true, uint64(testGroup)}, ""), 0)
			b.StartTimer()
		}
		c.handlePush(context.Background(), push{command: rpc.PushMessage, payload: payloads[i%len(payloads)]})
	}
}
