package world

import (
	"fmt"
	"slices"

	"libration/ntqq/message"
)

// MaxCustomFaces is how many pictures an account keeps among its faces
// (docs/protocol/operations.md 7.4).
const MaxCustomFaces = 500

// CustomFace is a picture that an account keeps among its faces.
type CustomFace struct {
	ID          string
	Picture     Blob
	Description string
}

// customFaces are those of one account, the first one first. Their bytes are held.
type customFaces struct {
	list []CustomFace
	// moving is the face that [CustomFaces.Move] named last; "": none is on its way.
	moving string
}

func (f *customFaces) find(id string) int {
	return slices.IndexFunc(f.list, func(face CustomFace) bool { return face.ID == id })
}

// CustomFaces are the pictures that accounts keep among their faces.
type CustomFaces struct{ *state }

// CustomFaces returns the operations on the pictures that accounts keep among their faces.
func (w *World) CustomFaces() CustomFaces { return CustomFaces{&w.state} }

// CustomFaceID is what the face of an account goes by.
func CustomFaceID(uin message.UIN, md5 [16]byte) string {
	return fmt.Sprintf("%d_0_0_0_%X_0_0", uin, md5)
}

// List returns the faces of an account. The refusal is NotFound.
func (w CustomFaces) List(uin message.UIN) ([]CustomFace, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, err := w.account(uin)
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.faces.list), nil
}

// Find returns a face of an account, and whether there is one.
func (w CustomFaces) Find(uin message.UIN, id string) (CustomFace, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, at, err := w.face(uin, id)
	if err != nil {
		return CustomFace{}, false
	}
	return f.list[at], true
}

// Room refuses with Quota when an account has no room for another face.
func (w CustomFaces) Room(uin message.UIN) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	return a.faces.room()
}

func (f *customFaces) room() error {
	if len(f.list) >= MaxCustomFaces {
		return Refuse(Quota, "no more than %d faces", MaxCustomFaces)
	}
	return nil
}

// Add keeps a picture as the first face of an account. One that is there stays where it is.
// The refusals are NotFound, of a picture that is not kept too, and Quota.
func (w CustomFaces) Add(uin message.UIN, picture Blob) (CustomFace, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, err := w.account(uin)
	if err != nil {
		return CustomFace{}, err
	}
	face := CustomFace{ID: CustomFaceID(uin, picture.MD5), Picture: picture}
	if at := a.faces.find(face.ID); at >= 0 {
		return a.faces.list[at], nil
	}
	if err := a.faces.room(); err != nil {
		return CustomFace{}, err
	}
	if !(Media{w.media}).Hold(picture.SHA1) {
		return CustomFace{}, Refuse(NotFound, "no such picture")
	}
	a.faces.list = slices.Insert(a.faces.list, 0, face)
	return face, nil
}

// Delete takes a face away, and tells whether there was one. The refusal is NotFound, of an
// account.
func (w CustomFaces) Delete(uin message.UIN, id string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, err := w.account(uin)
	if err != nil {
		return false, err
	}
	at := a.faces.find(id)
	if at < 0 {
		return false, nil
	}
	Media{w.media}.Release(a.faces.list[at].Picture.SHA1)
	a.faces.list = slices.Delete(a.faces.list, at, at+1)
	return true, nil
}

// face finds a face of an account; mu is held.
func (w CustomFaces) face(uin message.UIN, id string) (*customFaces, int, error) {
	a, err := w.account(uin)
	if err != nil {
		return nil, 0, err
	}
	at := a.faces.find(id)
	if at < 0 {
		return nil, 0, Refuse(NotFound, "no such face")
	}
	return &a.faces, at, nil
}

// Describe gives a face a description, of at most 127 bytes. The refusals are NotFound and
// BadRequest.
func (w CustomFaces) Describe(uin message.UIN, id, description string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	faces, at, err := w.face(uin, id)
	if err != nil {
		return err
	}
	if err := checkName(description); err != nil {
		return err
	}
	faces.list[at].Description = description
	return nil
}

// Move says that a face becomes the first one, by the next [CustomFaces.Order]. The refusal
// is NotFound.
func (w CustomFaces) Move(uin message.UIN, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	faces, _, err := w.face(uin, id)
	if err != nil {
		return err
	}
	faces.moving = id
	return nil
}

// Order puts the faces of an account in another order: the face of the last Move first, the
// others as they are. It tells whether ids are in that order; nothing changes else. The
// refusal is NotFound, of an account.
func (w CustomFaces) Order(uin message.UIN, ids []string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, err := w.account(uin)
	if err != nil {
		return false, err
	}
	f := &a.faces
	at := f.find(f.moving)
	f.moving = ""
	if at < 0 {
		return false, nil
	}
	first := f.list[at]
	order := slices.Insert(slices.Delete(slices.Clone(f.list), at, at+1), 0, first)
	if !slices.EqualFunc(order, ids, func(face CustomFace, id string) bool { return face.ID == id }) {
		return false, nil
	}
	f.list = order
	return true, nil
}

// releaseFaces lets the bytes of an account's faces go; mu is held.
func (w *state) releaseFaces(a *account) {
	for _, face := range a.faces.list {
		Media{w.media}.Release(face.Picture.SHA1)
	}
}
