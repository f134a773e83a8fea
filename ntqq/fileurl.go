package ntqq

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// URL returns an address from which a file of a group can be downloaded now. It dies after
// some hours. bus 0 stands for [message.BusPermanent].
func (f Files) URL(ctx context.Context, group GroupCode, id string, bus uint32) (string, error) {
	resp, err := call(ctx, f.c, rpc.GroupFileURL, groupFileURLRequest(group, id, bus))
	if err != nil {
		return "", f.failed(ctx, group, "ask for the address of a file", err)
	}
	address, err := groupFileURL(resp.GetDownload(), f.c.session.MediaServer() != "")
	if err != nil {
		return "", f.failed(ctx, group, "ask for the address of a file", err)
	}
	return address, nil
}

// PrivateURL returns an address from which a file of a private chat can be downloaded now.
// hash may be empty; then the service may not find the file.
func (f Files) PrivateURL(ctx context.Context, id, hash string) (string, error) {
	resp, err := call(ctx, f.c, rpc.PrivateFileURL, privateFileURLRequest(f.c.Self().UID, id, hash))
	var address string
	if err == nil {
		address, err = privateFileURL(resp.GetDownload().GetResult())
	}
	if err != nil {
		return "", fmt.Errorf("ask for the address of a file: %w", err)
	}
	return address, nil
}

func groupFileURLRequest(group GroupCode, id string, bus uint32) *oidbpb.GroupFileReq {
	return &oidbpb.GroupFileReq{Download: &oidbpb.GroupFileDownloadReq{
		GroupCode: uint64(group), AppId: filesApp, BusId: GroupFileRef{BusID: bus}.bus(), FileId: id,
	}}
}

// groupFileURL puts an address together (docs/protocol/media.md 4.4, 10.5). A sandbox may
// have no TLS.
func groupFileURL(d *oidbpb.GroupFileDownloadResp, sandbox bool) (string, error) {
	host, scheme := d.GetDownloadDns(), "https"
	if host == "" {
		host = d.GetDownloadIp()
	}
	if sandbox && d.GetPreviewPort() != 0 && d.GetPreviewPortHttps() == 0 {
		scheme = "http"
	}
	if len(d.GetDownloadUrl()) == 0 {
		return "", errNoAddress
	}
	name := strings.ReplaceAll(url.QueryEscape(d.GetSaveFileName()), "+", "%20") // who reads it knows either form
	return checkedURL(scheme, host, "/ftn_handler/"+hex.EncodeToString(d.GetDownloadUrl())+"/?fname="+name)
}

// maxAddress bounds an address, in bytes: events and answers to bots have it.
const maxAddress = 8 << 10

// checkedURL is an address at a host: nothing else than the host decides where it leads.
func checkedURL(scheme, host, path string) (string, error) {
	address := scheme + "://" + host + path
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress || host == "" || u.Host != host || u.User != nil || !strings.HasPrefix(path, "/") {
		return "", errNoAddress
	}
	return address, nil
}

func privateFileURLRequest(self UID, id, hash string) *mediapb.OfflineFileReq {
	return &mediapb.OfflineFileReq{
		Command: rpc.PrivateFileURL.Sub, Seq: proto.Int32(1),
		Download:   &mediapb.OfflineDownloadReq{ReceiverUid: string(self), FileUuid: id, Type: 2, FileHash: hash, T2: proto.Int32(0)},
		BusinessId: fileBusiness, ClientType: 103, SupportMediaPlatform: 1, Field99999: []byte{0xc0, 0x85, 0x2c, 0x01},
	}
}

func privateFileURL(r *mediapb.OfflineDownloadResult) (string, error) {
	host := r.GetServer()
	if r.GetPort() > 0 && host != "" {
		host = net.JoinHostPort(host, strconv.Itoa(int(r.GetPort())))
	}
	path := r.GetUrl()
	if !strings.Contains(path, "?") {
		path += "?fname="
	}
	return checkedURL("http", host, path+"&isthumb=0")
}

// locateFile returns a copy of a file that was received with its address, as long as asks
// says that the service may be asked; it counts down.
func (c *Client) locateFile(ctx context.Context, f *message.FileSegment, asks *int) (*message.FileSegment, error) {
	if *asks == 0 || ctx.Err() != nil {
		return f, ctx.Err()
	}
	*asks--
	address, err := c.Files().SegmentURL(ctx, f)
	if errors.Is(err, ErrTimeout) { // all others would wait as long
		*asks = 0
	}
	located := *f
	located.URL = address
	return &located, err
}

// SegmentURL is [Files.URL] or [Files.PrivateURL] for a file that was received. The error
// is [ErrNoFile] of a group's file whose Group is not known.
func (f Files) SegmentURL(ctx context.Context, seg *message.FileSegment) (string, error) {
	switch {
	case !seg.OfGroup():
		return f.PrivateURL(ctx, seg.ID, seg.Hash)
	case seg.Group == 0:
		return "", fmt.Errorf("file %q of a group that is not known: %w", seg.ID, ErrNoFile)
	}
	return f.URL(ctx, seg.Group, seg.ID, seg.BusID)
}
