package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/onebot"
	"libration/sandbox"
)

// described is where what bots got is kept: the guides' examples, and what the descriptions
// of events are held against.
const described = "../../onebot/testdata/events.jsonl"

// sentEvent is an event, or the form of one, with who gets it so.
type sentEvent struct {
	Flavours []string        `json:"flavours"`
	Formats  []string        `json:"formats"`
	Event    json.RawMessage `json:"event"`
}

// drawn are the parts of events that are another time other ones, and what stands for them.
var drawn = []struct {
	found *regexp.Regexp
	kept  string
}{
	{regexp.MustCompile(`(fileid=|rkey=|/ftn_handler/)[\w-]+`), "${1}0"},
	{regexp.MustCompile(`("id":"|file_id":"|file_id=)[0-9a-f]{32}`), "${1}00112233445566778899aabbccddeeff"},
	{regexp.MustCompile(`("packet_(?:received|sent)":)\d+`), "${1}100"},
	{regexp.MustCompile(`(hash":"|hash=)[0-9a-f]{16}`), "${1}0011223344556677"},
}

// TestEventsOfTour: what bots get of the tour, and of what it lacks, in all flavours and
// formats, is what onebot/testdata has.
func TestEventsOfTour(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		var gate atomic.Pointer[gateway.Gateway]
		b := s.account(t, nil, func(o *ntqq.Options) {
			seen, state := o.Handler, o.OnState
			o.Handler = func(e event.Event) {
				seen(e)
				if g := gate.Load(); g != nil {
					g.Handle(t.Context(), e)
				}
			}
			o.OnState = func(st ntqq.State) {
				state(st)
				if g := gate.Load(); g != nil {
					g.HandleState(st)
				}
			}
		})
		b.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		online := b.until(ntqq.Online)
		time.Sleep(time.Until(time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC))) // how long a login takes differs
		got := b.listens(&gate)
		gate.Load().HandleState(online)

		var ignored json.RawMessage
		for _, step := range [][2]string{
			{"/api/send", fmt.Sprintf(`{"as":%d,"to":%d,"text":"from another device"}`, bot, alice)},
			{"/api/send", fmt.Sprintf(`{"as":%d,"group":%d,"segments":[{"type":"face","id":359},{"type":"poke","id":1}]}`, alice, group)},
			{"/api/pokes", fmt.Sprintf(`{"by":%d,"target":%d}`, bot, alice)},
			{"/api/tour", fmt.Sprintf(`{"for":%d,"pause":"10s"}`, bot)},
		} {
			s.api(t, "POST", step[0], step[1], &ignored)
			synctest.Wait()
		}
		b.stop()
		synctest.Wait()
		frames := got()
		kept, err := os.ReadFile(described)
		switch {
		case *update:
			err = os.WriteFile(described, frames, 0o644)
		case err == nil && !bytes.Equal(kept, frames):
			t.Errorf("%s is not what bots get: go test ./internal/e2e -run %s -update", described, t.Name())
			have := bytes.Split(kept, []byte("\n"))
			for i, line := range bytes.Split(frames, []byte("\n")) {
				if i >= len(have) || !bytes.Equal(have[i], line) {
					t.Fatalf("line %d: got %s", i+1, line)
				}
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// listens has an account's events told in every flavour and format. The result returns
// them, and what connections get besides.
func (a *account) listens(gate *atomic.Pointer[gateway.Gateway]) func() []byte {
	a.t.Helper()
	type listener struct {
		flavour, format string
		*onebot.Dialect
		*gateway.Subscription
	}
	var all []listener
	for _, flavour := range []onebot.Flavour{onebot.Lagrange, onebot.NapCat, onebot.Lagrange | onebot.NapCat} {
		d := a.dialect(func(o *onebot.Options) {
			o.Flavour = flavour
			if g := gate.Load(); g != nil {
				o.Gateway = g
			}
		})
		gate.Store(d.Gateway())
		for format, name := range []string{"array", "string"} {
			sub := d.Gateway().Subscribe(gateway.Selection{Form: d.Form(onebot.Format(format)), ReportSelf: true})
			a.t.Cleanup(sub.Close)
			all = append(all, listener{flavour.String(), name, d, sub})
		}
	}
	begin := map[listener][][]byte{}
	for _, l := range all {
		begin[l] = [][]byte{l.Hello(), l.First(), l.Beat(15 * time.Second)}
	}
	return func() []byte {
		var order []string
		found := map[string]*sentEvent{}
		for _, l := range all {
			frames, err := l.Take(begin[l], 10_000)
			if err != nil {
				a.t.Fatal(err)
			}
			for _, frame := range append(frames, l.Beat(15*time.Second), l.Last()) {
				e := found[string(frame)]
				if e == nil {
					e = &sentEvent{Event: frame}
					found[string(frame)] = e
					order = append(order, string(frame))
				}
				if !slices.Contains(e.Flavours, l.flavour) {
					e.Flavours = append(e.Flavours, l.flavour)
				}
				if !slices.Contains(e.Formats, l.format) {
					e.Formats = append(e.Formats, l.format)
				}
			}
		}
		var b bytes.Buffer
		lines := json.NewEncoder(&b)
		lines.SetEscapeHTML(false)
		for _, frame := range order {
			if err := lines.Encode(found[frame]); err != nil {
				a.t.Fatal(err)
			}
		}
		kept := b.Bytes()
		for _, d := range drawn {
			kept = d.found.ReplaceAll(kept, []byte(d.kept))
		}
		return kept
	}
}
