package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

var errNoSource = errors.New("it has no source")

// Upload stores a medium of somebody of the world, and describes it as the service does.
// What older clients would read is left out: it is not relayed either.
func (u *uploader) Upload(ctx context.Context, medium message.Segment) (elements.Stored, error) {
	up := &mediaUpload{
		scene: mediaScene{group: u.group, peer: u.from.UID}, from: u.from.UIN, now: u.world.Now(), at: u.at,
	}
	if err := u.read(ctx, medium, up); err != nil {
		return elements.Stored{}, err
	}
	return elements.Stored{Info: encode(u.media.describe(up))}, nil
}

// read fills in what is uploaded.
func (u *uploader) read(ctx context.Context, medium message.Segment, up *mediaUpload) error {
	switch s := medium.(type) {
	case *message.ImageSegment:
		up.kind = mediaImage
		up.ext = &mediapb.ExtBizInfo{Pic: &mediapb.PicExtBizInfo{BizType: s.SubType, TextSummary: proto.String(s.Summary)}}
		return u.orAgain(&s.Medium, up, func() error { return u.picture(ctx, s.Source, up) })
	case *message.RecordSegment:
		up.kind = mediaRecord
		return u.orAgain(&s.Medium, up, func() error { return u.voice(ctx, s.Source, up) })
	case *message.VideoSegment:
		up.kind = mediaVideo
		return u.orAgain(&s.Medium, up, func() error { return u.video(ctx, s.Source, s.Cover.Source, up) })
	}
	return fmt.Errorf("%s is no medium", medium.Name())
}

// orAgain reads a medium by read, or one that was received as it is described.
func (u *uploader) orAgain(m *message.Medium, up *mediaUpload, read func() error) error {
	if m.Source != nil {
		return read()
	}
	info := &mediapb.MsgInfo{}
	if m.Info == nil || pb.Unmarshal(m.Info, info) != nil {
		return errNoSource
	}
	up.ext = info.GetExtBizInfo()
	kind := up.kind
	for _, body := range info.GetBody() {
		if kind == nil {
			return errors.New("it has more files than media have")
		}
		f, err := askedFile(kind, &mediapb.UploadInfo{FileInfo: body.GetIndex().GetInfo(), SubFileType: body.GetIndex().GetSubType()})
		if err != nil {
			return err
		}
		up.files = append(up.files, f)
		kind = kind.cover
	}
	if len(up.files) == 0 {
		return errNoSource
	}
	return nil
}

func (u *uploader) picture(ctx context.Context, s message.Source, up *mediaUpload) error {
	p, err := u.media.tools.Picture(ctx, s)
	if err != nil {
		return err
	}
	defer p.Close()
	return u.keepPicture(ctx, mediaImage, 0, p, up)
}

func (u *uploader) voice(ctx context.Context, s message.Source, up *mediaUpload) error {
	v, err := u.media.tools.Voice(ctx, s)
	if err != nil {
		return err
	}
	defer v.Close()
	return u.keep(ctx, mediaRecord, 0, &v.File, &mediapb.FileInfo{
		Type: &mediapb.FileType{Type: mediaRecord.fileType, VoiceFormat: 1}, Time: v.Seconds,
	}, up)
}

func (u *uploader) video(ctx context.Context, s, cover message.Source, up *mediaUpload) error {
	v, err := u.media.tools.Video(ctx, s, cover)
	if err != nil {
		return err
	}
	defer v.Close()
	err = u.keep(ctx, mediaVideo, 0, &v.File, &mediapb.FileInfo{Type: &mediapb.FileType{Type: mediaVideo.fileType}, Time: v.Seconds}, up)
	if err != nil {
		return err
	}
	return u.keepPicture(ctx, mediaCover, subCover, &v.Cover, up)
}

func (u *uploader) keepPicture(ctx context.Context, kind *mediaKind, sub uint32, p *media.Picture, up *mediaUpload) error {
	info := &mediapb.FileInfo{Type: &mediapb.FileType{Type: kind.fileType, PicFormat: p.Format}, Width: p.Width, Height: p.Height}
	if kind == mediaImage {
		info.Original = 1
	}
	return u.keep(ctx, kind, sub, &p.File, info, up)
}

// keep stores a file.
func (u *uploader) keep(ctx context.Context, kind *mediaKind, sub uint32, f *media.File, info *mediapb.FileInfo, up *mediaUpload) error {
	r, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	b, err := u.world.Media().Put(r)
	if err != nil {
		return err
	}
	info.FileSize, info.FileName = uint32(b.Size), f.Name
	up.files = append(up.files, &uploadFile{Blob: b, kind: kind, sub: sub, info: info})
	return nil
}

// ownAddress is the address for messages of people, which no connection asks for.
func (s *Server) ownAddress() mediaAddress {
	if s.media.address != (mediaAddress{}) {
		return s.media.address
	}
	for _, text := range s.Addresses() {
		if a, err := netip.ParseAddrPort(text); err == nil {
			return reached(net.TCPAddrFromAddrPort(a))
		}
	}
	return memoryMedia
}
