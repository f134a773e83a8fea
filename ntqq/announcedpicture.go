package ntqq

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/textproto"

	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

const (
	announcementUpload = "/cgi-bin/announce/upload_img"
	// maxAnnouncedPicture bounds a picture of an announcement in bytes: it is in memory.
	maxAnnouncedPicture = 20 << 20
)

var errLargePicture = text.Errorf("pictures of announcements have at most %d bytes", "公告图片最大为 %d 字节", maxAnnouncedPicture)

// upload brings a picture to the pages of announcements.
func (a Announcements) upload(ctx context.Context, group GroupCode, image *message.ImageSegment) (p AnnouncedPicture, err error) {
	u := &uploading{c: a.c, kind: imageKind, seg: image, to: target{group: group, chat: message.Chat{Kind: message.Group, Group: group}}}
	err = u.listed(ctx, &image.Medium, func(ctx context.Context) error {
		if err := u.fetch(ctx); err != nil {
			return err
		}
		f := u.files[0]
		if f.size > maxAnnouncedPicture {
			return &media.StepError{Step: media.StepHash, Err: errLargePicture}
		}
		content, err := f.bytes(ctx)
		if err != nil {
			return &media.StepError{Step: media.StepFetch, Err: err}
		}
		u.list.Step(string(media.StepBlock), f.size)
		answer, err := a.c.web(ctx, webCall{
			host: webNotices, path: announcementUpload, refused: webResult("em", "ec"),
			body: func(k webKeys) ([]byte, string, error) { return pictureForm(content, k.bkn()) },
		})
		if err == nil {
			u.list.Set(f.size)
			p, err = readAnnouncedPicture(answer)
		}
		if err != nil {
			return &media.StepError{Step: media.StepBlock, Err: err}
		}
		return nil
	})
	return p, err
}

// bytes reads a whole file.
func (f *uploadFile) bytes(ctx context.Context) ([]byte, error) {
	r, err := f.source.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, f.size)
	_, err = io.ReadFull(r, b)
	return b, err
}

// pictureForm is the content of the upload. Other clients name every picture so.
func pictureForm(picture []byte, bkn string) (content []byte, kind string, err error) {
	var b bytes.Buffer
	b.Grow(len(picture) + 1<<10)
	w := multipart.NewWriter(&b)
	for _, field := range [][2]string{{"bkn", bkn}, {"source", "troopNotice"}, {"m", "0"}} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return nil, "", err
		}
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="pic_up"; filename="temp_uploadFile.png"`}, "Content-Type": {"image/png"},
	})
	if err == nil {
		_, err = part.Write(picture)
	}
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), w.FormDataContentType(), err
}

// readAnnouncedPicture reads the answer: its id is JSON, escaped for HTML, in a JSON text.
func readAnnouncedPicture(answer []byte) (AnnouncedPicture, error) {
	var outer struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(answer, &outer)
	var inner wireNoticed
	if err == nil {
		err = json.Unmarshal([]byte(html.UnescapeString(outer.ID)), &inner)
	}
	if err == nil && inner.ID == "" {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return AnnouncedPicture{}, text.Errorf("the answer names no picture: %v", "应答中没有图片：%v", err)
	}
	return AnnouncedPicture{inner.ID, inner.Width.uint32(), inner.Height.uint32()}, nil
}
