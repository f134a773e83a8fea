package onebot

import (
	"strconv"

	"libration/ntqq/event"
)

// tellGroupFile leaves out what the account uploads itself, as its messages are left out.
func tellGroupFile(w *writer, b []byte, e *event.GroupFileUploaded) []byte {
	if e.Sender.UIN == w.self() {
		return nil
	}
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "user", e.Sender)
	b = fileFields(b, &e.File)
	b = uintField(b, "busid", e.File.Bus)
	return append(textField(b, "url", e.File.URL), '}')
}

// tellFriendFile leaves out what the account sends itself.
func tellFriendFile(w *writer, b []byte, e *event.FriendFileReceived) []byte {
	if e.Sender.UIN == w.self() {
		return nil
	}
	b = personField(b, "user", e.Sender)
	b = fileFields(b, &e.File)
	b = textField(b, "hash", e.File.Hash)
	return append(textField(b, "url", e.File.URL), '}')
}

// fileFields begins an object with what files of both kinds of chats have.
func fileFields(b []byte, f *event.File) []byte {
	b = append(b, `,"file":{"id":`...)
	b = appendString(b, f.ID)
	b = textField(b, "name", f.Name)
	return uintField(b, "size", f.Size)
}

// tellOnlineFile tells of transfers that ended in one way.
func tellOnlineFile(how event.OnlineFileEnd) func(*writer, []byte, *event.OnlineFileNotice) []byte {
	return func(_ *writer, b []byte, e *event.OnlineFileNotice) []byte {
		if e.What != how {
			return nil
		}
		return personField(b, "peer", e.Peer)
	}
}

// tellClients tells of a device that came or went. The first list of a run is no news.
func tellClients(_ *writer, b []byte, e *event.ClientsOnline) []byte {
	changed := e.Added
	if len(changed) == 0 {
		changed = e.Removed
	}
	if len(changed) == 0 {
		return nil
	}
	b = boolField(b, "online", len(e.Added) > 0)
	d := changed[0]
	b = append(b, `,"client":{"app_id":`...)
	b = strconv.AppendUint(b, uint64(d.Instance), 10)
	b = textField(b, "device_name", d.Name)
	return append(textField(b, "device_kind", d.Platform), '}')
}

func tellTyping(_ *writer, b []byte, e *event.InputStatus) []byte {
	b = append(personField(b, "user", e.Peer), `,"group_id":0`...)
	b = textField(b, "status_text", e.Text)
	return uintField(b, "event_type", e.Kind)
}

func tellLuckyKing(_ *writer, b []byte, e *event.GroupLuckyKing) []byte {
	b = uintField(b, "group_id", e.Group)
	b = personField(b, "user", e.Sender)
	b = personField(b, "target", e.King)
	return uintField(b, "sender_id", e.Sender.UIN)
}
