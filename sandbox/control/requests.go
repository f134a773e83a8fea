package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// requests are those about groups.
type requests struct{ world *world.World }

// noticeView is an entry of an account's notification lists in JSON.
type noticeView struct {
	Sequence  uint64            `json:"sequence"`
	Kind      string            `json:"kind"`
	State     string            `json:"state"`
	Group     message.GroupCode `json:"group"`
	GroupName string            `json:"group_name"`
	Target    message.UIN       `json:"target,omitempty"`
	Inviter   message.UIN       `json:"inviter,omitempty"`
	Operator  message.UIN       `json:"operator,omitempty"`
	Comment   string            `json:"comment"`
	Filtered  bool              `json:"filtered"`
	Time      int64             `json:"time"`
}

// noticeKinds are the kinds as people call them.
var noticeKinds = map[world.NoticeKind]string{
	world.NoticeJoin: "join", world.NoticeInvitation: "invitation", world.NoticeInvitedJoin: "invited_join",
	world.NoticeAdminSet: "admin_set", world.NoticeAdminUnsetMe: "admin_unset_me", world.NoticeAdminUnset: "admin_unset",
	world.NoticeKicked: "kicked", world.NoticeKickedMe: "kicked_me", world.NoticeLeft: "left",
	world.NoticeInvitationRefused: "invitation_refused", world.NoticeInvitationAccepted: "invitation_accepted",
	world.NoticeJoinRefused: "join_refused", world.NoticeJoinAccepted: "join_accepted",
}

// noticeStates are the states as people call them, by their numbers.
var noticeStates = []string{"told", "pending", "accepted", "refused", "ignored", "handled"}

// verdicts are what may be decided.
var verdicts = map[string]world.NoticeState{
	"accept": world.NoticeAccepted, "refuse": world.NoticeRefused, "ignore": world.NoticeIgnored,
}

func viewNotice(n world.Notice) noticeView {
	return noticeView{
		Sequence: n.Sequence, Kind: noticeKinds[n.Kind], State: noticeStates[n.State], Group: n.Group, GroupName: n.GroupName,
		Target: n.Target.UIN, Inviter: n.Inviter.UIN, Operator: n.Operator.UIN, Comment: n.Comment,
		Filtered: n.Filtered, Time: n.Time,
	}
}

// list shows what is in the lists of an account, newest first, the filtered entries last.
func (h requests) list(r *http.Request) (any, error) {
	uin, err := queryNumber[message.UIN](r, "user")
	if err != nil {
		return nil, err
	}
	if _, ok := h.world.Users().Find(uin); !ok {
		return nil, fail(http.StatusNotFound, "no user %d", uin)
	}
	views := []noticeView{}
	for _, filtered := range []bool{false, true} {
		for _, n := range h.world.Notices().Of(uin, filtered) {
			views = append(views, viewNotice(n))
		}
	}
	return views, nil
}

// sequence names a request that was made; 0: there was nothing to decide.
type sequence struct {
	Sequence uint64 `json:"sequence"`
}

// ask asks for somebody to be let into a group.
func (h requests) ask(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		UIN      message.UIN `json:"uin"`
		Text     string      `json:"text"`
		Filtered bool        `json:"filtered"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	made, err := h.world.Requests().Ask(world.Join{Group: code, User: body.UIN, Text: body.Text, Filtered: body.Filtered})
	return created{sequence{made}}, err
}

// invite invites somebody as by, 0 for the owner.
func (h requests) invite(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		By  message.UIN `json:"by"`
		UIN message.UIN `json:"uin"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	made, err := h.world.Requests().Invite(code, body.By, body.UIN)
	return created{sequence{made}}, err
}

// answer decides about a request.
func (h requests) answer(r *http.Request) (any, error) {
	var body struct {
		User     message.UIN `json:"user"`
		Sequence uint64      `json:"sequence"`
		Verdict  string      `json:"verdict"`
		Reason   string      `json:"reason"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	verdict, ok := verdicts[body.Verdict]
	if !ok {
		return nil, fail(http.StatusBadRequest, "verdict %q is none of accept, refuse and ignore", body.Verdict)
	}
	return struct{}{}, h.world.Requests().Answer(body.User, body.Sequence, verdict, body.Reason)
}
