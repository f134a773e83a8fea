package server

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

const (
	albumsHost = "h5.qzone.qq.com"
	slicePath  = "/webapp/json/sliceUpload/"
	// albumSlice is how many bytes of a picture one request brings, at most.
	albumSlice = 16 << 10
	// maxAlbumPicture bounds a picture of an album in bytes, maxAlbumUploads those that come
	// at the same time, albumPatience how long one stays without a slice (all ours).
	maxAlbumPicture = 30 << 20
	maxAlbumUploads = 64
	albumPatience   = 10 * time.Minute
)

// albumPages are the albums of groups (docs/protocol/operations.md 6.11, 6.12).
func albumPages() []webPage {
	refusal := refusalIn("ret", "msg")
	return []webPage{
		{method: "GET", host: albumsHost, path: "/proxy/domain/u.photo.qzone.qq.com/cgi-bin/upp/qun_list_album_v2", refusal: refusal, do: (*Server).listAlbumsPage},
		{method: "POST", host: albumsHost, path: slicePath + "FileBatchControl/{sum}", refusal: refusal, do: (*Server).beginAlbumUpload},
		{method: "POST", host: albumsHost, path: slicePath + "FileUpload", refusal: refusal, do: (*Server).takeAlbumSlice},
		// Slices of videos. How one is announced is not known; a picture may come this way, too.
		{method: "POST", host: albumsHost, path: slicePath + "FileUploadVideo", refusal: refusal, do: (*Server).takeAlbumSlice},
	}
}

type albumPageEntry struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Desc    string      `json:"desc"`
	Cover   string      `json:"coverurl"`
	Creator message.UIN `json:"createuin"`
	Nick    string      `json:"createnickname"`
	Created string      `json:"createtime"`
}

func (s *Server) listAlbumsPage(by world.User, r *http.Request) (any, error) {
	group, err := pageGroup(r, "qunId")
	if err != nil {
		group, err = pageGroup(r, "qunid")
	}
	if err != nil {
		return nil, err
	}
	list, err := s.world.Albums().List(group, by.UIN)
	if err != nil {
		return nil, err
	}
	first, _ := strconv.Atoi(r.FormValue("start"))
	most, _ := strconv.Atoi(r.FormValue("num"))
	first = min(max(first, 0), len(list))
	entries := []albumPageEntry{}
	for _, a := range list[first:min(first+min(max(most, 0), len(list)), len(list))] {
		e := albumPageEntry{
			ID: a.ID, Title: a.Name, Desc: a.Desc, Creator: a.Creator.UIN, Nick: a.Creator.Nickname,
			Created: time.Unix(a.Created, 0).In(time.FixedZone("", 8*3600)).Format(time.DateTime),
		}
		if a.Cover != nil {
			e.Cover = "http://" + s.media.addressFor(connOf(r.Context()).nc.LocalAddr()).String() + linkPath(s.media.signer.link(a.Cover.SHA1, s.world.Now()))
		}
		entries = append(entries, e)
	}
	return map[string]any{"ret": 0, "msg": "", "data": map[string]any{"album": entries}}, nil
}

// albumControl is what an upload begins with.
type albumControl struct {
	Token struct {
		Data string `json:"data"`
	} `json:"token"`
	App      string `json:"appid"`
	Sum      string `json:"checksum"`
	Size     uint64 `json:"file_len"`
	Business struct {
		Title string `json:"sPicTitle"`
		Album string `json:"sAlbumID"`
		Batch uint64 `json:"iBatchID"`
		Ext   struct {
			Group string `json:"userid"`
		} `json:"mapExt"`
	} `json:"biz_req"`
}

// albumUpload is a picture on its way.
type albumUpload struct {
	group message.GroupCode
	album string
	by    message.UIN
	shown world.AlbumPicture
	md5   [16]byte
	sha1  [20]byte
	size  uint64
	file  *world.Upload
	came  ranges // guarded by albumUploads.mu, and so is what follows
	last  time.Time
	// refused is why the picture did not come into the album: clients that ask again, with
	// new cookies, hear it again.
	refused error
}

// albumUploads are the pictures on their way, by their sessions.
type albumUploads struct {
	mu   sync.Mutex // guards what follows
	open map[string]*albumUpload
}

func (s *Server) beginAlbumUpload(by world.User, r *http.Request) (any, error) {
	var body struct {
		Requests []albumControl `json:"control_req"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Requests) != 1 {
		return nil, world.Refuse(world.BadRequest, "not one control_req")
	}
	asked := body.Requests[0]
	up := &albumUpload{
		group: albumGroup(asked.Business.Ext.Group), album: asked.Business.Album, by: by.UIN, size: asked.Size, last: s.world.Now(),
		shown: world.AlbumPicture{Name: asked.Business.Title, Batch: asked.Business.Batch},
	}
	if key, err := r.Cookie("p_skey"); err != nil || asked.Token.Data != key.Value {
		return nil, world.Refuse(world.NoPermission, "the token is not that of the cookies")
	}
	switch {
	case asked.App != "qun" || asked.Size == 0 || asked.Size > maxAlbumPicture:
		return nil, world.Refuse(world.BadRequest, "no picture of at most %d MiB for a group", maxAlbumPicture>>20)
	case !fromHex(up.md5[:], asked.Sum) && !fromHex(up.sha1[:], asked.Sum):
		return nil, world.Refuse(world.BadRequest, "checksum is none")
	}
	if _, _, err := s.world.Albums().Pictures(up.group, by.UIN, up.album); err != nil {
		return nil, err
	}
	var err error
	if up.file, err = s.world.Media().Begin(up.size); err != nil {
		return nil, err
	}
	session := rand.Text()
	s.albums.add(session, up)
	return map[string]any{"ret": 0, "msg": "", "data": map[string]any{"session": session, "slice_size": albumSlice}}, nil
}

// add keeps an upload. Those that nobody goes on with end, and of too many the one that has
// waited longest: clients say nothing of those that they give up.
func (u *albumUploads) add(session string, up *albumUpload) {
	u.mu.Lock()
	defer u.mu.Unlock()
	oldest := ""
	for name, old := range u.open {
		if up.last.Sub(old.last) > albumPatience {
			u.drop(name)
		} else if oldest == "" || old.last.Before(u.open[oldest].last) {
			oldest = name
		}
	}
	if len(u.open) >= maxAlbumUploads {
		u.drop(oldest)
	}
	if u.open == nil {
		u.open = map[string]*albumUpload{}
	}
	u.open[session] = up
}

// drop gives an upload up; mu is held.
func (u *albumUploads) drop(session string) {
	u.open[session].file.Drop()
	delete(u.open, session)
}

func (u *albumUploads) find(session string, by message.UIN) (*albumUpload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if up := u.open[session]; up != nil && up.by == by {
		return up, up.refused
	}
	return nil, world.Refuse(world.NotFound, "no such upload")
}

// came notes a slice; whole reports whether it was the last one that was missing: then the
// upload is the caller's.
func (u *albumUploads) came(session string, up *albumUpload, from, to uint64, now time.Time) (whole bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	up.came.add(from, to)
	up.last = now
	whole = u.open[session] == up && up.refused == nil && up.came.has(0, up.size)
	if whole {
		delete(u.open, session)
	}
	return whole
}

// refuse keeps why an upload that was whole came to nothing, and returns it.
func (u *albumUploads) refuse(session string, up *albumUpload, why error) error {
	u.mu.Lock()
	up.refused = why
	u.mu.Unlock()
	u.add(session, up)
	return why
}

// dropAll gives all uploads up: nobody serves them any more.
func (u *albumUploads) dropAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for session := range u.open {
		u.drop(session)
	}
}

// takeAlbumSlice takes a part of a picture. The last one puts it into the album.
func (s *Server) takeAlbumSlice(by world.User, r *http.Request) (any, error) {
	session := r.FormValue("session")
	up, err := s.albums.find(session, by.UIN)
	if err != nil {
		return nil, err
	}
	slice, _, err := r.FormFile("data")
	if err != nil {
		return nil, world.Refuse(world.BadRequest, "there is no data")
	}
	defer slice.Close()
	content, err := io.ReadAll(io.LimitReader(slice, albumSlice+1))
	from, wrong := strconv.ParseUint(r.FormValue("offset"), 10, 32)
	switch err = errors.Join(err, wrong); {
	case err != nil:
		return nil, world.Refuse(world.BadRequest, "a bad slice")
	case len(content) == 0 || len(content) > albumSlice || from%albumSlice != 0:
		return nil, world.Refuse(world.BadRequest, "slices have %d bytes, at multiples of that", albumSlice)
	}
	if _, err := up.file.WriteAt(content, int64(from)); err != nil {
		return nil, err
	}
	data := map[string]any{"session": session, "offset": from + uint64(len(content))}
	if s.albums.came(session, up, from, from+uint64(len(content)), s.world.Now()) {
		p := up.shown
		if p.Blob, err = up.file.Finish(up.md5, up.sha1); err == nil {
			p, err = s.AddToAlbum(up.group, up.by, up.album, p)
		}
		if err != nil {
			return nil, s.albums.refuse(session, up, err)
		}
		data["biz"] = map[string]string{"sAlbumID": up.album, "sPhotoID": p.ID}
	}
	return map[string]any{"ret": 0, "msg": "", "data": data}, nil
}
