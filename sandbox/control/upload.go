package control

import (
	"context"
	"net/http"

	"libration/internal/elements"
	"libration/ntqq/message"
)

// upload brings to the service what has to be there before a message can be sent: the
// content of forwards. Contact cards are signed.
func (c *composing) upload(content message.Content) (message.Content, error) {
	from, _ := c.world.Users().Find(c.as)
	up := &uploader{c, elements.Scene{Group: c.group, SelfUID: from.UID}}
	content, err := elements.Upload(context.Background(), up, content) // nothing in it waits
	if err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	for i, segment := range content {
		if s, ok := segment.(*message.ForwardSegment); ok {
			card := s.Card()
			card.Nodes = nil // the service has them
			content[i] = card
		}
	}
	return content, nil
}

// uploader is an [elements.Uploader] for what people send by hand.
type uploader struct {
	*composing
	scene elements.Scene
}

func (u *uploader) Scene() elements.Scene { return u.scene }

func (u *uploader) Upload(context.Context, elements.Medium) (elements.Stored, error) {
	return elements.Stored{}, elements.ErrNoUploader
}

func (u *uploader) UploadForward(_ context.Context, payload []byte) (id string, err error) {
	return u.world.Forwards().Keep(payload)
}

func (u *uploader) ContactCard(_ context.Context, s *message.ContactSegment) (json string, err error) {
	return u.server.ContactCard(s)
}
