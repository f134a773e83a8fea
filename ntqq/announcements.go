package ntqq

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"net/url"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

// Pages of announcements (docs/protocol/operations.md 6).
const (
	announcementList    = "/cgi-bin/announce/get_t_list"
	announcementPublish = "/cgi-bin/announce/add_qun_notice"
	announcementNewcome = "/cgi-bin/announce/add_qun_instruction"
	announcementDelete  = "/cgi-bin/announce/del_feed"

	typeMembers   = 1
	typeNewcomers = 20
)

var errEmptyAnnouncement = text.Errorf("the announcement has neither text nor a picture", "公告既没有文字也没有图片")

// Announcement is a notice that the owner or an admin of a group put up for its members.
type Announcement struct {
	ID       string
	Sender   UIN
	Time     int64 // Unix seconds
	Text     string
	Pictures []AnnouncedPicture
	Pinned   bool
	// Newcomers is whether those who join are shown it.
	Newcomers bool
	AnnouncementSettings
	// Readers is how many members have read it, Read whether the account has.
	Readers int
	Read    bool
}

// AnnouncementSettings say how members are shown an announcement.
type AnnouncementSettings struct {
	EditCard  bool   // they are asked to change their card
	Confirm   bool   // they are asked to confirm that they have read it
	TipWindow uint32 // how it pops up, in the service's numbers
}

// AnnouncedPicture is a picture of an announcement.
type AnnouncedPicture struct {
	ID            string
	Width, Height uint32 // 0: not known
}

// URL returns the public address of the picture (docs/protocol/operations.md 4.7).
func (p AnnouncedPicture) URL() string {
	return "https://gdynamic.qpic.cn/gdynamic/" + url.PathEscape(p.ID) + "/0"
}

// NewAnnouncement is an announcement to be put up.
type NewAnnouncement struct {
	Text      string
	Picture   *message.ImageSegment // nil: none
	Pinned    bool
	Newcomers bool
	AnnouncementSettings
}

// Announcements are the operations on the announcements of groups. They are safe for
// concurrent use. Their errors are [*ServerError], those of [Client.Call], [ErrWebLogin],
// and [ErrNoGroup] of a group that the account is not in.
type Announcements struct{ c *Client }

// Announcements returns the operations on the announcements of groups.
func (c *Client) Announcements() Announcements { return Announcements{c} }

// List returns the newest announcements of a group, up to 20 of them, and marks them as
// read.
func (a Announcements) List(ctx context.Context, group GroupCode) ([]Announcement, error) {
	answer, err := a.c.web(ctx, webCall{
		host: webNotices, path: announcementList, token: "bkn", refused: webResult("em", "ec"),
		query: url.Values{
			"qid": {fmt.Sprint(group)}, "ft": {"23"}, "ni": {"1"}, "i": {"1"}, "log_read": {"1"}, "platform": {"1"}, "s": {"-1"}, "n": {"20"},
		},
	})
	if err != nil {
		return nil, a.c.inGroup(ctx, group, err)
	}
	return readAnnouncements(answer)
}

// lenient is a number that may stand in a JSON text.
type lenient int64

// UnmarshalJSON implements json.Unmarshaler. What is no number, a negative or an absurd one
// is 0.
func (n *lenient) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64)
	if err != nil || v < 0 {
		v = 0
	}
	*n = lenient(v)
	return nil
}

func (n lenient) uint32() uint32 {
	if n > math.MaxUint32 {
		return 0
	}
	return uint32(n)
}

type wireAnnouncement struct {
	ID      string  `json:"fid"`
	User    lenient `json:"u"`
	Time    lenient `json:"pubt"`
	Message struct {
		Text string        `json:"text"`
		Pics []wireNoticed `json:"pics"`
	} `json:"msg"`
	Type     lenient `json:"type"`
	Settings struct {
		EditCard  lenient `json:"is_show_edit_card"`
		TipWindow lenient `json:"tip_window_type"`
		Confirm   lenient `json:"confirm_required"`
	} `json:"settings"`
	Pinned  lenient `json:"pinned"`
	Readers lenient `json:"read_num"`
	Read    lenient `json:"is_read"`
}

type wireNoticed struct {
	ID     string  `json:"id"`
	Width  lenient `json:"w"`
	Height lenient `json:"h"`
}

// readAnnouncements reads a list. Either part of it may be missing.
func readAnnouncements(answer []byte) ([]Announcement, error) {
	var lists struct{ Feeds, Inst []wireAnnouncement }
	if err := json.Unmarshal(answer, &lists); err != nil {
		return nil, text.Errorf("the list of announcements cannot be read: %v", "公告列表无法解析：%v", err)
	}
	all := []Announcement{}
	for _, w := range append(lists.Feeds, lists.Inst...) {
		a := Announcement{
			ID: w.ID, Sender: UIN(w.User), Time: int64(w.Time), Text: html.UnescapeString(w.Message.Text),
			Pinned: w.Pinned == 1, Newcomers: w.Type == typeNewcomers, Readers: int(w.Readers), Read: w.Read == 1,
			AnnouncementSettings: AnnouncementSettings{
				EditCard: w.Settings.EditCard == 1, Confirm: w.Settings.Confirm == 1, TipWindow: w.Settings.TipWindow.uint32(),
			},
		}
		for _, p := range w.Message.Pics {
			a.Pictures = append(a.Pictures, AnnouncedPicture{p.ID, p.Width.uint32(), p.Height.uint32()})
		}
		all = append(all, a)
	}
	return all, nil
}

// Publish puts an announcement up and returns its id. The owner and admins may. The errors
// of a picture are those of sending one.
func (a Announcements) Publish(ctx context.Context, group GroupCode, n NewAnnouncement) (id string, err error) {
	if n.Text == "" && n.Picture == nil {
		return "", errEmptyAnnouncement
	}
	call := webCall{host: webNotices, path: announcementPublish, token: "bkn", refused: webResult("em", "ec"), form: announcementForm(group, n)}
	if n.Newcomers {
		call.path = announcementNewcome
	}
	if n.Picture != nil {
		p, err := a.upload(ctx, group, n.Picture)
		if err != nil {
			return "", a.c.inGroup(ctx, group, err)
		}
		call.form.Set("pic", p.ID)
		call.form.Set("imgWidth", fmt.Sprint(p.Width))
		call.form.Set("imgHeight", fmt.Sprint(p.Height))
	}
	answer, err := a.c.web(ctx, call)
	if err != nil {
		return "", a.c.inGroup(ctx, group, err)
	}
	var made struct {
		ID string `json:"new_fid"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return "", text.Errorf("the answer cannot be read: %v", "应答无法解析：%v", err)
	}
	return made.ID, nil
}

func announcementForm(group GroupCode, n NewAnnouncement) url.Values {
	kind := typeMembers
	if n.Newcomers {
		kind = typeNewcomers
	}
	settings := fmt.Sprintf(`{"is_show_edit_card":%d,"tip_window_type":%d,"confirm_required":%d}`, bit(n.EditCard), n.TipWindow, bit(n.Confirm))
	return url.Values{
		"qid": {fmt.Sprint(group)}, "text": {n.Text}, "pinned": {fmt.Sprint(bit(n.Pinned))}, "type": {fmt.Sprint(kind)}, "settings": {settings},
	}
}

func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// Delete takes an announcement down. The owner and admins may.
func (a Announcements) Delete(ctx context.Context, group GroupCode, id string) error {
	_, err := a.c.web(ctx, webCall{
		host: webNotices, path: announcementDelete, token: "bkn", refused: webRefusal("em", "ec"),
		form: url.Values{"fid": {id}, "qid": {fmt.Sprint(group)}, "ft": {"23"}, "op": {"1"}},
	})
	return a.c.inGroup(ctx, group, err)
}
