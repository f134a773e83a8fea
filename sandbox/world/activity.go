package world

import "libration/ntqq/message"

// The kinds of activity.
const (
	ActivityUser          = "user" // added
	ActivityUserRemoved   = "user_removed"
	ActivityGroup         = "group"   // founded
	ActivityMessage       = "message" // sent
	ActivityRecall        = "recall"
	ActivityFriendAdded   = "friend_added"
	ActivityFriendRemoved = "friend_removed"
	ActivityFriendRemark  = "friend_remark"
	ActivityFriendRequest = "friend_request"
	ActivityFriendAnswer  = "friend_request_refused"
	ActivityLike          = "like"    // of a profile
	ActivityProfile       = "profile" // what it shows of itself
	ActivityStatus        = "status"
	ActivityJoin          = "join"
	ActivityLeave         = "leave"
	ActivityKick          = "kick"
	ActivityDissolve      = "dissolve"
	ActivityAdmin         = "admin"
	ActivityCard          = "card"
	ActivityTitle         = "title"
	ActivityRename        = "rename"
	ActivityOwner         = "owner"  // User is the new one, By the one before
	ActivityAvatar        = "avatar" // of a group
	ActivityUserAvatar    = "user_avatar"
	ActivityMute          = "mute"
	ActivityMuteAll       = "mute_all"
	ActivityPoke          = "poke"
	ActivityPokeRecall    = "poke_recall"
	ActivityHonor         = "honor"
	ActivityLuckyKing     = "lucky_king"
	ActivityTip           = "tip"
	ActivityEnter         = "enter"
	ActivityAlbum         = "album"
	ActivityRobot         = "robot"
	ActivityButton        = "button" // of the robot User, pressed by By
	ActivityRestrict      = "restrict"
	ActivityTyping        = "typing"
	ActivityVoiceText     = "voice_text"
	ActivityOnlineFile    = "online_file"
	ActivityReaction      = "reaction"
	ActivityEssence       = "essence"
	ActivityAnnouncement  = "announcement" // put up, or taken down
	ActivityTodo          = "todo"
	ActivitySignIn        = "sign_in"
	ActivityPin           = "pin" // of User, with the friend Peer or the Group
	ActivityJoinPolicy    = "join_policy"
	ActivityJoinRequest   = "join_request"
	ActivityInvitedJoin   = "invited_join_request"
	ActivityInvitation    = "invitation"
	ActivitySettled       = "request_settled"
	ActivityOnline        = "client_online"
	ActivityOffline       = "client_offline"
	ActivityReset         = "reset"   // everything is as at the beginning
	ActivityQR            = "qr"      // a QR login was created or changed its state
	ActivityCaptcha       = "captcha" // of a login of User: it waits, or was used
)

// Activity is a happening in one form for all kinds, for people who watch. Fields that do
// not apply are zero.
type Activity struct {
	Kind string `json:"kind"`
	// Time is Unix milliseconds.
	Time  int64             `json:"time"`
	Group message.GroupCode `json:"group,omitempty"`
	// User is the subject: the sender, the member, the account.
	User message.UIN `json:"user,omitempty"`
	// Peer is the other side of a private chat or friendship.
	Peer message.UIN `json:"peer,omitempty"`
	// By is who did it to User; 0 where nobody else did.
	By       message.UIN `json:"by,omitempty"`
	Sequence uint64      `json:"sequence,omitempty"`
	Text     string      `json:"text,omitempty"`
	// ID is that of a QR login, a captcha, an announcement or a button.
	ID      string `json:"id,omitempty"`
	On      bool   `json:"on,omitempty"`
	Seconds uint32 `json:"seconds,omitempty"`
	// Times is how many likes there were.
	Times uint32 `json:"times,omitempty"`
	// Message is the message of ActivityMessage: read-only.
	Message *Message `json:"-"`
}

type watcher struct{ c chan Activity }

// Watch returns a channel of what happens from now on, and a function that ends it. The
// channel holds buffer activities, at least 1. A watcher whose buffer is full is cut off:
// its channel is closed. The end function closes the channel too. It may be called more
// than once.
func (w *World) Watch(buffer int) (<-chan Activity, func()) {
	watch := &watcher{c: make(chan Activity, max(buffer, 1))}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers[watch] = struct{}{}
	return watch.c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.unwatch(watch)
	}
}

// Watchers returns the number of watchers.
func (w *World) Watchers() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.watchers)
}

func (w *state) unwatch(watch *watcher) {
	if _, watching := w.watchers[watch]; watching {
		delete(w.watchers, watch)
		close(watch.c)
	}
}

// Note shows the watchers something that happened outside the world. With Time 0 it
// happened now.
func (w *World) Note(a Activity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(a)
}

// show shows the watchers what was reported; mu is held.
func (w *state) show(batch []report) {
	if len(w.watchers) == 0 {
		return
	}
	for _, t := range batch {
		w.note(t.happening.Activity())
	}
}

// note gives an activity to all watchers; mu is held.
func (w *state) note(a Activity) {
	if a.Time == 0 {
		a.Time = w.now().UnixMilli()
	}
	for watch := range w.watchers {
		select {
		case watch.c <- a:
		default:
			w.unwatch(watch)
		}
	}
}
