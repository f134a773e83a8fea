package control

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"libration/internal/elements"
	"libration/ntqq/message"
)

// marketFaceView is message.MarketFaceSegment. A sticker without a key gets that of the
// sandbox's shop.
type marketFaceView struct {
	typed
	ID      string `json:"id"`
	Package uint32 `json:"package"`
	Key     string `json:"key,omitempty"`
	Summary string `json:"summary,omitempty"`
	Param   string `json:"param,omitempty"`
	Width   uint32 `json:"width,omitempty"`
	Height  uint32 `json:"height,omitempty"`
}

func showMarketFace(_ contents, s *message.MarketFaceSegment) marketFaceView {
	return marketFaceView{
		ID: s.ID, Package: s.Package, Key: s.Key, Summary: s.Summary, Param: s.Param, Width: s.Width, Height: s.Height,
	}
}

func readMarketFace(c *composing, v marketFaceView) (message.Segment, error) {
	id, err := hex.DecodeString(v.ID)
	if err != nil || len(id) != 16 {
		return nil, fail(http.StatusBadRequest, "id %q is not 32 hexadecimal digits", v.ID)
	}
	return &message.MarketFaceSegment{
		ID: strings.ToLower(v.ID), Package: v.Package, Key: cmp.Or(v.Key, c.server.MarketKey(id)),
		Summary: cmp.Or(v.Summary, "[表情]"), Param: v.Param,
		Width: cmp.Or(v.Width, elements.MarketFaceSize), Height: cmp.Or(v.Height, elements.MarketFaceSize),
	}, nil
}

// pokeView is message.PokeSegment.
type pokeView struct {
	typed
	ID       uint32 `json:"id"` // PokeSegment.Type
	Strength uint32 `json:"strength,omitempty"`
	Special  bool   `json:"special,omitempty"`
	Count    uint32 `json:"count,omitempty"`
	Title    string `json:"title,omitempty"`
}

func showPoke(_ contents, s *message.PokeSegment) pokeView {
	return pokeView{ID: s.Type, Strength: s.Strength, Special: s.Special, Count: s.Count, Title: s.Title}
}

func readPoke(_ *composing, v pokeView) (message.Segment, error) {
	name := message.PokeName(v.ID, v.Special)
	if name == "" {
		return nil, fail(http.StatusBadRequest, "no poke has the id %d: ordinary ones have 1 to 6, special ones 1 to 12", v.ID)
	}
	s := &message.PokeSegment{Type: v.ID, Strength: v.Strength, Special: v.Special, Count: v.Count, Title: v.Title}
	if v.Special {
		s.Count, s.Title = cmp.Or(v.Count, 1), cmp.Or(v.Title, name)
	}
	return s, nil
}

type redPacketView struct {
	typed
	Title string `json:"title"`
}

func showRedPacket(_ contents, s *message.RedPacketSegment) redPacketView {
	return redPacketView{Title: s.Title}
}

func readRedPacket(_ *composing, v redPacketView) (message.Segment, error) {
	if v.Title == "" {
		return nil, fail(http.StatusBadRequest, "a red packet needs a title")
	}
	return &message.RedPacketSegment{Title: v.Title}, nil
}

type flashFileView struct {
	typed
	Title   string `json:"title"`
	FileSet string `json:"file_set"`
	Scene   uint32 `json:"scene,omitempty"`
}

func showFlashFile(_ contents, s *message.FlashFileSegment) flashFileView {
	return flashFileView{Title: s.Title, FileSet: s.FileSet, Scene: s.Scene}
}

func readFlashFile(_ *composing, v flashFileView) (message.Segment, error) {
	if v.Title == "" || v.FileSet == "" {
		return nil, fail(http.StatusBadRequest, "a flash file needs title and file_set")
	}
	// The card (docs/protocol/messages.md 5.7), as far as it is known.
	type view map[string]any
	card, err := json.Marshal(view{
		"busId": "FlashTransfer", "templateId": "flash", "layout": view{"viewId": "flash_file"},
		"attributes": view{"attributes": []view{{
			"viewId":     "file",
			"schema":     "mqqapi://flash?" + url.Values{"fileset_id": {v.FileSet}, "scene_type": {strconv.Itoa(int(v.Scene))}}.Encode(),
			"attributes": []view{{"viewId": "title", "text": v.Title}},
		}}},
	})
	if err != nil {
		return nil, err
	}
	return &message.FlashFileSegment{
		Title: v.Title, FileSet: v.FileSet, Scene: v.Scene,
		Markdown: "[闪传](mqqapi://markdown/node?nodeType=richui&json=" + url.QueryEscape(string(card)) + ")",
	}, nil
}
