package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// detailsView is what an account shows of itself besides its name, in JSON.
type detailsView struct {
	Country   string   `json:"country,omitempty"`
	Region    string   `json:"region,omitempty"`
	City      string   `json:"city,omitempty"`
	School    string   `json:"school,omitempty"`
	Mail      string   `json:"mail,omitempty"`
	Phone     string   `json:"phone,omitempty"`
	Birthday  string   `json:"birthday,omitempty"` // 2000-12-31
	Labels    []string `json:"labels,omitempty"`
	VIP       vipView  `json:"vip,omitzero"`
	LoginDays uint32   `json:"login_days,omitempty"`
}

type vipView struct {
	Level uint32 `json:"level"`
	Year  bool   `json:"year"`
	Super bool   `json:"super"`
}

// statusView is a status in JSON, in the numbers of docs/protocol/operations.md 4.5.
type statusView struct {
	Status   uint32 `json:"status"`
	Extended uint32 `json:"ext_status"`
	Battery  uint32 `json:"battery"`
	Face     uint32 `json:"face"`
	Text     string `json:"text"`
}

func viewDetails(d world.Details) detailsView {
	v := detailsView{
		Country: d.Country, Region: d.Region, City: d.City, School: d.School, Mail: d.Mail, Phone: d.Phone,
		Labels: d.Labels, VIP: vipView(d.VIP), LoginDays: d.LoginDays,
	}
	if b := d.Birthday; b != (world.Date{}) {
		v.Birthday = b.String()
	}
	return v
}

func (v detailsView) details() (world.Details, error) {
	d := world.Details{
		Country: v.Country, Region: v.Region, City: v.City, School: v.School, Mail: v.Mail, Phone: v.Phone,
		Labels: v.Labels, VIP: world.VIP(v.VIP), LoginDays: v.LoginDays,
	}
	if v.Birthday != "" {
		var err error
		if d.Birthday, err = world.ParseDate(v.Birthday); err != nil {
			return d, fail(http.StatusBadRequest, "%q is no day such as 2000-12-31", v.Birthday)
		}
	}
	return d, nil
}

// change sets what is given of what an account shows of itself.
func (h users) change(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Nickname *string     `json:"nickname"`
		Sign     *string     `json:"sign"`
		Sex      *uint32     `json:"sex"`
		Age      *uint32     `json:"age"`
		Status   *statusView `json:"status"`
		detailsView
	}
	body.detailsView = viewDetails(h.world.Users().Details(uin)) // what is not given stays
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	details, err := body.details()
	if err != nil {
		return nil, err
	}
	err = h.world.Users().Edit(uin, func(u *world.User, d *world.Details) {
		set(&u.Nickname, body.Nickname)
		set(&u.Sign, body.Sign)
		set(&u.Sex, body.Sex)
		set(&u.Age, body.Age)
		*d = details
	})
	if s := body.Status; err == nil && s != nil {
		if s.Status == 0 && s.Extended == 0 && (s.Face != 0 || s.Text != "") {
			s.Status, s.Extended = world.StatusOnline, world.StatusCustom
		}
		err = h.world.Users().SetStatus(uin, world.Status(*s))
	}
	if err != nil {
		return nil, err
	}
	u, _ := h.world.Users().Find(uin)
	return h.view(u), nil
}

func set[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}
