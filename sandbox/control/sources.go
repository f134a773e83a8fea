package control

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"libration/internal/network"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/internal/webguard"
	"libration/ntqq/media"
	"libration/sandbox/world"
)

// fetchTimeout bounds the download of an address.
const fetchTimeout = 30 * time.Second

// source is where the bytes of a medium that is sent come from; exactly one is given.
type source struct {
	ID     string `json:"id,omitempty"` // of a medium that the sandbox has
	URL    string `json:"url,omitempty"`
	File   string `json:"file,omitempty"` // a path
	Base64 string `json:"base64,omitempty"`
}

// opener opens the sources that one request names.
type opener func(source) (io.ReadCloser, error)

// sourcesOf returns what opens the sources of a request. Paths and addresses are for
// programs on this machine, which could read them themselves: no web page, and nobody on
// another machine, makes the sandbox read a file or ask an address.
func sourcesOf(r *http.Request, w *world.World) opener {
	return func(s source) (io.ReadCloser, error) {
		switch {
		case s.only(s.ID):
			sha1, err := find(s.ID)
			if err != nil {
				return nil, err
			}
			content, _, err := w.Media().Open(sha1)
			return content, err
		case s.only(s.Base64):
			return io.NopCloser(base64.NewDecoder(base64.StdEncoding, strings.NewReader(s.Base64))), nil
		case !s.only(s.File) && !s.only(s.URL):
			return nil, fail(http.StatusBadRequest, "give one of id, url, file and base64")
		case !webguard.IsLocalProgram(r):
			return nil, fail(http.StatusForbidden, "url and file are for programs on this machine, not for web pages and other machines: send base64, or the bytes to %s", uploadPath)
		case s.File != "":
			return media.Path(s.File).Open(r.Context())
		}
		return fetch(r.Context(), s.URL)
	}
}

// only reports whether one source is given, this one.
func (s source) only(given string) bool {
	return given != "" && s.ID+s.URL+s.File+s.Base64 == given
}

// fetch asks an address. It follows redirects within its host only: where another one leads
// to is what a server says, and not the caller.
func fetch(ctx context.Context, address string) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fail(http.StatusBadRequest, "the url is no address: write http://host/... or https://host/...")
	}
	client := network.Network{}.Client()
	client.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if next.URL.Host != u.Host || len(before) >= 5 {
			return text.Errorf("it redirects to another host, or too often", "它重定向到了其他主机，或重定向次数过多")
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	end := func() {
		cancel()
		client.CloseIdleConnections()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		end()
		return nil, fail(http.StatusBadRequest, "%v", redact.Err(err))
	}
	response, err := client.Do(request)
	if err != nil {
		end()
		return nil, fail(http.StatusBadRequest, "%v", redact.Err(err))
	}
	if response.StatusCode/100 != 2 {
		response.Body.Close()
		end()
		return nil, fail(http.StatusBadRequest, "%s answers %s", u.Host, response.Status)
	}
	return &fetched{response.Body, end}, nil
}

// fetched is the body of an answer.
type fetched struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (f *fetched) Close() error {
	defer f.end()
	return f.ReadCloser.Close()
}
