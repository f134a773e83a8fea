package event

import "libration/internal/pb/pushpb"

// FriendRequest is sent when somebody asks to be a friend of the account. It waits for an
// answer, which names Requester.UID: Client.Requests().AnswerFriend. A request that came
// while the account was away is sent when it is online again.
type FriendRequest struct {
	Requester Person
	Message   string // what was written with the request; may be ""
	Source    string // where it came from, in the service's words; may be ""
	Time      int64  // Unix seconds
}

func (*FriendRequest) Name() string     { return "friend_request" }
func (e *FriendRequest) When() int64    { return e.Time }
func (e *FriendRequest) People() People { return others(&e.Requester) }
func (*FriendRequest) Stale() Stale     { return Stale{} }

// friendRequest reads a request. Those of the account itself come, too: they say nothing
// new.
func (p *push) friendRequest() {
	var b pushpb.FriendRequestPush
	if !p.decode(p.content, &b) {
		return
	}
	body := b.GetBody()
	if body == nil {
		p.incomplete()
		return
	}
	who := p.personIn(body, 2, body.GetSourceUid())
	if who == (Person{}) {
		who = p.sender()
	}
	switch {
	case who == (Person{}):
		p.incomplete()
		return
	case p.isSelf(who):
		p.ignore()
		return
	}
	source := body.GetSource()
	if source == "" {
		source = body.GetSourceNew()
	}
	p.emit(&FriendRequest{Requester: who, Message: body.GetMessage(), Source: source, Time: p.time(0)})
}
