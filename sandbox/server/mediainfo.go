package server

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Scenes of media (docs/protocol/media.md 2.1).
const (
	scenePrivate = 1
	sceneGroup   = 2
)

// subCover is the sub type of a video's cover.
const subCover = 100

// The forms in which a picture can be asked for. All give the picture as it is.
const (
	specOriginal = "&spec=0"
	specBig      = "&spec=720"
	specThumb    = "&spec=198"
)

// mediaScene is where a medium goes: to a group, or to somebody.
type mediaScene struct {
	group message.GroupCode
	peer  message.UID
}

func (s mediaScene) number() uint32 {
	if s.group != 0 {
		return sceneGroup
	}
	return scenePrivate
}

// mediaUpload is one medium that is uploaded, by a client or by somebody of the world.
type mediaUpload struct {
	kind  *mediaKind
	scene mediaScene
	from  message.UIN
	files []*uploadFile // the medium, then its cover
	ext   *mediapb.ExtBizInfo
	now   time.Time
	at    mediaAddress
}

// uploadFile is one file of an upload.
type uploadFile struct {
	world.Blob
	kind *mediaKind
	sub  uint32
	info *mediapb.FileInfo
}

// describe makes the description that goes into messages, with new uuids
// (docs/protocol/media.md 2.4, 10.3).
func (m *mediaDesk) describe(u *mediaUpload) *mediapb.MsgInfo {
	info := &mediapb.MsgInfo{ExtBizInfo: u.business()}
	for _, f := range u.files {
		f.info.FileMd5, f.info.FileSha1 = hex.EncodeToString(f.MD5[:]), hex.EncodeToString(f.SHA1[:])
		uuid := m.signer.uuid(f.kind, u.scene.group != 0, f.Blob, u.now)
		body := &mediapb.MsgInfoBody{
			Index: &mediapb.IndexNode{
				Info: f.info, FileUuid: uuid, StoreId: 1, UploadTime: uint32(u.now.Unix()),
				Ttl: uint32(f.kind.ttl / time.Second), SubType: f.sub,
			},
			FileExist: true, Source: u.source(),
		}
		switch f.kind {
		case mediaImage, mediaCover:
			body.Picture = &mediapb.PictureInfo{
				UrlPath: mediaPath(f.kind.app(u.scene.group != 0), uuid), Domain: u.at.String(),
				Ext: &mediapb.PicUrlExt{OriginalParam: specOriginal, BigParam: specBig, ThumbParam: specThumb},
			}
		case mediaVideo:
			body.Video = &mediapb.VideoInfo{}
		case mediaRecord:
			body.Audio = &mediapb.AudioInfo{}
		}
		info.Body = append(info.Body, body)
	}
	return info
}

// source says whose a medium is: older clients know a group's by it.
func (u *mediaUpload) source() *mediapb.MediaSource {
	s := &mediapb.MediaSource{
		RequestType: proto.Uint32(2), BusinessType: proto.Uint32(u.kind.business), SceneType: proto.Uint32(u.scene.number()),
	}
	if u.scene.group != 0 {
		s.Troop = &mediapb.TroopSource{GroupUin: proto.Uint32(uint32(u.scene.group))}
	} else {
		s.C2C = &mediapb.C2CSource{FriendUid: string(u.scene.peer)}
	}
	return s
}

// business is what the request says of the medium, and the scene: receivers read all
// three parts without a check.
func (u *mediaUpload) business() *mediapb.ExtBizInfo {
	ext := &mediapb.ExtBizInfo{}
	if u.ext != nil {
		ext = proto.CloneOf(u.ext)
	}
	if ext.Pic == nil {
		ext.Pic = &mediapb.PicExtBizInfo{}
	}
	if ext.Video == nil {
		ext.Video = &mediapb.VideoExtBizInfo{}
	}
	if ext.Ptt == nil {
		ext.Ptt = &mediapb.PttExtBizInfo{}
	}
	scene := u.scene.number()
	ext.Pic.TextSummary = proto.String(ext.Pic.GetTextSummary())
	ext.Pic.FromScene, ext.Pic.ToScene = scene, scene
	ext.Video.FromScene, ext.Video.ToScene = &scene, &scene
	ext.BusiType = u.kind.business
	return ext
}

// compat is what older clients read in place of the description
// (docs/protocol/media.md 2.5).
func (m *mediaDesk) compat(u *mediaUpload, info *mediapb.MsgInfo) []byte {
	uuid := info.Body[0].GetIndex().GetFileUuid()
	switch {
	case u.kind == mediaRecord:
		return encode(u.oldVoice(uuid))
	case u.kind == mediaVideo:
		return encode(u.oldVideo(uuid))
	case u.scene.group != 0:
		return encode(m.oldGroupImage(u, info))
	}
	return encode(m.oldPrivateImage(u, info))
}

// oldPath is the address of a picture without the host.
func (m *mediaDesk) oldPath(u *mediaUpload, info *mediapb.MsgInfo) string {
	path := info.Body[0].GetPicture().GetUrlPath()
	return path + keyPrefix + m.signer.keyFor(u.kind.app(u.scene.group != 0), u.now) + specOriginal
}

func (m *mediaDesk) oldGroupImage(u *mediaUpload, info *mediapb.MsgInfo) *messagepb.CustomFace {
	f, pic := u.files[0], info.GetExtBizInfo().GetPic()
	return &messagepb.CustomFace{
		FilePath: []byte(f.info.FileName), FileId: newFileID(), FileType: proto.Int32(0), Md5: f.MD5[:],
		OrigUrl: m.oldPath(u, info), ImageType: int32(f.info.GetType().GetPicFormat()),
		Width: int32(f.info.Width), Height: int32(f.info.Height), Size: uint32(f.Size), Origin: int32(f.info.Original),
		PbReserve: encode(&messagepb.CustomFaceReserve{SubType: &pic.BizType, Summary: pic.TextSummary}),
	}
}

func (m *mediaDesk) oldPrivateImage(u *mediaUpload, info *mediapb.MsgInfo) *messagepb.NotOnlineImage {
	f, pic := u.files[0], info.GetExtBizInfo().GetPic()
	uuid, path := info.Body[0].GetIndex().GetFileUuid(), m.oldPath(u, info)
	// One client reads its number and hash.
	download := fmt.Sprintf("/%d-%d-%s", u.from, newFileID(), strings.ToUpper(hex.EncodeToString(f.MD5[:])))
	return &messagepb.NotOnlineImage{
		FilePath: []byte(f.info.FileName), FileLen: uint32(f.Size), DownloadPath: []byte(download),
		ImgType: f.info.GetType().GetPicFormat(), PicMd5: f.MD5[:], PicHeight: f.info.Height, PicWidth: f.info.Width,
		ResId: []byte(uuid), Original: f.info.Original, OrigUrl: path,
		PbReserve: encode(&messagepb.NotOnlineImageReserve{
			SubType: &pic.BizType, Summary: pic.TextSummary, Url: strings.TrimPrefix(path, "/"),
		}),
	}
}

// oldVoice is a rich text. It has an element although a voice has none: one client fails
// without.
func (u *mediaUpload) oldVoice(uuid string) *messagepb.RichText {
	flags := &messagepb.GeneralFlags{}
	if pb.Unmarshal(u.ext.GetPtt().GetGeneralFlags(), flags) != nil {
		flags = &messagepb.GeneralFlags{}
	}
	f := u.files[0]
	ptt := &messagepb.Ptt{
		FileUuid: []byte(uuid), FileMd5: f.MD5[:], FileName: f.info.FileName, FileSize: uint32(f.Size), Valid: true,
		Time: f.info.Time,
	}
	if u.scene.group != 0 {
		ptt.FileId, ptt.GroupFileKey = newFileID(), []byte(uuid)
	}
	return &messagepb.RichText{Elems: []*messagepb.Elem{{GeneralFlags: flags}}, Ptt: ptt}
}

func (u *mediaUpload) oldVideo(uuid string) *messagepb.VideoFile {
	f, cover := u.files[0], u.files[1]
	return &messagepb.VideoFile{
		FileUuid: []byte(uuid), FileMd5: f.MD5[:], FileName: []byte(f.info.FileName), FileFormat: 2,
		FileTime: int32(f.info.Time), FileSize: int32(f.Size),
		ThumbWidth: int32(cover.info.Width), ThumbHeight: int32(cover.info.Height), ThumbFileMd5: cover.MD5[:],
		ThumbFileSize: int32(cover.Size),
		// As large as its cover; one client cannot read a video without.
		FileWidth: int32(max(cover.info.Width, 1)), FileHeight: int32(max(cover.info.Height, 1)),
	}
}

// newFileID is the number of a file in the older forms; never 0.
func newFileID() uint32 { return rand.Uint32() | 1 }
