package server

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"libration/internal/mediatype"
	"libration/sandbox/world"
)

// handleFiles adds what clients download (docs/protocol/media.md 10.5).
func (s *Server) handleFiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /download", s.downloadFile)
	mux.HandleFunc("GET /gchatpic_new/", s.oldPicture)
	mux.HandleFunc("GET /offpic_new/", s.oldPicture)
	mux.HandleFunc("GET /"+customFaceBid+"/{uin}/{id}/0", s.customFace)
	mux.HandleFunc("GET /ftn_handler/{link}", s.linkedFile)
	mux.HandleFunc("GET /ftn_handler/{link}/{$}", s.linkedFile)
}

// downloadFile serves a file by its uuid, which the client knows from a message, and a
// download key.
func (s *Server) downloadFile(w http.ResponseWriter, r *http.Request) {
	sha1, status, err := s.media.downloadable(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), status)
		return
	}
	s.serveMedium(w, r, sha1)
}

// downloadable finds the file that the query of an address names. With an error comes its
// HTTP status.
func (m *mediaDesk) downloadable(query url.Values) (sha1 [20]byte, status int, err error) {
	now := m.world.Now()
	f, err := m.signer.file(query.Get("fileid"), now)
	switch {
	case err != nil:
		return sha1, http.StatusNotFound, err
	case query.Get("appid") != strconv.FormatUint(f.kind.app(f.group), 10):
		return sha1, http.StatusNotFound, world.Refuse(world.NotFound, "the file is of another kind")
	case !m.signer.opens(query.Get("rkey"), f, now):
		return sha1, http.StatusForbidden, world.Refuse(world.NoPermission, "the key has expired, or does not open this file")
	}
	return f.sha1, 0, nil
}

// oldPictureMD5 finds the hash in the path of a picture of the old form.
var oldPictureMD5 = regexp.MustCompile(`-([0-9A-Fa-f]{32})/\d+$`)

// oldPicture serves a picture by its MD5, without a key.
func (s *Server) oldPicture(w http.ResponseWriter, r *http.Request) {
	b, ok := s.media.oldPictureAt(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.serveMedium(w, r, b.SHA1)
}

func (m *mediaDesk) oldPictureAt(path string) (b world.Blob, ok bool) {
	var md5 [16]byte
	found := oldPictureMD5.FindStringSubmatch(path)
	if found == nil || !fromHex(md5[:], found[1]) {
		return b, false
	}
	return m.world.Media().FindMD5(md5)
}

// serveMedium answers with the bytes of a medium. What it is says its content, and never
// that it is a page: everybody can upload.
func (s *Server) serveMedium(w http.ResponseWriter, r *http.Request, sha1 [20]byte) {
	content, _, err := s.world.Media().Open(sha1)
	if err != nil {
		http.Error(w, "the file is gone", http.StatusNotFound)
		return
	}
	defer content.Close()
	w.Header().Set("ETag", fmt.Sprintf("%q", hex.EncodeToString(sha1[:]))) // who goes on asks for the same bytes
	mediatype.Serve(s.cutting(w), r, content)
}
