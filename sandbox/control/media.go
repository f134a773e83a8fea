package control

import (
	"encoding/hex"
	"net/http"
	"strings"

	"libration/internal/mediatype"
	"libration/sandbox/world"
)

// maxUpload bounds an upload in bytes: the world keeps files of that size. What a message
// shows is smaller.
const maxUpload = 4 << 30

// uploadPath is where uploads go.
const uploadPath = "/api/media"

// mediaFiles are the bytes of pictures, voices, videos and files.
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
	head, body, err := mediatype.Peek(r.Body)
	if err != nil {
		return nil, bodyFailure(err)
	}
	if len(head) == 0 {
		return nil, fail(http.StatusBadRequest, "the body is empty: it is the bytes of a picture, a voice, a video or a file")
	}
	kept, err := h.world.Media().Put(body)
	if err != nil {
		return nil, bodyFailure(err)
	}
	sort := mediatype.Shown(head)
	kind, _, _ := strings.Cut(sort, "/")
	return created{uploadView{ID: mediaID(kept), Size: kept.Size, Type: sort, Kind: kinds[kind]}}, nil
}

// pictureView is what people know of a picture.
type pictureView struct {
	ID string `json:"id"`
	// Text is what is written in it, line by line; Words are what a search finds it by.
	Text  string   `json:"text"`
	Words []string `json:"words"`
}

// describe says what people know of a picture, where it is given.
func (h mediaFiles) describe(r *http.Request) (any, error) {
	sha1, err := find(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Text  *string  `json:"text"`
		Words []string `json:"words"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if err := h.world.Media().Describe(sha1, body.Text, body.Words); err != nil {
		return nil, err
	}
	text, words := h.world.Media().Described(sha1)
	return pictureView{hex.EncodeToString(sha1[:]), text, append([]string{}, words...)}, nil
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
		writeError(w, statusOf(err), explain(err, languageOf(r)))
	}
}

// serve writes bytes as what they are.
func (h mediaFiles) serve(w http.ResponseWriter, r *http.Request, sha1 [20]byte) error {
	content, kept, err := h.world.Media().Open(sha1)
	if err != nil {
		return err
	}
	defer content.Close()
	w.Header().Set("ETag", `"`+mediaID(kept)+`"`)
	mediatype.Serve(w, r, content)
	return nil
}
