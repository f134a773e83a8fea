package ntqq

import (
	"context"

	"libration/internal/elements"
	"libration/ntqq/message"
)

// uploader is what segments need of the service before they are sent to a chat.
type uploader struct {
	c  *Client
	to target
}

// Scene implements [elements.Uploader].
func (u *uploader) Scene() elements.Scene {
	return elements.Scene{Group: u.to.group, SelfUID: u.c.Self().UID}
}

// ContactCard implements [elements.Uploader].
func (u *uploader) ContactCard(ctx context.Context, s *message.ContactSegment) (string, error) {
	if s.Group != 0 {
		return u.c.Groups().ContactCard(ctx, s.Group)
	}
	return u.c.Users().ContactCard(ctx, s.UIN)
}
