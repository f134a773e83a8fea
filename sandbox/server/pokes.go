package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// pokes answers pokes and their recalls.
type pokes struct{ world *world.World }

func (h *pokes) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.Poke, h.poke)
	rpc.Handle(mux, rpc.RecallPoke, h.recall)
}

// poke is a poke in a group when the request has one, whatever else it has
// (docs/protocol/messages.md 12.6).
func (h *pokes) poke(rq *request, req *oidbpb.NudgeReq) (*oidbpb.EmptyResp, error) {
	target, by := message.UIN(req.GetToUin()), rq.session.uin
	var err error
	if code := req.GetGroupCode(); code != 0 {
		_, err = h.world.Pokes().InGroup(message.GroupCode(code), by, target, world.PokeWords{})
	} else {
		_, err = h.world.Pokes().InPrivate(by, message.UIN(req.GetAioUin()), target, world.PokeWords{})
	}
	return &oidbpb.EmptyResp{}, err
}

func (h *pokes) recall(rq *request, req *oidbpb.RecallNudgeReq) (*oidbpb.EmptyResp, error) {
	tips, by := req.GetTip().GetTipsSeqId(), rq.session.uin
	if g := req.GetGroup(); g != nil {
		return &oidbpb.EmptyResp{}, h.world.Pokes().RecallInGroup(message.GroupCode(g.GetGroupCode()), by, tips)
	}
	return &oidbpb.EmptyResp{}, h.world.Pokes().RecallInPrivate(by, message.UIN(req.GetC2C().GetAioUin()), tips)
}

// Numbers of a poke's tip (docs/protocol/events.md 6).
const (
	tipPoke         = 12   // business type
	pokeBusiness    = 1061 // business id
	pokeTemplate    = 1132
	noticeOfTip     = 20 // notify type
	serviceOfTip    = 19 // service type
	noticePokeUndid = 32 // notify type
)

// pokeTip has all parameters that some client insists on, each once
// (docs/protocol/events.md 9.2).
func pokeTip(p *world.Poke) *pushpb.GeneralGrayTip {
	return &pushpb.GeneralGrayTip{
		BusinessType: tipPoke, BusinessId: pokeBusiness, ControlFlag: 7, TemplateId: pokeTemplate,
		Params: tipParams(
			"action_img_url", p.ImageURL, "action_str", p.Action, "alt_str1", p.Action, "suffix_str", p.Suffix,
			"uin_str1", uinText(p.Operator.UIN), "uin_str2", uinText(p.Target.UIN),
		),
	}
}

// tipParams makes parameters of names and values that follow each other.
func tipParams(pairs ...string) []*pushpb.GrayTipParam {
	var params []*pushpb.GrayTipParam
	for i := 0; i < len(pairs); i += 2 {
		params = append(params, &pushpb.GrayTipParam{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return params
}

// tip is push 732/20 to all members.
func (p *pushes) tip(in world.InGroup, n *pushpb.GroupNotify) {
	n.NotifyType, n.ServiceType = noticeOfTip, proto.Uint32(serviceOfTip)
	p.notice(in, noticeTip, n)
}

func (p *pushes) groupPoked(h *world.GroupPoked) {
	p.tip(h.InGroup, &pushpb.GroupNotify{
		GrayTip: pokeTip(&h.Poke), MessageSequence: h.Poke.Sequence, TipsSequence: h.Poke.Tips,
	})
}

// friendPoked goes to both sides, to each from the other one.
func (p *pushes) friendPoked(h *world.FriendPoked) {
	tip := pokeTip(&h.Poke)
	tip.TipsSequence, tip.MessageInfo = h.Poke.Tips, &pushpb.GrayTipMessageInfo{Sequence: h.Poke.Sequence}
	a, b := h.Poke.Operator, h.Poke.Peer
	p.to(b, p.accountEvent(accountTip, a.UIN, a.UID, tip))
	p.to(a, p.accountEvent(accountTip, b.UIN, b.UID, tip))
}

func (p *pushes) groupPokeRecalled(h *world.GroupPokeRecalled) {
	p.notice(h.InGroup, noticeOther, &pushpb.GroupNotify{
		NotifyType: noticePokeUndid,
		PokeRecall: &pushpb.GroupPokeRecall{
			OperatorUid: string(h.Poke.Operator.UID), GroupCode: uint64(h.Group), BusinessId: pokeBusiness, TipsSequence: h.Poke.Tips,
		},
	})
}

// friendPokeRecalled goes to both sides, from who took the poke back.
func (p *pushes) friendPokeRecalled(h *world.FriendPokeRecalled) {
	a, b := h.Poke.Operator, h.Poke.Peer
	body := &pushpb.FriendPokeRecall{
		FromUid: string(a.UID), ToUid: string(b.UID), OperatorUid: string(a.UID), BusinessId: pokeBusiness, TipsSequence: h.Poke.Tips,
	}
	for _, u := range []world.User{b, a} {
		p.to(u, p.accountEvent(accountPokeRecall, a.UIN, a.UID, body))
	}
}
