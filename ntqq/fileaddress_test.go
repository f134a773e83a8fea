package ntqq

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/mediapb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// addressService gives addresses of files. answer may wait and may refuse.
func addressService(t *testing.T, asked *atomic.Int32, answer func() error) *Client {
	t.Helper()
	var mux rpc.Mux[struct{}]
	rpc.Handle(&mux, rpc.GroupFileURL, func(_ struct{}, req *oidbpb.GroupFileReq) (*oidbpb.GroupFileResp, error) {
		asked.Add(1)
		d := &oidbpb.GroupFileDownloadResp{DownloadDns: "files.example", DownloadUrl: []byte(req.GetDownload().GetFileId())}
		if req.GetDownload().GetGroupCode() != uint64(testGroup) || req.GetDownload().GetBusId() != message.BusTemporary {
			return nil, &rpc.Refused{Code: 1, Message: "another group"}
		}
		return &oidbpb.GroupFileResp{Download: d}, answer()
	})
	rpc.Handle(&mux, rpc.PrivateFileURL, func(_ struct{}, req *mediapb.OfflineFileReq) (*mediapb.OfflineFileResp, error) {
		asked.Add(1)
		return &mediapb.OfflineFileResp{Download: &mediapb.OfflineDownloadResp{Result: &mediapb.OfflineDownloadResult{
			Server: "files.example", Url: "/" + req.GetDownload().GetFileUuid() + "/" + req.GetDownload().GetFileHash(),
		}}}, answer()
	})
	service := sessiontest.New(t)
	service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
	c := start(t, service, Options{})
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

func fileMessage(files ...message.Segment) *event.Message {
	return &event.Message{Message: &message.Message{Chat: message.Chat{Kind: message.Group, Group: testGroup}, Content: files}}
}

// TestFilesHaveAddresses: the message, and the event that follows from it, say where a file
// can be downloaded. What is sent, and what nobody could ask for, has no address.
func TestFilesHaveAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		c := addressService(t, &asked, func() error { return nil })
		ofGroup := &message.FileSegment{ID: "/f", Group: testGroup, BusID: message.BusTemporary}
		m := fileMessage(ofGroup, &message.FileSegment{ID: "f", Hash: "h"},
			&message.FileSegment{ID: "/of-a-forward"}, &message.FileSegment{}, &message.FileSegment{ID: "/sent", Group: testGroup, Source: media.Bytes(nil)})
		lookUpNow(t, c, m)
		want := []string{"https://files.example/ftn_handler/2f66/?fname=", "http://files.example/f/h?fname=&isthumb=0", "", "", ""}
		for i, seg := range m.Content {
			if got := seg.(*message.FileSegment).URL; got != want[i] {
				t.Errorf("file %d: got %q, want %q", i, got, want[i])
			}
		}
		if asked.Load() != 2 || ofGroup.URL != "" {
			t.Errorf("asked %d times, want 2; the segment that others hold is %+v", asked.Load(), ofGroup)
		}
		if e, ok := event.FileIn(m.Message).(*event.GroupFileUploaded); !ok || e.File.URL != want[0] {
			t.Errorf("the event is %+v", e)
		}
		history := message.Content{ofGroup}
		if err := c.Media().Complete(t.Context(), history); err != nil || history[0].(*message.FileSegment).URL != want[0] {
			t.Errorf("of a history: %+v, %v", history[0], err)
		}
	})
}

// TestEventsOfFilesAreNotLost: a service that refuses, or is silent, leaves the address
// empty; silence delays one event.
func TestEventsOfFilesAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		c := addressService(t, &asked, func() error { return &rpc.Refused{Code: 1, Message: "gone"} })
		m := fileMessage(&message.FileSegment{ID: "/f", Group: testGroup, BusID: message.BusTemporary})
		lookUpNow(t, c, m)
		if e, ok := event.FileIn(m.Message).(*event.GroupFileUploaded); !ok || e.File.URL != "" || e.File.ID != "/f" || asked.Load() != 1 {
			t.Errorf("the event is %+v, asked %d times", e, asked.Load())
		}
		if _, err := c.Files().SegmentURL(t.Context(), &message.FileSegment{ID: "/f"}); !errors.Is(err, ErrNoFile) || !strings.Contains(err.Error(), `"/f"`) {
			t.Errorf("of no group: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		ctx, cancel := context.WithCancel(t.Context())
		c := addressService(t, &asked, func() error { <-ctx.Done(); return errors.New("no answer") })
		defer cancel()
		began := time.Now()
		for range 5 {
			f := &message.FileSegment{ID: "/f", Group: testGroup, BusID: message.BusTemporary}
			lookUpNow(t, c, fileMessage(f, f))
		}
		if took := time.Since(began); took > resolveTimeout || asked.Load() != 1 {
			t.Errorf("five events waited %v, asked %d times", took, asked.Load())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		c := addressService(t, &asked, func() error { return nil })
		var many message.Content
		for range 50 {
			many = append(many, &message.FileSegment{ID: "/f", Group: testGroup, BusID: message.BusTemporary})
		}
		lookUpNow(t, c, fileMessage(many...))
		if asked.Load() != eventAddresses {
			t.Errorf("asked %d times for one event, want %d", asked.Load(), eventAddresses)
		}
	})
}
