package e2e

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"libration/gateway"
	"libration/internal/config"
	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
)

const (
	aDay    = 24 * time.Hour
	tenYear = 3650 * aDay
)

// machine has a wall clock that can be set, and a store. The true time is time.Now,
// which is virtual.
type machine struct {
	path  string
	keep  store.Keep
	ahead atomic.Int64 // nanoseconds; the program's goroutines read it

	clock    *clock.Clock
	messages *store.Store
	gate     *gateway.Gateway
}

// boot starts what keeps and dates things.
func (m *machine) boot(client func(*clock.Clock) *ntqq.Client) (err error) {
	m.clock = clock.New(func() time.Time { return time.Now().Add(time.Duration(m.ahead.Load())) })
	m.messages, err = store.Open(context.Background(), store.Options{Path: m.path, Keep: m.keep, Clock: m.clock})
	if err != nil {
		return err
	}
	c := client(m.clock)
	m.gate = gateway.New(gateway.Options{Account: c, Store: m.messages, Clock: m.clock, Journal: m.messages})
	onebot.New(onebot.Options{Client: c, Gateway: m.gate, Clock: m.clock})
	return nil
}

// take returns the texts that wait for the bot, and has it confirm them.
func (m *machine) take(ctx context.Context, window time.Duration) (texts []string, err error) {
	c, err := m.gate.OpenCursor(gateway.CursorOptions{Name: "bot", Window: window})
	if err != nil {
		return nil, err
	}
	for {
		select {
		case <-c.Ready():
		default:
			c.Ack(c.Position())
			return texts, nil
		}
		for _, e := range c.Next(ctx, 100) {
			if _, text, ok := strings.Cut(string(e.Data), `"raw_message":"`); ok {
				texts = append(texts, text[:strings.IndexByte(text, '"')])
			}
		}
	}
}

// online is a machine with an account in a world.
type online struct {
	machine
	*account
	s     *service
	t     *testing.T
	keys  ntqq.MemoryKeystore
	saved memoryProgress
	// unreachable: the next start finds no server.
	unreachable bool
}

func (o *online) start() {
	o.t.Helper()
	var one sync.Mutex
	one.Lock() // the client runs before the service is there
	defer one.Unlock()
	err := o.boot(func(c *clock.Clock) *ntqq.Client {
		o.account = o.s.account(o.t, &o.keys, func(options *ntqq.Options) {
			options.Clock, options.Progress = c, &o.saved
			options.Handler = func(e event.Event) {
				one.Lock()
				defer one.Unlock()
				o.gate.Handle(context.Background(), e)
			}
			if o.unreachable {
				options.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }
			}
		})
		return o.account.Client
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *online) end() {
	o.t.Helper()
	o.account.stop()
	if err := o.messages.Close(); err != nil {
		o.t.Error(err)
	}
}

// TestWallClockWrong: however wrong the machine's clock is, or becomes while the
// program runs, stored messages stay, and a bot that was away gets what it missed.
func TestWallClockWrong(t *testing.T) {
	const (
		waiting = 501
		window  = 10 * time.Minute
	)
	for _, shift := range []time.Duration{0, time.Hour, -time.Hour, aDay, -aDay, tenYear, -tenYear} {
		for _, when := range []string{"at the start", "at the start without network", "while running"} {
			t.Run(fmt.Sprint(when, " ", shift), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T) {
					o := &online{s: startService(t, sandbox.Options{AutoApprove: bot}), t: t}
					o.path, o.keep = filepath.Join(t.TempDir(), "m.db"), store.Keep{Messages: 90 * aDay, Events: aDay}
					o.start()
					o.until(ntqq.Online)
					if got, err := o.take(t.Context(), window); len(got) != 0 || err != nil {
						t.Fatalf("at first %q wait, %v", got, err)
					}
					var said []string
					for i := range waiting {
						said = append(said, fmt.Sprint("said ", i))
						o.s.says(t, alice, false, said[i])
					}
					settle()
					o.ahead.Store(int64(shift))
					if when != "while running" {
						o.end()
						o.unreachable = when != "at the start"
						o.start()
						if !o.unreachable {
							o.until(ntqq.Online)
						}
					}
					time.Sleep(5 * time.Minute) // virtual
					if got, err := o.take(t.Context(), window); !slices.Equal(got, said) || err != nil {
						t.Errorf("%d events came, %v, want %d", len(got), err, waiting)
					}
					time.Sleep(2 * time.Hour)
					if st := o.messages.Stats(); st.Trimmed != 0 || st.EventsTrimmed != 0 {
						t.Errorf("%d messages and %d events were removed", st.Trimmed, st.EventsTrimmed)
					}
					if o.unreachable {
						o.end()
						return
					}
					time.Sleep(2 * aDay) // truly old
					if got, err := o.take(t.Context(), window); len(got) != 0 || err != nil {
						t.Errorf("%q wait, %v", got, err)
					}
					if st := o.messages.Stats(); st.Trimmed != 0 || st.EventsTrimmed < waiting {
						t.Errorf("two days later %d messages and %d events were removed, want only the events", st.Trimmed, st.EventsTrimmed)
					}
					o.end()
				})
			})
		}
	}
}

// TestProgramWithWrongClock: the whole program goes by the server's time, also on a
// machine whose clock was put forward while the program was down.
func TestProgramWithWrongClock(t *testing.T) {
	for _, shift := range []time.Duration{time.Hour, tenYear, -tenYear} {
		beside(t, shift.String(), func(t *testing.T) {
			w := newAway(t, func(c *config.Config) {
				for i := range c.OneBot.Connections {
					c.OneBot.Connections[i].Journal = new(config.Duration(10 * time.Minute))
				}
			})
			w.say(5)
			w.arrived()
			w.leave()
			w.say(20)
			w.stop()
			w.wall = func() time.Time { return time.Now().Add(shift) }
			w.begin()
			w.say(5)
			w.come()
			w.arrived()
			if lines := w.log.lines(skippedLine); len(lines) != 0 {
				t.Errorf("events were skipped: %v", lines)
			}
			if off := w.metric("libration_clock_offset_seconds"); math.Abs(off+shift.Seconds()) > 2 {
				t.Errorf("the metric says that the server is ahead by %v s, want %v", off, -shift.Seconds())
			}
		})
	}
}

// move is one step of TestNoJumpLosesARow.
type move struct {
	kind  string
	by    time.Duration
	pause time.Duration
}

var someMove = rapid.Custom(func(t *rapid.T) move {
	return move{
		rapid.SampledFrom([]string{"put", "put", "put", "pause", "pause", "jump", "trust", "take", "restart"}).Draw(t, "kind"),
		rapid.SampledFrom([]time.Duration{time.Hour, -time.Hour, aDay, -aDay, tenYear, -tenYear}).Draw(t, "by"),
		time.Duration(rapid.IntRange(1, 3*3600).Draw(t, "seconds")) * time.Second,
	}
})

// TestNoJumpLosesARow: whatever the wall clock does, a message or event that is
// younger than it may become is there, and in the end all are removed.
func TestNoJumpLosesARow(t *testing.T) {
	t.Parallel()
	empty := &machine{path: filepath.Join(t.TempDir(), "empty.db")}
	nobody := func(c *clock.Clock) *ntqq.Client {
		client, err := ntqq.New(ntqq.Options{Clock: c, Log: testLog(t)})
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	if err := errors.Join(empty.boot(nobody), empty.messages.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(empty.path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		moves := rapid.SliceOfN(someMove, 1, 60).Draw(rt, "moves")
		path := filepath.Join(t.TempDir(), "m.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			rt.Fatal(err)
		}
		var problem error
		synctest.Test(t, func(t *testing.T) {
			m := &machine{path: path, keep: store.Keep{Messages: 6 * time.Hour, Events: 6 * time.Hour}}
			m.ahead.Store(int64(moves[0].by))
			problem = m.play(t.Context(), nobody, moves)
		})
		if problem != nil {
			rt.Fatal(problem)
		}
	})
}

// row is a message of the present.
func row(sequence uint64, text string) (*message.Message, error) {
	raw, err := pb.Marshal(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(alice), Group: &messagepb.RoutingGroup{GroupCode: uint64(group)}},
		ContentHead: &messagepb.ContentHead{Type: elements.TypeGroup, Random: &sequence, Time: proto.Uint64(uint64(time.Now().Unix())), Sequence: &sequence},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{{Text: &messagepb.Text{Str: &text}}}}},
	})
	if err != nil {
		return nil, err
	}
	return elements.Parse(raw, bot)
}

func (m *machine) play(ctx context.Context, nobody func(*clock.Clock) *ntqq.Client, moves []move) (err error) {
	const window = time.Hour
	if err := m.boot(nobody); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.messages.Close()) }()
	type kept struct {
		at   time.Time
		id   int32
		text string
	}
	var all []kept
	if _, err := m.take(ctx, window); err != nil {
		return err
	}
	taken := 0
	for i, step := range moves {
		switch step.kind {
		case "put":
			msg, err := row(uint64(i+1), fmt.Sprint("row ", i))
			if err != nil {
				return err
			}
			m.gate.Handle(ctx, &event.Message{Message: msg})
			id, err := m.messages.ID(msg.Chat, msg.Sequence)
			if err != nil {
				return err
			}
			all = append(all, kept{time.Now(), id, fmt.Sprint("row ", i)})
			if err := m.messages.Flush(ctx); err != nil {
				return err
			}
		case "pause":
			time.Sleep(step.pause)
			synctest.Wait()
		case "jump":
			m.ahead.Add(int64(step.by))
		case "trust":
			m.clock.Correct(uint32(time.Now().Unix()), time.Now())
		case "take":
			got, err := m.take(ctx, window)
			if err != nil {
				return err
			}
			for _, r := range all[taken:] {
				if time.Since(r.at) < window-time.Minute && !slices.Contains(got, r.text) {
					return fmt.Errorf("step %d: %s is %v old, and the bot got only %q", i, r.text, time.Since(r.at), got)
				}
			}
			taken = len(all)
		case "restart":
			if err := errors.Join(m.messages.Close(), m.boot(nobody)); err != nil {
				return err
			}
		}
		for _, r := range all {
			if time.Since(r.at) > m.keep.Messages-time.Minute {
				continue
			}
			if msg, err := m.messages.Get(r.id); msg == nil || err != nil {
				return fmt.Errorf("step %d: message %q, %v old, is not there: %w", i, r.text, time.Since(r.at), err)
			}
			if there, err := m.messages.Announced(r.id); !there || err != nil {
				return fmt.Errorf("step %d: the event of %q, %v old, is not there: %w", i, r.text, time.Since(r.at), err)
			}
		}
	}
	m.clock.Correct(uint32(time.Now().Unix()), time.Now())
	time.Sleep(m.keep.Messages + time.Hour)
	newest, err := row(1e6, "new") // what it is compared with
	if err != nil {
		return err
	}
	m.gate.Handle(ctx, &event.Message{Message: newest})
	time.Sleep(m.keep.Messages + time.Hour)
	synctest.Wait()
	for _, r := range all {
		if msg, err := m.messages.Get(r.id); msg != nil || err != nil {
			return fmt.Errorf("message %q is still there, %v old: %w", r.text, time.Since(r.at), err)
		}
		if there, err := m.messages.Announced(r.id); there || err != nil {
			return fmt.Errorf("the event of %q is still there, %v old: %w", r.text, time.Since(r.at), err)
		}
	}
	return nil
}
