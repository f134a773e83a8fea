package world

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"libration/ntqq/message"
)

// Limits of announcements (ours).
const (
	maxAnnouncement  = 9000 // bytes of text
	maxAnnouncements = 100  // of a group
	maxAnnounced     = 10   // pictures of one
)

// Announcement is a notice that the owner or an admin put up for the members of a group.
type Announcement struct {
	// ID, By and Time, Unix seconds, are set by Publish.
	ID       string
	By       User
	Time     int64
	Text     string
	Pictures []AnnouncedPicture
	// Pinned ones are listed first.
	Pinned bool
	// Newcomers is whether everybody who joins is shown it.
	Newcomers bool
	// EditCard asks members to change their card. Confirm asks them to confirm that they
	// have read it.
	EditCard, Confirm bool
	// TipWindow says how it pops up, in the service's numbers.
	TipWindow uint32
	// Readers is how many members have seen it in the list.
	Readers int
	// Read is whether the one who asks has.
	Read bool
}

// AnnouncedPicture is a picture of an announcement, of which [Media] has the bytes.
type AnnouncedPicture struct {
	Blob
	Width, Height uint32
}

type announcement struct {
	Announcement
	readers map[message.UIN]bool // nil: nobody
}

// AnnouncementChanged is sent when By put up an announcement, or with On false took one
// down.
type AnnouncementChanged struct {
	InGroup
	By           User
	Announcement Announcement
	On           bool
}

// Activity implements Happening.
func (h *AnnouncementChanged) Activity() Activity {
	return Activity{Kind: ActivityAnnouncement, Group: h.Group, By: h.By.UIN, ID: h.Announcement.ID, Text: h.Announcement.Text, On: h.On}
}

// Announcements holds what groups have put up.
type Announcements struct{ *state }

// Announcements returns the operations on announcements.
func (w *World) Announcements() Announcements { return Announcements{&w.state} }

// Publish puts an announcement up; a card of it follows in the chat. by is the owner, also
// 0, or an admin. The refusals are BadRequest, NotFound, also of a picture, NotMember,
// NoPermission and Quota.
func (w Announcements) Publish(code message.GroupCode, by message.UIN, a Announcement) (Announcement, error) {
	w.mu.Lock()
	defer w.done()
	g, by, err := w.announcer(code, by)
	if err != nil {
		return Announcement{}, err
	}
	switch {
	case a.Text == "" && len(a.Pictures) == 0:
		return Announcement{}, Refuse(BadRequest, "the announcement is empty")
	case len(a.Text) > maxAnnouncement:
		return Announcement{}, Refuse(BadRequest, "text of %d bytes is longer than %d", len(a.Text), maxAnnouncement)
	case !utf8.ValidString(a.Text):
		return Announcement{}, Refuse(BadRequest, "text is not valid UTF-8")
	case len(a.Pictures) > maxAnnounced:
		return Announcement{}, Refuse(BadRequest, "more than %d pictures", maxAnnounced)
	case len(g.announcements) >= maxAnnouncements:
		return Announcement{}, Refuse(Quota, "the group has %d announcements already", maxAnnouncements)
	}
	for _, p := range a.Pictures {
		if _, kept := (Media{w.media}).FindSHA1(p.SHA1); !kept {
			return Announcement{}, Refuse(NotFound, "no such picture")
		}
	}
	a.ID = fmt.Sprintf("%016x%016x", w.rng.Uint64(), w.rng.Uint64())
	a.By, a.Time, a.Pictures, a.Readers, a.Read = w.user(by), w.now().Unix(), slices.Clone(a.Pictures), 0, false
	g.announcements = append(g.announcements, &announcement{Announcement: a})
	w.happened(&AnnouncementChanged{g.in(), a.By, a, true})
	w.post(&Send{From: by, Group: code, Parts: Parts(announcementCard(code, a))}, nil)
	return a, nil
}

// announcementCard is the card that follows in the chat (docs/protocol/operations.md 7.3).
func announcementCard(code message.GroupCode, a Announcement) *message.LightAppSegment {
	title, text := "群公告", base64.StdEncoding.EncodeToString([]byte(a.Text))
	card, _ := json.Marshal(map[string]any{
		"app": "com.tencent.mannounce", "view": "main", "ver": "1.0.0.43", "desc": title, "prompt": "[" + title + "]" + a.Text,
		"meta": map[string]any{"mannounce": map[string]any{
			"encode": 1, "fid": a.ID, "gc": fmt.Sprint(code), "title": base64.StdEncoding.EncodeToString([]byte(title)), "text": text,
		}},
	})
	return message.LightApp(string(card))
}

// List returns the announcements of a group as a member sees them: the pinned ones, then
// the others, the newest first. With mark they count as read by the member. The refusals
// are NotFound and NotMember.
func (w Announcements) List(code message.GroupCode, reader message.UIN, mark bool) ([]Announcement, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, err := w.member(code, reader)
	if err != nil {
		return nil, err
	}
	list := []Announcement{}
	for _, a := range slices.Backward(g.announcements) {
		shown := a.Announcement
		shown.Pictures = slices.Clone(a.Pictures)
		shown.Readers, shown.Read = len(a.readers), a.readers[reader]
		if mark && !shown.Read {
			if a.readers == nil {
				a.readers = map[message.UIN]bool{}
			}
			a.readers[reader] = true
		}
		list = append(list, shown)
	}
	slices.SortStableFunc(list, func(a, b Announcement) int {
		switch {
		case a.Pinned == b.Pinned:
			return 0
		case a.Pinned:
			return -1
		}
		return 1
	})
	return list, nil
}

// Delete takes an announcement down. by is the owner, also 0, or an admin. The refusals are
// NotFound, NotMember and NoPermission.
func (w Announcements) Delete(code message.GroupCode, id string, by message.UIN) error {
	w.mu.Lock()
	defer w.done()
	g, by, err := w.announcer(code, by)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(g.announcements, func(a *announcement) bool { return a.ID == id })
	if i < 0 {
		return Refuse(NotFound, "the group has no announcement %q", shorten(id))
	}
	gone := g.announcements[i].Announcement
	g.announcements = slices.Delete(g.announcements, i, i+1)
	w.happened(&AnnouncementChanged{g.in(), w.user(by), gone, false})
	return nil
}

// announcer resolves who changes the announcements of a group; mu is held.
func (w Announcements) announcer(code message.GroupCode, by message.UIN) (*group, message.UIN, error) {
	g, by, role, err := w.actor(code, by)
	if err == nil && role == message.RoleMember {
		err = Refuse(NoPermission, "%d may not change the announcements", by)
	}
	return g, by, err
}
