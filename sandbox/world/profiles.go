package world

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"libration/ntqq/message"
)

// Details are what an account shows of itself besides [User]; each is empty when not set.
type Details struct {
	Country, Region, City string
	School, Mail, Phone   string
	Birthday              Date
	Labels                []string // at most 20
	VIP                   VIP
	// LoginDays are the days on which a client of the account was online.
	LoginDays uint32
}

// Date is a day; its zero value is none.
type Date struct {
	Year       uint16
	Month, Day uint8
}

// String is as in 2000-12-31.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// ParseDate reads what String writes of a day that is one.
func ParseDate(s string) (Date, error) {
	day, err := time.Parse(time.DateOnly, s)
	return Date{Year: uint16(day.Year()), Month: uint8(day.Month()), Day: uint8(day.Day())}, err
}

// VIP is a paid membership; its zero value is none.
type VIP struct {
	Level       uint32
	Year, Super bool
}

const maxLabels = 20

// ProfileChanged is sent when User, or its [Details], are others. User is the new one.
type ProfileChanged struct {
	User User
	// Renamed: the nickname is another one.
	Renamed bool
	// Friends are those who have User among their friends, ascending.
	Friends []message.UIN
}

// Activity implements Happening.
func (h *ProfileChanged) Activity() Activity {
	return Activity{Kind: ActivityProfile, User: h.User.UIN, Text: h.User.Nickname}
}

// UserAvatarChanged is sent when User, an account, has given itself another picture.
type UserAvatarChanged struct{ User User }

// Activity implements Happening.
func (h *UserAvatarChanged) Activity() Activity {
	return Activity{Kind: ActivityUserAvatar, User: h.User.UIN}
}

// SetAvatar gives an account a picture. The refusal is NotFound, of a picture that is not
// kept too.
func (w Users) SetAvatar(uin message.UIN, avatar Blob) error {
	if _, kept := (Media{w.media}).Find(avatar.MD5, avatar.SHA1, avatar.Size); !kept {
		return Refuse(NotFound, "no such picture")
	}
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	a.Avatar = avatar
	w.happened(&UserAvatarChanged{a.User})
	return nil
}

// Details returns the details of an account, empty ones of an unknown account.
func (w Users) Details(uin message.UIN) Details {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.copyDetails()
	}
	return Details{}
}

func (a *account) copyDetails() Details {
	if a.details == nil {
		return Details{}
	}
	d := *a.details
	d.Labels = slices.Clone(d.Labels)
	return d
}

// Edit changes what an account shows of itself. edit must not call the world; what it does
// to UIN, UID, RegisterTime and Avatar has no effect. The refusals are NotFound, and
// BadRequest: the nickname is empty, a text is longer than 127 bytes, there are more than
// 20 labels, or no such sex or day.
func (w Users) Edit(uin message.UIN, edit func(*User, *Details)) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	after, details := a.User, a.copyDetails()
	edit(&after, &details)
	after.UIN, after.UID, after.RegisterTime, after.Avatar = a.UIN, a.UID, a.RegisterTime, a.Avatar
	if err := checkProfile(after, details); err != nil {
		return err
	}
	if after == a.User && reflect.DeepEqual(details, a.copyDetails()) {
		return nil
	}
	renamed := after.Nickname != a.Nickname
	a.User, a.details = after, &details
	w.happened(&ProfileChanged{a.User, renamed, w.friendsOf(uin)})
	return nil
}

func checkProfile(u User, d Details) error {
	_, noDay := ParseDate(d.Birthday.String())
	switch {
	case u.Nickname == "":
		return Refuse(BadRequest, "a nickname cannot be empty")
	case u.Sex > 2 && u.Sex != SexHidden:
		return Refuse(BadRequest, "no sex %d", u.Sex)
	case d.Birthday != Date{} && noDay != nil:
		return Refuse(BadRequest, "there is no day %s", d.Birthday)
	case len(d.Labels) > maxLabels:
		return Refuse(BadRequest, "more than %d labels", maxLabels)
	}
	texts := append([]string{u.Nickname, u.Sign, u.QID, d.Country, d.Region, d.City, d.School, d.Mail, d.Phone}, d.Labels...)
	for _, text := range texts {
		if err := checkName(text); err != nil {
			return err
		}
	}
	return nil
}

// CameOnline counts the day, where it is the first time of the day that a client of the
// account is online. Of an unknown account nothing happens.
func (w Users) CameOnline(uin message.UIN) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.users[uin]
	if a == nil || a.onlineDay == dayOf(w.now().Unix()) {
		return
	}
	details := a.copyDetails()
	details.LoginDays++
	a.details, a.onlineDay = &details, dayOf(w.now().Unix())
}
