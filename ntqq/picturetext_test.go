package ntqq

import (
	"testing"
	"testing/synctest"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// TestPictureAtTheService: addresses of the service are read as they are; of others none
// looks like one.
func TestPictureAtTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := ""
		s := &mediaService{also: func(mux *rpc.Mux[struct{}]) {
			rpc.Handle(mux, rpc.ReadPicture, func(_ struct{}, req *oidbpb.OcrReq) (*oidbpb.OcrResp, error) {
				asked = req.GetBody().GetImageUrl()
				return &oidbpb.OcrResp{Body: &oidbpb.OcrRespBody{Texts: []*oidbpb.OcrText{{Text: "a"}}}}, nil
			})
		}}
		c := s.client(t)
		for address, want := range map[string]bool{
			"https://multimedia.nt.qq.com.cn/download?appid=1406&fileid=x": true,
			"http://gchat.qpic.cn/gchatpic_new/0/0-0-00/0":                 true,
			"https://p.qpic.cn/qq_expression/1/2/0":                        true,
			"https://p.qpic.cn@evil.example/":                              false,
			"https://u@p.qpic.cn/":                                         false,
			"https://p.qpic.cn.evil.example/":                              false,
			"file://p.qpic.cn/":                                            false,
			"http://service:1/x":                                           true,
			"p.qpic.cn":                                                    false,
			"":                                                             false,
			"http://[":                                                     false,
		} {
			if got := c.Media().Has(address); got != want {
				t.Errorf("%q: got %t", address, got)
			}
			if !want {
				continue
			}
			found, err := c.Media().ReadText(t.Context(), &message.ImageSegment{Medium: message.Medium{URL: address}})
			if err != nil || asked != c.atService(address) || len(found.Lines) != 1 || found.Lines[0].Text != "a" {
				t.Errorf("%q: got %+v, %v, asked about %q", address, found, err, asked)
			}
		}
	})
}
