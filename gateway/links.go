package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"libration/internal/mediatype"
)

// Limits of Links.
const (
	// LinkKeySize is how many bytes the key of links has.
	LinkKeySize = 32
	// linkLife is how long a link works at least, linkStep how much longer at most: on one
	// day a medium has one address, so that whoever opens it again has it already.
	linkLife = 30 * 24 * time.Hour
	linkStep = 24 * time.Hour
	// mostLinks are fetched from the service at once.
	mostLinks = 16

	linkPath    = "/media/"
	linkVersion = 1
	linkHead    = 1 + 4 + 16 // version, hour of its end, id of the medium
)

// Why a link does not work.
var (
	ErrForgedLink  = errors.New("there is no such link")
	ErrExpiredLink = errors.New("the link has expired")
)

// LinkOptions configure Links.
type LinkOptions struct {
	// Key signs. Whoever has it can open all media of the account.
	Key [LinkKeySize]byte
	// Base returns what links begin with, as "http://127.0.0.1:3000", or "" when there is no
	// such address now.
	Base func() string
	Clock
}

// Links are addresses at which media can be opened for a month, by anybody who has one:
// each holds a signature that nobody can guess. They are safe for concurrent use.
type Links struct {
	o      LinkOptions
	places chan struct{} // for those that are fetched
}

// NewLinks returns the links of an account.
func NewLinks(o LinkOptions) *Links {
	return &Links{o: o, places: make(chan struct{}, mostLinks)}
}

// On tells whether media have such addresses now.
func (l *Links) On() bool { return l.o.Base() != "" }

// URL returns the address of the medium with this MediumID; "" when there is none.
func (l *Links) URL(id string) string {
	base := strings.TrimSuffix(l.o.Base(), "/")
	medium, err := hex.DecodeString(id)
	if base == "" || err != nil || len(medium) != 16 {
		return ""
	}
	end := l.o.Now().Truncate(linkStep).Add(linkStep + linkLife)
	head := binary.BigEndian.AppendUint32([]byte{linkVersion}, uint32(end.Unix()/3600))
	head = append(head, medium...)
	return base + linkPath + base64.RawURLEncoding.EncodeToString(append(head, l.sign(head)...))
}

func (l *Links) sign(head []byte) []byte {
	mac := hmac.New(sha256.New, l.o.Key[:])
	mac.Write(head)
	return mac.Sum(nil)
}

// medium returns the MediumID that a link names.
func (l *Links) medium(link string) (id string, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(link)
	if err != nil || strings.ContainsAny(link, "\r\n") || len(b) != linkHead+sha256.Size || !hmac.Equal(b[linkHead:], l.sign(b[:linkHead])) || b[0] != linkVersion {
		return "", ErrForgedLink
	}
	if l.o.Now().Unix()/3600 >= int64(binary.BigEndian.Uint32(b[1:])) {
		return "", ErrExpiredLink
	}
	return hex.EncodeToString(b[5:linkHead]), nil
}

// Medium returns the MediumID that an address of URL names, as long as it works; "" for any
// other address.
func (l *Links) Medium(address string) (id string) {
	if base := strings.TrimSuffix(l.o.Base(), "/"); base != "" {
		if link, ok := strings.CutPrefix(address, base+linkPath); ok {
			id, _ = l.medium(link) // a forged one names nothing
		}
	}
	return id
}

// IsLink tells whether a request is for a link.
func IsLink(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, linkPath) }

// Serve answers a request for a link with the file that open returns for its MediumID.
func (l *Links) Serve(w http.ResponseWriter, r *http.Request, open func(ctx context.Context, id string) (*os.File, error)) {
	h := w.Header()
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
		return
	}
	id, err := l.medium(strings.TrimPrefix(r.URL.Path, linkPath))
	var file *os.File
	if err == nil {
		select {
		case l.places <- struct{}{}:
			file, err = open(r.Context(), id)
			<-l.places
		case <-r.Context().Done():
			return
		}
	}
	if err != nil {
		status, what := http.StatusBadGateway, "the medium cannot be had now; the log has details"
		switch {
		case errors.Is(err, ErrForgedLink):
			status, what = http.StatusNotFound, err.Error()
		case errors.Is(err, ErrExpiredLink):
			status, what = http.StatusGone, err.Error()
		}
		http.Error(w, what, status)
		return
	}
	defer file.Close()
	h.Set("Cache-Control", "private, max-age=86400")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of bots show it
	h.Set("ETag", `"`+id+`"`)
	mediatype.Serve(w, r, file)
}
