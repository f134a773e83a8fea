package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"libration/ntqq/message"
)

// MediumID is the id by which a medium is known for good: 32 hexadecimal digits, of its
// MD5 where that is known. "" for one of which nothing is known.
func MediumID(m *message.Medium) string {
	var sum [sha256.Size]byte
	switch {
	case len(m.MD5) == 16:
		return hex.EncodeToString(m.MD5)
	case m.ID != "":
		sum = sha256.Sum256([]byte("id\x00" + m.ID))
	case m.Name != "":
		sum = sha256.Sum256([]byte("name\x00" + m.Name))
	default:
		return ""
	}
	return hex.EncodeToString(sum[:16])
}

// Remember keeps what is known of the media and files in some content, forwards excepted,
// so that [Gateway.Medium] and [Gateway.File] find them, until the store lets go of messages
// of that age. What came in messages that the gateway was given is kept already.
func (g *Gateway) Remember(c message.Content) {
	for _, part := range c {
		id, known := remembered(part)
		if id == "" || !g.mayReplace(known) {
			continue
		}
		kept, err := json.Marshal(known)
		if err == nil {
			err = g.store.PutMedium(id, part.Name(), kept)
		}
		if err != nil {
			g.log.Debug("medium not remembered", "kind", part.Name(), "err", err)
		}
	}
}

// mayReplace tells whether a file may take the place of the one that is kept under its id:
// who sends a message writes the id, and must not make another file of one that is known.
func (g *Gateway) mayReplace(known message.Segment) bool {
	f, ok := known.(*message.FileSegment)
	if !ok {
		return true
	}
	was, err := g.File(f.ID)
	if was == nil || err != nil {
		return true
	}
	return was.Group == f.Group && (was.Size == 0 || was.Size == f.Size) && (was.Hash == "" || was.Hash == f.Hash) &&
		(len(was.MD5) == 0 || bytes.Equal(was.MD5, f.MD5))
}

// remembered is what is kept of a medium or a file, and under which id; "" for others.
func remembered(part message.Segment) (id string, known message.Segment) {
	if f, ok := part.(*message.FileSegment); ok {
		kept := *f
		kept.Source, kept.URL = nil, "" // addresses die
		if f.ID == "" || f.OfGroup() && f.Group == 0 {
			return "", nil // nobody could ask for it
		}
		return fileID(f.ID), &kept
	}
	m := message.MediumOf(part)
	if m == nil {
		return "", nil
	}
	return MediumID(m), withoutSource(part)
}

// fileID is under which id a file is kept.
func fileID(id string) string {
	sum := sha256.Sum256([]byte("file\x00" + id))
	return hex.EncodeToString(sum[:16])
}

// File returns the file that the service calls so, as a message of its chat said; nil when
// none is known. Its group has it, or a private chat: then it has the hash.
func (g *Gateway) File(id string) (*message.FileSegment, error) {
	kind, kept, err := g.store.Medium(fileID(id))
	if kept == nil || err != nil {
		return nil, err
	}
	f := &message.FileSegment{}
	if kind != f.Name() {
		return nil, fmt.Errorf("file of unknown kind %q", kind)
	}
	if err := json.Unmarshal(kept, f); err != nil {
		return nil, fmt.Errorf("file cannot be read: %w", err)
	}
	return f, nil
}

// withoutSource is a medium as it is kept: where it was sent from is nobody's business.
func withoutSource(part message.Segment) message.Segment {
	kept, m := message.CopyMedium(part)
	m.Source = nil
	if v, ok := kept.(*message.VideoSegment); ok {
		v.Cover.Source = nil
	}
	return kept
}

// Medium returns the picture, voice or video with this id, as it was last seen; nil when
// none is known. It can be sent, and asked for at the service.
func (g *Gateway) Medium(id string) (message.Segment, error) {
	kind, kept, err := g.store.Medium(id)
	if kept == nil || err != nil {
		return nil, err
	}
	var part message.Segment
	switch kind {
	case (*message.ImageSegment)(nil).Name():
		part = new(message.ImageSegment)
	case (*message.RecordSegment)(nil).Name():
		part = new(message.RecordSegment)
	case (*message.VideoSegment)(nil).Name():
		part = new(message.VideoSegment)
	default:
		return nil, fmt.Errorf("medium of unknown kind %q", kind)
	}
	if err := json.Unmarshal(kept, part); err != nil {
		return nil, fmt.Errorf("medium cannot be read: %w", err)
	}
	return part, nil
}
