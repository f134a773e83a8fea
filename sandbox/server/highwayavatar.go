package server

import (
	"crypto/md5"
	"fmt"

	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// avatar finds whose picture is uploaded, as avatars are never reserved: that of the account
// itself, which needs no extra information, or that of a group.
func (b *blocks) avatar(req *mediapb.HighwayReqHead, kind *mediaKind, uin message.UIN) (*reservation, error) {
	seg := req.GetSeg()
	switch {
	case len(seg.GetFileMd5()) != md5.Size:
		return nil, refuseBlock(codeBadHash, "no hash of the file")
	case seg.GetFileSize() > kind.limit:
		return nil, refuseBlock(codeBadRange, "a picture of %d bytes", seg.GetFileSize())
	}
	one := &reservation{
		Blob: world.Blob{MD5: [md5.Size]byte(seg.GetFileMd5()), Size: seg.GetFileSize()},
		uin:  uin, kind: kind,
	}
	if kind == mediaGroupAvatar {
		ext := &mediapb.GroupAvatarExt{}
		if err := unmarshalExt(req, ext); err != nil {
			return nil, err
		}
		one.avatar = b.groupOf(uin, ext.GetGroupUin())
		if m, found := b.world.Members().Find(one.avatar, uin); !found || m.Role == message.RoleMember {
			return nil, noPermission(fmt.Errorf("%d may not change the picture of group %d", uin, ext.GetGroupUin()))
		}
	}
	one.key = fmt.Sprintf("avatar %d %d %x", one.uin, one.avatar, one.MD5)
	return one, nil
}

// noPermission is how the service refuses a picture (docs/protocol/media.md 3.4).
func noPermission(err error) error { return &blockError{text: "No Perm", err: err} }

// groupOf finds the group of an account that a client means: one writes the internal number
// of the group, others write its code (docs/protocol/operations.md 3.4). 0: none.
func (b *blocks) groupOf(uin message.UIN, number uint64) message.GroupCode {
	groups := b.world.Groups().Of(uin)
	for _, g := range groups {
		if rpc.GroupUIN(uint64(g.Code)) == number {
			return g.Code
		}
	}
	for _, g := range groups {
		if uint64(g.Code) == number {
			return g.Code
		}
	}
	return 0
}

// arrived does what follows from a file that the service has.
func (b *blocks) arrived(one *reservation) error {
	if one.file != nil {
		if err := one.file.enter(b.world, one.uin); err != nil {
			return &blockError{code: codeNotTaken, err: err}
		}
		return nil
	}
	if !one.kind.byMD5() {
		return nil
	}
	blob, kept := b.world.Media().FindMD5(one.MD5)
	if !kept {
		return refuseBlock(codeNoRoom, "the picture was dropped")
	}
	if one.kind == mediaFace {
		if _, err := b.world.CustomFaces().Add(one.uin, blob); err != nil {
			return &blockError{code: codeNotTaken, err: err}
		}
		return nil
	}
	if one.kind == mediaOwnAvatar {
		if err := b.world.Users().SetAvatar(one.uin, blob); err != nil {
			return &blockError{code: codeNotTaken, err: err}
		}
		return nil
	}
	if err := b.world.Groups().SetAvatar(one.avatar, one.uin, blob); err != nil {
		return noPermission(err)
	}
	return nil
}
