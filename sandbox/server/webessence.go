package server

import (
	"net"
	"net/http"
	"strconv"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// essencePages are the best messages of groups (docs/protocol/operations.md 6).
func essencePages() []webPage {
	page := func(path string, do func(*Server, world.User, *http.Request) (any, error)) webPage {
		return webPage{method: "GET", host: qunHost, path: "/cgi-bin/group_digest/" + path, refusal: refusalIn("retcode", "retmsg"), do: do}
	}
	return []webPage{page("digest_list", (*Server).essences), page("share_digest", (*Server).shareEssence)}
}

// maxEssencePage is the most that one answer has: one client asks for so many.
const maxEssencePage = 50

type essenceView struct {
	Group        string        `json:"group_code"`
	Sequence     uint64        `json:"msg_seq"`
	Random       uint32        `json:"msg_random"`
	Sender       string        `json:"sender_uin"`
	SenderNick   string        `json:"sender_nick"`
	SenderTime   int64         `json:"sender_time"`
	Operator     string        `json:"add_digest_uin"`
	OperatorNick string        `json:"add_digest_nick"`
	OperatorTime int64         `json:"add_digest_time"`
	Content      []essencePart `json:"msg_content"`
	Removable    bool          `json:"can_be_removed"`
}

// essencePart is a text (1), a face (2), a picture (3) or a file (4), with what belongs to
// its kind, be it empty.
type essencePart map[string]any

func partOf(kind int, name string, value any) essencePart {
	return essencePart{"msg_type": kind, name: value}
}

// essences answers a page of the list. That of a page behind the end is null.
func (s *Server) essences(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "group_code")
	if err != nil {
		return nil, err
	}
	list, err := s.world.Messages().Essences(code, by.UIN)
	if err != nil {
		return nil, err
	}
	page, err := strconv.ParseUint(r.FormValue("page_start"), 10, 16)
	size, bad := strconv.ParseUint(r.FormValue("page_limit"), 10, 16)
	if err != nil || bad != nil || size == 0 {
		return nil, world.Refuse(world.BadRequest, "bad page")
	}
	self, _ := s.world.Members().Find(code, by.UIN)
	first := min(int(page*min(size, maxEssencePage)), len(list))
	last := min(first+int(min(size, maxEssencePage)), len(list))
	var views []essenceView
	for _, e := range list[first:last] {
		views = append(views, essenceView{
			Group: strconv.FormatUint(uint64(code), 10), Sequence: e.Sequence, Random: e.Random,
			Sender: uinText(e.Sender.UIN), SenderNick: e.Sender.Nickname, SenderTime: e.Time,
			Operator: uinText(e.By.UIN), OperatorNick: e.By.Nickname, OperatorTime: e.ChosenTime,
			Content: s.essenceParts(r, e.Content()), Removable: self.Role != message.RoleMember,
		})
	}
	return map[string]any{"retcode": 0, "retmsg": "ok", "data": map[string]any{
		"msg_list": views, "is_end": last == len(list), "group_role": pageRoles[self.Role], "config_page_url": "",
	}}, nil
}

// essenceParts shows a message. What is none of the four kinds is a text.
func (s *Server) essenceParts(r *http.Request, content message.Content) []essencePart {
	parts := []essencePart{}
	for _, seg := range content {
		switch seg := seg.(type) {
		case *message.FaceSegment:
			parts = append(parts, partOf(2, "face_index", seg.ID))
		case *message.ImageSegment:
			parts = append(parts, partOf(3, "image_url", s.pictureURL(r, seg)))
		case *message.FileSegment:
			parts = append(parts, essencePart{"msg_type": 4, "file_id": seg.ID, "file_thumbnail_url": ""})
		case *message.TextSegment:
			parts = append(parts, partOf(1, "text", seg.Text))
		default:
			parts = append(parts, partOf(1, "text", message.Brief(message.Content{seg})))
		}
	}
	return parts
}

// pictureURL is where a picture can be downloaded for an hour; "" of one that is gone.
func (s *Server) pictureURL(r *http.Request, p *message.ImageSegment) string {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if len(p.MD5) != 16 || !ok {
		return ""
	}
	kept, ok := s.world.Media().FindMD5([16]byte(p.MD5))
	if !ok {
		return ""
	}
	now := s.world.Now()
	app := mediaImage.app(true)
	return "http://" + s.media.addressFor(local).String() + mediaPath(app, s.media.signer.uuid(mediaImage, true, kept, now)) +
		keyPrefix + s.media.signer.keyFor(app, now) + specOriginal
}

// shareEssence has the caller say in another group what one of the best messages says. What
// the real service shows there is not known.
func (s *Server) shareEssence(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "group_code")
	if err != nil {
		return nil, err
	}
	to, err := pageGroup(r, "target_group_code")
	if err != nil {
		return nil, err
	}
	list, err := s.world.Messages().Essences(code, by.UIN)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if strconv.FormatUint(e.Sequence, 10) == r.FormValue("msg_seq") && strconv.FormatUint(uint64(e.Random), 10) == r.FormValue("msg_random") {
			said := "[精华消息] " + e.Sender.Nickname + ": " + message.Brief(e.Content())
			if _, err := s.world.Messages().Send(world.Send{From: by.UIN, Group: to, Parts: world.Text(said)}, nil); err != nil {
				return nil, err
			}
			return map[string]any{"retcode": 0, "retmsg": "ok"}, nil
		}
	}
	return nil, world.Refuse(world.NotFound, "no such message among the best")
}
