package ntqq

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

const (
	slicePath = "/webapp/json/sliceUpload/"
	// albumSlice is how much of a picture one request brings where the service says nothing
	// else, minAlbumSlice at least and maxAlbumSlice at most.
	albumSlice    = 16 << 10
	minAlbumSlice = 1 << 10
	maxAlbumSlice = 1 << 20
	// maxAlbumSession bounds what goes with each slice, in bytes.
	maxAlbumSession = 4 << 10
)

var errNoSession = text.Errorf("the answer has no session", "应答中没有会话")

// Upload puts a picture into an album of a group: one with a Source, or one that was
// received. The errors are those of sending a picture, [ErrNoAlbum], and [ErrNoGroup]; a
// refusal is a [*media.StepError].
func (a Albums) Upload(ctx context.Context, group GroupCode, album string, image *message.ImageSegment) error {
	albums, err := a.List(ctx, group)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(albums, func(a Album) bool { return a.ID == album })
	if at < 0 {
		return fmt.Errorf("album %q of group %d: %w", album, group, ErrNoAlbum)
	}
	u := &uploading{c: a.c, kind: imageKind, seg: image, to: target{group: group, chat: message.Chat{Kind: message.Group, Group: group}}}
	return u.listed(ctx, &image.Medium, func(ctx context.Context) error { return u.intoAlbum(ctx, albums[at]) })
}

// intoAlbum brings the picture in slices, one after the other
// (docs/protocol/operations.md 6.12).
func (u *uploading) intoAlbum(ctx context.Context, album Album) error {
	if err := u.fetch(ctx); err != nil {
		return err
	}
	f := u.files[0]
	u.list.Step(string(media.StepReserve), 0)
	session, size, err := u.c.beginAlbum(ctx, u.to.group, album, f)
	if err != nil {
		return &media.StepError{Step: media.StepReserve, Err: err}
	}
	u.list.Step(string(media.StepBlock), f.size)
	content, err := f.source.Open(ctx)
	if err != nil {
		return &media.StepError{Step: media.StepFetch, Err: err}
	}
	defer content.Close()
	slice := make([]byte, size)
	for offset, seq := uint64(0), 0; offset < f.size; seq++ {
		n, err := io.ReadFull(content, slice[:min(uint64(size), f.size-offset)])
		if err != nil {
			return &media.StepError{Step: media.StepFetch, Err: err}
		}
		if err := u.c.sendSlice(ctx, session, slice[:n], offset, f.size, size, seq); err != nil {
			return &media.StepError{Step: media.StepBlock, Err: err}
		}
		offset += uint64(n)
		u.list.Set(offset)
	}
	return nil
}

// beginAlbum announces a picture, and returns its session and how long its slices are.
func (c *Client) beginAlbum(ctx context.Context, group GroupCode, album Album, f *uploadFile) (session string, size int, err error) {
	now := c.now().Unix()
	answer, err := c.web(ctx, webCall{
		host: webQzone, path: slicePath + "FileBatchControl/", file: hex.EncodeToString(f.md5), token: "g_tk", refused: webResult("msg", "ret"),
		body: func(keys webKeys) ([]byte, string, error) {
			b, err := json.Marshal(albumControl(keys, group, album, f, now))
			return b, "application/json", err
		},
	})
	if err != nil {
		return "", 0, err
	}
	return readAlbumSession(answer)
}

// readAlbumSession reads the answer to an announcement.
func readAlbumSession(answer []byte) (session string, size int, err error) {
	var said struct {
		Data struct {
			Session string      `json:"session"`
			Slice   json.Number `json:"slice_size"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return "", 0, fmt.Errorf("%w: %w", errNoSession, err)
	}
	if n := len(said.Data.Session); n == 0 || n > maxAlbumSession {
		return "", 0, errNoSession
	}
	n, err := said.Data.Slice.Int64()
	if err != nil || n <= 0 {
		n = albumSlice
	}
	return said.Data.Session, int(min(max(n, minAlbumSlice), maxAlbumSlice)), nil
}

type object = map[string]any

// albumControl is the announcement of a picture.
func albumControl(keys webKeys, group GroupCode, album Album, f *uploadFile, now int64) object {
	return object{"control_req": []object{{
		"uin": strconv.FormatUint(uint64(keys.uin), 10), "token": object{"type": 4, "data": keys.pskey, "appid": 5},
		"appid": "qun", "checksum": hex.EncodeToString(f.md5), "check_type": 0, "file_len": f.size,
		"env": object{"refer": "qzone", "deviceInfo": "h5"}, "model": 0,
		"biz_req": object{
			"sPicTitle": f.name, "sPicDesc": "", "sAlbumName": album.Name, "sAlbumID": album.ID, "iAlbumTypeID": 0, "iBitmap": 0,
			"iUploadType": 0, "iUpPicType": 0, "iBatchID": now, "sPicPath": "", "iPicWidth": 0, "iPicHight": 0, "iWaterType": 0,
			"iDistinctUse": 0, "iNeedFeeds": 1, "iUploadTime": now,
			"mapExt":       object{"appid": "qun", "userid": strconv.FormatUint(uint64(group), 10)},
			"stExtendInfo": object{"mapParams": object{"photo_num": "1", "video_num": "0", "batch_num": "1"}},
		},
		"session": "", "asy_upload": 0, "cmd": "FileUpload",
	}}}
}

// sendSlice brings a part of a picture.
func (c *Client) sendSlice(ctx context.Context, session string, slice []byte, offset, total uint64, size, seq int) error {
	end := strconv.FormatUint(offset+uint64(len(slice)), 10)
	at, number := strconv.FormatUint(offset, 10), strconv.Itoa(seq)
	_, err := c.web(ctx, webCall{
		host: webQzone, path: slicePath + "FileUpload", token: "g_tk", refused: webResult("msg", "ret"),
		query: url.Values{
			"seq": {number}, "retry": {"0"}, "offset": {at}, "end": {end}, "total": {strconv.FormatUint(total, 10)}, "type": {"form"},
		},
		body: func(keys webKeys) ([]byte, string, error) {
			var b bytes.Buffer
			form := multipart.NewWriter(&b)
			err := error(nil)
			for _, field := range [][2]string{
				{"uin", strconv.FormatUint(uint64(keys.uin), 10)}, {"appid", "qun"}, {"session", session}, {"offset", at},
				{"checksum", ""}, {"check_type", "0"}, {"retry", "0"}, {"seq", number}, {"end", end}, {"cmd", "FileUpload"},
				{"slice_size", strconv.Itoa(size)}, {"biz_req.iUploadType", "0"},
			} {
				err = errors.Join(err, form.WriteField(field[0], field[1]))
			}
			part, wrong := form.CreateFormFile("data", "blob")
			if err = errors.Join(err, wrong); err == nil {
				_, err = part.Write(slice)
			}
			err = errors.Join(err, form.Close())
			return b.Bytes(), form.FormDataContentType(), err
		},
	})
	return err
}
