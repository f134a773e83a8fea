package onebot

import (
	"context"
	"encoding/json"
	"math"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func cardActions() []row {
	share := text.T("Returns the signed card that recommends an account or a group, to be sent as a json segment. Nothing is sent.",
		"返回推荐好友或群的卡片（已由服务器签名），可作为 json 消息段发送；本动作不发送消息。")
	shareGroup := text.T("Returns the signed card that recommends a group, as a text, to be sent as a json segment. Nothing is sent.", "返回推荐群的卡片（字符串，已由服务器签名），可作为 json 消息段发送；本动作不发送消息。")
	return []row{
		table.Of("send_ark_share", rare, Lookups, share, sendArkShare),
		table.Of("ArkSharePeer", rare, Lookups, share, sendArkShare),
		table.Of("send_group_ark_share", rare, Lookups, shareGroup, sendGroupArkShare),
		table.Of("ArkShareGroup", rare, Lookups, shareGroup, sendGroupArkShare),
		table.Of("get_mini_app_ark", rare, Lookups, text.T("Returns the signed card of a mini-app, to be sent as a json segment. Nothing is sent.",
			"返回小程序卡片（已由服务器签名），可作为 json 消息段发送；本动作不发送消息。"), getMiniAppArk),
		table.Of("get_music_ark", lagrange, Lookups, text.T("Returns the card of a song, made by the card signer (onebot.music_sign_url), to be sent as a json segment. Nothing is sent.",
			"返回音乐卡片（由签名服务 onebot.music_sign_url 生成），可作为 json 消息段发送；本动作不发送消息。"), getMusicArk, table.Fails(apiError, noCard)),
		table.Of("check_url_safely", common, Lookups, text.T("Returns what the service thinks of a web address.", "返回服务器对网址安全性的判定。"), checkURLSafely),
	}
}

type arkShareParams struct {
	User  message.UIN       `param:"user_id,optional" en:"Whom to recommend; this or group_id." zh:"要推荐的账号；与 group_id 二选一。"`
	Group message.GroupCode `param:"group_id,optional" en:"Which group to recommend." zh:"要推荐的群。"`
	Phone string            `param:"phone_number|phoneNumber,optional" en:"Without effect: the service finds the account by its number." zh:"没有作用：服务器按账号查找。"`
}

// arkShareResult has the names of both forms that clients know.
type arkShareResult struct {
	Message string `json:"arkMsg" en:"The card, JSON as a text." zh:"卡片，JSON 字符串。"`
	JSON    string `json:"arkJson" en:"The same." zh:"同上。"`
}

func sendArkShare(ctx context.Context, a *account, p arkShareParams) (arkShareResult, error) {
	var card string
	var err error
	switch {
	case (p.User == 0) == (p.Group == 0):
		return arkShareResult{}, &table.Wrong{Name: "user_id", What: text.T("is needed, or group_id, not both", "必填，或填 group_id，两者只填其一")}
	case p.User != 0:
		card, err = a.client.Users().ContactCard(ctx, p.User)
	default:
		card, err = a.client.Groups().ContactCard(ctx, p.Group)
	}
	return arkShareResult{card, card}, err
}

func sendGroupArkShare(ctx context.Context, a *account, p oneGroupParams) (string, error) {
	return a.client.Groups().ContactCard(ctx, p.Group)
}

// miniAppParams are a template with its content, or all values of an app
// (docs/protocol/onebot11.md b.5).
type miniAppParams struct {
	Type    string `param:"type,optional" enum:"bili,weibo" en:"Takes the values of this app. Those of weibo are not known: give them." zh:"使用该应用的参数。weibo 的参数未知，需要全部给出。"`
	Title   string `param:"title" en:"Title." zh:"标题。"`
	Text    string `param:"desc" en:"Text below it." zh:"描述。"`
	Picture string `param:"picUrl" en:"Address of the picture." zh:"图片网址。"`
	Page    string `param:"jumpUrl" en:"Page of the mini-app, such as pages/video/video?bvid=..." zh:"小程序内的页面路径，例如 pages/video/video?bvid=..."`
	Web     string `param:"webUrl,optional" en:"The same as a web address." zh:"对应的网页网址。"`
	Raw     bool   `param:"rawArkData,default=false" en:"Whether the card is returned as the service made it: it cannot be sent so." zh:"是否返回服务器给出的原始数据（不能直接发送）。"`

	AppID    string `param:"appId,optional" en:"Number of the app. This, sdkId, iconUrl and versionId are needed without a known type." zh:"应用编号。没有已知 type 时，此项及 sdkId、iconUrl、versionId 必填。"`
	SDK      string `param:"sdkId,optional" en:"Version of the SDK." zh:"SDK 版本。"`
	Icon     string `param:"iconUrl,optional" en:"Address of the app's icon." zh:"应用图标网址。"`
	Version  string `param:"versionId,optional" en:"Id of the app's version." zh:"应用版本 id。"`
	Scene    *whole `param:"scene" en:"A number of the service." zh:"服务器定义的数值。"`
	Template *whole `param:"templateType" en:"A number of the service." zh:"服务器定义的数值。"`
	Business *whole `param:"businessType" en:"A number of the service." zh:"服务器定义的数值。"`
	VerType  *whole `param:"verType" en:"A number of the service." zh:"服务器定义的数值。"`
	Share    *whole `param:"shareType" en:"A number of the service." zh:"服务器定义的数值。"`
	Ticket   *whole `param:"withShareTicket" en:"A number of the service." zh:"服务器定义的数值。"`
}

// app returns the mini-app with its content.
func (p *miniAppParams) app() (ntqq.MiniApp, error) {
	var app ntqq.MiniApp
	if p.Type == "bili" {
		app = ntqq.BilibiliApp()
	}
	app.Title, app.Text, app.Picture, app.Page, app.Web = p.Title, p.Text, p.Picture, p.Page, p.Web
	for _, v := range []struct {
		name, given string
		into        *string
	}{
		{"appId", p.AppID, &app.AppID}, {"sdkId", p.SDK, &app.SDK}, {"iconUrl", p.Icon, &app.Icon}, {"versionId", p.Version, &app.Version},
	} {
		if v.given != "" {
			*v.into = v.given
		}
		if *v.into == "" {
			return app, &table.Wrong{Name: v.name, What: text.T("is needed: only the values of the type bili are known", "必填：只有 type 为 bili 时参数已知")}
		}
	}
	for _, v := range []struct {
		name  string
		given *whole
		into  *uint32
	}{
		{"scene", p.Scene, &app.Scene}, {"templateType", p.Template, &app.TemplateType}, {"businessType", p.Business, &app.BusinessType},
		{"verType", p.VerType, &app.VerType}, {"shareType", p.Share, &app.ShareType}, {"withShareTicket", p.Ticket, &app.WithTicket},
	} {
		if v.given == nil {
			continue
		}
		if *v.given < 0 || *v.given > math.MaxUint32 {
			return app, &table.Wrong{Name: v.name, What: text.T("must be a number of at most 32 bits, not negative", "必须是不超过 32 位的非负整数")}
		}
		*v.into = uint32(*v.given)
	}
	return app, nil
}

type miniAppResult struct {
	Data table.Encoded[map[string]any] `json:"data" en:"The card, a JSON object." zh:"卡片，JSON 对象。"`
}

func getMiniAppArk(ctx context.Context, a *account, p miniAppParams) (miniAppResult, error) {
	app, err := p.app()
	if err != nil {
		return miniAppResult{}, err
	}
	card, err := a.client.Links().MiniAppCard(ctx, app)
	if err != nil {
		return miniAppResult{}, err
	}
	data := card.JSON
	if p.Raw {
		data = card.Raw
	}
	return miniAppResult{table.Encoded[map[string]any](json.RawMessage(data))}, nil
}

// musicArkParams are named as the card's own fields are. The signer takes what a music segment
// of the type custom has (docs/protocol/messages.md 9.1).
type musicArkParams struct {
	Title   string `param:"title" en:"Title." zh:"标题。"`
	Text    string `param:"desc,optional" en:"Text below it, such as who sings." zh:"描述，例如歌手。"`
	Page    string `param:"jumpUrl" en:"Address that a click opens." zh:"点击后打开的网址。"`
	Audio   string `param:"musicUrl" en:"Address of the sound." zh:"音频网址。"`
	Picture string `param:"preview,optional" en:"Address of the picture." zh:"图片网址。"`
	Icon    string `param:"source_icon,optional" en:"Without effect: the signer sets it." zh:"没有作用：由签名服务决定。"`
	Tag     string `param:"tag,optional" en:"Without effect: the signer sets it." zh:"没有作用：由签名服务决定。"`
	Source  string `param:"sourceMsgId,optional" en:"Without effect: the signer sets it." zh:"没有作用：由签名服务决定。"`
}

func getMusicArk(ctx context.Context, a *account, p musicArkParams) (string, error) {
	for _, v := range [][2]string{{"title", p.Title}, {"jumpUrl", p.Page}, {"musicUrl", p.Audio}} {
		if v[1] == "" {
			return "", &table.Wrong{Name: v[0], What: missing}
		}
	}
	return a.reader.signed(ctx, song{Type: "custom", Title: p.Title, Singer: p.Text, URL: p.Page, Audio: p.Audio, Image: p.Picture})
}

type urlParams struct {
	URL string `param:"url" en:"The address." zh:"网址。"`
}

type urlSafety struct {
	Level int `json:"level" en:"1 safe, 2 unknown, 3 dangerous." zh:"1 安全，2 未知，3 危险。"`
}

func checkURLSafely(ctx context.Context, a *account, p urlParams) (urlSafety, error) {
	verdict, err := a.client.Links().Check(ctx, p.URL)
	level := map[ntqq.LinkVerdict]int{ntqq.LinkSafe: 1, ntqq.LinkUnknown: 2, ntqq.LinkDangerous: 3}[verdict]
	return urlSafety{level}, err
}
