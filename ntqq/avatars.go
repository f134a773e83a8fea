package ntqq

import (
	"context"
	"errors"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// Commands of the highway that bring the picture of the account, and of a group
// (docs/protocol/media.md 1).
const (
	ownAvatarCommand   = 90
	groupAvatarCommand = 3000
)

// SetAvatar gives the account itself a picture: one with a Source, or one that was received.
// The errors are those of sending a picture; a refusal is a [*media.StepError].
func (u Users) SetAvatar(ctx context.Context, image *message.ImageSegment) error {
	return u.c.setAvatar(ctx, &uploading{seg: image}, &image.Medium, ownAvatarCommand, nil)
}

// SetAvatar gives a group a picture: one with a Source, or one that was received. The owner
// and admins may: else the error is a [*media.StepError] with the service's text. The other
// errors are those of sending a picture, and [ErrNoGroup] of a group that the account is
// not in.
func (g Groups) SetAvatar(ctx context.Context, code GroupCode, image *message.ImageSegment) error {
	if _, err := g.Info(ctx, code, false); err != nil {
		return err
	}
	ext, err := pb.Marshal(avatarExt(code))
	if err != nil {
		return err
	}
	u := &uploading{seg: image, to: target{group: code, chat: message.Chat{Kind: message.Group, Group: code}}}
	return g.c.setAvatar(ctx, u, &image.Medium, groupAvatarCommand, ext)
}

func (c *Client) setAvatar(ctx context.Context, u *uploading, m *message.Medium, command uint32, ext []byte) error {
	u.c, u.kind = c, imageKind
	return u.listed(ctx, m, func(ctx context.Context) error { return u.avatar(ctx, command, ext) })
}

// avatar brings the picture to the service. There are no reservations for it.
func (u *uploading) avatar(ctx context.Context, command uint32, ext []byte) error {
	return u.unreserved(ctx, func(ctx context.Context) (*highwaySession, error) {
		return u.blocks(ctx, nil, command, ext)
	})
}

// blocks sends the only file in a session of the highway, which is returned. ticket takes the
// place of the session's; nil: it does not.
func (u *uploading) blocks(ctx context.Context, ticket []byte, command uint32, ext []byte) (*highwaySession, error) {
	session, err := u.c.highwaySession(ctx)
	if err != nil {
		return nil, err
	}
	with := *session
	if ticket != nil {
		with.ticket = ticket
	}
	u.list.Step(string(media.StepBlock), u.files[0].size)
	return session, u.c.sendFile(ctx, &with, command, u.files[0], ext, u.list.Set)
}

// unreserved fetches the bytes of an upload and sends them. That is tried again with another
// session of the highway where it may help.
func (u *uploading) unreserved(ctx context.Context, send func(context.Context) (*highwaySession, error)) error {
	if err := u.fetch(ctx); err != nil {
		return err
	}
	for try := 1; ; try++ {
		session, err := send(ctx)
		if err == nil {
			return nil
		}
		if try < reservations && ctx.Err() == nil && again(err) {
			u.c.highways.forget(session)
			if u.c.waitOnline(ctx, err) == nil {
				continue
			}
		}
		if _, said := errors.AsType[*media.StepError](err); said {
			return err
		}
		return &media.StepError{Step: media.StepBlock, Err: err}
	}
}

// avatarExt names the group by its internal number (docs/protocol/operations.md 3.4).
func avatarExt(code GroupCode) *mediapb.GroupAvatarExt {
	return &mediapb.GroupAvatarExt{
		Type: 101, GroupUin: rpc.GroupUIN(uint64(code)), Field3: &mediapb.GroupAvatarExtInner{Field1: 1}, Field5: 3, Field6: 1,
	}
}
