package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// customFaces are the pictures that accounts keep among their faces.
type customFaces struct{ world *world.World }

// customFaceView is a face in JSON.
type customFaceView struct {
	ID          string `json:"id"`
	Image       string `json:"image"` // the id of its picture
	Description string `json:"description,omitempty"`
}

func viewCustomFace(f world.CustomFace) customFaceView {
	return customFaceView{f.ID, mediaID(f.Picture), f.Description}
}

func (h customFaces) list(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	faces, err := h.world.CustomFaces().List(uin)
	views := []customFaceView{}
	for _, f := range faces {
		views = append(views, viewCustomFace(f))
	}
	return views, err
}

func (h customFaces) add(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Image string `json:"image"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	sha1, err := find(body.Image)
	if err != nil {
		return nil, err
	}
	picture, _ := h.world.Media().FindSHA1(sha1) // the world refuses one that is not there
	f, err := h.world.CustomFaces().Add(uin, picture)
	return created{viewCustomFace(f)}, err
}

func (h customFaces) remove(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	found, err := h.world.CustomFaces().Delete(uin, r.PathValue("id"))
	if err == nil && !found {
		err = fail(http.StatusNotFound, "no such face")
	}
	return struct{}{}, err
}
