package control

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// target is where a file goes: exactly one is given.
type target struct {
	Group message.GroupCode `json:"group"`
	To    message.UIN       `json:"to"`
}

func (t target) check() error {
	if (t.Group == 0) == (t.To == 0) {
		return fail(http.StatusBadRequest, "give either group or to")
	}
	return nil
}

// sentFile is the answer to a file that was sent: the message that shows it.
type sentFile struct {
	Sequence uint64 `json:"sequence"`
	Time     int64  `json:"time"`
	// File is the file in the group's list; nil in a private chat.
	File *groupFileView `json:"file,omitempty"`
}

// fileBody is what is sent. Of ID, Base64 and Size one is given.
type fileBody struct {
	From message.UIN `json:"from"`
	target
	Name string `json:"name"`
	// Folder and Temporary are for groups.
	Folder    string `json:"folder"`
	Temporary bool   `json:"temporary"`
	ID        string `json:"id"` // of an upload
	Base64    string `json:"base64"`
	Size      uint64 `json:"size"` // of a file that is made up: so many zeros
}

// send puts a file into a group and shows it there, or sends it to one person.
func (h files) send(r *http.Request) (any, error) {
	var body fileBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	if body.To != 0 && (body.Folder != "" || body.Temporary) {
		return nil, fail(http.StatusBadRequest, "folder and temporary are for groups")
	}
	kept, err := body.take(h.world)
	if err != nil {
		return nil, err
	}
	if body.To != 0 {
		return h.sendTo(body.From, body.To, body.Name, kept)
	}
	f, err := h.world.Files().Add(body.Group, body.From, world.NewFile{Name: body.Name, Folder: body.Folder, Blob: kept, Temporary: body.Temporary})
	if err != nil {
		return nil, err
	}
	return h.publish(body.Group, body.From, f)
}

// take keeps the bytes of a file. Paths and addresses are none of its sources: other than a
// medium, a file may be anything that the sandbox can read.
func (b *fileBody) take(w *world.World) (world.Blob, error) {
	given := 0
	for _, is := range []bool{b.ID != "", b.Base64 != "", b.Size != 0} {
		if is {
			given++
		}
	}
	var content io.Reader
	switch {
	case given != 1:
		return world.Blob{}, fail(http.StatusBadRequest, "give one of id, base64 and size")
	case b.ID != "":
		sha1, err := find(b.ID)
		if err != nil {
			return world.Blob{}, err
		}
		if kept, ok := w.Media().FindSHA1(sha1); ok {
			return kept, nil
		}
		return world.Blob{}, fail(http.StatusNotFound, "no medium has the id %.60q", b.ID)
	case b.Size > maxUpload:
		return world.Blob{}, fail(http.StatusRequestEntityTooLarge, "larger than %d MiB", maxUpload>>20)
	case b.Size > 0:
		content = io.LimitReader(zeros{}, int64(b.Size))
	default:
		content = base64.NewDecoder(base64.StdEncoding, strings.NewReader(b.Base64))
	}
	kept, err := w.Media().Put(content)
	var refused *world.Refusal
	if err != nil && b.Base64 != "" && !errors.As(err, &refused) {
		err = fail(http.StatusBadRequest, "bad base64: %v", err)
	}
	return kept, err
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// publish shows a file of a group in its chat.
func (h files) publish(group message.GroupCode, by message.UIN, f world.GroupFile) (any, error) {
	m, err := h.world.Files().Publish(group, by, f.ID, 0)
	if err != nil {
		// A file whose message was refused would be in the list, and nobody would know of it.
		return nil, errors.Join(sendFailure(err), h.world.Files().Delete(group, by, f.ID))
	}
	v := h.view(f)
	return created{sentFile{m.Sequence, m.Time, &v}}, nil
}

func (h files) sendTo(from, to message.UIN, name string, kept world.Blob) (any, error) {
	m, err := h.server.SendPrivateFile(from, to, name, kept)
	if err != nil {
		return nil, sendFailure(err)
	}
	return created{sentFile{Sequence: m.Sequence, Time: m.Time}}, nil
}

// copy sends a file of a group to another chat, as by, 0 for the owner.
func (h files) copy(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	var body struct {
		By message.UIN `json:"by"`
		target
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	f, err := h.world.Files().Find(at.group, body.By, at.id)
	if err != nil {
		return nil, err
	}
	if body.By == 0 {
		g, _ := h.world.Groups().Find(at.group)
		body.By = g.Owner
	}
	if body.To != 0 {
		return h.sendTo(body.By, body.To, f.Name, f.Blob)
	}
	made, err := h.world.Files().Copy(at.group, body.By, at.id, body.Group, "")
	if err != nil {
		return nil, err
	}
	return h.publish(body.Group, body.By, made)
}
