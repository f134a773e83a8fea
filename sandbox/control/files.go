package control

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Bounds of how much of a group's files one request lists.
const (
	listedFiles    = 100
	maxListedFiles = 1000
)

// groupFileView is a file of a group in JSON.
type groupFileView struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Folder string `json:"folder"`
	Size   uint64 `json:"size"`
	MD5    string `json:"md5"`
	SHA1   string `json:"sha1"`
	// Address is where the control server has the bytes, and Medium their id there; "" when
	// they are gone.
	Address      string      `json:"address,omitempty"`
	Medium       string      `json:"medium,omitempty"`
	Uploader     message.UIN `json:"uploader"`
	UploaderName string      `json:"uploader_name"`
	Uploaded     int64       `json:"uploaded"`
	Modified     int64       `json:"modified"`
	Temporary    bool        `json:"temporary"`
	Expires      int64       `json:"expires,omitempty"`
	Downloads    uint32      `json:"downloads"`
}

func (h files) view(f world.GroupFile) groupFileView {
	v := groupFileView{
		ID: f.ID, Name: f.Name, Folder: f.Folder, Size: f.Size, MD5: hex.EncodeToString(f.MD5[:]), SHA1: hex.EncodeToString(f.SHA1[:]),
		Uploader: f.Uploader.UIN, UploaderName: f.Uploader.Nickname, Uploaded: f.Uploaded, Modified: f.Modified,
		Temporary: f.Temporary(), Expires: f.Expires, Downloads: f.Downloads,
	}
	if kept, ok := h.world.Media().FindSHA1(f.SHA1); ok {
		v.Medium = mediaID(kept)
		v.Address = uploadPath + "/" + v.Medium
	}
	return v
}

// folderView is a folder of a group in JSON.
type folderView struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Creator  message.UIN `json:"creator"`
	Created  int64       `json:"created"`
	Modified int64       `json:"modified"`
	Files    uint32      `json:"files"`
	Used     uint64      `json:"used"`
}

func viewFolder(f world.GroupFolder) folderView {
	return folderView{f.ID, f.Name, f.Creator.UIN, f.Created, f.Modified, f.Files, f.Used}
}

// spaceView is how full a group's files are, in JSON. The sizes are in bytes.
type spaceView struct {
	Files      uint32 `json:"files"`
	MaxFiles   uint32 `json:"max_files"`
	Temporary  uint32 `json:"temporary"`
	Used       uint64 `json:"used"`
	Total      uint64 `json:"total"`
	Full       bool   `json:"full"`
	AdminsOnly bool   `json:"admins_only"`
	// TemporarySeconds is how long temporary files are kept that come from now on.
	TemporarySeconds uint32 `json:"temporary_seconds"`
}

// files are those of groups, and files that are sent to one person.
type files struct {
	world  *world.World
	server Server
}

// place is what the path of a request names.
type place struct {
	group message.GroupCode
	id    string // of a file or folder
	by    message.UIN
}

// placeOf reads the path of a request, and "by" of its query. The slash at the beginning of
// an id is that of the path.
func placeOf(r *http.Request) (p place, err error) {
	if p.group, err = number[message.GroupCode]("group", r.PathValue("code")); err != nil {
		return p, err
	}
	p.id = "/" + strings.TrimPrefix(r.PathValue("id"), "/")
	p.by, err = queryNumber[message.UIN](r, "by")
	return p, err
}

// list lists a folder of a group, as by of the query, 0 for the owner.
func (h files) list(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	start, err := queryNumber[uint64](r, "start")
	if err != nil {
		return nil, err
	}
	limit, err := queryNumber[uint64](r, "limit")
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = listedFiles
	}
	if limit > maxListedFiles {
		return nil, fail(http.StatusBadRequest, "limit is at most %d", maxListedFiles)
	}
	folder := r.URL.Query().Get("folder")
	if folder == "" {
		folder = world.RootFolder
	}
	page, err := h.world.Files().List(at.group, at.by, folder, int(min(start, 1<<30)), int(limit))
	if err != nil {
		return nil, err
	}
	space, err := h.space(at)
	if err != nil {
		return nil, err
	}
	folders, listed := []folderView{}, []groupFileView{}
	for _, f := range page.Folders {
		folders = append(folders, viewFolder(f))
	}
	for _, f := range page.Files {
		listed = append(listed, h.view(f))
	}
	return map[string]any{"folders": folders, "files": listed, "total": page.Total, "next": page.Next, "space": space}, nil
}

func (h files) space(at place) (spaceView, error) {
	s, err := h.world.Files().Space(at.group, at.by)
	return spaceView{s.Count, s.Files, s.Temporary, s.Used, s.Space, s.Full(), s.AdminsOnly, uint32(s.TemporaryLife / time.Second)}, err
}

// setSpace changes what a group takes. Zeros are the defaults.
func (h files) setSpace(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	var body struct {
		Total      *uint64 `json:"total"`
		MaxFiles   *uint32 `json:"max_files"`
		AdminsOnly *bool   `json:"admins_only"`
		Seconds    *uint32 `json:"temporary_seconds"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	before, err := h.world.Files().Space(at.group, 0)
	if err != nil {
		return nil, err
	}
	limits := before.FileLimits
	replace(&limits.Space, body.Total)
	replace(&limits.Files, body.MaxFiles)
	replace(&limits.AdminsOnly, body.AdminsOnly)
	if body.Seconds != nil {
		limits.TemporaryLife = time.Duration(*body.Seconds) * time.Second
	}
	if err := h.world.Files().SetLimits(at.group, limits); err != nil {
		return nil, err
	}
	return h.space(at)
}

// replace sets a value that was given.
func replace[T any](value, given *T) {
	if given != nil {
		*value = *given
	}
}

// change renames, moves or keeps a file, in this order, as by, 0 for the owner.
func (h files) change(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	var body struct {
		By        message.UIN `json:"by"`
		Name      *string     `json:"name"`
		Folder    *string     `json:"folder"`
		Temporary *bool       `json:"temporary"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	w := h.world.Files()
	if body.Temporary != nil && *body.Temporary {
		return nil, fail(http.StatusBadRequest, "a file that is there cannot become temporary: give false to keep it")
	}
	if body.Name != nil {
		err = w.Rename(at.group, body.By, at.id, "", *body.Name)
	}
	if err == nil && body.Folder != nil {
		err = w.Move(at.group, body.By, at.id, "", *body.Folder)
	}
	if err == nil && body.Temporary != nil {
		_, err = w.Keep(at.group, body.By, at.id)
	}
	if err != nil {
		return nil, err
	}
	f, err := w.Find(at.group, 0, at.id)
	return h.view(f), err
}

func (h files) remove(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Files().Delete(at.group, at.by, at.id)
}

func (h files) makeFolder(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	var body folderBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	f, err := h.world.Files().MakeFolder(at.group, body.By, world.RootFolder, body.Name)
	return created{viewFolder(f)}, err
}

type folderBody struct {
	By   message.UIN `json:"by"`
	Name string      `json:"name"`
}

func (h files) renameFolder(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	var body folderBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	f, err := h.world.Files().RenameFolder(at.group, body.By, at.id, body.Name)
	return viewFolder(f), err
}

func (h files) removeFolder(r *http.Request) (any, error) {
	at, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Files().DeleteFolder(at.group, at.by, at.id)
}
