package control

import (
	"encoding/hex"
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// albums are the albums of groups.
type albums struct {
	world  *world.World
	server Server
}

// albumView is an album in JSON.
type albumView struct {
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	Desc     string             `json:"desc,omitempty"`
	Creator  message.UIN        `json:"creator"`
	Created  int64              `json:"created"`
	Pictures []albumPictureView `json:"pictures"`
}

// albumPictureView is a picture of an album in JSON.
type albumPictureView struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Uploader message.UIN `json:"uploader"`
	Uploaded int64       `json:"uploaded"`
	Width    uint32      `json:"width"`
	Height   uint32      `json:"height"`
	Size     uint64      `json:"size"`
	MD5      string      `json:"md5"`
	Address  string      `json:"address"`
}

func viewAlbum(a world.Album) albumView {
	return albumView{ID: a.ID, Name: a.Name, Desc: a.Desc, Creator: a.Creator.UIN, Created: a.Created, Pictures: []albumPictureView{}}
}

func viewAlbumPicture(p world.AlbumPicture) albumPictureView {
	return albumPictureView{
		ID: p.ID, Name: p.Name, Uploader: p.Uploader.UIN, Uploaded: p.Uploaded, Width: p.Width, Height: p.Height,
		Size: p.Size, MD5: hex.EncodeToString(p.MD5[:]), Address: uploadPath + "/" + mediaID(p.Blob),
	}
}

func (h albums) list(r *http.Request) (any, error) {
	group, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	list, err := h.world.Albums().List(group, 0)
	if err != nil {
		return nil, err
	}
	views := []albumView{}
	for _, a := range list {
		view := viewAlbum(a)
		_, pictures, err := h.world.Albums().Pictures(group, 0, a.ID)
		if err != nil {
			continue // removed a moment ago
		}
		for _, p := range pictures {
			view.Pictures = append(view.Pictures, viewAlbumPicture(p))
		}
		views = append(views, view)
	}
	return views, nil
}

func (h albums) add(r *http.Request) (any, error) {
	group, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		By   message.UIN `json:"by"`
		Name string      `json:"name"`
		Desc string      `json:"desc"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	a, err := h.world.Albums().Add(group, body.By, body.Name, body.Desc)
	if err != nil {
		return nil, err
	}
	return created{viewAlbum(a)}, nil
}

func (h albums) remove(r *http.Request) (any, error) {
	group, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	by, err := queryNumber[message.UIN](r, "by")
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Albums().Remove(group, by, r.PathValue("id"))
}

// upload puts a picture that the sandbox has into an album.
func (h albums) upload(r *http.Request) (any, error) {
	group, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		By   message.UIN `json:"by"`
		Name string      `json:"name"`
		source
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	content, err := sourcesOf(r, h.world)(body.source)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	kept, err := h.world.Media().Put(content)
	if err != nil {
		return nil, err
	}
	p, err := h.server.AddToAlbum(group, body.By, r.PathValue("id"), world.AlbumPicture{Name: body.Name, Blob: kept})
	if err != nil {
		return nil, err
	}
	return created{viewAlbumPicture(p)}, nil
}
