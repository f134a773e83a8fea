package world

import (
	"time"

	"libration/ntqq/message"
)

// likesPerDay is how often one account can like another one in a day
// (docs/protocol/operations.md 3.1).
const likesPerDay = 20

// likes counts the likes that an account has given today; days are those of UTC+8.
type likes struct {
	day int64
	to  map[message.UIN]uint32
}

// take counts some more likes, unless that are too many.
func (l *likes) take(to message.UIN, times uint32, now time.Time) bool {
	if day := (now.Unix() + 8*3600) / 86400; day != l.day || l.to == nil {
		*l = likes{day: day, to: map[message.UIN]uint32{}}
	}
	if times > likesPerDay || l.to[to]+times > likesPerDay {
		return false
	}
	l.to[to] += times
	return true
}

// ProfileLiked is sent when By has liked the profile of User.
type ProfileLiked struct {
	User, By User
	Times    uint32
	Time     int64 // Unix seconds
}

// Activity implements Happening.
func (h *ProfileLiked) Activity() Activity {
	return Activity{Kind: ActivityLike, User: h.User.UIN, By: h.By.UIN, Times: h.Times}
}

// ProfileChanged is sent when User has another nickname or signature. User has the new
// ones.
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

// Like likes the profile of uin, 1 to 20 times. The refusals are NotFound, BadRequest, and
// Quota above 20 times a day.
func (w Users) Like(uin, by message.UIN, times uint32) error {
	w.mu.Lock()
	defer w.done()
	liked, err := w.account(uin)
	if err != nil {
		return err
	}
	from, err := w.account(by)
	if err != nil {
		return err
	}
	now := w.now()
	switch {
	case times == 0:
		return Refuse(BadRequest, "not even one like")
	case !from.likes.take(uin, times, now):
		return Refuse(Quota, "no more than %d likes of one profile a day", likesPerDay)
	}
	w.happened(&ProfileLiked{liked.User, from.User, times, now.Unix()})
	return nil
}

// SetProfile gives an account another nickname and signature; nil leaves one as it is. The
// refusals are NotFound, and BadRequest: the nickname is empty, or a text is longer than
// 127 bytes.
func (w Users) SetProfile(uin message.UIN, nickname, sign *string) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	after := a.User
	if nickname != nil {
		after.Nickname = *nickname
	}
	if sign != nil {
		after.Sign = *sign
	}
	if after.Nickname == "" {
		return Refuse(BadRequest, "a nickname cannot be empty")
	}
	for _, text := range []string{after.Nickname, after.Sign} {
		if err := checkName(text); err != nil {
			return err
		}
	}
	if after == a.User {
		return nil
	}
	renamed := after.Nickname != a.Nickname
	a.User = after
	w.happened(&ProfileChanged{a.User, renamed, w.friendsOf(uin)})
	return nil
}
