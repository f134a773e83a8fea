package server

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// links answers what is asked about web addresses, and makes cards that lead to them.
type links struct{ world *world.World }

func (h *links) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.CheckURL, h.check)
	rpc.Handle(mux, rpc.MiniAppCard, h.miniApp)
}

// warningPage is where a dangerous address leads to; its form is ours.
const warningPage = "https://c.pc.qq.com/middlem.html?pfurl="

func (h *links) check(_ *request, req *oidbpb.UrlCheckReq) (*oidbpb.UrlCheckResp, error) {
	results := &oidbpb.UrlCheckResults{}
	for _, address := range req.GetBody().GetUrl() {
		verdict, err := h.world.Links().Verdict(address)
		if err != nil {
			return nil, err
		}
		r := &oidbpb.UrlCheckResult{Url: proto.String(address), UmrType: proto.Uint32(0)}
		switch verdict {
		case world.LinkSafe:
			r.UmrType = proto.Uint32(2)
		case world.LinkDangerous:
			r.JumpUrl = proto.String(warningPage + url.QueryEscape(address))
		}
		results.List = append(results.List, r)
	}
	if len(results.List) == 0 {
		return nil, world.Refuse(world.BadRequest, "no address")
	}
	return &oidbpb.UrlCheckResp{Wording: proto.String(""), Results: results}, nil
}

// miniAppDetail is what a mini-app's card says.
type miniAppDetail struct {
	AppID    string `json:"appid"`
	AppType  int    `json:"appType"`
	Title    string `json:"title"`
	Desc     string `json:"desc"`
	Icon     string `json:"icon"`
	Preview  string `json:"preview"`
	URL      string `json:"url"`
	DocURL   string `json:"qqdocurl"`
	Scene    uint32 `json:"scene"`
	Template string `json:"shareTemplateId"`
	Host     struct {
		UIN  message.UIN `json:"uin"`
		Nick string      `json:"nick"`
	} `json:"host"`
}

// miniAppTemplate is the one that cards of mini-apps name.
const miniAppTemplate = "8C8E89B49BE609866298ADDFF2DBABA4"

// miniApp makes a card with the parts that cards in chats have. A request without an app or
// a title is answered without a card (docs/protocol/operations.md 7.3).
func (h *links) miniApp(rq *request, req *oidbpb.MiniAppShareReq) (*oidbpb.MiniAppShareResp, error) {
	asked := req.GetBody()
	if req.GetSdkId() == "" || asked.GetAppid() == "" || asked.GetTitle() == "" {
		return &oidbpb.MiniAppShareResp{}, nil
	}
	user, _ := h.world.Users().Find(rq.session.uin)
	sum := md5.Sum(fmt.Append(nil, user.UIN, asked.GetAppid(), asked.GetTitle(), asked.GetTime()))
	token := hex.EncodeToString(sum[:])
	detail := miniAppDetail{
		AppID: asked.GetAppid(), Title: asked.GetTitle(), Desc: asked.GetDesc(), Icon: asked.GetIconUrl(),
		Preview: asked.GetPicUrl(), URL: "m.q.qq.com/a/s/" + token, DocURL: asked.GetWebUrl(), Template: miniAppTemplate,
	}
	detail.Host.UIN, detail.Host.Nick = user.UIN, user.Nickname
	card, err := json.Marshal(map[string]any{
		"appName": "com.tencent.miniapp_01", "appView": "view_" + miniAppTemplate, "ver": "1.0.0.19",
		"desc": "", "prompt": "[QQ小程序]" + asked.GetTitle(), "metaData": map[string]any{"detail_1": detail},
		"config": map[string]string{"type": "normal", "ctime": strconv.FormatUint(asked.GetTime()/1000, 10), "token": token},
	})
	return &oidbpb.MiniAppShareResp{Content: &oidbpb.MiniAppShareContent{Json: string(card)}}, err
}
