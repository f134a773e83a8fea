package server

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"libration/internal/mediatype"
)

// handleFiles adds what clients download (docs/protocol/media.md 10.5).
func (s *Server) handleFiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /download", s.downloadFile)
	mux.HandleFunc("GET /gchatpic_new/", s.oldPicture)
	mux.HandleFunc("GET /offpic_new/", s.oldPicture)
	mux.HandleFunc("GET /ftn_handler/{link}", s.linkedFile)
	mux.HandleFunc("GET /ftn_handler/{link}/{$}", s.linkedFile)
}

// downloadFile serves a file by its uuid, which the client knows from a message, and a
// download key.
func (s *Server) downloadFile(w http.ResponseWriter, r *http.Request) {
	query, now := r.URL.Query(), s.world.Now()
	f, err := s.media.signer.file(query.Get("fileid"), now)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusNotFound)
	case query.Get("appid") != strconv.FormatUint(f.kind.app(f.group), 10):
		http.Error(w, "the file is of another kind", http.StatusNotFound)
	case !s.media.signer.opens(query.Get("rkey"), f, now):
		http.Error(w, "the key has expired, or does not open this file", http.StatusForbidden)
	default:
		s.serveMedium(w, r, f.sha1)
	}
}

// oldPictureMD5 finds the hash in the path of a picture of the old form.
var oldPictureMD5 = regexp.MustCompile(`-([0-9A-Fa-f]{32})/\d+$`)

// oldPicture serves a picture by its MD5, without a key.
func (s *Server) oldPicture(w http.ResponseWriter, r *http.Request) {
	var md5 [16]byte
	found := oldPictureMD5.FindStringSubmatch(r.URL.Path)
	if found == nil || !fromHex(md5[:], found[1]) {
		http.NotFound(w, r)
		return
	}
	b, ok := s.world.Media().FindMD5(md5)
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.serveMedium(w, r, b.SHA1)
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
