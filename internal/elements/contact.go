package elements

import (
	"context"
	"errors"

	"libration/ntqq/message"
)

// signContact returns the card that the service makes.
func signContact(ctx context.Context, u *uploading, c *message.ContactSegment) (message.Segment, error) {
	if (c.UIN == 0) == (c.Group == 0) {
		return nil, errors.New("a contact card needs an account or a group")
	}
	text, err := u.to.ContactCard(ctx, c)
	if err != nil {
		return nil, err
	}
	l, ok := lightApp(text)
	if !ok {
		return nil, errors.New("the service's contact card is not a JSON object")
	}
	return l, nil
}

// contact refuses a segment that has not been through Upload.
func (*encoder) contact(*message.ContactSegment) error {
	return errors.New("a contact card is signed by the service before it is encoded")
}
