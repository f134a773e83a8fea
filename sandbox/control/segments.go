package control

import (
	"encoding/json"
	"net/http"
	"strings"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// segmentType is how one kind of segment stands in JSON.
type segmentType struct {
	name string // the member "type"
	// show is nil for what becomes another kind when it is sent.
	show func(contents, message.Segment) any
	// read is nil for what nobody can send.
	read func(*composing, []byte) (message.Segment, error)
}

// typed is the beginning of each segment's JSON.
type typed struct {
	Type string `json:"type"`
}

func (t *typed) is(name string) { t.Type = name }

// view is a struct that begins with typed.
type view[V any] interface {
	*V
	is(name string)
}

// segmentTypes has a row for each kind of segment, and for what becomes another one when
// it is sent.
func segmentTypes() []segmentType {
	return []segmentType{
		of(showText, readText),
		of(showAt, readAt),
		of(showFace, readFace),
		of(showReply, readReply),
		of(showImage, readImage),
		of(showRecord, readRecord),
		of(showVideo, readVideo),
		of[*message.FileSegment, fileView, fileView](showFile, nil),
		of(showMarketFace, readMarketFace),
		of(showPoke, readPoke),
		of(showLightApp, readLightApp),
		of(showXML, readXML),
		of(showLocation, readLocation),
		of(showContact, readContact),
		{name: "music", read: strict(readMusic)},
		of(showMarkdown, readMarkdown),
		of(showKeyboard, readKeyboard),
		of(showForward, readForward),
		of(showLongMessage, readLongMessage),
		of(showRedPacket, readRedPacket),
		of(showFlashFile, readFlashFile),
		of[*message.UnknownSegment, unknownView, unknownView](showUnknown, nil),
	}
}

// of makes the row of segments of type S, with the name of S.
func of[S message.Segment, V, B any, P view[V]](show func(contents, S) V, read func(*composing, B) (message.Segment, error)) segmentType {
	var s S
	t := segmentType{name: s.Name(), show: func(h contents, segment message.Segment) any {
		v := show(h, segment.(S))
		P(&v).is(s.Name())
		return v
	}}
	if read != nil {
		t.read = strict(read)
	}
	return t
}

func strict[B any](read func(*composing, B) (message.Segment, error)) func(*composing, []byte) (message.Segment, error) {
	return func(c *composing, text []byte) (message.Segment, error) {
		var v B
		if err := strictly(text, &v); err != nil {
			return nil, fail(http.StatusBadRequest, "%v", err)
		}
		return read(c, v)
	}
}

// contents shows what messages say.
type contents struct {
	world  *world.World
	server Server
	types  map[string]segmentType // by name
	// inGroup is the group of the message that is shown, 0 for none.
	inGroup message.GroupCode
}

func newContents(w *world.World, s Server) contents {
	h := contents{world: w, server: s, types: make(map[string]segmentType)}
	for _, t := range segmentTypes() {
		h.types[t.name] = t
	}
	return h
}

// composing is a message that is being written.
type composing struct {
	contents
	as, to message.UIN
	group  message.GroupCode
	depth  int // of forwards
	open   opener
	// prepare gives content to the service, as long as the request lasts.
	prepare func(message.Content) (message.Content, error)
}

// content reads segments.
func (c *composing) content(segments []json.RawMessage) (message.Content, error) {
	content := make(message.Content, 0, len(segments)+1)
	for i, text := range segments {
		segment, err := c.segment(text)
		if err != nil {
			return nil, fail(statusOf(err), "segment %d: %v", i, err)
		}
		content = append(content, segment)
	}
	return content, nil
}

func (c *composing) segment(text []byte) (message.Segment, error) {
	var v typed
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	t := c.types[v.Type]
	if t.read == nil {
		var names []string
		for _, t := range segmentTypes() {
			if t.read != nil {
				names = append(names, t.name)
			}
		}
		return nil, fail(http.StatusBadRequest, "type %q is none of %s", v.Type, strings.Join(names, ", "))
	}
	segment, err := t.read(c, text)
	if err != nil {
		return nil, fail(statusOf(err), "%s: %v", v.Type, err)
	}
	return segment, nil
}

// message finds a message of the chat.
func (c *composing) message(sequence uint64) (*world.Message, error) {
	var found []*world.Message
	if c.group != 0 {
		found = c.world.History().OfGroup(c.group, sequence, sequence)
	} else {
		found = c.world.History().OfPrivate(c.as, c.to, sequence, sequence)
	}
	if len(found) == 0 {
		return nil, fail(http.StatusNotFound, "no message %d in this chat", sequence)
	}
	return found[0], nil
}

// segments shows content; it is never nil.
func (h contents) segments(content message.Content) []any {
	views := make([]any, 0, len(content))
	for _, segment := range content {
		views = append(views, h.types[segment.Name()].show(h, segment))
	}
	return views
}

// number is whose account a segment means: it may have the uid only.
func (h contents) number(uin message.UIN, uid message.UID) message.UIN {
	if u, ok := h.world.Users().FindByUID(uid); ok && uin == 0 {
		return u.UIN
	}
	return uin
}

// shownName is how a user is called in a group, which may be 0.
func (h contents) shownName(group message.GroupCode, u world.User) string {
	if m, ok := h.world.Members().Find(group, u.UIN); ok && m.Card != "" {
		return m.Card
	}
	return u.Nickname
}

// plain is content as text, with what stands for all else in lists.
func plain(content message.Content) string {
	var b strings.Builder
	for _, segment := range content {
		if s, ok := segment.(*message.TextSegment); ok {
			b.WriteString(s.Text)
		} else {
			b.WriteString(message.Brief(message.Content{segment}))
		}
	}
	return b.String()
}
