package server

import (
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"

	"libration/ntqq/media/picture"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

const (
	announcementsHost = "web.qun.qq.com"
	// newcomersType is the type of an announcement that newcomers are shown.
	newcomersType = 20
	// announcementPage is how many the list has where the request does not say.
	announcementPage = 20
	// maxNoticePicture bounds a picture of an announcement in bytes (ours).
	maxNoticePicture = 20 << 20
)

// announcementPages are the announcements of groups (docs/protocol/operations.md 6).
func announcementPages() []webPage {
	page := func(method, path string, limit int64, do func(*Server, world.User, *http.Request) (any, error)) webPage {
		return webPage{method: method, host: announcementsHost, path: "/cgi-bin/announce/" + path, limit: limit, refusal: refusalIn("ec", "em"), do: do}
	}
	return []webPage{
		page("GET", "get_t_list", 0, (*Server).listAnnouncements),
		page("GET", "list_announce", 0, (*Server).listAnnouncements),
		page("POST", "add_qun_notice", 0, (*Server).publishAnnouncement),
		page("POST", "add_qun_instruction", 0, (*Server).publishAnnouncement),
		page("POST", "upload_img", maxNoticePicture+maxPageBody, (*Server).keepNoticePicture),
		page("", "del_feed", 0, (*Server).deleteAnnouncement),
	}
}

// pageGroup reads the group of a request.
func pageGroup(r *http.Request, name string) (message.GroupCode, error) {
	code, err := strconv.ParseUint(r.FormValue(name), 10, 64)
	if err != nil {
		return 0, world.Refuse(world.BadRequest, "bad group code")
	}
	return message.GroupCode(code), nil
}

type announcementList struct {
	Code  int                `json:"ec"`
	Text  string             `json:"em"`
	Feeds []announcementView `json:"feeds,omitempty"`
	Inst  []announcementView `json:"inst,omitempty"`
}

type announcementView struct {
	ID       string            `json:"fid"`
	User     message.UIN       `json:"u"`
	Time     int64             `json:"pubt"`
	Message  announcedMessage  `json:"msg"`
	Type     int               `json:"type"`
	Fn       int               `json:"fn"`
	Cn       int               `json:"cn"`
	Vn       int               `json:"vn"`
	Settings announcedSettings `json:"settings"`
	Pinned   uint32            `json:"pinned"`
	Readers  int               `json:"read_num"`
	Read     uint32            `json:"is_read"`
	AllSeen  int               `json:"is_all_confirm"`
}

type announcedMessage struct {
	Text  string             `json:"text"`
	Face  string             `json:"text_face"`
	Title string             `json:"title"`
	Pics  []announcedPicture `json:"pics"`
}

type announcedPicture struct {
	ID     string `json:"id"`
	Width  string `json:"w"`
	Height string `json:"h"`
}

type announcedSettings struct {
	EditCard  uint32 `json:"is_show_edit_card"`
	Remind    int    `json:"remind_ts"`
	TipWindow uint32 `json:"tip_window_type"`
	Confirm   uint32 `json:"confirm_required"`
}

// listAnnouncements has those that newcomers are shown in a list of its own (ours).
func (s *Server) listAnnouncements(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "qid")
	if err != nil {
		return nil, err
	}
	list, err := s.world.Announcements().List(code, by.UIN, r.FormValue("log_read") == "1")
	if err != nil {
		return nil, err
	}
	most := announcementPage
	if all := r.Form["n"]; len(all) > 0 { // one client writes it twice, and means the last
		if n, err := strconv.Atoi(all[len(all)-1]); err == nil && n > 0 {
			most = n
		}
	}
	answer := announcementList{}
	for _, a := range list[:min(most, len(list))] {
		view := viewAnnouncement(a)
		if a.Newcomers {
			answer.Inst = append(answer.Inst, view)
		} else {
			answer.Feeds = append(answer.Feeds, view)
		}
	}
	return answer, nil
}

// escaped escapes a text for HTML, with the names of signs that all clients know.
func escaped(text string) string {
	return strings.ReplaceAll(html.EscapeString(text), "&#34;", "&quot;")
}

func viewAnnouncement(a world.Announcement) announcementView {
	text := escaped(a.Text)
	view := announcementView{
		ID: a.ID, User: a.By.UIN, Time: a.Time, Type: 1, Pinned: bit(a.Pinned), Readers: a.Readers, Read: bit(a.Read),
		Message:  announcedMessage{Text: text, Face: text, Title: "群公告", Pics: []announcedPicture{}},
		Settings: announcedSettings{EditCard: bit(a.EditCard), TipWindow: a.TipWindow, Confirm: bit(a.Confirm)},
	}
	if a.Newcomers {
		view.Type = newcomersType
	}
	for _, p := range a.Pictures {
		view.Message.Pics = append(view.Message.Pics, announcedPicture{
			hex.EncodeToString(p.SHA1[:]), strconv.Itoa(int(p.Width)), strconv.Itoa(int(p.Height)),
		})
	}
	return view
}

func (s *Server) publishAnnouncement(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "qid")
	if err != nil {
		return nil, err
	}
	settings := announcedSettings{}
	if given := r.FormValue("settings"); given != "" {
		if err := json.Unmarshal([]byte(given), &settings); err != nil {
			return nil, world.Refuse(world.BadRequest, "bad settings")
		}
	}
	a := world.Announcement{
		Text: r.FormValue("text"), Pinned: r.FormValue("pinned") == "1", Newcomers: r.FormValue("type") == strconv.Itoa(newcomersType),
		EditCard: settings.EditCard == 1, TipWindow: settings.TipWindow, Confirm: settings.Confirm == 1,
	}
	if id := r.FormValue("pic"); id != "" {
		p, err := s.AnnouncedPicture(id)
		if err != nil {
			return nil, err
		}
		a.Pictures = []world.AnnouncedPicture{p}
	}
	a, err = s.world.Announcements().Publish(code, by.UIN, a)
	return map[string]any{"ec": 0, "em": "", "new_fid": a.ID}, err
}

// AnnouncedPicture finds a picture that was uploaded, by its id: its SHA-1 (ours). The
// refusals are NotFound and BadRequest.
func (s *Server) AnnouncedPicture(id string) (world.AnnouncedPicture, error) {
	var sha1 [20]byte
	if !fromHex(sha1[:], id) {
		return world.AnnouncedPicture{}, world.Refuse(world.NotFound, "no such picture")
	}
	content, blob, err := s.world.Media().Open(sha1)
	if err != nil {
		return world.AnnouncedPicture{}, err
	}
	defer content.Close()
	info, err := picture.Read(content)
	if err != nil {
		return world.AnnouncedPicture{}, world.Refuse(world.BadRequest, "not a picture")
	}
	return world.AnnouncedPicture{Blob: blob, Width: info.Width, Height: info.Height}, nil
}

// keepNoticePicture answers with JSON in HTML in JSON, as the service does.
func (s *Server) keepNoticePicture(_ world.User, r *http.Request) (any, error) {
	file, _, err := r.FormFile("pic_up")
	if err != nil {
		return nil, world.Refuse(world.BadRequest, "there is no pic_up")
	}
	defer file.Close()
	blob, err := s.world.Media().Put(file)
	if err != nil {
		return nil, err
	}
	p, err := s.AnnouncedPicture(hex.EncodeToString(blob.SHA1[:]))
	if err != nil {
		return nil, err
	}
	id, err := json.Marshal(announcedPicture{hex.EncodeToString(p.SHA1[:]), strconv.Itoa(int(p.Width)), strconv.Itoa(int(p.Height))})
	return map[string]any{"ec": 0, "em": "", "id": escaped(string(id))}, err
}

func (s *Server) deleteAnnouncement(by world.User, r *http.Request) (any, error) {
	code, err := pageGroup(r, "qid")
	if err != nil {
		return nil, err
	}
	return map[string]any{"ec": 0, "em": ""}, s.world.Announcements().Delete(code, r.FormValue("fid"), by.UIN)
}
