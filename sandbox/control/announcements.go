package control

import (
	"encoding/hex"
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// announcementView is an announcement of a group in JSON.
type announcementView struct {
	ID   string      `json:"id"`
	By   message.UIN `json:"by"`
	Time int64       `json:"time"`
	Text string      `json:"text"`
	// Pictures are their SHA-1 in hex.
	Pictures  []string `json:"pictures,omitempty"`
	Pinned    bool     `json:"pinned"`
	Newcomers bool     `json:"newcomers"`
	EditCard  bool     `json:"edit_card"`
	Confirm   bool     `json:"confirm"`
	TipWindow uint32   `json:"tip_window"`
	Readers   int      `json:"readers"`
}

func viewAnnouncement(a world.Announcement) announcementView {
	v := announcementView{
		ID: a.ID, By: a.By.UIN, Time: a.Time, Text: a.Text, Pinned: a.Pinned, Newcomers: a.Newcomers,
		EditCard: a.EditCard, Confirm: a.Confirm, TipWindow: a.TipWindow, Readers: a.Readers,
	}
	for _, p := range a.Pictures {
		v.Pictures = append(v.Pictures, hex.EncodeToString(p.SHA1[:]))
	}
	return v
}

// announcements are what groups have put up.
type announcements struct {
	world  *world.World
	server Server
}

// list shows a group's announcements without reading them.
func (h announcements) list(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	g, ok := h.world.Groups().Find(code)
	if !ok {
		return nil, fail(http.StatusNotFound, "no group %d", code)
	}
	all, err := h.world.Announcements().List(code, g.Owner, false)
	views := []announcementView{}
	for _, a := range all {
		views = append(views, viewAnnouncement(a))
	}
	return views, err
}

func (h announcements) add(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		By        message.UIN `json:"by"`
		Text      string      `json:"text"`
		Picture   string      `json:"picture"`
		Pinned    bool        `json:"pinned"`
		Newcomers bool        `json:"newcomers"`
		EditCard  bool        `json:"edit_card"`
		Confirm   bool        `json:"confirm"`
		TipWindow uint32      `json:"tip_window"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	a := world.Announcement{
		Text: body.Text, Pinned: body.Pinned, Newcomers: body.Newcomers, EditCard: body.EditCard, Confirm: body.Confirm, TipWindow: body.TipWindow,
	}
	if body.Picture != "" {
		p, err := h.server.AnnouncedPicture(body.Picture)
		if err != nil {
			return nil, err
		}
		a.Pictures = []world.AnnouncedPicture{p}
	}
	a, err = h.world.Announcements().Publish(code, body.By, a)
	return created{viewAnnouncement(a)}, err
}

func (h announcements) remove(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	by, err := queryNumber[message.UIN](r, "by")
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Announcements().Delete(code, r.PathValue("id"), by)
}
