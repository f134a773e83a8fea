package ntqq

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// Values of the requests (docs/protocol/operations.md 3.7).
const (
	listFaces       = 1
	deleteFaces     = 2
	orderFaces      = 2
	describeFace    = 3
	toTheFront      = 1 // no other place works
	customFaceBlock = 9 // command of the highway
)

// customFaceExt goes with each reservation.
var customFaceExt = []byte{0x0a, 0x07, 0x08, 0, 0x10, 0, 0x1a, 0x01, 0x30, 0x10, 0x01}

var errNoFaceTicket = text.Errorf("the answer has no ticket to upload the face, and it is not among the faces", "应答中没有上传凭证，表情也不在收藏中")

// CustomFace is a picture that the account keeps among its faces. A message shows it as a
// [*message.ImageSegment].
type CustomFace struct {
	ID string // the service makes it of the account and the MD5
	// MD5 is 32 upper-case hex digits; "" where the id has none.
	MD5 string
	// URL is where it can be downloaded.
	URL string
}

// CustomFaces are the operations on the pictures that the account keeps among its faces.
// Nothing of them is cached: other devices change them. They are safe for concurrent use.
type CustomFaces struct{ c *Client }

// CustomFaces returns the operations on the pictures that the account keeps among its faces.
func (c *Client) CustomFaces() CustomFaces { return CustomFaces{c} }

// List returns the faces in their order. The errors are those of [Client.Call].
func (f CustomFaces) List(ctx context.Context) ([]CustomFace, error) {
	resp, err := call(ctx, f.c, rpc.CustomFaces, f.c.listFacesRequest())
	if err != nil {
		return nil, fmt.Errorf("list custom faces: %w", err)
	}
	info, self := resp.GetUserInfo(), strconv.FormatUint(uint64(f.c.Self().UIN), 10)
	faces := make([]CustomFace, len(info.GetFileNames()))
	for i, id := range info.GetFileNames() {
		address := url.URL{Scheme: "https", Host: customFaceHost}
		faces[i] = CustomFace{
			ID: id, MD5: faceMD5(id),
			URL: f.c.atService(address.JoinPath(url.PathEscape(info.GetBid()), self, url.PathEscape(id), "0").String()),
		}
	}
	return faces, nil
}

// faceMD5 is the part of an id that is an MD5, "" for none.
func faceMD5(id string) string {
	for part := range strings.SplitSeq(id, "_") {
		if sum, err := hex.DecodeString(part); err == nil && len(sum) == 16 {
			return strings.ToUpper(part)
		}
	}
	return ""
}

// Add keeps a picture among the faces, one with a Source or one that was received, and
// returns its id. The errors are those of sending a picture; a refusal is a
// [*media.StepError].
func (f CustomFaces) Add(ctx context.Context, image *message.ImageSegment) (id string, err error) {
	u := &uploading{c: f.c, kind: imageKind, seg: image}
	err = u.listed(ctx, &image.Medium, func(ctx context.Context) error {
		return u.unreserved(ctx, func(ctx context.Context) (session *highwaySession, err error) {
			id, session, err = u.customFace(ctx)
			return session, err
		})
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// customFace reserves a place for the picture and brings it there. Its ticket takes the
// place of that of the session.
func (u *uploading) customFace(ctx context.Context) (id string, session *highwaySession, err error) {
	u.list.Step(string(media.StepReserve), 0)
	file, self := u.files[0], u.c.Self().UIN
	resp, err := call(ctx, u.c, rpc.AddCustomFace, addFaceRequest(self, file))
	if err != nil {
		return "", nil, &media.StepError{Step: media.StepReserve, Err: err}
	}
	id = resp.GetBody().GetExt().GetEmojiId()
	if id == "" {
		id = fmt.Sprintf("%d_0_0_0_%X_0_0", self, file.md5)
	}
	if ticket := resp.GetBody().GetUKey(); len(ticket) > 0 {
		session, err = u.blocks(ctx, ticket, customFaceBlock, nil)
		return id, session, err
	}
	if _, err := u.c.CustomFaces().find(ctx, []string{id}); err != nil {
		return "", nil, &media.StepError{Step: media.StepReserve, Err: errNoFaceTicket}
	}
	return id, nil, nil
}

func addFaceRequest(self UIN, file *uploadFile) *oidbpb.FaceRoamAddReq {
	return &oidbpb.FaceRoamAddReq{
		Unknown1: 3, Unknown2: 1, CommandId: customFaceBlock, Extension: customFaceExt,
		Body: &oidbpb.FaceRoamAddBody{
			Unknown1: proto.Uint32(0), Uin: uint64(self), Unknown3: proto.Uint32(0), Md5: file.md5, FileSize: uint32(file.size),
			Unknown7: 2, Unknown8: 8, Unknown9: 1, Version: "1.0.0", Unknown16: 1,
		},
	}
}

// Delete takes faces away. Nothing changes unless the account keeps all of them: else the
// error is [ErrNoCustomFace]. The others are those of [Client.Call].
func (f CustomFaces) Delete(ctx context.Context, ids []string) error {
	if _, err := f.find(ctx, ids); err != nil || len(ids) == 0 {
		return err
	}
	req := deleteFacesRequest(f.c.Self().UIN, f.c.session.Device().SystemKernel, ids)
	if _, err := call(ctx, f.c, rpc.DeleteCustomFaces, req); err != nil {
		return fmt.Errorf("delete custom faces: %w", err)
	}
	return nil
}

// find returns all faces, where these are among them. The service takes any id and does
// nothing about one that it does not know.
func (f CustomFaces) find(ctx context.Context, ids []string) ([]CustomFace, error) {
	faces, err := f.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(faces, func(face CustomFace) bool { return face.ID == id }) {
			return nil, fmt.Errorf("%w: %s", ErrNoCustomFace, strconv.Quote(pb.Text(id)))
		}
	}
	return faces, nil
}

// Describe gives a face a description, which official clients show; "" takes it away. The
// service does not give descriptions back. Unconfirmed: one client reports the request. The
// errors are [ErrNoCustomFace] and those of [Client.Call].
func (f CustomFaces) Describe(ctx context.Context, id, description string) error {
	if _, err := f.find(ctx, []string{id}); err != nil {
		return err
	}
	req := &oidbpb.CustomFaceEditReq{
		Unknown1: 1, OsVersion: f.c.session.Device().SystemKernel, Kind: describeFace, Unknown12: 1,
		Desc: &oidbpb.CustomFaceDesc{Id: faceID(id), Desc: []byte(description)},
	}
	if _, err := call(ctx, f.c, rpc.EditCustomFaces, req); err != nil {
		return fmt.Errorf("describe custom face: %w", err)
	}
	return nil
}

func faceID(id string) *oidbpb.CustomFaceId {
	return &oidbpb.CustomFaceId{EmojiId: id, Md5: faceMD5(id)}
}

// ToFront makes a face the first one; the service knows no other place. The errors are
// [ErrNoCustomFace] and those of [Client.Call].
func (f CustomFaces) ToFront(ctx context.Context, id string) error {
	faces, err := f.find(ctx, []string{id})
	if err != nil {
		return err
	}
	os := f.c.session.Device().SystemKernel
	if _, err := call(ctx, f.c, rpc.MoveCustomFace, moveFaceRequest(os, f.c.App().CurrentVersion, id)); err != nil {
		return fmt.Errorf("move custom face: %w", err)
	}
	order := &oidbpb.CustomFaceEditReq{Unknown1: 1, OsVersion: os, Kind: orderFaces, Order: []*oidbpb.CustomFaceId{faceID(id)}}
	for _, face := range faces {
		if face.ID != id {
			order.Order = append(order.Order, faceID(face.ID))
		}
	}
	if _, err := call(ctx, f.c, rpc.EditCustomFaces, order); err != nil {
		return fmt.Errorf("move custom face: %w", err)
	}
	return nil
}

// moveFaceRequest has the version without its build.
func moveFaceRequest(os, version, id string) *oidbpb.CustomFaceMoveReq {
	version, _, _ = strings.Cut(version, "-")
	return &oidbpb.CustomFaceMoveReq{
		Client: &oidbpb.CustomFaceClient{Unknown1: 1024, OsVersion: os, QVersion: version}, EmojiId: id, Position: toTheFront,
	}
}

func (c *Client) listFacesRequest() *oidbpb.FaceRoamReq {
	req := faceRoamRequest(c.Self().UIN, c.session.Device().SystemKernel, listFaces)
	req.Platform.QVersion, req.Unknown6 = proto.String(c.App().CurrentVersion), 1
	return req
}

func deleteFacesRequest(self UIN, os string, ids []string) *oidbpb.FaceRoamReq {
	req := faceRoamRequest(self, os, deleteFaces)
	for _, id := range ids {
		req.Deletes = append(req.Deletes, &oidbpb.FaceRoamDelete{EmojiId: id})
	}
	return req
}

func faceRoamRequest(self UIN, os string, do uint32) *oidbpb.FaceRoamReq {
	return &oidbpb.FaceRoamReq{
		Platform: &oidbpb.FaceRoamPlatform{ImPlat: 1, OsVersion: proto.String(os)}, SelfUin: uint64(self), SubCmd: do,
	}
}
