package server

import (
	"crypto/md5"
	"crypto/sha1"
	"net/netip"

	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// fileDesk answers where files are uploaded to, and where those of private chats are.
type fileDesk struct {
	*mediaDesk
	private *privateFiles
}

func (d *fileDesk) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.ReservePrivateFile, d.reservePrivate)
	rpc.Handle(mux, rpc.PrivateFileURL, d.privateURL)
	rpc.Handle(mux, rpc.PrivateFileInfo, d.privateInfo)
}

// pretends reports whether a fault has the service say that it has a file.
func (d *fileDesk) pretends(rq *request) bool {
	about := fault.Subject{Command: rq.Command, UIN: rq.session.uin, Session: true}
	return len(d.faults.Strikes(fault.AtReserve, about)) > 0
}

// announcedBlob reads what is said of the bytes of a file.
func announcedBlob(kind *mediaKind, size uint64, md5Sum, sha1Sum []byte) (world.Blob, error) {
	switch {
	case size == 0:
		return world.Blob{}, world.Refuse(world.BadRequest, "the %s is empty", kind.name)
	case size > kind.limit:
		return world.Blob{}, world.Refuse(world.TooLarge, "the %s has %d bytes, the limit is %d", kind.name, size, kind.limit)
	case len(md5Sum) != md5.Size:
		return world.Blob{}, world.Refuse(world.BadRequest, "the MD5 of the %s has %d bytes", kind.name, len(md5Sum))
	case len(sha1Sum) != sha1.Size:
		return world.Blob{}, world.Refuse(world.BadRequest, "the SHA-1 of the %s has %d bytes", kind.name, len(sha1Sum))
	}
	return world.Blob{MD5: [md5.Size]byte(md5Sum), SHA1: [sha1.Size]byte(sha1Sum), Size: size}, nil
}

// announcedFile finds what a file was reserved for, and compares it with what the extra
// information of its block says (docs/protocol/media.md 3.7).
func (b *blocks) announcedFile(req *mediapb.HighwayReqHead, kind *mediaKind, uin message.UIN) (*reservation, error) {
	ext := &mediapb.FileUploadExt{}
	if err := unmarshalExt(req, ext); err != nil {
		return nil, err
	}
	file, busi := ext.GetEntry().GetFile(), ext.GetEntry().GetBusi()
	one, err := b.reservation(string(file.GetUploadKey()))
	if err != nil {
		return nil, &blockError{code: codeUnknownUpload, err: err}
	}
	switch {
	case one.uin != uin || one.kind != kind || file.GetFileId() != one.uuid || message.UIN(busi.GetSenderUin()) != uin,
		one.file != nil && message.GroupCode(busi.GetGroupCode()) != one.file.group:
		return nil, refuseBlock(codeUnknownUpload, "the upload key belongs to another upload")
	case file.GetFileSize() != one.Size:
		return nil, refuseBlock(codeBadRange, "a file of %d bytes, reserved were %d", file.GetFileSize(), one.Size)
	case string(file.GetMd5()) != string(one.MD5[:]) || string(file.GetCheckKey()) != string(one.SHA1[:]):
		return nil, refuseBlock(codeBadHash, "the hashes of another file")
	}
	return one, nil
}

// ip is the address alone, in decimal.
func (a mediaAddress) ip() string { return netip.AddrPort(a).Addr().String() }
