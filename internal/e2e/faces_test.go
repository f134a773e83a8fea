package e2e

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// sticker is the id of one; key is its key in a sandbox of the seed 0.
const sticker = "0123456789abcdef0123456789ABCDEF"

func TestFaceTable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var asked atomic.Int32
		s := startService(t, sandbox.Options{AutoApprove: bot})
		b := s.account(t, nil, countCalls(&asked, rpc.FaceTable.Name))
		b.until(ntqq.Online)
		table, err := b.Faces().List(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []ntqq.Face{
			{ID: 14, Text: "/微笑"},
			{ID: 277, Text: "/汪汪"},
			{ID: 311, Text: "/打call", Pack: "1", Sticker: "1", StickerType: 1},
			{ID: message.FaceDice, Text: "/骰子", Super: true, Pack: "1", Sticker: "33", StickerType: 2},
			{ID: message.FaceRPS, Text: "/包剪锤", Super: true, Pack: "1", Sticker: "34", StickerType: 2},
		} {
			if !slices.Contains(table, want) {
				t.Errorf("the table has no %+v", want)
			}
		}
		if !slices.IsSortedFunc(table, func(a, b ntqq.Face) int { return int(a.ID) - int(b.ID) }) {
			t.Error("the table is not sorted")
		}
		for range 3 {
			if _, err := b.Faces().List(t.Context(), false); err != nil {
				t.Fatal(err)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if _, err := b.Faces().List(t.Context(), true); err != nil || asked.Load() != 2 {
			t.Errorf("refreshed: %v, asked %d times", err, asked.Load())
		}
		s.DropConnections()
		b.onlineAgain(2)
		if again, err := b.Faces().List(t.Context(), false); err != nil || asked.Load() != 3 || !slices.Equal(again, table) {
			t.Errorf("in the next session: %v, asked %d times", err, asked.Load())
		}
	})
}

// TestFacesAreCompleted sends every form of faces from one account to another: what the
// face table knows is filled in, and what arrives is what was sent.
func TestFacesAreCompleted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		big := message.FaceSegment{ID: 311, Large: true, Text: "/打call", Pack: "1", Sticker: "1", StickerType: 1}
		own := big
		own.Sticker, own.Text = "99", "/mine"
		for _, tt := range []struct {
			name       string
			sent, want message.FaceSegment
			drawn      uint32 // the greatest result; 0: it has none
		}{
			{name: "classic", sent: message.FaceSegment{ID: 14}, want: message.FaceSegment{ID: 14}},
			{name: "small", sent: message.FaceSegment{ID: 277}, want: message.FaceSegment{ID: 277, Text: "/汪汪"}},
			{name: "small with a text", sent: message.FaceSegment{ID: 277, Text: "/x"}, want: message.FaceSegment{ID: 277, Text: "/x"}},
			{name: "large", sent: message.FaceSegment{ID: 311, Large: true}, want: big},
			{name: "large with a place", sent: own, want: own},
			{name: "large without a sticker", sent: message.FaceSegment{ID: 14, Large: true}, want: message.FaceSegment{ID: 14, Large: true, Text: "/微笑"}},
			{name: "thrown", sent: message.FaceSegment{ID: 277, Count: 5}, want: message.FaceSegment{ID: 277, Count: 5, Text: "/汪汪"}},
			{name: "dice", sent: message.FaceSegment{ID: message.FaceDice}, drawn: 6,
				want: message.FaceSegment{ID: message.FaceDice, Large: true, Text: "/骰子", Pack: "1", Sticker: "33", StickerType: 2}},
			{name: "rps", sent: message.FaceSegment{ID: message.FaceRPS, Large: true}, drawn: 3,
				want: message.FaceSegment{ID: message.FaceRPS, Large: true, Text: "/包剪锤", Pack: "1", Sticker: "34", StickerType: 2}},
			{name: "unknown", sent: message.FaceSegment{ID: 99999}, want: message.FaceSegment{ID: 99999}},
			{name: "unknown large", sent: message.FaceSegment{ID: 99999, Large: true}, want: message.FaceSegment{ID: 99999, Large: true}},
			{name: "unknown thrown", sent: message.FaceSegment{ID: 99999, Count: 1}, want: message.FaceSegment{ID: 99999, Count: 1}},
			{name: "greatest id", sent: message.FaceSegment{ID: 1<<32 - 1}, want: message.FaceSegment{ID: 1<<32 - 1}},
		} {
			given := tt.sent
			for _, send := range []func() (*message.Message, error){
				func() (*message.Message, error) {
					return a.Messages().SendGroup(t.Context(), group, message.Content{&given})
				},
				func() (*message.Message, error) {
					return a.Messages().SendFriend(t.Context(), bot, message.Content{&given})
				},
			} {
				sent, err := send()
				if err != nil {
					t.Errorf("%s: %v", tt.name, err)
					continue
				}
				all := eventsOf[*event.Message](b)
				got := all[len(all)-1]
				if got.Sequence != sent.Sequence || len(got.Content) != 1 {
					t.Errorf("%s: got %+v, sent %+v", tt.name, got.Message, sent)
					continue
				}
				face, ok := got.Content[0].(*message.FaceSegment)
				if !ok {
					t.Errorf("%s: got a %T", tt.name, got.Content[0])
					continue
				}
				arrived := *face
				if arrived.Result > tt.drawn || tt.drawn > 0 && arrived.Result == 0 {
					t.Errorf("%s: the result is %d", tt.name, arrived.Result)
				}
				arrived.Result = 0
				if arrived != tt.want {
					t.Errorf("%s: got %+v, want %+v", tt.name, arrived, tt.want)
				}
			}
			if given != tt.sent {
				t.Errorf("%s: the caller's segment has changed: %+v", tt.name, given)
			}
			if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.Text("x"), &given, message.Face(14), &given}); err != nil {
				t.Errorf("%s among others: %v", tt.name, err)
			}
		}
	})
}

// TestFacesWithoutTable: a service that does not give the table holds no message up for
// long, and not every one.
func TestFacesWithoutTable(t *testing.T) {
	for _, f := range []fault.Fault{{Name: fault.Ignore}, {Name: fault.Code, Code: -1}, {Name: fault.Expire, Count: 1}} {
		beside(t, string(f.Name), func(t *testing.T) {
			s, b, a := two(t)
			f.On, f.UIN = rpc.FaceTable.Name, alice
			if _, err := s.Faults().Add(f); err != nil {
				t.Fatal(err)
			}
			if f.Name == fault.Expire { // the session is lost with it
				if _, err := a.Faces().List(t.Context(), false); err == nil {
					t.Error("no error from the table")
				}
				a.onlineAgain(2)
			}
			began := time.Now()
			for range 5 {
				if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.Face(277), message.Face(311)}); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("five messages took %v", took)
			}
			if got := eventsOf[*event.Message](b); len(got) != 5 || got[0].Content[0].(*message.FaceSegment).ID != 277 {
				t.Errorf("got %d messages", len(got))
			}
			if f.Name == fault.Expire {
				return
			}
			// The table is asked for again.
			if !s.Faults().Remove(1) {
				t.Fatal("the fault is gone")
			}
			time.Sleep(2 * time.Minute) // virtual
			if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.Face(277)}); err != nil {
				t.Fatal(err)
			}
			all := eventsOf[*event.Message](b)
			if last := all[len(all)-1].Content[0].(*message.FaceSegment); last.Text != "/汪汪" {
				t.Errorf("with the table again: got %+v", last)
			}
		})
	}
}

// TestMarketFaces: a sticker is sent with its key, which is looked up where it is not
// given.
func TestMarketFaces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		keys, err := a.Faces().MarketKeys(t.Context(), []string{sticker, strings.Repeat("00", 16), sticker})
		if err != nil || len(keys) != 3 || keys[0] != keys[2] || keys[0] == keys[1] || len(keys[0]) != 16 {
			t.Fatalf("got %q, %v", keys, err)
		}
		for _, ids := range [][]string{{"no hex"}, {sticker, "00"}, {""}} {
			if keys, err := a.Faces().MarketKeys(t.Context(), ids); !errors.Is(err, ntqq.ErrNoMarketFace) || !errors.Is(err, ntqq.ErrNotFound) || keys != nil {
				t.Errorf("%q: got %q, %v", ids, keys, err)
			}
		}
		if keys, err := a.Faces().MarketKeys(t.Context(), nil); len(keys) != 0 || err != nil {
			t.Errorf("of nothing: %q, %v", keys, err)
		}
		id := strings.ToLower(sticker)
		for given, want := range map[string]string{"": keys[0], "a key of my own.": "a key of my own."} {
			face := &message.MarketFaceSegment{ID: id, Package: 5, Key: given, Summary: "[wow]"}
			if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{face}); err != nil {
				t.Fatal(err)
			}
			all := eventsOf[*event.Message](b)
			got, ok := all[len(all)-1].Content[0].(*message.MarketFaceSegment)
			if !ok || got.ID != id || got.Key != want || got.Package != 5 || got.Summary != "[wow]" {
				t.Errorf("key %q: got %+v", given, all[len(all)-1].Content[0])
			}
			if face.Key != given {
				t.Error("the caller's segment has changed")
			}
		}
		_, err = a.Messages().SendGroup(t.Context(), group, message.Content{message.Text("x"), &message.MarketFaceSegment{ID: "00"}})
		if bad, ok := errors.AsType[*message.SegmentError](err); !ok || bad.Index != 1 || !errors.Is(err, ntqq.ErrNoMarketFace) {
			t.Errorf("no such sticker: %v", err)
		}

		call := b.oneBot(onebot.English)
		if r := call("fetch_mface_key", `{"emoji_ids":["`+sticker+`"]}`); r.RetCode != onebot.RetOK || !strings.Contains(string(r.AppendJSON(nil)), `"data":["`+keys[0]+`"]`) {
			t.Errorf("fetch_mface_key: got %+v", r)
		}
		if r := call("fetch_mface_key", `{"emoji_ids":[]}`); r.RetCode != onebot.RetOK || !strings.Contains(string(r.AppendJSON(nil)), `"data":[]`) {
			t.Errorf("fetch_mface_key of nothing: got %+v", r)
		}
		if r := call("fetch_mface_key", `{"emoji_ids":["x"]}`); r.RetCode != onebot.RetFailed || r.Msg != "MFACE_NOT_FOUND" {
			t.Errorf("fetch_mface_key of none: got %+v", r)
		}
	})
}
