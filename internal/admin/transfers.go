package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"libration/internal/text"
)

const (
	// transfersEvery is how often those who watch transfers get what has changed.
	transfersEvery = 250 * time.Millisecond
	// transfersAlive is how often they get a sign of life.
	transfersAlive = 15 * time.Second
	// maxTransferWatchers is how many may watch at once.
	maxTransferWatchers = 16
)

// Transfer is an upload or a download of media as it is now.
type Transfer struct {
	Account   string        `json:"account"`
	ID        uint64        `json:"id"`        // within the account, until it starts again
	Direction string        `json:"direction"` // "upload" or "download"
	Kind      string        `json:"kind"`      // "image", "record", "video" or "file"
	Name      string        `json:"name"`
	Chat      *TransferChat `json:"chat,omitempty"`
	Step      string        `json:"step"`
	Done      uint64        `json:"done"`  // bytes of the step
	Total     uint64        `json:"total"` // 0: not known
	State     TransferState `json:"state"`
	Began     time.Time     `json:"began"`
	Ended     time.Time     `json:"ended,omitzero"`
	Error     string        `json:"error,omitempty"`
}

// TransferChat is where an upload goes.
type TransferChat struct {
	Type string `json:"type"` // "group" or "private"
	ID   uint64 `json:"id"`
}

// TransferState says whether a transfer runs, and what became of it.
type TransferState string

// The states of a transfer.
const (
	TransferRunning   TransferState = "running"
	TransferDone      TransferState = "done"
	TransferFailed    TransferState = "failed"
	TransferCancelled TransferState = "cancelled"
)

// transfers sends what is listed and then, as it changes, each transfer anew, as server-sent
// events.
func (s *Server) transfers(w http.ResponseWriter, r *http.Request) {
	select {
	case s.watchers <- struct{}{}:
		defer func() { <-s.watchers }()
	default:
		answer(w, http.StatusServiceUnavailable, s.failure(text.T("too many are watching the transfers", "查看传输进度的连接过多")))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	stream := http.NewResponseController(w)
	seen := map[string]uint64{} // the version, by account
	ticker := time.NewTicker(transfersEvery)
	defer ticker.Stop()
	spoke := time.Now()
	for first := true; ; first = false {
		events := s.changedTransfers(seen)
		if first || len(events) > 0 || time.Since(spoke) >= transfersAlive {
			_ = stream.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := w.Write(append(events, ":\n\n"...)); err != nil || stream.Flush() != nil {
				return
			}
			spoke = time.Now()
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}

// changedTransfers are the events for what has changed since the versions in seen.
func (s *Server) changedTransfers(seen map[string]uint64) (events []byte) {
	for _, a := range s.o.Accounts() {
		if a.Transfers == nil {
			continue
		}
		changed, version := a.Transfers(seen[a.Name])
		if version < seen[a.Name] { // the account was made anew
			changed, version = a.Transfers(0)
		}
		seen[a.Name] = version
		for _, t := range changed {
			t.Account = a.Name
			text, err := json.Marshal(t)
			if err != nil {
				s.o.Log.Error("a transfer cannot be written", "err", err)
				continue
			}
			events = fmt.Appendf(events, "event: transfer\ndata: %s\n\n", text)
		}
	}
	return events
}

// cancelTransfer ends a transfer.
func (s *Server) cancelTransfer(w http.ResponseWriter, r *http.Request, a *Owned) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err != nil || a.CancelTransfer == nil || !a.CancelTransfer(id) {
		answer(w, http.StatusNotFound, s.failure(text.T("no transfer with this id is running", "没有此 id 的传输正在进行")))
		return
	}
	answer(w, http.StatusAccepted, map[string]uint64{"cancelled": id})
}
