package message

import (
	"context"
	"errors"
)

// ContactSegment recommends an account or a group: one of the two is set. The service
// makes and signs the card when it is sent; it is received as a [LightAppSegment]
// (docs/protocol/messages.md 9.1). It stands alone in its message.
type ContactSegment struct {
	UIN   UIN
	Group GroupCode
}

// Name implements Segment.
func (*ContactSegment) Name() string { return "contact" }
func (*ContactSegment) size() int    { return 0 }

// signContact returns the card that the service makes.
func signContact(ctx context.Context, u *uploading, c *ContactSegment) (Segment, error) {
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
func (*encoder) contact(*ContactSegment) error {
	return errors.New("a contact card is signed by the service before it is encoded")
}
