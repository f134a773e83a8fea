package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"libration/internal/elements"
	"libration/internal/highway"
	"libration/internal/pb/mediapb"
	"libration/internal/text"
	"libration/ntqq/internal/upload"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

const (
	// maxUploads is how many media are uploaded at the same time; others wait.
	maxUploads = 8
	// uploadTimeout bounds one upload, conversion included.
	uploadTimeout = 20 * time.Minute
	// reservations is how often a place is asked for: the key of one, or the ticket, may
	// have expired, or the server says that it has a file that it has not.
	reservations = 4
	// onlineWait bounds the waiting for the session between two of them.
	onlineWait = 30 * time.Second
	// stepWait is what a transfer does that waits for a place.
	stepWait = "wait"
)

var (
	errNoSource = text.Errorf("the medium has no source, and not all that the service knows it by", "媒体没有内容来源，也缺少服务器识别它所需的信息")
	errMissing  = text.Errorf("the service has the file, it says, and that it does not exist", "服务器称已有该文件，又称文件不存在")
	errNotHere  = text.Errorf("the service wants the bytes, and they are not here", "服务器需要文件内容，但本机没有")
	errTooLarge = text.Errorf("files of 4 GiB and more cannot be in a message", "消息中的文件必须小于 4 GiB")
	errTooSlow  = text.Errorf("the upload took longer than %v", "上传超过 %v", uploadTimeout)
)

// uploadFile is a file of a medium: the medium itself, or the thumbnail of a video.
type uploadFile struct {
	name          string
	size          uint64
	md5, sha1     []byte
	states        [][20]byte // of a video's main file; else the hash
	kind          *mediapb.FileType
	width, height uint32
	seconds       uint32
	original      uint32
	source        message.Source // nil: the bytes are not here
}

// uploading is one medium on its way to one chat.
type uploading struct {
	c     *Client
	to    target
	kind  *mediaKind
	seg   message.Segment
	files []*uploadFile
	close func() error // of what was opened for the files; nil: nothing was
	list  *transfer.Transfer
	slow  bool // no fast upload
}

// Upload implements [elements.Uploader].
func (u *uploader) Upload(ctx context.Context, seg message.Segment) (elements.Stored, error) {
	kind, m := mediumOf(seg)
	if kind == nil {
		return elements.Stored{}, fmt.Errorf("%T is no medium", seg)
	}
	up := &uploading{c: u.c, to: u.to, kind: kind, seg: seg}
	var stored elements.Stored
	err := up.listed(ctx, m, func(ctx context.Context) (err error) {
		stored, err = up.run(ctx)
		return err
	})
	return stored, err
}

// listed does an upload in its turn. Meanwhile it is in the list of transfers.
func (u *uploading) listed(ctx context.Context, m *message.Medium, do func(context.Context) error) error {
	s := transfer.Status{Direction: transfer.Upload, Kind: u.kind.name, Name: m.Name, Step: stepWait, Total: m.Size}
	if u.to.chat.Kind != 0 {
		s.Chat = &u.to.chat
	}
	return u.c.listed(ctx, s, u.c.uploads, func(ctx context.Context, list *transfer.Transfer) error {
		u.list = list
		ctx, cancel := context.WithTimeoutCause(ctx, uploadTimeout, errTooSlow)
		defer cancel()
		defer u.closeFiles()
		return do(ctx)
	})
}

// listed does an upload when there is a place for it. Meanwhile it is in the list of
// transfers.
func (c *Client) listed(ctx context.Context, s transfer.Status, places chan struct{}, do func(context.Context, *transfer.Transfer) error) error {
	ctx, list := c.transfers.Begin(ctx, s)
	err := inTurn(ctx, places, func() error { return do(ctx, list) })
	failed, ok := errors.AsType[*media.StepError](err)
	switch {
	case errors.Is(err, ErrUnknownOutcome): // it may be there although it was cancelled
	case ok:
		err = &media.StepError{Step: failed.Step, Err: transfer.Cause(ctx, failed.Err)}
	default:
		err = transfer.Cause(ctx, err)
	}
	list.End(err)
	return err
}

func inTurn(ctx context.Context, places chan struct{}, do func() error) error {
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return do()
}

func (u *uploading) run(ctx context.Context) (elements.Stored, error) {
	if err := u.prepare(ctx); err != nil {
		return elements.Stored{}, err
	}
	for try := 1; ; try++ {
		session, stored, err := u.once(ctx)
		switch {
		case err == nil || try == reservations || ctx.Err() != nil:
			return stored, err
		case errors.Is(err, errNotHere):
			err = u.fetch(ctx)
		case errors.Is(err, errMissing):
			u.slow, err = true, nil
		case again(err):
			u.c.highways.forget(session)
			err = u.c.waitOnline(ctx, err)
		}
		if err != nil {
			return elements.Stored{}, err
		}
	}
}

// again reports whether an upload that failed is worth another reservation: the ticket or
// the key may be over, or the servers that are known are gone.
func again(err error) bool {
	failed, ok := errors.AsType[*upload.BlockError](err)
	return ok && !failed.Final()
}

// waitOnline waits a moment for the session, which may have been lost with an upload. The
// error is err when it does not come back.
func (c *Client) waitOnline(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, onlineWait)
	defer cancel()
	if _, waited := c.Wait(ctx, State.Online); waited != nil {
		return err
	}
	return nil
}

// once reserves places and uploads what the service wants.
func (u *uploading) once(ctx context.Context) (*highwaySession, elements.Stored, error) {
	u.list.Step(string(media.StepReserve), 0)
	group := u.to.group != 0
	req := reserveRequest(u.kind, u.to, u.c.Self().UID, u.seg, u.files, !u.slow)
	r, err := u.c.reserve(ctx, u.kind, req, group, u.files)
	if err != nil {
		return nil, elements.Stored{}, &media.StepError{Step: media.StepReserve, Err: err}
	}
	stored := elements.Stored{Info: r.info, Compat: r.compat}
	for i, p := range r.places {
		if p.ukey == "" {
			if !r.bodies[i].GetFileExist() && !u.slow {
				return nil, stored, &media.StepError{Step: media.StepReserve, Err: errMissing}
			}
			continue
		}
		if u.files[i].source == nil {
			return nil, stored, &media.StepError{Step: media.StepFetch, Err: errNotHere}
		}
		session, err := u.c.highwaySession(ctx)
		if err == nil {
			err = u.send(ctx, session, r, i)
		}
		if err != nil {
			return session, stored, &media.StepError{Step: media.StepBlock, Err: err}
		}
	}
	return nil, stored, nil
}

// prepare finds out what is uploaded: what was received, or the bytes of the source.
func (u *uploading) prepare(ctx context.Context) error {
	u.files = knownFiles(u.seg)
	if u.files != nil {
		return nil
	}
	if m := message.MediumOf(u.seg); m.Source == nil && m.ID == "" && m.URL == "" {
		return &media.StepError{Step: media.StepFetch, Err: errNoSource}
	}
	return u.fetch(ctx)
}

// fetch gets the bytes: from the source or, of a medium that was received, from the service.
func (u *uploading) fetch(ctx context.Context) error {
	if source := message.MediumOf(u.seg).Source; source != nil {
		return u.measure(ctx, source)
	}
	return u.measure(ctx, &receivedSource{u.c, u.seg, u.list})
}

func (u *uploading) closeFiles() {
	if u.close == nil {
		return
	}
	if err := u.close(); err != nil {
		u.c.notes.Warn("media", "what an upload had opened was not closed", "err", err)
	}
}

// measure makes files of a source.
func (u *uploading) measure(ctx context.Context, src message.Source) error {
	u.list.Step(string(media.StepFetch), 0)
	tools := &u.c.opts.Media
	var err error
	switch s := u.seg.(type) {
	case *message.ImageSegment:
		var p *media.Picture
		if p, err = tools.Picture(ctx, src); err == nil {
			u.close = p.Close
			u.files = []*uploadFile{pictureFile(p, s.Medium.Name)}
		}
	case *message.RecordSegment:
		var v *media.Voice
		if v, err = tools.Voice(ctx, src); err == nil {
			u.close = v.Close
			u.files = []*uploadFile{voiceFile(v, s.Medium.Name)}
		}
	case *message.VideoSegment:
		var v *media.Video
		if v, err = tools.Video(ctx, src, s.Cover.Source); err == nil {
			u.close = v.Close
			u.files = videoFiles(v, s.Medium.Name)
		}
	}
	if err != nil {
		return err
	}
	u.list.Named(u.files[0].name)
	for _, f := range u.files {
		if f.size > math.MaxUint32 {
			return &media.StepError{Step: media.StepHash, Err: errTooLarge}
		}
	}
	return nil
}

func fileOf(f *media.File, name string) *uploadFile {
	states := f.States
	if states == nil {
		states = [][20]byte{f.SHA1}
	}
	return &uploadFile{name: name, size: f.Size, md5: f.MD5[:], sha1: f.SHA1[:], states: states, source: f.Source}
}

func pictureFile(p *media.Picture, name string) *uploadFile {
	f := fileOf(&p.File, cmp.Or(name, p.Name))
	f.kind, f.width, f.height, f.original = &mediapb.FileType{Type: imageKind.fileType, PicFormat: p.Format}, p.Width, p.Height, 1
	return f
}

func voiceFile(v *media.Voice, name string) *uploadFile {
	f := fileOf(&v.File, cmp.Or(name, fmt.Sprintf("%x.amr", v.MD5)))
	f.kind, f.seconds = voiceType(), v.Seconds
	return f
}

func voiceType() *mediapb.FileType {
	return &mediapb.FileType{Type: recordKind.fileType, VoiceFormat: 1}
}

// Names of the files of a video (docs/protocol/media.md 2.2).
const (
	videoName = "video.mp4"
	coverName = "video.jpg"
)

func videoFiles(v *media.Video, name string) []*uploadFile {
	f, cover := fileOf(&v.File, cmp.Or(name, videoName)), fileOf(&v.Cover.File, coverName)
	f.kind, f.seconds = &mediapb.FileType{Type: videoKind.fileType}, v.Seconds
	cover.kind, cover.width, cover.height = coverType(), v.Cover.Width, v.Cover.Height
	return []*uploadFile{f, cover}
}

func coverType() *mediapb.FileType { return &mediapb.FileType{Type: imageKind.fileType} }

// knownFiles are the files of a medium that was received, by what the service knows them
// by; nil when that is not all known.
func knownFiles(seg message.Segment) []*uploadFile {
	switch s := seg.(type) {
	case *message.ImageSegment:
		f := knownFile(&s.Medium)
		if f == nil {
			return nil
		}
		f.kind, f.width, f.height, f.original = &mediapb.FileType{Type: imageKind.fileType, PicFormat: s.Format}, s.Width, s.Height, 1
		return []*uploadFile{f}
	case *message.RecordSegment:
		f := knownFile(&s.Medium)
		if f == nil {
			return nil
		}
		f.kind, f.seconds = voiceType(), s.Seconds
		return []*uploadFile{f}
	case *message.VideoSegment:
		f, cover := knownFile(&s.Medium), knownFile(&s.Cover)
		if f == nil || cover == nil {
			return nil
		}
		f.kind, f.seconds = &mediapb.FileType{Type: videoKind.fileType}, s.Seconds
		cover.kind, cover.width, cover.height = coverType(), s.Width, s.Height
		return []*uploadFile{f, cover}
	}
	return nil
}

func knownFile(m *message.Medium) *uploadFile {
	if len(m.MD5) != 16 || len(m.SHA1) != 20 || m.Size == 0 || m.Size > math.MaxUint32 || m.Name == "" {
		return nil
	}
	return &uploadFile{name: m.Name, size: m.Size, md5: m.MD5, sha1: m.SHA1}
}

// send uploads one file of a reservation by the highway.
func (u *uploading) send(ctx context.Context, session *highwaySession, r *reservation, i int) error {
	f, p := u.files[i], r.places[i]
	ext, err := highway.Ext{
		FileUUID: r.bodies[i].GetIndex().GetFileUuid(), UKey: p.ukey, Addrs: p.addrs, MsgInfo: r.info, SHA1: f.states,
	}.Encode()
	if err != nil {
		return err
	}
	command := u.kind.command
	if i > 0 {
		command = u.kind.cover
	}
	u.list.Step(string(media.StepBlock), f.size)
	return u.c.sendFile(ctx, session, command.in(u.to.group != 0), f, ext, u.list.Set)
}

// sendFile sends the blocks of a file. progress is that of [upload.Upload].
func (c *Client) sendFile(ctx context.Context, session *highwaySession, command uint32, f *uploadFile, ext []byte, progress func(uint64)) error {
	app := c.App()
	return upload.Send(ctx, upload.Upload{
		CommandID: command, Size: f.size, MD5: [16]byte(f.md5), Ext: ext, Open: f.source.Open, Progress: progress,
	}, upload.Session{
		Addrs: session.addrs, Ticket: session.ticket, UIN: strconv.FormatUint(uint64(c.Self().UIN), 10),
		AppID: uint32(app.AppId), SubAppID: uint32(app.SubAppId), LoginSig: c.session.Ticket(),
	}, upload.Options{Dial: c.network.Dial, TCP: c.opts.UploadTCP, Budget: c.blocks})
}
