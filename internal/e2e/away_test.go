package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"libration/internal/config"
	"libration/internal/supervise"
	"libration/ntqq"
	"libration/ntqq/message"
)

// TestBotWasAway: a bot gets what it missed, in order, and then what happens, also
// when the program was started again meanwhile, or was away itself.
func TestBotWasAway(t *testing.T) {
	for _, restart := range []bool{false, true} {
		beside(t, fmt.Sprintf("program started again %t", restart), func(t *testing.T) {
			w := newAway(t)
			w.say(5)
			w.arrived()
			w.leave()
			w.say(50)
			if restart {
				w.stop()
				w.say(5) // nobody is there at all
				w.begin()
			}
			w.say(5)
			w.come()
			w.arrived()
			w.say(5)
			w.arrived()
			if lines := w.log.lines(skippedLine); len(lines) != 0 {
				t.Errorf("events were skipped: %v", lines)
			}
		})
	}
}

// TestBotWasAwayTooLong: what is too old or too much is skipped with one log line for
// each connection.
func TestBotWasAwayTooLong(t *testing.T) {
	const window = time.Minute
	for _, tt := range []struct {
		name   string
		change func(*config.Connection)
		wait   time.Duration
		skip   int // of 10
		reason string
	}{
		{"too many", func(c *config.Connection) { c.JournalLimit = 3 }, 0, 7, "too_many"},
		{"too old", func(c *config.Connection) { c.Journal = new(config.Duration(window)) }, window + time.Second, 10, "too_old"},
	} {
		beside(t, tt.name, func(t *testing.T) {
			w := newAway(t, func(c *config.Config) {
				for i := range c.OneBot.Connections {
					tt.change(&c.OneBot.Connections[i])
				}
			})
			posts := func(result string) string {
				return fmt.Sprintf("libration_webhook_posts_total{result=%q,service=%q}", result, w.config.OneBot.Connections[4].Name())
			}
			w.say(5)
			w.arrived()
			w.confirmed()
			w.leave()
			w.noticed() // what comes before is not missed
			before := w.metric(publishedTotal)
			w.say(10)
			w.until(func() bool { return w.metric(publishedTotal) >= before+10 })
			tried := w.metric(posts("no_answer"))
			w.until(func() bool { return w.metric(posts("no_answer")) > tried+1 }) // with all of them waiting
			pause(w.ctx, tt.wait)
			w.come()
			w.said = slices.Delete(w.said, 5, 5+tt.skip)
			w.arrived()
			w.say(2)
			w.arrived()
			w.confirmed()
			lines := w.log.lines(skippedLine)
			for _, line := range lines {
				if line[tt.reason] != float64(tt.skip) {
					t.Errorf("got line %v, want %d %s", line, tt.skip, tt.reason)
				}
			}
			if n := w.metric(posts("ok")); n < 7 {
				t.Errorf("%v posts counted, want one for each event at least", n)
			}
			if len(lines) != len(eventPaths) {
				t.Errorf("%d log lines, want one for each of %q: %v", len(lines), eventPaths, lines)
			}
		})
	}
}

// TestBotHearsOnceAfterAWrongPosition: where the saved positions are wrong, as an older
// version could save them, a bot gets what was missed, and nothing again.
func TestBotHearsOnceAfterAWrongPosition(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newAway(t)
		w.say(5)
		w.arrived()
		w.confirmed()
		w.stop()
		file := ntqq.FileProgress(filepath.Join(w.config.Data, "default", "progress.json"))
		d, err := file.Load()
		if err != nil || d == nil || len(d.Chats) == 0 {
			t.Fatalf("progress: %+v, %v", d, err)
		}
		for i := range d.Chats {
			d.Chats[i].Sequence, d.Chats[i].Time = absurdSequence, time.Now().AddDate(20, 0, 0).Unix()
		}
		if err := file.Save(d); err != nil {
			t.Fatal(err)
		}
		w.say(5) // nobody is there
		w.begin()
		w.arrived()
		w.say(2)
		w.arrived()
	})
}

// TestWebhookReplies: what a bot answers to a post is said in the chat.
func TestWebhookReplies(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newAway(t)
		w.program.say(botQuestion)
		w.until(func() bool {
			for _, m := range w.box.World().History().OfGroup(group, 1, 100) {
				for _, p := range m.Parts {
					if text, ok := p.Segment.(*message.TextSegment); ok && text.Text == botReply {
						return m.Sender.UIN == bot
					}
				}
			}
			return false
		})
	})
}

// TestStopFinishesWhatWasAccepted: asynchronous sends that were answered before the stop
// are in the chat after it.
func TestStopFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newAway(t)
		var want []string
		for i, suffix := range []string{"_async", "_async", "_async", "_async", "_rate_limited", "_rate_limited"} {
			text := fmt.Sprint("accepted ", i)
			answer, ok, err := w.call(w.ctx, "send_group_msg"+suffix, map[string]any{"group_id": group, "message": text})
			if err != nil || !ok {
				t.Fatalf("answer %s, error %v", answer, err)
			}
			want = append(want, text)
		}
		w.stop()
		var got []string
		for _, m := range w.box.World().History().OfGroup(group, 1, 100) {
			if text := m.Text(); strings.HasPrefix(text, "accepted") {
				got = append(got, text)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("in the chat: %q, want %q", got, want)
		}
	})
}

const skippedLine = "events skipped: the client was away for too long, or is too slow"

// away is a program whose bot comes and goes.
type away struct {
	*program
	t    *testing.T
	ctx  context.Context
	said []string
	n    int
}

func newAway(t *testing.T, change ...func(*config.Config)) *away {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	p, err := newProgram(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	w := &away{program: p, t: t, ctx: ctx}
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Errorf("end: %v", err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", p.log)
		}
	})
	p.thief.Close()
	for _, f := range change {
		f(p.config)
	}
	w.begin()
	if err := p.ready(ctx); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *away) begin() {
	w.t.Helper()
	if err := w.start(); err != nil {
		w.t.Fatal(err)
	}
}

// stop ends the program, but not its world.
func (w *away) stop() {
	w.t.Helper()
	last := len(w.ending) - 1
	if err := w.ending[last](); err != nil {
		w.t.Errorf("stop: %v", err)
	}
	w.ending = w.ending[:last]
}

func (w *away) leave() {
	w.mobile.refuse.Store(math.MaxInt32)
	w.mobile.drop()
}

// noticed waits until the program knows that nobody is there.
func (w *away) noticed() {
	w.t.Helper()
	w.until(func() bool {
		for _, s := range w.Status().Services {
			if strings.HasPrefix(s.Name, "reverse-") && s.State == supervise.Running {
				return false
			}
		}
		return true
	})
}

func (w *away) come() { w.mobile.refuse.Store(0) }

// say has Alice say something n times.
func (w *away) say(n int) {
	for range n {
		w.n++
		text := fmt.Sprint("said ", w.n)
		w.program.say(text)
		w.said = append(w.said, text)
	}
}

// heard are the messages of a path, without those that came again.
func (w *away) heard(path string) []string {
	w.mobile.mu.Lock()
	defer w.mobile.mu.Unlock()
	var all []arrived
	for _, frame := range w.mobile.frames[path] {
		var a arrived
		if json.Unmarshal(frame, &a) == nil && a.Post == "message" {
			all = append(all, a)
		}
	}
	var texts []string
	for _, a := range once(all) {
		texts = append(texts, a.Raw)
	}
	return texts
}

// arrived waits until the newest message has come, and compares.
func (w *away) arrived() {
	w.t.Helper()
	for _, path := range eventPaths {
		if _, err := w.mobile.await(w.ctx, path, has(`"`+w.said[len(w.said)-1]+`"`)); err != nil {
			w.t.Fatalf("%s: %v: got %q, want %q", path, err, w.heard(path), w.said)
		}
		if got := w.heard(path); !slices.Equal(got, w.said) {
			w.t.Errorf("%s: got %q, want %q", path, got, w.said)
		}
	}
}

const publishedTotal = "libration_events_published_total"

// confirmed waits until the program knows that its bot has everything.
func (w *away) confirmed() {
	w.t.Helper()
	w.until(func() bool {
		for _, c := range w.config.OneBot.Connections[2:] { // those with a journal
			if w.metric(fmt.Sprintf("libration_events_waiting{service=%q}", c.Name())) != 0 {
				return false
			}
		}
		return true
	})
}

// until waits for what can only be asked for.
func (w *away) until(ok func() bool) {
	w.t.Helper()
	for !ok() {
		if w.ctx.Err() != nil {
			w.t.Fatal("it does not become as it should")
		}
		pause(w.ctx, time.Second)
	}
}

// metric is one of the program's own figures; -1: there is none.
func (w *away) metric(name string) float64 {
	w.t.Helper()
	addr, err := w.AdminAddr(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := w.client.Get("http://" + addr.String() + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(all)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				w.t.Fatal(err)
			}
			return n
		}
	}
	return -1
}
