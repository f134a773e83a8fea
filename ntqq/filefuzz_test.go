package ntqq

import (
	"net/url"
	"strings"
	"testing"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// FuzzFileAddresses: whatever an answer says, an address leads to the host that it names.
func FuzzFileAddresses(f *testing.F) {
	f.Add("f.example:81", "1.2.3.4", "/x?fname=y", "a b", uint32(80))
	f.Add("f.example@evil.example", "", "@evil.example", "&x=y#", uint32(1))
	f.Add("::1", "[::1", "//evil.example/x", "", uint32(70000))
	f.Fuzz(func(t *testing.T, dns, ip, path, name string, port uint32) {
		group, err := groupFileURL(&oidbpb.GroupFileDownloadResp{
			DownloadDns: dns, DownloadIp: ip, DownloadUrl: []byte(path), SaveFileName: name, PreviewPort: port,
		}, true)
		if u, parseErr := url.Parse(group); err == nil && (parseErr != nil || u.Host != dns && u.Host != ip || u.User != nil || u.Query().Get("fname") != name) {
			t.Errorf("%q, %q, %q gave %q", dns, ip, name, group)
		}
		private, err := privateFileURL(&mediapb.OfflineDownloadResult{Server: dns, Port: port, Url: path})
		if u, parseErr := url.Parse(private); err == nil && (parseErr != nil || !strings.HasPrefix(strings.TrimPrefix(u.Host, "["), dns) || u.User != nil || u.Scheme != "http") {
			t.Errorf("%q, %q gave %q", dns, path, private)
		}
	})
}

// FuzzKeepAnswer: an answer that cannot be read says nothing against it, and an answer in
// which the result stands is read.
func FuzzKeepAnswer(f *testing.F) {
	f.Add([]byte{0x0a, 0x02, 0x08, 0x03})
	f.Add([]byte{0x08, 0x03})
	f.Add([]byte{0x08, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		resp := &oidbpb.GroupFileTransResp{}
		if pb.Unmarshal(b, resp) != nil {
			return
		}
		if code := bareCode(resp); len(b) == 2 && b[0] == 0x08 && code != int64(b[1]) {
			t.Errorf("%x has the result %d", b, code)
		}
		rpc.KeepGroupFile.Verdict(resp)
	})
}
