package e2e

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// newPicture is a picture of so many bytes that no other test has sent.
func newPicture(size int, seed byte) []byte {
	b := bytes.Repeat([]byte{seed, 1, 2, 3, 5, 8, 13}, size/7+1)[:size]
	copy(b, "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x08\x00\x00\x00\x05\x08\x02\x00\x00\x00")
	return b
}

// uploadFaults are faults of uploads, and what becomes of a picture of four blocks: "" for
// sent, else what the error says.
var uploadFaults = []struct {
	fault string
	fails string
	// within bounds how long sending takes.
	within time.Duration
}{
	{"upload-reset:count=2", "", 10 * time.Second},
	{"upload-wrong-hash:count=2", "", time.Second},
	{"upload-slow:delay=5s", "", 15 * time.Second},
	{"upload-silent:count=1", "", 40 * time.Second},
	{"upload-expired:count=1", "", 10 * time.Second},
	{"upload-close-after", "", time.Second},
	{"upload-missing:count=1", "", time.Second},
	{"upload-reset:count=20", "", time.Minute}, // reserved again
	{"upload-refused", "block: block 4 of 4: refused with code 83/198", time.Second},
	{"upload-missing", "", time.Second}, // only fast uploads are missing
	{"upload-reset", "block: block ", 2 * time.Minute},
	{"upload-wrong-hash", "of 4: refused with code 2/0", 10 * time.Second},
	{"upload-expired", "of 4: refused with code 1/0", 10 * time.Second},
	{"upload-silent", "the service did not answer in time", 10 * time.Minute},
}

// TestUploadFaults sends a picture while uploads fail. It comes whole, or the error says
// what has failed; the session and other messages do not notice.
func TestUploadFaults(t *testing.T) {
	t.Parallel()
	for i, tt := range uploadFaults {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				s, b, _ := two(t)
				f, err := fault.Parse(tt.fault)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Faults().Add(f); err != nil {
					t.Fatal(err)
				}
				picture := newPicture(3<<20+5, byte(i))
				began := time.Now()
				done := make(chan error, 1)
				go func() {
					_, err := b.Messages().SendGroup(t.Context(), group, message.Content{message.Image(media.Bytes(picture))})
					done <- err
				}()
				if _, err := b.Messages().SendFriend(t.Context(), alice, message.Content{message.Text("meanwhile")}); err != nil || time.Since(began) > time.Second {
					t.Errorf("a text meanwhile: %v after %v", err, time.Since(began))
				}
				err = <-done
				if took := time.Since(began); took > tt.within {
					t.Errorf("took %v, want at most %v", took, tt.within)
				}
				checkUpload(t, s, picture, err, tt.fails)
				if state := b.State(); !state.Online() || state.OnlineCount != 1 {
					t.Errorf("the session: got %+v", state)
				}
				if s.Faults().Struck(f.Name) == 0 {
					t.Error("the fault did not strike")
				}
			})
		})
	}
}

// checkUpload compares what the group has with the result of sending.
func checkUpload(t *testing.T, s *service, picture []byte, err error, fails string) {
	t.Helper()
	there := s.World().History().OfGroup(group, 1, 100)
	if fails != "" {
		var step *media.StepError
		if !errors.As(err, &step) || !strings.Contains(err.Error(), fails) {
			t.Errorf("got error %v, want a step that fails with %q", err, fails)
		}
		if len(there) != 0 {
			t.Errorf("got %d messages, want none", len(there))
		}
		return
	}
	if err != nil || len(there) != 1 {
		t.Fatalf("got error %v and %d messages, want 1", err, len(there))
	}
	image, ok := there[0].Content()[0].(*message.ImageSegment)
	if !ok {
		t.Fatalf("got %v, want a picture", there[0].Content())
	}
	r, _, err := s.World().Media().Open([20]byte(image.SHA1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, picture) {
		t.Errorf("got another picture of %d bytes, error %v", len(got), err)
	}
}

// TestUploadOverTCP sends frames without HTTP around them.
func TestUploadOverTCP(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		b := s.account(t, nil, func(o *ntqq.Options) { o.UploadTCP = true })
		b.until(ntqq.Online)
		picture := newPicture(6<<20+1, 77)
		_, err := b.Messages().SendGroup(t.Context(), group, message.Content{message.Image(media.Bytes(picture))})
		checkUpload(t, s, picture, err, "")
	})
}
