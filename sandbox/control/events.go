package control

import (
	"encoding/json"
	"net/http"
	"time"

	"libration/sandbox/world"
)

const (
	// eventBuffer is how many activities a watcher may lag behind.
	eventBuffer = 4096
	// pingInterval keeps proxies from closing a quiet stream.
	pingInterval = 15 * time.Second
	// eventWriteTimeout ends the stream of a reader that takes nothing.
	eventWriteTimeout = 30 * time.Second
)

// eventView is an activity in JSON, with its message decoded and User named.
type eventView struct {
	world.Activity
	Nickname string       `json:"nickname,omitempty"`
	Message  *messageView `json:"message,omitempty"`
}

// watch is the stream of what happens.
type watch struct{ contents }

// stream streams activities as server-sent events until the reader goes away or
// falls too far behind; it then connects again and reads the state anew.
func (h watch) stream(w http.ResponseWriter, r *http.Request) {
	activities, end := h.world.Watch(eventBuffer)
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	write := func(line []byte) bool {
		// Not every writer has deadlines; one that has none cannot hang either.
		_ = out.SetWriteDeadline(time.Now().Add(eventWriteTimeout))
		_, err := w.Write(line)
		return err == nil
	}
	// Whoever was cut off shall be back soon.
	if !write([]byte(": ping\nretry: 1000\n\n")) || out.Flush() != nil {
		return
	}
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-ping.C:
			if !write([]byte(": ping\n\n")) {
				return
			}
		case a, open := <-activities:
			if !open || !write(h.encode(a)) {
				return
			}
			// What has gathered goes out together.
			for range len(activities) {
				a, open := <-activities
				if !open || !write(h.encode(a)) {
					return
				}
			}
		}
		if out.Flush() != nil {
			return
		}
	}
}

func (h watch) encode(a world.Activity) []byte {
	v := eventView{Activity: a}
	if u, ok := h.world.Users().Find(a.User); ok {
		v.Nickname = u.Nickname
	}
	if a.Message != nil {
		m := h.view(a.Message)
		v.Message = &m
	}
	text, err := json.Marshal(v)
	if err != nil { // only our own types come here
		panic(err)
	}
	line := append([]byte("data: "), text...)
	return append(line, "\n\n"...)
}
