package ntqq

import (
	"fmt"

	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/ntqq/session"
)

// UnknownSource says what kind of input was not understood.
type UnknownSource string

// The sources of unknown input.
const (
	UnknownPush    UnknownSource = "push"    // Data is the packet's payload
	UnknownFrame   UnknownSource = "frame"   // Data is its beginning
	UnknownElement UnknownSource = "element" // Data is the encoded element
)

// UnknownPacket is input that was not understood, or that did not come under the
// session's key. Answers to requests are never among them, nor packets of the login.
type UnknownPacket struct {
	Source UnknownSource
	// Name is the command, type, sub type and discriminator of a push, as far as it has
	// them, or the name of an element. Of a frame with ReasonUnproven it is what the frame
	// claims to be: "push", "kick", "session_code" or "answer". Of other frames it is "".
	Name   string
	Reason event.UnknownReason
	Err    error  // set with ReasonDecode
	Size   int    // bytes as they came
	Data   []byte // must not be changed
}

// ReasonUnproven is why OnUnknown gets a frame that can be read: nothing proves that it
// comes from the server. One per kind and hour is handed on.
const ReasonUnproven event.UnknownReason = "unproven"

// noteFrame hands on a frame that the session dropped.
func (c *Client) noteFrame(f session.Frame) {
	reason := ReasonUnproven
	if f.Err != nil {
		reason = event.ReasonDecode
	}
	c.opts.OnUnknown(UnknownPacket{Source: UnknownFrame, Name: f.Name, Reason: reason, Err: f.Err, Size: f.Size, Data: f.Data})
}

// noteUnknown writes down a push that was not understood: one line per kind and
// hour, and its bytes for who wants them.
func (c *Client) noteUnknown(u *event.Unknown) {
	if u.Reason == event.ReasonIgnored {
		return
	}
	kind := fmt.Sprintf("%s/%d/%d/%d/%s", u.Key.Command, u.Key.Type, u.Key.SubType, u.Key.Discriminator, u.Reason)
	c.notes.Info(kind, "push not understood; the session is not affected",
		"command", u.Key.Command, "type", u.Key.Type, "sub_type", u.Key.SubType,
		"discriminator", u.Key.Discriminator, "reason", u.Reason, "bytes", len(u.Payload), "err", u.Err)
	if u.Reason == event.ReasonEmpty || rpc.MayHoldSecrets(u.Key.Command) {
		return
	}
	c.opts.OnUnknown(UnknownPacket{
		Source: UnknownPush, Name: pushName(u.Key), Reason: u.Reason, Err: u.Err,
		Size: len(u.Payload), Data: u.Payload,
	})
}

func pushName(k event.Key) string {
	name := k.Command
	for _, part := range []struct {
		name string
		n    int64
	}{{"type", k.Type}, {"sub type", k.SubType}, {"discriminator", k.Discriminator}} {
		if part.n >= 0 {
			name += fmt.Sprintf(", %s %d", part.name, part.n)
		}
	}
	return name
}

// noteElements is noteUnknown for the elements of a message.
func (c *Client) noteElements(m *event.Message) {
	for _, seg := range m.Content {
		u, ok := seg.(*message.UnknownSegment)
		if !ok {
			continue
		}
		c.notes.Info("element "+u.Element, "message element not understood; the message is delivered with it",
			"element", u.Element, "bytes", len(u.Raw))
		c.opts.OnUnknown(UnknownPacket{
			Source: UnknownElement, Name: u.Element, Reason: event.ReasonUnknown, Size: len(u.Raw), Data: u.Raw,
		})
	}
}
