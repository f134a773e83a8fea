package ntqq

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/ntqq/session"
)

// nosy is a client that keeps what it did not understand.
func nosy(t *testing.T, log *slog.Logger) (c *Client, got *[]UnknownPacket) {
	t.Helper()
	got = new([]UnknownPacket)
	c, err := New(Options{Log: log, OnUnknown: func(p UnknownPacket) { *got = append(*got, p) }})
	if err != nil {
		t.Fatal(err)
	}
	return c, got
}

func notice(t *testing.T, kind, sub uint64, content []byte) []byte {
	t.Helper()
	payload, err := pb.Marshal(&messagepb.MsgPush{Message: &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{},
		ContentHead: &messagepb.ContentHead{Type: kind, SubType: proto.Uint64(sub)},
		Body:        &messagepb.MessageBody{MsgContent: content},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// What is handed on of pushes: all that was not understood, nothing that may hold
// secrets, nothing that is known to say nothing.
func TestUnknownPushesAreHandedOn(t *testing.T) {
	for _, tt := range []struct {
		name, command string
		payload       []byte
		want          string // its name and reason; "" when it is not handed on
	}{
		{"command", "trpc.test.Push", []byte{1}, "trpc.test.Push unknown"},
		{"type", rpc.PushMessage, notice(t, 4711, 0, []byte("x")), rpc.PushMessage + ", type 4711 unknown"},
		{"sub type", rpc.PushMessage, notice(t, 732, 99, []byte("x")), rpc.PushMessage + ", type 732, sub type 99 unknown"},
		{"broken", rpc.PushMessage, []byte{0xff}, rpc.PushMessage + " decode_error"},
		{"empty", rpc.PushMessage, notice(t, 4711, 0, nil), ""},
		{"ignored", "ConfigPushSvc.PushReq", []byte{1}, ""},
		{"login", rpc.WtloginLogin, []byte{1}, ""},
		{"another login", "trpc.login.ecdh.EcdhService.New", []byte{1}, ""},
		{"OIDB answer", "OidbSvcTrpcTcp.0xffff_1", []byte{1}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, got := nosy(t, quiet)
			c.handlePush(t.Context(), push{command: tt.command, payload: tt.payload})
			switch {
			case tt.want == "" && len(*got) > 0:
				t.Errorf("got %+v, want nothing", *got)
			case tt.want != "" && len(*got) != 1:
				t.Errorf("got %+v, want one", *got)
			case tt.want != "":
				p := (*got)[0]
				if name := p.Name + " " + string(p.Reason); name != tt.want || p.Source != UnknownPush ||
					!bytes.Equal(p.Data, tt.payload) || p.Size != len(tt.payload) {
					t.Errorf("got %q, %+v, want %q with the payload", name, p, tt.want)
				}
			}
		})
	}
}

// One line per kind and hour, for pushes and elements; the bytes each time.
func TestUnknownLogRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c, got := nosy(t, slog.New(slog.NewTextHandler(&log, nil)))
		elements := &event.Message{Message: &message.Message{Content: message.Content{
			message.Text("a"), &message.UnknownSegment{Element: "field 99", Raw: []byte{1}}, &message.UnknownSegment{Element: "light_app", Raw: []byte{2}},
		}}}
		lines := func(text string) int { return strings.Count(log.String(), text) }
		round := func() {
			for range 3 {
				c.handlePush(t.Context(), push{command: "trpc.test.A"})
				c.handlePush(t.Context(), push{command: "trpc.test.B"})
				c.noteElements(elements)
			}
		}
		round()
		if lines("push not understood") != 2 || lines("message element not understood") != 2 || len(*got) != 12 {
			t.Errorf("%d handed on, log:\n%s\nwant 12, and one line for each of 4 kinds", len(*got), &log)
		}
		time.Sleep(time.Hour) // the bubble's time
		round()
		if lines("push not understood") != 4 || lines("message element not understood") != 4 || lines("also_in_the_last_hour=2") != 4 {
			t.Errorf("after an hour, log:\n%s\nwant four lines more, with what they stand for", &log)
		}
		if p := (*got)[2]; p.Source != UnknownElement || p.Name != "field 99" || !bytes.Equal(p.Data, []byte{1}) {
			t.Errorf("got %+v, want the element", p)
		}
	})
}

// A frame that the session dropped says why: it cannot be read, or nothing proves it.
func TestDroppedFramesAreHandedOn(t *testing.T) {
	c, got := nosy(t, quiet)
	broken := errors.New("broken")
	c.noteFrame(session.Frame{Err: broken, Size: 100, Data: []byte{1}})
	c.noteFrame(session.Frame{Name: "kick", Size: 300, Data: []byte{2}})
	want := []UnknownPacket{
		{Source: UnknownFrame, Reason: event.ReasonDecode, Err: broken, Size: 100, Data: []byte{1}},
		{Source: UnknownFrame, Name: "kick", Reason: ReasonUnproven, Size: 300, Data: []byte{2}},
	}
	if diff := cmp.Diff(want, *got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
