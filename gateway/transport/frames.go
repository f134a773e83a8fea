package transport

import (
	"context"
	"net/http"

	"libration/gateway"
)

// framesType is the type of a body of several frames, and framesEnd what is behind each of
// them: an empty line, which who reads line by line skips.
const (
	framesType = "application/x-ndjson; charset=utf-8"
	framesEnd  = "\r\n\r\n"
)

// frames answers with as many frames as the call has, each as soon as it is there. Where
// there is one only, that is an answer like any other. The call ends when the caller hangs up.
func (h *HTTP) frames(calls context.Context, w http.ResponseWriter, call *gateway.Call, hold gateway.Hold) {
	out := http.NewResponseController(w)
	several := false
	send := func(frame []byte) error {
		if !several {
			several = true
			w.Header().Set("Content-Type", framesType)
			w.Header().Set("X-Content-Type-Options", "nosniff")
		}
		if _, err := w.Write(append(frame, framesEnd...)); err != nil {
			return err
		}
		return out.Flush()
	}
	answer := call.Frames(calls, hold, send)
	if !several {
		reply(w, answer)
		return
	}
	_ = send(answer.Body) // the caller is gone: nobody is left to tell
}
