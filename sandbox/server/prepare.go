package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"libration/internal/elements"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Prepare does with content what a client does before it sends: pictures, voices and videos
// and the nodes of forwards go to the service, and contact cards are made. from is the
// sender; group is 0 for a private chat. Other segments need no preparation. Of a node
// without an author, name or time those are filled in. ctx bounds the reading of sources.
// The error is a *message.SegmentError.
func (s *Server) Prepare(ctx context.Context, from message.UIN, group message.GroupCode, content message.Content) (message.Content, error) {
	sender, _ := s.world.Users().Find(from)
	up := &uploader{s.world, s.media, s.ownAddress(), sender, group}
	content, err := up.authors(from, content, 0)
	if err != nil {
		return nil, err
	}
	content, err = elements.Upload(ctx, up, content)
	if err != nil {
		return nil, err
	}
	for i, segment := range content {
		switch s := segment.(type) {
		case *message.ForwardSegment:
			card := s.Card()
			card.Nodes = nil // the service has them
			content[i] = card
		case *message.ImageSegment, *message.RecordSegment, *message.VideoSegment:
			if content[i], err = asReceived(s, group != 0); err != nil {
				return nil, &message.SegmentError{Index: i, Segment: s, Err: err}
			}
		}
	}
	return content, nil
}

// asReceived returns a medium that was uploaded as its receivers read it, with its hashes
// and sizes.
func asReceived(s message.Segment, group bool) (message.Segment, error) {
	body, err := elements.Encode(message.Content{s}, elements.EncodeOptions{Group: group})
	switch {
	case errors.Is(err, message.ErrReceivedOnly): // a flash picture, which is not uploaded
		return s, nil
	case err != nil:
		return nil, err
	}
	read := elements.Decode(body.GetRichText(), group)
	if len(read) != 1 {
		return nil, fmt.Errorf("a medium is read as %d segments", len(read))
	}
	return read[0], nil
}

// uploader is an [elements.Uploader] for what people of the world send.
type uploader struct {
	world *world.World
	media *mediaDesk
	at    mediaAddress
	from  world.User
	group message.GroupCode
}

// authors fills in who wrote the nodes of forwards. It returns a copy.
func (u *uploader) authors(from message.UIN, content message.Content, depth int) (message.Content, error) {
	content = slices.Clone(content)
	for i, segment := range content {
		f, ok := segment.(*message.ForwardSegment)
		if !ok || len(f.Nodes) == 0 {
			continue
		}
		if depth == 0 { // it may contain itself
			if err := f.CheckLimits(); err != nil {
				return nil, &message.SegmentError{Index: i, Segment: f, Err: err}
			}
		}
		filled := *f
		filled.Nodes = slices.Clone(f.Nodes)
		for k := range filled.Nodes {
			n := &filled.Nodes[k]
			if n.UIN == 0 {
				n.UIN = from
			}
			if n.Name == "" {
				author, _ := u.world.Users().Find(n.UIN)
				n.Name = cmp.Or(author.Nickname, strconv.FormatUint(uint64(n.UIN), 10))
			}
			if n.Time == 0 {
				n.Time = u.world.Now().Unix()
			}
			var err error
			if n.Content, err = u.authors(n.UIN, n.Content, depth+1); err != nil {
				return nil, err
			}
		}
		content[i] = &filled
	}
	return content, nil
}

func (u *uploader) Scene() elements.Scene {
	return elements.Scene{Group: u.group, SelfUID: u.from.UID}
}

func (u *uploader) UploadForward(_ context.Context, payload []byte) (id string, err error) {
	return u.world.Forwards().Keep(payload)
}

func (u *uploader) ContactCard(_ context.Context, s *message.ContactSegment) (json string, err error) {
	if s.Group != 0 {
		return groupCard(u.world, s.Group)
	}
	return userCard(u.world, s.UIN, "")
}
