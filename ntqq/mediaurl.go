package ntqq

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/ntqq/message"
)

// maxAddresses is how often one call of Complete asks for an address.
const maxAddresses = 200

var errNoAddress = errors.New("the answer has no address")

// URL returns an address from which a medium can be downloaded now. It dies after about an
// hour. Addresses of pictures are made of a key ([Media.Rkeys]); of the others the service
// is asked each time.
//
// The errors are those of [Client.Call], a [*ServerError] when the service does not know
// the medium (any more), and [ErrNoMedium].
func (m Media) URL(ctx context.Context, seg message.Segment) (string, error) {
	kind, medium := mediumOf(seg)
	if kind == nil {
		return "", ErrNoMedium
	}
	one := 1
	return m.c.locate(ctx, kind, medium, &one)
}

// locate is URL. It asks the service for nothing but keys when asks is 0, else it counts
// down: without having asked there is no address then, and no error.
func (c *Client) locate(ctx context.Context, kind *mediaKind, m *message.Medium, asks *int) (string, error) {
	if m.ID == "" {
		address, err := oldURL(kind, m)
		return c.atService(address), err
	}
	w := whereOf(kind, m)
	if address := c.pictureURL(ctx, w); address != "" || *asks == 0 {
		return address, nil
	}
	*asks--
	return c.askURL(ctx, w)
}

// oldURL is the address of a medium of the old form.
func oldURL(kind *mediaKind, m *message.Medium) (string, error) {
	switch {
	case m.URL != "":
		return m.URL, nil
	case kind == imageKind && len(m.MD5) == 16:
		return elements.ImageURL(m.MD5), nil
	}
	return "", ErrNoMedium
}

// customFaceHost has the faces of accounts (docs/protocol/operations.md 3.7).
const customFaceHost = "p.qpic.cn"

// pictureHosts are those of the service that have pictures.
var pictureHosts = []string{elements.MediaHost, elements.OldMediaHost, customFaceHost}

// atService is an address of a picture at the real service's hosts; for a sandbox the same
// one there. Others stay as they are.
func (c *Client) atService(address string) string {
	own := c.session.MediaServer()
	if own == "" || address == "" {
		return address
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(pictureHosts, u.Host) {
		return address
	}
	u.Scheme, u.Host = "http", own
	return u.String()
}

// where is what the service knows a medium by.
type where struct {
	kind    *mediaKind
	node    *mediapb.IndexNode
	app     uint64 // of the file uuid; 0: it cannot be read
	inGroup bool
	group   GroupCode // 0: not known
}

// whereOf reads a description; without one the uuid says it (docs/protocol/media.md 5.1).
func whereOf(kind *mediaKind, m *message.Medium) where {
	w := where{kind: kind}
	uuid := readUUID(m.ID)
	w.app = uuid.GetAppId()
	w.inGroup = w.app == kind.app.group
	var info mediapb.MsgInfo
	if len(m.Info) > 0 && pb.Unmarshal(m.Info, &info) == nil && len(info.GetBody()) > 0 && info.GetBody()[0].GetIndex().GetFileUuid() == m.ID {
		body := info.GetBody()[0]
		w.node = body.GetIndex()
		if troop := body.GetSource().GetTroop(); troop != nil {
			w.group = GroupCode(troop.GetGroupUin())
			w.inGroup = w.inGroup || w.app == 0
		}
		return w
	}
	w.node = &mediapb.IndexNode{FileUuid: m.ID, StoreId: 1, Ttl: uuid.GetTtl()}
	return w
}

// readUUID reads a file uuid, as far as it can be read.
func readUUID(id string) *mediapb.FileUuidBody {
	body := &mediapb.FileUuidBody{}
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || pb.Unmarshal(b, body) != nil {
		return nil
	}
	return body
}

// pictureURL makes the address of a picture; "": the service has to be asked. The key goes
// to the service's own host only, or to a sandbox.
func (c *Client) pictureURL(ctx context.Context, w where) string {
	typ := uint32(0)
	switch w.app {
	case imageKind.app.private:
		typ = rkeyPrivate
	case imageKind.app.group:
		typ = rkeyGroup
	default:
		return ""
	}
	key := c.rkey(ctx, typ)
	if key == "" {
		return ""
	}
	return c.atService(fmt.Sprintf("https://%s/download?appid=%d&fileid=%s%s", elements.MediaHost, w.app, url.QueryEscape(w.node.GetFileUuid()), key))
}

// askURL asks the service for an address.
func (c *Client) askURL(ctx context.Context, w where) (string, error) {
	op := w.kind.url.in(w.inGroup)
	resp, err := call(ctx, c, op, urlRequest(w, c.Self().UID))
	if err != nil {
		return "", fmt.Errorf("address of the %s: %w", w.kind.name, err)
	}
	address, err := urlOf(resp.GetDownload())
	if err != nil {
		return "", fmt.Errorf("address of the %s: %w", w.kind.name, err)
	}
	return address, nil
}

func urlRequest(w where, self UID) *mediapb.RichMediaReq {
	return &mediapb.RichMediaReq{
		Head:     mediaHead(w.kind.urlRequest.in(w.inGroup), mediaAddress, sceneOf(w.kind, w.kind.urlType, w.group, w.inGroup, self)),
		Download: &mediapb.DownloadReq{Node: w.node, Ext: &mediapb.DownloadExt{Video: &mediapb.VideoDownloadExt{}}},
	}
}

// urlOf puts an address together (docs/protocol/media.md 5.1).
func urlOf(d *mediapb.DownloadResp) (string, error) {
	host, scheme := d.GetInfo().GetDomain(), "https"
	if port := d.GetInfo().GetHttpsPort(); port != 0 && port != 443 {
		scheme = "http"
		if _, _, err := net.SplitHostPort(host); err != nil && port != 80 {
			host = net.JoinHostPort(host, strconv.Itoa(int(port)))
		}
	}
	address := scheme + "://" + host + d.GetInfo().GetUrlPath() + d.GetRkeyParam()
	u, err := url.Parse(address)
	if err != nil || d.GetInfo().GetDomain() == "" || u.Host != host || u.User != nil {
		return "", errNoAddress
	}
	return address, nil
}

// Complete fills in the URL of received media and files that have none, also within forwards. The
// segments in content are replaced by copies; those of the nodes of forwards, too. The
// service is asked for at most 200 addresses, and for no more after a question without an
// answer. What cannot be found stays without an address: the error is the first that was
// met.
func (m Media) Complete(ctx context.Context, content message.Content) error {
	asks := maxAddresses
	return m.c.addresses(ctx, content, &asks, true)
}

// addresses is Complete for so many questions, with or without the nodes of forwards.
func (c *Client) addresses(ctx context.Context, content message.Content, asks *int, nodes bool) error {
	var first error
	for i, seg := range content {
		err := ctx.Err()
		if f, ok := seg.(*message.ForwardSegment); ok && nodes && err == nil {
			for _, n := range f.Nodes {
				first = cmp.Or(first, c.addresses(ctx, n.Content, asks, nodes))
			}
			continue
		}
		if !c.unlocated(seg) {
			continue
		}
		if f, ok := seg.(*message.FileSegment); ok {
			located, failed := c.locateFile(ctx, f, asks)
			first = cmp.Or(first, err, failed)
			content[i] = located
			continue
		}
		kind, medium := mediumOf(seg)
		address := c.atService(medium.URL)
		if address == "" && err == nil {
			address, err = c.locate(ctx, kind, medium, asks)
		}
		if errors.Is(err, ErrTimeout) { // all others would wait as long
			*asks = 0
		}
		first = cmp.Or(first, err)
		if address != "" {
			located, medium := message.CopyMedium(seg)
			medium.URL = address
			content[i] = located
		}
	}
	return first
}

// unlocated reports whether a segment is a file or a medium that was received, without an address, or
// with one that a sandbox has elsewhere.
func (c *Client) unlocated(seg message.Segment) bool {
	if f, ok := seg.(*message.FileSegment); ok {
		return f.URL == "" && f.ID != "" && f.Source == nil && (f.Group != 0 || !f.OfGroup())
	}
	m := message.MediumOf(seg)
	if m == nil {
		return false
	}
	if m.URL != "" {
		return c.atService(m.URL) != m.URL
	}
	return m.ID != "" || m.Source == nil && len(m.MD5) == 16
}
