package e2e

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
)

// resident is one of our accounts with its bot. Its client runs or, while it is away, does
// not.
type resident struct {
	p        *together
	uin      message.UIN
	keys     *ntqq.MemoryKeystore
	progress *memoryProgress
	client   *account // nil while it is away
	killed   *atomic.Bool
	call     func(action, params string) *onebot.Response

	mu    sync.Mutex // guards heard
	heard []heardEvent

	// What it has to hear.
	wants   []*want
	asked   map[uint64]*want // by the sequence of the request
	read    uint64           // of its notification lists
	members map[message.GroupCode]bool
	broken  bool      // the connection broke a moment ago
	reset   time.Time // of the world, the last one

	flags   []*botRequest
	dialect *gateway.Subscription

	// Of whom it cannot know: who has ended the friendship without a word; who was
	// renamed and was no friend.
	silent, renamed map[message.UIN]bool
	wooed           map[message.UIN]bool // who has asked to be a friend
}

// heardEvent is an event: what it says, in which conversation.
type heardEvent struct{ key, chat string }

// botRequest is a request that the bot got.
type botRequest struct {
	Kind    string      `json:"request_type"`
	Sub     string      `json:"sub_type"`
	Flag    string      `json:"flag"`
	Comment string      `json:"comment"`
	User    message.UIN `json:"user_id"`
}

func newResident(p *together, uin message.UIN) *resident {
	r := &resident{
		p: p, uin: uin, keys: &ntqq.MemoryKeystore{}, progress: &memoryProgress{},
		asked: map[uint64]*want{}, silent: map[message.UIN]bool{}, wooed: map[message.UIN]bool{}, renamed: map[message.UIN]bool{},
	}
	r.belong()
	return r
}

// belong notes the groups that it is in.
func (r *resident) belong() {
	r.members = map[message.GroupCode]bool{}
	for _, g := range r.p.world.Groups().Of(r.uin) {
		r.members[g.Code] = true
	}
}

// comeBack starts its program, unless it runs.
func (r *resident) comeBack() {
	if r.client != nil {
		return
	}
	t := r.p.t
	killed, ready := &atomic.Bool{}, make(chan struct{})
	var d *onebot.Dialect
	a := r.p.account(t, r.keys, func(o *ntqq.Options) {
		o.Progress = &mortalProgress{r.progress, killed}
		o.Handler = func(e event.Event) {
			<-ready
			if killed.Load() {
				return
			}
			r.hear(e)
			switch e.(type) {
			case *event.Message, *event.MessageRecalled:
			default:
				d.Gateway().Handle(t.Context(), e)
			}
		}
	})
	d = onebot.New(onebot.Options{Client: a.Client, Gateway: gateway.New(gateway.Options{Account: a.Client, Store: noMessages{}})})
	r.dialect = d.Gateway().Subscribe(gateway.Selection{Form: d.Form(onebot.FormatArray)})
	r.client, r.killed, r.call = a, killed, a.calls(d)
	close(ready)
	a.wait("being online or a code", func(st ntqq.State) bool {
		if st.QR != nil {
			for _, code := range r.p.PendingQR() {
				_ = r.p.ApproveQR(code.ID, r.uin)
			}
		}
		return st.Online()
	})
	synctest.Wait()
	clear(r.silent) // all lists are read
	clear(r.renamed)
}

// goAway ends its program: suddenly, so that nothing more is saved, or in order.
func (r *resident) goAway(suddenly bool) {
	if r.client == nil {
		return
	}
	r.p.notice("before it goes away")
	if suddenly {
		r.killed.Store(true)
	}
	r.client.stop()
	r.requests()
	r.dialect.Close()
	r.cut(suddenly)
	r.client = nil
}

// mortalProgress saves nothing once the program was killed.
type mortalProgress struct {
	*memoryProgress
	killed *atomic.Bool
}

func (p *mortalProgress) Save(d *ntqq.Delivered) error {
	if p.killed.Load() {
		return nil
	}
	return p.memoryProgress.Save(d)
}

// noMessages is a store of a bot that hears of no messages.
type noMessages struct{ gateway.Store }

// hear notes an event.
func (r *resident) hear(e event.Event) {
	var h heardEvent
	friend := func(who event.Person, what string) {
		chat := fmt.Sprint("friend ", who.UIN)
		h = heardEvent{chat + " " + what, chat}
	}
	inGroup := func(group message.GroupCode, format string, args ...any) {
		h = heardEvent{fmt.Sprintf("%d: ", group) + fmt.Sprintf(format, args...), fmt.Sprint(group)}
	}
	asks := func(group message.GroupCode, sequence uint64, who event.Person) {
		inGroup(group, "request %d", sequence)
		if sequence == 0 {
			h = heardEvent{unnumbered(group, who.UIN), ""}
		}
	}
	switch e := e.(type) {
	case *event.Message:
		if e.Chat.Kind == message.Group {
			inGroup(e.Chat.Group, "said %d", e.Sequence)
			h.chat += " messages"
		} else {
			return
		}
	case *event.FriendAdded:
		friend(e.Friend, "added")
	case *event.FriendRequest:
		friend(e.Requester, "request")
	case *event.FriendRemoved:
		friend(e.Friend, "removed")
	case *event.FriendRenamed:
		friend(e.Friend, "renamed to "+e.Nickname)
	case *event.GroupMemberIncrease:
		inGroup(e.Group, "in %d", e.Member.UIN)
	case *event.GroupMemberDecrease:
		inGroup(e.Group, "out %d", e.Member.UIN)
	case *event.GroupLeft:
		inGroup(e.Group, "left")
	case *event.GroupAdminChanged:
		inGroup(e.Group, "admin %d %t", e.Member.UIN, e.Admin)
	case *event.GroupTitleChanged:
		inGroup(e.Group, "title %d %s", e.Member.UIN, e.Title)
	case *event.GroupNameChanged:
		inGroup(e.Group, "name %s", e.NewName)
	case *event.GroupMuted:
		inGroup(e.Group, "mute %d %t", e.Member.UIN, e.Duration > 0)
	case *event.GroupJoinRequest:
		asks(e.Group, e.Request, e.Applicant)
	case *event.GroupInvitedJoinRequest:
		asks(e.Group, e.Request, e.Inviter)
	case *event.GroupInvitation:
		asks(e.Group, e.Request, e.Inviter)
	case *event.GroupJoinRejected:
		inGroup(e.Group, "rejected")
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, h)
	if r.p.trace {
		r.p.t.Logf("        %d hears %+v", r.uin, h)
	}
}

// requests takes the requests that the bot has got.
func (r *resident) requests() {
	synctest.Wait()
	frames, err := r.dialect.Take(nil, 1000)
	if err != nil {
		r.p.t.Fatal(err)
	}
	for _, frame := range frames {
		var q botRequest
		if json.Unmarshal(frame, &q) == nil && q.Kind != "" {
			r.flags = append(r.flags, &q)
		}
	}
}

// unnumbered is the key of a request whose sequence is not known.
func unnumbered(group message.GroupCode, asker message.UIN) string {
	return fmt.Sprintf("%d: request of %d", group, asker)
}
