package server

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxCardBody bounds a request to the signer of music cards.
const maxCardBody = 64 << 10

// cardRequest is a song: where it is, or its number at a music service.
type cardRequest struct {
	Type   string `json:"type"`
	URL    string `json:"url"`   // opened by a click
	Audio  string `json:"audio"` // played
	Title  string `json:"title"`
	Image  string `json:"image"`
	Singer string `json:"singer"`
	ID     songID `json:"id"`
}

// songID is written as a text or as a number.
type songID string

func (id *songID) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(id))
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	*id = songID(n)
	return err
}

// songServices are those whose songs have numbers, with the name that a card shows
// (docs/protocol/onebot11.md d.4).
var songServices = map[string]string{
	"qq": "QQ音乐", "163": "网易云音乐", "xm": "虾米音乐", "kugou": "酷狗音乐", "kuwo": "酷我音乐", "migu": "咪咕音乐",
}

// signCard answers requests for music cards.
func (s *Server) signCard(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCardBody))
	if err == nil && s.signFault("music").apply(w, r) {
		return
	}
	card := ""
	if err == nil {
		card, err = s.MusicCard(body)
	}
	if err != nil {
		writeSignJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	writeSignJSON(w, http.StatusOK, json.RawMessage(card))
}

// MusicCard makes the card of a song, as JSON, from a request as signers of music cards
// take it: {"type": "custom", "url", "audio", "title", "image", "singer"} or {"type":
// "163", "id"}. What it knows of a numbered song is a rule of ours
// (docs/protocol/messages.md 9.1): it looks nothing up. Its errors are for the caller to
// read.
func (s *Server) MusicCard(request []byte) (string, error) {
	var song cardRequest
	if err := json.Unmarshal(request, &song); err != nil {
		return "", fmt.Errorf("bad request: %w", err)
	}
	tag, numbered := songServices[song.Type]
	if numbered && song.ID != "" {
		song.Title = cmp.Or(song.Title, tag+" "+string(song.ID))
		song.URL = cmp.Or(song.URL, "https://music.invalid/"+song.Type+"/"+url.PathEscape(string(song.ID)))
		song.Audio = cmp.Or(song.Audio, song.URL+".mp3")
	}
	if song.URL == "" || song.Audio == "" || song.Title == "" {
		return "", errors.New("a song needs url, audio and title, or an id and a type of qq, 163, xm, kugou, kuwo or migu")
	}
	card, err := json.Marshal(s.musicCard(&song, tag))
	return string(card), err
}

// musicCard has the form of the capture card/music-json.
func (s *Server) musicCard(song *cardRequest, tag string) map[string]any {
	now := s.now().Unix()
	mac := hmac.New(md5.New, s.keys.sign)
	for _, part := range []string{song.URL, song.Audio, song.Title, song.Singer, song.Image} {
		mac.Write([]byte(part + "\x00"))
	}
	return map[string]any{
		"app": "com.tencent.structmsg", "desc": "音乐", "view": "music", "ver": "0.0.0.1", "prompt": "[分享]" + song.Title,
		"meta": map[string]any{"music": map[string]any{
			"action": "", "android_pkg_name": "", "app_type": 1, "appid": 0, "ctime": now, "desc": song.Singer,
			"jumpUrl": song.URL, "musicUrl": song.Audio, "preview": song.Image, "sourceMsgId": "0",
			"source_icon": "", "source_url": "", "tag": tag, "title": song.Title, "uin": 0,
		}},
		"config": map[string]any{
			"ctime": now, "forward": true, "token": hex.EncodeToString(mac.Sum(nil)), "type": "normal",
		},
	}
}
