package control

import (
	"bytes"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"libration/sandbox/world"
)

// maxUpload bounds an upload in bytes: the largest medium that a message may hold is a
// video.
const maxUpload = 100 << 20

// uploadPath is where uploads go.
const uploadPath = "/api/media"

// mediaFiles are the bytes of pictures, voices and videos.
type mediaFiles struct {
	world  *world.World
	voices *voices
}

// uploadView is the answer to an upload.
type uploadView struct {
	ID   string `json:"id"`
	Size uint64 `json:"size"`
	Type string `json:"type"`
	Kind string `json:"kind,omitempty"` // of segments that can have it; "": none
}

// upload keeps the body of a request.
func (h mediaFiles) upload(r *http.Request) (any, error) {
	if r.ContentLength > maxUpload {
		return nil, bodyFailure(&http.MaxBytesError{Limit: maxUpload})
	}
	head, body, err := peek(r.Body)
	if err != nil {
		return nil, bodyFailure(err)
	}
	if len(head) == 0 {
		return nil, fail(http.StatusBadRequest, "the body is empty: it is the bytes of a picture, a voice or a video")
	}
	kept, err := h.world.Media().Put(body)
	if err != nil {
		return nil, bodyFailure(err)
	}
	sort := sniff(head)
	kind, _, _ := strings.Cut(sort, "/")
	return created{uploadView{ID: mediaID(kept), Size: kept.Size, Type: sort, Kind: kinds[kind]}}, nil
}

// kinds are the segments for media types.
var kinds = map[string]string{"image": "image", "audio": "record", "video": "video"}

func mediaID(b world.Blob) string { return hex.EncodeToString(b.SHA1[:]) }

// find returns the SHA-1 that an id is.
func find(id string) ([20]byte, error) {
	sha1, err := hex.DecodeString(id)
	if err != nil || len(sha1) != 20 {
		return [20]byte{}, fail(http.StatusNotFound, "no medium has the id %.60q", id)
	}
	return [20]byte(sha1), nil
}

// show serves the bytes of a medium, a part of them when that is asked for.
func (h mediaFiles) show(w http.ResponseWriter, r *http.Request) {
	sha1, err := find(r.PathValue("id"))
	if err == nil {
		switch as := r.URL.Query().Get("as"); as {
		case "":
		case "wav":
			sha1, err = h.voices.wav(r.Context(), sha1)
		default:
			err = fail(http.StatusBadRequest, "as=%.20q is not known: as=wav is for voices", as)
		}
	}
	if err == nil {
		err = h.serve(w, r, sha1)
	}
	if err != nil {
		writeError(w, statusOf(err), err.Error())
	}
}

// serve writes bytes as what they are, so that a browser shows pictures, sound and videos
// and runs nothing.
func (h mediaFiles) serve(w http.ResponseWriter, r *http.Request, sha1 [20]byte) error {
	content, kept, err := h.world.Media().Open(sha1)
	if err != nil {
		return err
	}
	defer content.Close()
	head, _, err := peek(content)
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fail(http.StatusInternalServerError, "read medium: %v", err)
	}
	sort, id := sniff(head), mediaID(kept)
	header := w.Header()
	header.Set("Content-Type", sort)
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("ETag", `"`+id+`"`)
	if kind, _, _ := strings.Cut(sort, "/"); kinds[kind] == "" {
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": id}))
	}
	http.ServeContent(w, r, "", time.Time{}, content)
	return nil
}

// sniffed is how many bytes tell what a medium is.
const sniffed = 512

// peek returns the first bytes of r, and r from its start.
func peek(r io.Reader) (head []byte, whole io.Reader, err error) {
	head = make([]byte, sniffed)
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], io.MultiReader(bytes.NewReader(head[:n]), r), err
}

// heads are the beginnings of files that [http.DetectContentType] does not know.
var heads = []struct{ head, sort string }{
	{"\x02#!SILK_V3", "audio/silk"}, {"#!SILK_V3", "audio/silk"}, {"#!AMR", "audio/amr"}, {"fLaC", "audio/flac"},
	{"\xff\xfb", "audio/mpeg"}, {"\xff\xf3", "audio/mpeg"}, {"\xff\xf2", "audio/mpeg"}, {"\xff\xfa", "audio/mpeg"},
	{"II*\x00", "image/tiff"}, {"MM\x00*", "image/tiff"},
}

// sniff returns the media type of bytes by their beginning: a picture, sound, a video or
// application/octet-stream. Nothing else is ever shown as it is.
func sniff(head []byte) string {
	for _, h := range heads {
		if bytes.HasPrefix(head, []byte(h.head)) {
			return h.sort
		}
	}
	if len(head) > 12 && string(head[4:8]) == "ftyp" {
		if brand := string(head[8:12]); brand == "M4A " || brand == "M4B " {
			return "audio/mp4"
		} else if brand != "heic" && brand != "heix" && brand != "mif1" && brand != "avif" {
			return "video/mp4"
		}
	}
	sort := http.DetectContentType(head)
	switch kind, _, _ := strings.Cut(sort, "/"); {
	case sort == "application/ogg":
		return "audio/ogg"
	case kinds[kind] == "" || sort == "image/svg+xml" || sort == "image/x-icon":
		return "application/octet-stream"
	}
	return sort
}
