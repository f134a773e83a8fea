package ntqq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
	"libration/ntqq/session"
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

// Where the sequences of private chats have gaps that mean nothing, messages do
// not wait for them for ever.
func TestSparsePrivateSequences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newOrderWorld(t, friendChat(testFrom))
		w.wrote(993)
		w.registered()
		w.push(w.says())
		w.got, w.pages = nil, 0
		for i := range uint64(20) {
			w.newest = 1000 + 7*i
			said := time.Now()
			w.push(w.message(w.newest))
			for n := 0; n <= int(i); n = len(w.got) {
				w.pass(100 * time.Millisecond)
			}
			if waited := time.Since(said); (waited >= (500 * time.Millisecond)) != (i < 5) {
				t.Errorf("message %d waited %v", i, waited)
			}
			w.pass(time.Minute)
		}
		if w.pages != 20 {
			t.Errorf("%d pages fetched, want one for each gap", w.pages)
		}
		if got := w.saved(); got != w.newest {
			t.Errorf("position %d saved, want %d", got, w.newest)
		}
	})
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
		c.order.server = noHistory{}
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
		if got := again.order.delivered(groupChat(testGroup)); got != 8 {
			t.Errorf("got sequence %d, want 8", got)
		}
		o.Initial = &Keystore{UIN: 10002, Device: NewDevice()}
		if other, err := New(o); err != nil || other.order.delivered(groupChat(testGroup)) != 0 {
			t.Errorf("another account: %v, or its chats are another one's", err)
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

// What was delivered is read for the account's number, whether the keystore has it, it
// is configured, or the login tells it; and it is not overwritten before.
func TestProgressWithoutAKeystore(t *testing.T) {
	for name, configured := range map[string]UIN{"configured": 10001, "known by the login": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := FileProgress(filepath.Join(t.TempDir(), "progress.json"))
				saved := &Delivered{UIN: 10001, Since: 1, Chats: []ChatDelivered{{Group: testGroup, Sequence: 7}}}
				if err := file.Save(saved); err != nil {
					t.Fatal(err)
				}
				c, err := New(Options{UIN: configured, Progress: file, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					c.dispatch(ctx)
				}()
				time.Sleep(time.Minute) // virtual
				if d, err := file.Load(); err != nil || cmp.Diff(saved, d) != "" {
					t.Errorf("before the login: %v, %s", err, cmp.Diff(saved, d))
				}
				c.session = sessionOf(t, 10001)
				c.compared <- order.Registered{}
				synctest.Wait()
				if got := c.order.delivered(groupChat(testGroup)); got != 7 {
					t.Errorf("got sequence %d, want 7", got)
				}
				cancel()
				<-done
			})
		})
	}
}

// sessionOf is the session of an account.
func sessionOf(t *testing.T, uin UIN) *session.Session {
	t.Helper()
	s, err := session.New(session.Options{Initial: &Keystore{UIN: uin, Device: NewDevice()}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A recall from another device names its chat by a text id alone. It waits for its
// message, too.
func TestRecallThatNamesNoNumber(t *testing.T) {
	var got []string
	c, err := New(Options{
		Initial: &Keystore{UIN: 10001, UID: "u_self", Device: NewDevice()},
		Handler: func(e event.Event) { got = append(got, e.Name()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.cache.learn("u_x", testFrom)
	c.order.book.Restore(c.order.at(), []order.Saved{{Chat: friendChat(testFrom), Peer: "u_x", Sequence: 10}}, 1)
	said := func(seq uint64) *event.Message {
		return &event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Friend, Peer: testFrom, PeerUID: "u_x"}, Self: true,
			Sender: message.Sender{UIN: 10001, Nickname: "x"}, Sequence: seq, ClientSequence: seq + 20_000, Random: uint32(seq),
		}}
	}
	recall := &event.MessageRecalled{
		Chat: message.Chat{Kind: message.Friend, PeerUID: "u_x"}, Author: event.Person{UIN: 10001, UID: "u_self"}, Sequence: 12,
	}
	for _, e := range []event.Event{said(12), recall, said(11)} {
		c.deliver(t.Context(), e)
	}
	if want := []string{said(11).Name(), said(12).Name(), recall.Name()}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// noHistory answers that there is nothing.
type noHistory struct{}

func (noHistory) latest(context.Context, chatID, UID) (uint64, error)   { return 0, nil }
func (noHistory) memberSince(context.Context, GroupCode) (int64, error) { return 0, nil }
func (noHistory) page(context.Context, chatID, UID, uint64, uint64) ([]*message.Message, error) {
	return nil, nil
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
				client.order.server = noHistory{}
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
				Group: &messagepb.RoutingGroup{GroupCode: uint64(testGroup), GroupName: "group"},
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
			c.order = newOrdering(c)
			c.order.book.Restore(c.order.at(), []order.Saved{{Chat: groupChat(testGroup)}}, 0)
			b.StartTimer()
		}
		c.handlePush(context.Background(), push{command: rpc.PushMessage, payload: payloads[i%len(payloads)]})
	}
}
