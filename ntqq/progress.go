package ntqq

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"libration/internal/atomicfile"
)

// Delivered says up to which message each chat of one account was delivered.
type Delivered struct {
	UIN UIN `json:"uin"`
	// Since is when the account came online first, Unix seconds. Older messages are no news.
	// 0: not known.
	Since int64           `json:"since,omitempty"`
	Chats []ChatDelivered `json:"chats"`
	// Notices are the requests and notices that are in lists of the service; nil: the lists
	// have not been read.
	Notices *NoticesDelivered `json:"notices,omitempty"`
}

// ChatDelivered is one chat of a Delivered. Group is set, or Peer and PeerUID are.
type ChatDelivered struct {
	Group   GroupCode `json:"group,omitempty"`
	Peer    UIN       `json:"peer,omitempty"`
	PeerUID UID       `json:"peer_uid,omitempty"`
	// Sequence is that of the newest message that was delivered.
	Sequence uint64 `json:"sequence"`
	// Time is that of the last message, Unix seconds. It is not after the server's time at
	// its delivery.
	Time int64 `json:"time,omitempty"`
	// Missing are sequences below Sequence that could not be fetched yet, ascending.
	Missing []uint64 `json:"missing,omitempty"`
	// Since is set while it is not certain where the account's part of the chat begins:
	// messages that are younger have not been delivered. Unix seconds. 0: it is certain.
	Since int64 `json:"since,omitempty"`
}

// Progress keeps one Delivered. Save must be atomic. It is called every few seconds at
// most, and at the end of Run. After a crash, messages that were delivered since the last
// Save are delivered again.
type Progress interface {
	// Load returns nil and no error when nothing was saved yet.
	Load() (*Delivered, error)
	Save(*Delivered) error
}

// FileProgress is the path of a JSON file that keeps the Delivered. The file has mode 0600
// and is replaced atomically.
type FileProgress string

// Load implements [Progress].
func (f FileProgress) Load() (*Delivered, error) {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	d := &Delivered{}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("progress %s is damaged: %w", string(f), err)
	}
	return d, nil
}

// Save implements [Progress].
func (f FileProgress) Save(d *Delivered) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(string(f), append(b, '\n')); err != nil {
		return fmt.Errorf("save progress: %w", err)
	}
	return nil
}
