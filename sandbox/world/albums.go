package world

import (
	"encoding/hex"
	"slices"

	"libration/ntqq/message"
)

// What the albums of one group take: our own bounds.
const (
	maxAlbums     = 100
	maxAlbumMedia = 10000 // in one album
)

// Album is an album of a group. Times are in Unix seconds.
type Album struct {
	ID, Name, Desc string
	// Creator is who made the album, as that account was then.
	Creator                     User
	Created, Modified, Uploaded int64 // Uploaded is 0 of an empty album
	Count                       int
	Cover                       *AlbumPicture // the newest; nil: there is none
}

// AlbumPicture is a picture of an album. [Media] has its bytes by Blob.SHA1.
type AlbumPicture struct {
	ID, Name string // no other picture of the world has the ID
	Blob
	Width, Height uint32
	Uploader      User
	Uploaded      int64
	Batch         uint64 // what its client uploaded with it has the same
}

// album is an album with its pictures, the oldest first.
type album struct {
	Album
	pictures []AlbumPicture
}

func (a *album) view() Album {
	v := a.Album
	if v.Count = len(a.pictures); v.Count > 0 {
		cover := a.pictures[v.Count-1]
		v.Cover = &cover
	}
	return v
}

// AlbumUpdated is sent when a picture came into an album of the group.
type AlbumUpdated struct {
	InGroup
	Image string
}

// Activity implements Happening.
func (h *AlbumUpdated) Activity() Activity {
	return Activity{Kind: ActivityAlbum, Group: h.Group, Text: h.Image}
}

// Albums holds the albums of groups. In all of its methods by is who asks: a member of the
// group, or 0 for the owner.
type Albums struct{ *state }

// Albums returns the operations on the albums of groups.
func (w *World) Albums() Albums { return Albums{&w.state} }

// List returns the albums of a group, the newest first. The refusals are NotFound and
// NotMember.
func (w Albums) List(code message.GroupCode, by message.UIN) ([]Album, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, _, err := w.actor(code, by)
	if err != nil {
		return nil, err
	}
	var list []Album
	for _, a := range slices.Backward(g.albums) {
		list = append(list, a.view())
	}
	return list, nil
}

// Pictures returns an album with its pictures, the newest first. The refusals are NotFound
// and NotMember.
func (w Albums) Pictures(code message.GroupCode, by message.UIN, id string) (Album, []AlbumPicture, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, _, err := w.actor(code, by)
	if err != nil {
		return Album{}, nil, err
	}
	_, a, err := g.album(id)
	if err != nil {
		return Album{}, nil, err
	}
	list := slices.Clone(a.pictures)
	slices.Reverse(list)
	return a.view(), list, nil
}

// Add makes an album. Any member may. The refusals are BadRequest, NotFound, NotMember and
// Quota.
func (w Albums) Add(code message.GroupCode, by message.UIN, name, desc string) (Album, error) {
	w.mu.Lock()
	defer w.done()
	g, by, _, err := w.actor(code, by)
	switch {
	case err != nil:
		return Album{}, err
	case name == "":
		return Album{}, Refuse(BadRequest, "an album needs a name")
	case len(g.albums) >= maxAlbums:
		return Album{}, Refuse(Quota, "a group has at most %d albums", maxAlbums)
	}
	for _, text := range []string{name, desc} {
		if err := checkName(text); err != nil {
			return Album{}, err
		}
	}
	now := w.now().Unix()
	a := &album{Album: Album{ID: "V" + w.drawID(), Name: name, Desc: desc, Creator: w.user(by), Created: now, Modified: now}}
	g.albums = append(g.albums, a)
	return a.view(), nil
}

// Remove removes an album with its pictures. Who made it may, the owner and admins. The
// refusals are NotFound, NotMember and NoPermission.
func (w Albums) Remove(code message.GroupCode, by message.UIN, id string) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	at, a, err := g.album(id)
	if err != nil {
		return err
	}
	if role == message.RoleMember && a.Creator.UIN != by {
		return Refuse(NoPermission, "%d may not delete this album", by)
	}
	w.releaseAlbum(a)
	g.albums = slices.Delete(g.albums, at, at+1)
	return nil
}

// Upload puts a picture, whose bytes are kept, into an album. It fills in ID, Uploader and
// Uploaded. Any member may. The refusals are BadRequest, NotFound, NotMember and Quota.
func (w Albums) Upload(code message.GroupCode, by message.UIN, id string, p AlbumPicture) (AlbumPicture, error) {
	w.mu.Lock()
	defer w.done()
	g, by, _, err := w.actor(code, by)
	if err != nil {
		return p, err
	}
	_, a, err := g.album(id)
	if err != nil {
		return p, err
	}
	if err := checkName(p.Name); err != nil {
		return p, err
	}
	if len(a.pictures) >= maxAlbumMedia {
		return p, Refuse(Quota, "an album has at most %d pictures", maxAlbumMedia)
	}
	if !(Media{w.media}).Hold(p.SHA1) {
		return p, Refuse(NotFound, "no such picture")
	}
	p.ID, p.Uploader, p.Uploaded = "N"+w.drawID(), w.user(by), w.now().Unix()
	a.pictures = append(a.pictures, p)
	a.Uploaded, a.Modified = p.Uploaded, p.Uploaded
	w.happened(&AlbumUpdated{g.in(), p.ID})
	return p, nil
}

// drawID makes what tells albums and their pictures apart; mu is held.
func (w *state) drawID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(w.rng.Uint32())
	}
	return hex.EncodeToString(b[:])
}

// album finds an album and its place; mu is held.
func (g *group) album(id string) (int, *album, error) {
	at := slices.IndexFunc(g.albums, func(a *album) bool { return a.ID == id })
	if at < 0 {
		return 0, nil, Refuse(NotFound, "no such album")
	}
	return at, g.albums[at], nil
}

// releaseAlbum lets the bytes of its pictures go; mu is held.
func (w *state) releaseAlbum(a *album) {
	for _, p := range a.pictures {
		Media{w.media}.Release(p.SHA1)
	}
}
