package ntqq

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Links are the operations on web addresses and on cards that lead to them. They are safe
// for concurrent use.
type Links struct{ c *Client }

// Links returns the operations on web addresses.
func (c *Client) Links() Links { return Links{c} }

// LinkVerdict is what the service thinks of a web address.
type LinkVerdict uint8

// The values of LinkVerdict.
const (
	LinkUnknown   LinkVerdict = iota // it says neither
	LinkSafe                         // it knows it as harmless
	LinkDangerous                    // it warns people who open it
)

// Check asks the service what it thinks of a web address. The errors are those of
// [Client.Call].
func (l Links) Check(ctx context.Context, url string) (LinkVerdict, error) {
	resp, err := call(ctx, l.c, rpc.CheckURL, checkURLRequest(l.c.Self().UIN, url))
	if err != nil {
		return LinkUnknown, fmt.Errorf("check of an address: %w", err)
	}
	return linkVerdict(resp), nil
}

// urlQUA is the client version that the only known request names
// (docs/protocol/operations.md 3.7).
const urlQUA = "AQQ_2013 4.6/2013 8.4.184945&NA_0/000000&ADR&null18&linux&2017&C2293D02BEE31158&7.1.2&V3"

func checkURLRequest(self UIN, url string) *oidbpb.UrlCheckReq {
	return &oidbpb.UrlCheckReq{Body: &oidbpb.UrlCheckBody{
		Url: []string{url}, OriginalUrl: &url, SrcUrls: []string{url},
		QqPfTo: proto.String("mqq.group"), Type: proto.Uint32(2), SendUin: proto.Uint64(uint64(self)),
		ReqType: proto.String("webview"), IsArk: proto.Bool(false), IsFinish: proto.Bool(false),
		SrcPlatform: proto.Uint32(1), Qua: proto.String(urlQUA),
	}}
}

func linkVerdict(resp *oidbpb.UrlCheckResp) LinkVerdict {
	verdict := LinkUnknown
	for _, r := range resp.GetResults().GetList() {
		switch {
		case r.JumpUrl != nil:
			return LinkDangerous
		case r.GetUmrType() == 2:
			verdict = LinkSafe
		}
	}
	return verdict
}

// MiniApp is what a card of a mini-app is made of. [BilibiliApp] has the values of one app.
type MiniApp struct {
	Title, Text string
	Picture     string // address of the card's picture
	Page        string // of the mini-app, such as pages/video/video?bvid=...
	Web         string // the same as a web address, for clients without mini-apps

	// What the app is.
	AppID, SDK, Icon, Version                                         string
	Scene, TemplateType, BusinessType, VerType, ShareType, WithTicket uint32
}

// BilibiliApp returns the mini-app of bilibili.com without its content
// (docs/protocol/operations.md 3.7).
func BilibiliApp() MiniApp {
	return MiniApp{
		AppID: "1109937557", SDK: "V1_PC_MINISDK_99.99.99_1_APP_A",
		Icon:    "https://miniapp.gtimg.cn/public/appicon/51f90239b78a2e4994c11215f4c4ba15_200.jpg",
		Version: "cfc5f7b05b44b5956502edaecf9d2240",
		Scene:   1, TemplateType: 1, VerType: 3,
	}
}

// MiniAppCard is a card that the service has made and signed, as JSON.
type MiniAppCard struct {
	JSON string // as a [message.LightAppSegment] has it
	Raw  string // as the service gave it
}

// MiniAppCard has the service make the card of a mini-app. The errors are those of
// [Client.Call]; a service that does not want to make it gives no reason.
func (l Links) MiniAppCard(ctx context.Context, app MiniApp) (MiniAppCard, error) {
	resp, err := call(ctx, l.c, rpc.MiniAppCard, miniAppRequest(app, l.c.now().UnixMilli()))
	if err == nil && resp.GetContent().GetJson() == "" {
		err = errNoCard
	}
	card := MiniAppCard{Raw: resp.GetContent().GetJson()}
	if err == nil {
		card.JSON, err = cardOfRaw(card.Raw)
	}
	if err != nil {
		return MiniAppCard{}, fmt.Errorf("card of mini-app %s: %w", app.AppID, err)
	}
	return card, nil
}

func miniAppRequest(app MiniApp, now int64) *oidbpb.MiniAppShareReq {
	return &oidbpb.MiniAppShareReq{SdkId: app.SDK, Body: &oidbpb.MiniAppShareBody{
		Ext:   &oidbpb.MiniAppShareExt{Unknown2: []byte{}},
		Appid: app.AppID, Title: app.Title, Desc: app.Text, Time: uint64(now),
		Scene: app.Scene, TemplateType: app.TemplateType, BusinessType: app.BusinessType,
		PicUrl: app.Picture, VidUrl: proto.String(""), JumpUrl: app.Page, IconUrl: app.Icon,
		VerType: app.VerType, ShareType: app.ShareType, VersionId: app.Version,
		WithShareTicket: app.WithTicket, WebUrl: app.Web, AppidRich: []byte{},
		Template:  &oidbpb.MiniAppShareTemplate{TemplateId: proto.String(""), TemplateData: proto.String("")},
		Unknown20: proto.String(""),
	}}
}

// cardOfRaw makes a card as messages have it: the service names its parts otherwise.
func cardOfRaw(raw string) (string, error) {
	var parts struct {
		AppName, AppView, Ver, Desc, Prompt string
		MetaData, Config                    json.RawMessage
	}
	if err := json.Unmarshal([]byte(raw), &parts); err != nil {
		return "", fmt.Errorf("the answer is no card: %w", err)
	}
	if parts.AppName == "" {
		return "", errNoCard
	}
	card, err := json.Marshal(struct {
		App    string          `json:"app"`
		View   string          `json:"view"`
		Ver    string          `json:"ver"`
		Desc   string          `json:"desc"`
		Prompt string          `json:"prompt"`
		Meta   json.RawMessage `json:"meta,omitempty"`
		Config json.RawMessage `json:"config,omitempty"`
	}{parts.AppName, parts.AppView, parts.Ver, parts.Desc, parts.Prompt, parts.MetaData, parts.Config})
	return string(card), err
}
