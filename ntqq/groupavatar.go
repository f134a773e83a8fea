package ntqq

import (
	"context"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// avatarCommand is the command of the highway that brings the picture of a group.
const avatarCommand = 3000

// SetAvatar gives a group a picture: one with a Source, or one that was received. The owner
// and admins may: else the error is a [*media.StepError] with the service's text. The other
// errors are those of sending a picture, and [ErrNoGroup] of a group that the account is
// not in.
func (g Groups) SetAvatar(ctx context.Context, code GroupCode, image *message.ImageSegment) error {
	if _, err := g.Info(ctx, code, false); err != nil {
		return err
	}
	u := &uploading{
		c: g.c, kind: imageKind, seg: image,
		to: target{group: code, chat: message.Chat{Kind: message.Group, Group: code}},
	}
	return u.listed(ctx, &image.Medium, u.avatar)
}

// avatar brings the picture to the service. There are no reservations for it.
func (u *uploading) avatar(ctx context.Context) error {
	if err := u.fetch(ctx); err != nil {
		return err
	}
	ext, err := pb.Marshal(avatarExt(u.to.group))
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		session, err := u.c.highwaySession(ctx)
		if err == nil {
			u.list.Step(string(media.StepBlock), u.files[0].size)
			err = u.c.sendFile(ctx, session, avatarCommand, u.files[0], ext, u.list.Set)
		}
		if err == nil {
			return nil
		}
		if try < reservations && ctx.Err() == nil && again(err) {
			u.c.highways.forget(session)
			if u.c.waitOnline(ctx, err) == nil {
				continue
			}
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
