package server

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

const qunHost = "qun.qq.com"

// groupPages are who has honours, who signed in, and the members of groups
// (docs/protocol/operations.md 6).
func groupPages() []webPage {
	honor := func(path string, of func(*http.Request) (world.Honor, string)) webPage {
		return webPage{
			method: "GET", host: qunHost, path: "/cgi-bin/qunapp/" + path, refusal: refusalIn("retcode", "msg"),
			do: func(s *Server, by world.User, r *http.Request) (any, error) { return s.honors(by, r, of) },
		}
	}
	only := func(h world.Honor, list string) func(*http.Request) (world.Honor, string) {
		return func(*http.Request) (world.Honor, string) { return h, list }
	}
	return []webPage{
		honor("honor_talkative", only(world.HonorTalkative, "talkative_list")),
		honor("honor_continuous", continuousHonor),
		honor("honor_emotion", only(world.HonorEmotion, "emotion_list")),
		{method: "GET", host: qunHost, path: "/interactive/honorlist", noToken: true, do: (*Server).honorPage},
		{method: "POST", host: qunHost, path: "/v2/signin/trpc/GetDaySignedList", refusal: refusalIn("retCode", "msg"), do: (*Server).signIns},
		{method: "POST", host: qunHost, path: "/cgi-bin/qun_mgr/search_group_members", refusal: managementRefusal, do: (*Server).searchMembers},
		{method: "POST", host: qunHost, path: "/cgi-bin/qun_mgr/delete_group_member", refusal: managementRefusal, do: (*Server).deleteMembers},
		{method: "GET", host: "cgi.vip.qq.com", path: "/card/getExpertInfo", refusal: refusalIn("ret", "msg"), do: (*Server).expertInfo},
	}
}

// honorTypes are the numbers of honours.
var honorTypes = map[string]world.Honor{
	"1": world.HonorTalkative, "2": world.HonorPerformer, "3": world.HonorLegend, "5": world.HonorNewbie, "6": world.HonorEmotion,
}

func continuousHonor(r *http.Request) (world.Honor, string) {
	return honorTypes[r.FormValue("continuous_type")], "continuous_list"
}

type honored struct {
	User   message.UIN `json:"uin"`
	Days   int         `json:"day_count"`
	Avatar string      `json:"avatar"`
	Nick   string      `json:"nick"`
}

func viewHonored(h world.Honored) honored {
	return honored{h.Member.UIN, h.Days, avatarURL(h.Member.UIN) + "640", h.Member.Nickname}
}

// honorsOf returns who has an honour, for the caller of a page.
func (s *Server) honorsOf(by world.User, r *http.Request, of world.Honor) (list []honored, current *honored, err error) {
	code, err := pageGroup(r, "gc")
	if err != nil {
		return nil, nil, err
	}
	all, first, err := s.world.Members().Honors(code, by.UIN, of)
	if err != nil {
		return nil, nil, err
	}
	list = []honored{}
	for _, h := range all {
		list = append(list, viewHonored(h))
	}
	if first != nil {
		h := viewHonored(*first)
		current = &h
	}
	return list, current, nil
}

func (s *Server) honors(by world.User, r *http.Request, of func(*http.Request) (world.Honor, string)) (any, error) {
	honor, name := of(r)
	list, current, err := s.honorsOf(by, r, honor)
	if err != nil {
		return nil, err
	}
	if most, err := strconv.Atoi(r.FormValue("num")); err == nil && most >= 0 {
		list = list[:min(most, len(list))]
	}
	data := map[string]any{name: list}
	if current != nil {
		data["current_talkative"] = current
	}
	return map[string]any{"retcode": 0, "msg": "", "data": data}, nil
}

// honorLists are where the older page has the lists.
var honorLists = map[world.Honor]string{
	world.HonorTalkative: "talkativeList", world.HonorPerformer: "actorList", world.HonorLegend: "legendList",
	world.HonorNewbie: "strongnewbieList", world.HonorEmotion: "emotionList",
}

// honorPage is the older form: a page that has the data in a script.
func (s *Server) honorPage(by world.User, r *http.Request) (any, error) {
	honor := honorTypes[r.FormValue("type")]
	list, current, err := s.honorsOf(by, r, honor)
	if err != nil {
		return nil, err
	}
	type item struct {
		User   message.UIN `json:"uin"`
		Avatar string      `json:"avatar"`
		Name   string      `json:"name"`
		Desc   string      `json:"desc"`
	}
	kind, _ := strconv.Atoi(r.FormValue("type"))
	data := map[string]any{"gc": r.FormValue("gc"), "uin": uinText(by.UIN), "type": kind}
	for _, name := range honorLists {
		data[name] = []item{}
	}
	items := []item{}
	for _, h := range list {
		items = append(items, item{h.User, h.Avatar, h.Nick, fmt.Sprintf("%d天", h.Days)})
	}
	data[honorLists[honor]] = items
	if current != nil {
		data["currentTalkative"] = current
	}
	state, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return webHTML("<!DOCTYPE html><title>" + html.EscapeString(by.Nickname) + "</title>\n<script>window.__INITIAL_STATE__=" + string(state) + ";</script>\n"), nil
}

// signInPage is the most that one answer has (ours).
const signInPage = 100

// signIns answers who signed in on a day.
func (s *Server) signIns(by world.User, r *http.Request) (any, error) {
	var asked struct {
		Day    string `json:"dayYmd"`
		Offset int    `json:"offset"`
		Limit  int    `json:"limit"`
		Group  string `json:"groupId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return nil, world.Refuse(world.BadRequest, "bad request")
	}
	day, err := time.ParseInLocation("20060102", asked.Day, time.FixedZone("", world.ChinaOffset))
	code, bad := strconv.ParseUint(asked.Group, 10, 64)
	if err != nil || bad != nil {
		return nil, world.Refuse(world.BadRequest, "bad request")
	}
	list, err := s.world.Members().SignIns(message.GroupCode(code), by.UIN, day)
	if err != nil {
		return nil, err
	}
	type info struct {
		User string `json:"uid"`
		Nick string `json:"uidGroupNick"`
		Time string `json:"signedTimeStamp"`
		Rank int    `json:"signInRank"`
	}
	infos := []info{}
	from := min(max(asked.Offset, 0), len(list))
	for _, m := range list[from:min(from+min(max(asked.Limit, 0), signInPage), len(list))] {
		infos = append(infos, info{
			strconv.FormatUint(uint64(m.Member.UIN), 10), cmp.Or(m.Card, m.Member.Nickname), strconv.FormatInt(m.Time, 10), m.Rank,
		})
	}
	page := map[string]any{"infos": infos, "offset": from, "total": len(list)}
	return map[string]any{"retCode": 0, "response": map[string]any{"page": []any{page}}}, nil
}

// managementRefusal has the result under each name that clients look for.
func managementRefusal(code int64, text string) any {
	return map[string]any{"ec": code, "errcode": code, "retcode": code, "em": text}
}

// memberPage is the most members that one answer has.
const memberPage = 40

// The roles of members in this page (ours).
var pageRoles = map[message.Role]int{message.RoleOwner: 0, message.RoleAdmin: 1, message.RoleMember: 2}

// searchMembers answers the members of a place in the list, the first number and the last,
// sorted by rank. What an item has is ours.
func (s *Server) searchMembers(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "gc")
	if err != nil {
		return nil, err
	}
	if _, member := s.world.Members().Find(code, by.UIN); !member {
		return nil, world.Refuse(world.NotMember, "%d is not a member of group %d", by.UIN, code)
	}
	list := s.world.Members().List(code)
	slices.SortStableFunc(list, func(a, b world.Member) int { return cmp.Compare(pageRoles[a.Role], pageRoles[b.Role]) })
	first, _ := strconv.Atoi(r.FormValue("st"))
	last, err := strconv.Atoi(r.FormValue("end"))
	if err != nil || first < 0 || last < first {
		return nil, world.Refuse(world.BadRequest, "bad range")
	}
	type item struct {
		User message.UIN `json:"uin"`
		Role int         `json:"role"`
		Nick string      `json:"nick"`
		Card string      `json:"card"`
		Join int64       `json:"join_time"`
		Last int64       `json:"last_speak_time"`
	}
	items := []item{}
	from := min(first, len(list))
	for _, m := range list[from:min(min(last, len(list)-1)+1, from+memberPage)] {
		items = append(items, item{m.User.UIN, pageRoles[m.Role], m.User.Nickname, m.Card, m.JoinTime, m.LastSpeak})
	}
	return map[string]any{"ec": 0, "errcode": 0, "retcode": 0, "em": "", "count": len(list), "mems": items}, nil
}

// deleteMembers takes members out of a group, all or none.
func (s *Server) deleteMembers(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "gc")
	if err != nil {
		return nil, err
	}
	var users []message.UIN
	for name := range strings.SplitSeq(r.FormValue("ul"), "|") {
		uin, err := strconv.ParseUint(name, 10, 64)
		if err != nil {
			return nil, world.Refuse(world.BadRequest, "bad account number")
		}
		users = append(users, message.UIN(uin))
	}
	if err := s.world.Members().KickAll(code, by.UIN, r.FormValue("flag") == "1", users...); err != nil {
		return nil, err
	}
	return map[string]any{"ec": 0, "errcode": 0, "retcode": 0, "em": "", "ul": users}, nil
}

// expertInfo answers what is known of nobody. What the two numbers mean is not known.
func (s *Server) expertInfo(_ world.User, r *http.Request) (any, error) {
	uin, _ := strconv.ParseUint(r.FormValue("fuin"), 10, 64)
	if _, known := s.world.Users().Find(message.UIN(uin)); !known {
		return nil, world.Refuse(world.NotFound, "no such user")
	}
	return map[string]any{"ret": 0, "msg": "", "data": map[string]int{"m": 0, "g": 0}}, nil
}
