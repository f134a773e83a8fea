package gateway

import (
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

// Remember keeps what is known of the media in some content, forwards excepted, so that
// [Gateway.Medium] finds them, until the store lets go of messages of that age. What came in
// messages that the gateway was given is kept already.
func (g *Gateway) Remember(c message.Content) {
	for _, part := range c {
		m := message.MediumOf(part)
		if m == nil {
			continue
		}
		id := MediumID(m)
		if id == "" {
			continue
		}
		kept, err := json.Marshal(withoutSource(part))
		if err == nil {
			err = g.store.PutMedium(id, part.Name(), kept)
		}
		if err != nil {
			g.log.Debug("medium not remembered", "kind", part.Name(), "err", err)
		}
	}
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
