package ntqq

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// uploadService answers requests about files of groups.
type uploadService struct {
	place   *oidbpb.GroupFileUploadResp
	publish func() (*oidbpb.GroupFileTransResp, error)
	list    []*oidbpb.GroupFile
	deleted []string
}

// client is a client of the service. It must be called inside a bubble.
func (s *uploadService) client(t *testing.T) *Client {
	t.Helper()
	var mux rpc.Mux[struct{}]
	rpc.Handle(&mux, rpc.ReserveGroupFile, func(struct{}, *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
		return &oidbpb.GroupFileResp{Upload: s.place}, nil
	})
	rpc.Handle(&mux, rpc.PublishGroupFile, func(struct{}, *oidbpb.GroupFileTransReq) (*oidbpb.GroupFileTransResp, error) {
		return s.publish()
	})
	rpc.Handle(&mux, rpc.GroupFiles, func(struct{}, *oidbpb.GroupFileViewReq) (*oidbpb.GroupFileViewResp, error) {
		list := &oidbpb.GroupFileListResp{IsEnd: true}
		for _, f := range s.list {
			list.Items = append(list.Items, &oidbpb.GroupFileItem{Type: entryFile, File: f})
		}
		return &oidbpb.GroupFileViewResp{List: list}, nil
	})
	rpc.Handle(&mux, rpc.DeleteGroupFile, func(_ struct{}, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
		s.deleted = append(s.deleted, req.GetDelete().GetFileId())
		return &oidbpb.GroupFileResp{Delete: &oidbpb.GroupFileOpResp{}}, nil
	})
	service := sessiontest.New(t)
	service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
	c := start(t, service, Options{Dial: service.Dial, OutcomeWait: -1})
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

func uploadOne(t *testing.T, c *Client) (*message.Message, media.Step, error) {
	t.Helper()
	m, err := c.Files().Send(t.Context(), message.Chat{Kind: message.Group, Group: 5}, FileUpload{Source: media.Bytes([]byte("abc")), Name: "a"})
	failed, ok := errors.AsType[*media.StepError](err)
	if err == nil {
		return m, "", nil
	}
	if !ok {
		t.Fatalf("got %v, want a step", err)
	}
	return nil, failed.Step, err
}

// TestFilePlaces: an answer that names no place is an error of the reservation.
func TestFilePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &uploadService{}
		c := s.client(t)
		for name, place := range map[string]*oidbpb.GroupFileUploadResp{
			"nothing": nil,
			"no id":   {FileExists: true, FileKey: []byte("key")},
			"no key":  {FileId: "/1"},
		} {
			s.place = place
			if _, step, err := uploadOne(t, c); step != media.StepReserve || !errors.Is(err, errNoFilePlace) {
				t.Errorf("%s: got %v at %s", name, err, step)
			}
		}
		s.place = &oidbpb.GroupFileUploadResp{RetCode: -36, RetMsg: "full", ClientWording: "空间已满"}
		_, step, err := uploadOne(t, c)
		if refused, ok := errors.AsType[*ServerError](err); step != media.StepReserve || !ok || refused.Code != -36 || refused.Message != "空间已满" {
			t.Errorf("refused: got %v at %s", err, step)
		}
		if len(s.deleted) != 0 {
			t.Errorf("deleted %q", s.deleted)
		}
	})
}

// TestFileOfOthersStays: of bytes that the service has it may name a file that was there
// before. What is not certain to be the upload's own is not deleted when that fails.
func TestFileOfOthersStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &uploadService{
			place:   &oidbpb.GroupFileUploadResp{FileId: "/1", FileExists: true},
			publish: func() (*oidbpb.GroupFileTransResp, error) { return nil, &rpc.Refused{Code: 7, Message: "no"} },
		}
		c := s.client(t)
		now := uint32(c.now().Unix())
		for name, v := range map[string]struct {
			file *oidbpb.GroupFile
			goes bool
		}{
			"its own":    {&oidbpb.GroupFile{FileId: "/1", UploaderUin: 10001, UploadTime: now}, true},
			"an old one": {&oidbpb.GroupFile{FileId: "/1", UploaderUin: 10001, UploadTime: now - 3600}, false},
			"another's":  {&oidbpb.GroupFile{FileId: "/1", UploaderUin: 10002, UploadTime: now}, false},
			"not there":  {&oidbpb.GroupFile{FileId: "/2", UploaderUin: 10001, UploadTime: now}, false},
		} {
			s.list, s.deleted = []*oidbpb.GroupFile{v.file}, nil
			if _, step, err := uploadOne(t, c); step != media.StepPublish {
				t.Errorf("%s: got %v at %s", name, err, step)
			}
			if v.goes != (len(s.deleted) == 1) {
				t.Errorf("%s: deleted %q", name, s.deleted)
			}
		}
	})
}

// TestFileShown: what the service says of the message that shows a file.
func TestFileShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := func(r *oidbpb.GroupFileFeedResult) func() (*oidbpb.GroupFileTransResp, error) {
			feed := &oidbpb.GroupFileFeedResp{}
			if r != nil {
				feed.Results = append(feed.Results, r)
			}
			return func() (*oidbpb.GroupFileTransResp, error) { return &oidbpb.GroupFileTransResp{Feed: feed}, nil }
		}
		s := &uploadService{place: &oidbpb.GroupFileUploadResp{FileId: "/1", FileExists: true, BusId: message.BusTemporary}}
		c := s.client(t)
		s.publish = result(&oidbpb.GroupFileFeedResult{FileId: "/1", MsgSeq: 77})
		m, step, err := uploadOne(t, c)
		if err != nil {
			t.Fatalf("got %v at %s", err, step)
		}
		f, ok := m.Content[0].(*message.FileSegment)
		if m.Sequence != 77 || m.Random == 0 || m.Time != time.Now().Unix() || !ok || f.ID != "/1" || f.BusID != message.BusTemporary || f.Size != 3 {
			t.Errorf("got %+v with %+v", m, f)
		}

		s.list = []*oidbpb.GroupFile{{FileId: "/1", UploaderUin: 10001, UploadTime: uint32(time.Now().Unix())}}
		s.publish = result(&oidbpb.GroupFileFeedResult{RetCode: 120, Detail: "muted"})
		if _, step, err := uploadOne(t, c); step != media.StepPublish || !errors.Is(err, ErrMuted) || len(s.deleted) != 1 {
			t.Errorf("refused within: got %v at %s, deleted %q", err, step, s.deleted)
		}
		s.deleted = nil
		s.publish = result(nil) // it may be there
		if _, step, err := uploadOne(t, c); step != media.StepPublish || !errors.Is(err, ErrUnknownOutcome) || len(s.deleted) != 0 {
			t.Errorf("without a number: got %v at %s, deleted %q", err, step, s.deleted)
		}
	})
}
