package world

import (
	"cmp"
	"slices"

	"libration/ntqq/message"
)

// likesPerDay is how often one account can like another one in a day
// (docs/protocol/operations.md 3.1).
const likesPerDay = 20

// like is what one account has liked another one, in all.
type like struct {
	times  uint32
	latest int64 // Unix seconds
	day    int64 // of today
	today  uint32
}

// on returns today of another day.
func (l *like) on(day int64) uint32 {
	if l.day != day {
		return 0
	}
	return l.today
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
	l, day := from.likes[uin], dayOf(now.Unix())
	if l == nil {
		l = &like{}
	}
	switch {
	case times == 0:
		return Refuse(BadRequest, "not even one like")
	case times > likesPerDay || l.on(day)+times > likesPerDay:
		return Refuse(Quota, "no more than %d likes of one profile a day", likesPerDay)
	}
	*l = like{l.times + times, now.Unix(), day, l.on(day) + times}
	if from.likes == nil {
		from.likes = map[message.UIN]*like{}
	}
	if liked.likedBy == nil {
		liked.likedBy = map[message.UIN]*like{}
	}
	from.likes[uin], liked.likedBy[by] = l, l
	w.happened(&ProfileLiked{liked.User, from.User, times, now.Unix()})
	return nil
}

// Likes are those that one account has given to another one.
type Likes struct {
	User         User // the other one
	Times, Today uint32
	Latest       int64 // Unix seconds
}

// Likes lists whom an account has liked, or with given false who has liked it: the latest
// first. The refusal is NotFound.
func (w Users) Likes(uin message.UIN, given bool) ([]Likes, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, err := w.account(uin)
	if err != nil {
		return nil, err
	}
	of := a.likedBy
	if given {
		of = a.likes
	}
	var list []Likes
	day := dayOf(w.now().Unix())
	for other, l := range of {
		list = append(list, Likes{w.user(other), l.times, l.on(day), l.latest})
	}
	slices.SortFunc(list, func(a, b Likes) int {
		return cmp.Or(cmp.Compare(b.Latest, a.Latest), cmp.Compare(a.User.UIN, b.User.UIN))
	})
	return list, nil
}

// unlike takes an account out of what others have liked; mu is held.
func (w *state) unlike(uin message.UIN) {
	for _, other := range w.users {
		delete(other.likes, uin)
		delete(other.likedBy, uin)
	}
}
