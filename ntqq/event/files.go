package event

import (
	"encoding/hex"

	"libration/ntqq/message"
)

// File is a file in a group or a private chat.
type File struct {
	ID   string
	Name string
	Size uint64 // bytes
	Bus  uint32 // the service's number of the kind of storage, 102 in groups; 0 of private files
	Hash string // of private files: it goes with the ID
	MD5  string // hexadecimal; may be "", or that of the beginning of a private file
	URL  string // where it can be downloaded now; "" when the service did not say
}

// GroupFileUploaded is sent after the message by which a member announced a file in a
// group.
type GroupFileUploaded struct {
	Group  message.GroupCode
	Sender Person
	File   File
	Time   int64 // Unix seconds
}

func (*GroupFileUploaded) Name() string     { return "group_file_uploaded" }
func (e *GroupFileUploaded) When() int64    { return e.Time }
func (e *GroupFileUploaded) People() People { return members(e.Group, &e.Sender) }
func (*GroupFileUploaded) Stale() Stale     { return Stale{} }

// FriendFileReceived is sent after the message by which a file came in a private chat, or
// was sent to one by the account.
type FriendFileReceived struct {
	Peer   Person // the other side of the chat
	Sender Person
	File   File
	Time   int64 // Unix seconds
}

func (*FriendFileReceived) Name() string     { return "friend_file_received" }
func (e *FriendFileReceived) When() int64    { return e.Time }
func (e *FriendFileReceived) People() People { return others(&e.Peer, &e.Sender) }
func (*FriendFileReceived) Stale() Stale     { return Stale{} }

// FileIn returns the event of the first file that a message announces; nil where it
// announces none.
func FileIn(m *message.Message) Event {
	for _, s := range m.Content {
		f, ok := s.(*message.FileSegment)
		if !ok {
			continue
		}
		sender := Person{m.Sender.UIN, m.Sender.UID}
		file := File{f.ID, f.FileName, f.Size, f.BusID, f.Hash, hex.EncodeToString(f.MD5), f.URL}
		if m.Chat.Kind == message.Group {
			return &GroupFileUploaded{m.Chat.Group, sender, file, m.Time}
		}
		return &FriendFileReceived{Person{m.Chat.Peer, m.Chat.PeerUID}, sender, file, m.Time}
	}
	return nil
}
