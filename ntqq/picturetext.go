package ntqq

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// PictureText is what is written in a picture.
type PictureText struct {
	Lines []PictureLine
	// Language is as the service names it; "" when it does not.
	Language string
}

// PictureLine is a line of text in a picture.
type PictureLine struct {
	Text string
	// Confidence is as the service gives it, usually 0 to 100.
	Confidence int32
	Corners    []PicturePoint // of what surrounds it
}

// PicturePoint is a place in a picture, in pixels from its upper left corner.
type PicturePoint struct{ X, Y int32 }

// ReadText has the service read what is written in a picture. There are no lines when it
// finds none. A picture with a Source, and one that is not at the service, is uploaded
// first, as for a private chat with the account itself.
//
// The errors are those of [Client.Call], of [Media.URL] and of [Media.Upload]; a refusal is a
// [*ServerError].
func (m Media) ReadText(ctx context.Context, image *message.ImageSegment) (PictureText, error) {
	address, err := m.readable(ctx, image)
	if err != nil {
		return PictureText{}, err
	}
	resp, err := call(ctx, m.c, rpc.ReadPicture, readPictureRequest(address))
	if refused, ok := errors.AsType[*ServerError](err); ok && strings.Contains(refused.Message, noTextFound) {
		return PictureText{}, nil
	}
	if err != nil {
		return PictureText{}, fmt.Errorf("read picture: %w", err)
	}
	found := PictureText{Language: resp.GetBody().GetLanguage()}
	for _, t := range resp.GetBody().GetTexts() {
		line := PictureLine{Text: t.GetText(), Confidence: t.GetConfidence()}
		for _, p := range t.GetPolygon().GetPoints() {
			line.Corners = append(line.Corners, PicturePoint{p.GetX(), p.GetY()})
		}
		found.Lines = append(found.Lines, line)
	}
	return found, nil
}

// noTextFound, "server busy", is how the service says so (docs/protocol/operations.md 3.7).
const noTextFound = "服务忙"

// readable returns an address of a picture at the service.
func (m Media) readable(ctx context.Context, image *message.ImageSegment) (string, error) {
	if image.Source == nil {
		if address, err := m.URL(ctx, image); err != nil || m.Has(address) {
			return address, err
		}
	}
	there, err := m.Upload(ctx, message.Chat{}, image)
	if err != nil {
		return "", err
	}
	return m.URL(ctx, there)
}

// Has reports whether an address is one of a picture at the service, or at the sandbox that
// the session uses.
func (m Media) Has(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.User == nil && (u.Scheme == "http" || u.Scheme == "https") &&
		(slices.Contains(pictureHosts, u.Host) || u.Host != "" && u.Host == m.c.session.MediaServer())
}

func readPictureRequest(address string) *oidbpb.OcrReq {
	none := proto.String("")
	return &oidbpb.OcrReq{Version: 1, Client: proto.Uint32(0), Entrance: 1, Body: &oidbpb.OcrReqBody{
		ImageUrl: address, OriginMd5: none, CompressedMd5: none, CompressedFileSize: none, CompressedWidth: none, CompressedHeight: none,
	}}
}

// Search returns the addresses of pictures that the service recommends for a word, as
// clients show them to who types it. The errors are those of [Client.Call].
func (m Media) Search(ctx context.Context, word string) ([]string, error) {
	resp, err := call(ctx, m.c, rpc.SearchPictures, searchPicturesRequest(m.c.Self().UIN, word))
	if err != nil {
		return nil, fmt.Errorf("search pictures: %w", err)
	}
	addresses := make([]string, 0, len(resp.GetPics()))
	for _, p := range resp.GetPics() {
		if p.GetUrl() != "" {
			addresses = append(addresses, m.c.atService(p.GetUrl()))
		}
	}
	return addresses, nil
}

func searchPicturesRequest(self UIN, word string) *oidbpb.PullPicsReq {
	return &oidbpb.PullPicsReq{
		Uin: uint64(self), Unknown3: 1, Word: word, Word2: word, Unknown8: proto.Uint32(0), Unknown9: proto.Uint32(0), Unknown14: 1,
	}
}
