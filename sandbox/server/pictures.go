package server

import (
	"net/url"
	"strings"
	"unicode"

	"libration/internal/elements"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/sandbox/world"
)

// pictures answers what is asked about what pictures show: what people of the world know of
// them (docs/protocol/operations.md 7.4).
type pictures struct{ *mediaDesk }

func (h *pictures) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.ReadPicture, h.read)
	rpc.Handle(mux, rpc.SearchPictures, h.search)
}

// nothingFound is what the service says then.
const nothingFound = "服务忙，请稍后重试"

// Where the lines of a picture are said to be, and how sure the service is of them.
const (
	lineHeight = 20
	glyphWidth = 10
	sure       = 99
)

// maxPictureURL bounds the address of a picture, in bytes.
const maxPictureURL = 2048

func (h *pictures) read(_ *request, req *oidbpb.OcrReq) (*oidbpb.OcrResp, error) {
	sha1, err := h.pictureAt(req.GetBody().GetImageUrl())
	if err != nil {
		return nil, err
	}
	text, _ := h.world.Media().Described(sha1)
	if text == "" {
		return &oidbpb.OcrResp{Wording: nothingFound, Body: &oidbpb.OcrRespBody{}}, nil
	}
	body := &oidbpb.OcrRespBody{Language: "en"}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		body.Language = "zh"
	}
	for line := range strings.SplitSeq(text, "\n") {
		top, right := int32(lineHeight*len(body.Texts)), int32(glyphWidth*len([]rune(line)))
		body.Texts = append(body.Texts, &oidbpb.OcrText{
			Text: line, Confidence: sure, Polygon: &oidbpb.OcrPolygon{Points: []*oidbpb.OcrPoint{
				{X: 0, Y: top}, {X: right, Y: top}, {X: right, Y: top + lineHeight}, {X: 0, Y: top + lineHeight},
			}},
		})
	}
	return &oidbpb.OcrResp{Body: body}, nil
}

// pictureAt finds a picture by its address. The path alone counts: clients name the real
// service's hosts, or where they have this one.
func (h *pictures) pictureAt(address string) (sha1 [20]byte, err error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxPictureURL {
		return sha1, world.Refuse(world.BadRequest, "no address of a picture")
	}
	parts := strings.Split(u.Path, "/")
	switch parts[min(1, len(parts)-1)] {
	case "download":
		sha1, _, err = h.downloadable(u.Query())
		return sha1, err
	case "gchatpic_new", "offpic_new":
		if b, found := h.oldPictureAt(u.Path); found {
			return b.SHA1, nil
		}
	case customFaceBid:
		if len(parts) == 5 {
			if face, found := h.customFaceAt(parts[2], parts[3]); found {
				return face.Picture.SHA1, nil
			}
		}
	default:
		return sha1, world.Refuse(world.BadRequest, "no address of a picture")
	}
	return sha1, world.Refuse(world.NotFound, "no such picture")
}

// search answers with pictures of the old form, which need no key.
func (h *pictures) search(_ *request, req *oidbpb.PullPicsReq) (*oidbpb.PullPicsResp, error) {
	resp := &oidbpb.PullPicsResp{}
	for _, b := range h.world.Media().Search(req.GetWord()) {
		resp.Pics = append(resp.Pics, &oidbpb.PullPic{Url: elements.ImageURL(b.MD5[:])})
	}
	return resp, nil
}
