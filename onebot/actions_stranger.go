package onebot

import (
	"context"
	"strconv"
	"time"

	"libration/ntqq"
	"libration/ntqq/message"
)

// strangerInfo has the fields of the standard, and names that clients of other
// services know for the same facts.
type strangerInfo struct {
	UserID    message.UIN `json:"user_id"`
	UID       message.UID `json:"uid" en:"Text id; empty when it is not known." zh:"用户 uid，未知为空。"`
	UIN       string      `json:"uin" en:"The number, as a text." zh:"QQ 号，为字符串。"`
	Nickname  string      `json:"nickname" en:"Nickname." zh:"昵称。"`
	Nick      string      `json:"nick" en:"The same." zh:"同 nickname 字段。"`
	Sex       string      `json:"sex" enum:"male,female,unknown" en:"Sex." zh:"性别。"`
	Age       uint32      `json:"age" en:"Age." zh:"年龄。"`
	QID       string      `json:"qid" en:"The id that people choose themselves." zh:"用户自设的 QID，可为空。"`
	QIDAlias  string      `json:"q_id" en:"The same." zh:"同 qid 字段。"`
	Sign      string      `json:"sign" en:"Signature of the profile." zh:"个性签名。"`
	LongNick  string      `json:"long_nick" en:"The same." zh:"同 sign 字段。"`
	LongNick2 string      `json:"longNick" en:"The same." zh:"同 sign 字段。"`
	Level     uint32      `json:"level" en:"Level of the account." zh:"账号等级。"`
	QQLevel   uint32      `json:"qqLevel" en:"The same." zh:"同 level 字段。"`
	Remark    string      `json:"remark" en:"What the account calls them." zh:"备注名。"`
	Avatar    string      `json:"avatar" en:"URL of the picture." zh:"头像地址。"`
	RegTime   int64       `json:"reg_time" en:"When the account was made, Unix seconds; 0 when unknown." zh:"注册时间，Unix 秒；未知为 0。"`
	RegTime2  int64       `json:"regTime" en:"The same." zh:"同 reg_time 字段。"`
	// RegisterTime is RegTime as ISO 8601, "" when unknown.
	RegisterTime string     `json:"RegisterTime" en:"The same as ISO 8601; empty when unknown." zh:"注册时间，ISO 8601 格式；未知为空。"`
	LoginDays    int        `json:"login_days" en:"On how many days they were online; 0 when unknown." zh:"登录天数，未知为 0。"`
	BirthYear    uint16     `json:"birthday_year" en:"When they were born; 0 when they do not say." zh:"出生年份，未公开为 0。"`
	BirthMonth   uint8      `json:"birthday_month" en:"The month." zh:"出生月份。"`
	BirthDay     uint8      `json:"birthday_day" en:"The day." zh:"出生日期。"`
	Country      string     `json:"country" en:"Where they say that they are; may be empty." zh:"国家或地区，可为空。"`
	City         string     `json:"city" en:"The city, or a part of the country; may be empty." zh:"城市或省份，可为空。"`
	Labels       []string   `json:"labels" en:"Words that they describe themselves by." zh:"个性标签。"`
	IsVIP        bool       `json:"is_vip" en:"Whether they pay for VIP." zh:"是否为会员。"`
	IsSuperVIP   bool       `json:"is_svip" en:"Whether they pay for the higher tier." zh:"是否为超级会员。"`
	IsYearVIP    bool       `json:"is_years_vip" en:"Whether they pay by the year." zh:"是否为年费会员。"`
	VIPLevel     uint32     `json:"vip_level" en:"Level of the VIP; 0 for none." zh:"会员等级，非会员为 0。"`
	Business     []business `json:"Business" en:"What they pay for." zh:"开通的业务。"`
	Status       userStatus `json:"status" en:"Whether and how they are online." zh:"在线状态。"`
}

type business struct {
	Type  uint32 `json:"type" en:"1: VIP." zh:"1 为会员。"`
	Name  string `json:"name" en:"Its name; empty when unknown." zh:"名称，未知为空。"`
	Level uint32 `json:"level" en:"Level." zh:"等级。"`
	Icon  string `json:"icon" en:"URL of the icon." zh:"图标地址。"`
	Super int    `json:"ispro" en:"1: the higher tier." zh:"1 为高级。"`
	Year  int    `json:"isyear" en:"1: by the year." zh:"1 为年费。"`
}

type userStatus struct {
	StatusID uint32 `json:"status_id" en:"Number of the status." zh:"状态编号。"`
	FaceID   uint32 `json:"face_id,omitempty" en:"A status in own words: its face." zh:"自定义状态的表情 id。"`
	Message  string `json:"message,omitempty" en:"A status in own words." zh:"自定义状态的文字。"`
}

type strangerParams struct {
	User    message.UIN `param:"user_id"`
	NoCache bool        `param:"no_cache,default=false" en:"Without effect: nothing of strangers is cached." zh:"没有作用：不缓存陌生人的资料。"`
}

// loginDaysWait bounds the second question about somebody: the first one's answer must not
// wait long for it.
const loginDaysWait = 3 * time.Second

func getStrangerInfo(ctx context.Context, a *account, p strangerParams) (strangerInfo, error) {
	u, err := a.client.Users().Info(ctx, p.User)
	if err != nil {
		return strangerInfo{}, err
	}
	vip := u.VIP()
	info := strangerInfo{
		UserID: p.User, UIN: strconv.FormatUint(uint64(p.User), 10), UID: u.UID, Nickname: u.Nickname, Nick: u.Nickname, Sex: u.Sex.String(), Age: u.Age,
		QID: u.QID, QIDAlias: u.QID, Sign: u.Sign, LongNick: u.Sign, LongNick2: u.Sign, Level: u.Level, QQLevel: u.Level, Remark: u.Remark,
		Avatar: u.AvatarURL, RegTime: u.RegisterTime, RegTime2: u.RegisterTime,
		BirthYear: u.Birthday.Year, BirthMonth: u.Birthday.Month, BirthDay: u.Birthday.Day, Country: u.Country, City: u.City, Labels: append([]string{}, u.Labels...),
		IsVIP: vip != ntqq.PaidService{}, IsSuperVIP: vip.Super, IsYearVIP: vip.Year, VIPLevel: vip.Level,
		Business: []business{}, Status: userStatus{u.Status, u.Custom.Face, u.Custom.Text},
	}
	if info.City == "" {
		info.City = u.Region
	}
	if u.RegisterTime > 0 {
		info.RegisterTime = time.Unix(u.RegisterTime, 0).UTC().Format(time.RFC3339)
	}
	for _, s := range u.Services {
		b := business{Type: s.Kind, Level: s.Level, Icon: s.Icon, Super: oneIf(s.Super), Year: oneIf(s.Year)}
		if s.Kind == vip.Kind {
			b.Name = "QQ会员"
		}
		info.Business = append(info.Business, b)
	}
	ctx, cancel := context.WithTimeout(ctx, loginDaysWait)
	defer cancel()
	info.LoginDays, _ = a.client.Users().LoginDays(ctx, p.User)
	return info, nil
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
