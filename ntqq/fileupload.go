package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"libration/internal/highway"
	"libration/internal/pb"
	"libration/internal/text"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

const (
	// maxFileUploads is how many files are uploaded at the same time; others wait. Media have
	// places of their own, as a file may take hours.
	maxFileUploads = 4
	// leastUploadRate is how many bytes a second an upload must do on average, after
	// uploadTimeout.
	leastUploadRate = 64 << 10
	// showPatience bounds how long it is tried to have a file shown that is uploaded.
	showPatience = 5 * time.Minute
	// maxFileName bounds the name of a file, in bytes.
	maxFileName = 255
	// fileTransfer is Kind of a transfer.
	fileTransfer = "file"
)

var (
	errNoFileName    = text.Errorf("the file has no name: give one", "文件没有名称：请指定名称")
	errLongFileName  = text.Errorf("the name of the file is longer than %d bytes", "文件名超过 %d 字节", maxFileName)
	errPrivateFile   = text.Errorf("files of 4 GiB and more cannot be sent to a friend", "发给好友的文件必须小于 4 GiB")
	errPrivateFolder = text.Errorf("files in a private chat have no folder, and are not temporary", "私聊文件没有文件夹，也不能设为临时文件")
)

// FileUpload is a file that is sent to a group or to a friend.
type FileUpload struct {
	// Source is where its bytes come from. It is required.
	Source message.Source
	// Name is what others see, at most 255 bytes; "": what the source is called, see
	// [media.NameOf].
	Name string
	// Folder is the id of the folder of a group that the file is put into; "":
	// [RootFolder].
	Folder string
	// Temporary asks for a file that the group keeps for some days only, and which takes none
	// of its space: for a group whose space is full. Without it such a group refuses the
	// file.
	Temporary bool
}

// Upload is [Files.Send], and returns the file as the message has it.
func (f Files) Upload(ctx context.Context, chat message.Chat, u FileUpload) (*message.FileSegment, error) {
	m, err := f.Send(ctx, chat, u)
	if err != nil {
		return nil, err
	}
	if file := fileIn(m); file != nil {
		return file, nil
	}
	return nil, &media.StepError{Step: media.StepPublish, Err: errNoFileInMessage}
}

// Send uploads a file to a group or to a friend, and shows it in the chat. It returns the
// message, as [Messages.SendGroup] does. Bytes that the service has already are not sent.
// Up to 4 files are uploaded at the same time, others wait. All uploads of the account have
// 16 MiB in memory at most. [Client.Transfers] lists them, and cancels them.
//
// An upload that fails or is cancelled leaves nothing in the group, unless the error is
// [ErrUnknownOutcome]: then the file may be there and its message, too. The moment in which
// the file is shown is not cancelled.
//
// The errors are those of [Media.Upload] and [Messages.SendGroup]; ErrNoFriend of somebody
// who is no friend, ErrTempContent of a temporary chat.
func (f Files) Send(ctx context.Context, chat message.Chat, u FileUpload) (*message.Message, error) {
	up, err := f.uploading(ctx, chat, u)
	if err != nil {
		return nil, err
	}
	var sent *message.Message
	s := transfer.Status{Direction: transfer.Upload, Kind: fileTransfer, Name: up.Name, Chat: &up.to.chat, Step: stepWait}
	err = f.c.listed(ctx, s, f.c.fileUploads, func(ctx context.Context, list *transfer.Transfer) (err error) {
		up.list = list
		sent, err = up.run(ctx)
		return err
	})
	return sent, err
}

// fileUploading is one file on its way to one chat.
type fileUploading struct {
	c    *Client
	self event.Person
	to   target
	FileUpload
	list  *transfer.Transfer
	began time.Time // by the server's clock
	file  *media.Attachment
	place filePlace
	sent  bool // its last block may have been sent
}

// uploading checks what is to be sent, and finds out where to.
func (f Files) uploading(ctx context.Context, chat message.Chat, u FileUpload) (*fileUploading, error) {
	u.Name = pb.Text(cmp.Or(u.Name, media.NameOf(u.Source)))
	switch {
	case u.Name == "":
		return nil, errNoFileName
	case len(u.Name) > maxFileName:
		return nil, errLongFileName
	case strings.ContainsAny(u.Name, `/\`) || strings.ContainsFunc(u.Name, unicode.IsControl) || u.Name == "." || u.Name == "..":
		return nil, text.Errorf("%q is no name of a file: it must not be a path", "%q 不是文件名：不能是路径", u.Name)
	}
	self := f.c.Self()
	up := &fileUploading{
		c: f.c, self: event.Person{UIN: self.UIN, UID: self.UID}, FileUpload: u, began: f.c.now(),
		to: target{chat: chat, group: chat.Group},
	}
	switch chat.Kind {
	case message.Group:
		if chat.Group == 0 {
			return nil, ErrNoGroup
		}
		return up, nil
	case message.Temp:
		return nil, ErrTempContent
	case message.Friend:
	default:
		return nil, fmt.Errorf("chat of kind %d: %w", chat.Kind, ErrNotFound)
	}
	if u.Folder != "" && u.Folder != RootFolder || u.Temporary {
		return nil, errPrivateFolder
	}
	peer, err := f.friend(ctx, chat)
	if err == nil {
		up.to.peer, err = f.c.friendUID(ctx, peer)
	}
	if err != nil {
		return nil, unsent(ctx, err)
	}
	up.to.group, up.to.chat = 0, message.Chat{Kind: message.Friend, Peer: peer, PeerUID: up.to.peer}
	return up, nil
}

// run uploads the file and has it shown.
func (u *fileUploading) run(ctx context.Context) (*message.Message, error) {
	if err := u.measure(ctx); err != nil {
		return nil, err
	}
	defer u.close()
	if err := u.store(ctx); err != nil {
		u.withdraw(ctx)
		return nil, err
	}
	m, err := u.show(ctx)
	if err != nil && !errors.Is(err, ErrUnknownOutcome) {
		u.withdraw(ctx)
	}
	return m, err
}

// measure reads the file once.
func (u *fileUploading) measure(ctx context.Context) (err error) {
	u.list.Step(string(media.StepFetch), 0)
	u.file, err = u.c.opts.Media.Attachment(ctx, u.Source, u.list)
	if err == nil && u.to.group == 0 && u.file.Size > math.MaxUint32 {
		u.close()
		err = &media.StepError{Step: media.StepHash, Err: errPrivateFile}
	}
	return err
}

func (u *fileUploading) close() {
	if err := u.file.Close(); err != nil {
		u.c.notes.Warn("media", "what an upload had opened was not closed", "err", err)
	}
}

// store brings the bytes to the service. The rules are those of media: where a block fails
// for no known reason, ticket and place are asked for anew.
func (u *fileUploading) store(ctx context.Context) error {
	limit := uploadTimeout + time.Duration(u.file.Size/leastUploadRate)*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, text.Errorf("the upload took longer than %v", "上传超过 %v", limit))
	defer cancel()
	for try := 1; ; try++ {
		session, err := u.once(ctx)
		if err == nil || try == reservations || ctx.Err() != nil || !again(err) && !unreached(err) {
			return err
		}
		u.c.highways.forget(session)
		if err := u.c.waitOnline(ctx, err); err != nil {
			return err
		}
		u.withdraw(ctx) // its last block may have arrived
	}
}

// unreached reports whether the service was not asked for something, or for the highway in
// vain, because the connection of the account was lost: it returns.
func unreached(err error) bool {
	if errors.Is(err, ErrOffline) {
		return true
	}
	failed, ok := errors.AsType[*media.StepError](err)
	return ok && failed.Step == media.StepBlock && (errors.Is(err, ErrConnectionLost) || errors.Is(err, ErrTimeout))
}

// once reserves a place and uploads what the service wants.
func (u *fileUploading) once(ctx context.Context) (*highwaySession, error) {
	u.list.Step(string(media.StepReserve), 0)
	place, err := u.reserve(ctx)
	if err != nil {
		return nil, &media.StepError{Step: media.StepReserve, Err: err}
	}
	u.place, u.sent = place, false
	if place.exists {
		return nil, nil
	}
	session, err := u.c.highwaySession(ctx)
	if err == nil {
		err = u.send(ctx, session)
	}
	if err != nil {
		return session, &media.StepError{Step: media.StepBlock, Err: err}
	}
	return session, nil
}

// fileCommandID are the commands of the highway (docs/protocol/media.md 1).
var fileCommandID = scene[uint32]{private: 95, group: 71}

// send uploads the bytes by the highway.
func (u *fileUploading) send(ctx context.Context, session *highwaySession) error {
	ext, err := pb.Marshal(u.ext())
	if err != nil {
		return err
	}
	u.list.Step(string(media.StepBlock), u.file.Size)
	blocks := highway.Plan{Size: u.file.Size, Block: highway.BlockSize}
	last := blocks.At(blocks.Blocks() - 1).Offset // it goes when all others have arrived
	u.sent = last == 0
	f := &uploadFile{size: u.file.Size, md5: u.file.MD5[:], source: u.file.Source}
	return u.c.sendFile(ctx, session, fileCommandID.in(u.to.group != 0), f, ext, func(done uint64) {
		u.sent = done >= last
		u.list.Set(done)
	})
}

// show has the file shown in the chat. An upload of hours does not fail because the account
// is offline then for a moment, or sends too much: while it is certain that nothing was
// sent, it is tried again.
func (u *fileUploading) show(ctx context.Context) (*message.Message, error) {
	step, show := media.StepSend, u.deliver
	if u.to.group != 0 {
		step, show = media.StepPublish, u.publish
	}
	u.list.Step(string(step), 0)
	began := time.Now()
	for try := 1; ; try++ {
		if ctx.Err() != nil {
			return nil, &media.StepError{Step: step, Err: context.Cause(ctx)}
		}
		// Not cancelled: what has become of it would not be known.
		m, err := show(context.WithoutCancel(ctx))
		if err == nil {
			return m, nil
		}
		if time.Since(began) > showPatience || !u.wait(ctx, err, try) {
			return nil, &media.StepError{Step: step, Err: err}
		}
	}
}

// wait waits after an error until it may be over; false: that is not to be expected.
func (u *fileUploading) wait(ctx context.Context, err error, try int) bool {
	if limited, ok := errors.AsType[*RateLimitError](err); ok {
		timer := time.NewTimer(min(max(limited.Wait-limited.MaxWait, time.Second), showPatience))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return true
	}
	lost := errors.Is(err, ErrOffline) || errors.Is(err, ErrNotSent)
	return lost && try < reservations && u.c.waitOnline(ctx, err) == nil
}
