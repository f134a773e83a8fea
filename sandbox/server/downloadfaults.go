package server

import (
	"net/http"
	"strconv"

	"libration/sandbox/fault"
)

// cutting returns what a download is written to: w, or what breaks the connection in its
// middle, when a fault strikes.
func (s *Server) cutting(w http.ResponseWriter) http.ResponseWriter {
	if len(s.faults.Strikes(fault.AtDownload, fault.Subject{})) == 0 {
		return w
	}
	return &cutWriter{ResponseWriter: w}
}

// cutWriter writes the first half of an answer. Then it ends the request.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

// WriteHeader notes how long the answer is going to be.
func (c *cutWriter) WriteHeader(status int) {
	length, _ := strconv.ParseInt(c.Header().Get("Content-Length"), 10, 64)
	c.left = length / 2
	c.ResponseWriter.WriteHeader(status)
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) < c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}
