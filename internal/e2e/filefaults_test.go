package e2e

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// The commands that bring a file into a chat.
var (
	groupFileSteps   = []string{"RESERVE", rpc.ReserveGroupFile.Name, "SHOW", rpc.PublishGroupFile.Name}
	privateFileSteps = []string{"RESERVE", rpc.ReservePrivateFile.Name, "SHOW", rpc.SendMessage.Name}
)

// fileFaults are faults of uploads, and what becomes of a file of three blocks in a group
// and in a private chat: "" for sent, else what the error says.
var fileFaults = []struct {
	fault          string
	group, private string
	// within bounds how long each of the two takes.
	within time.Duration
}{
	{"upload-reset:count=2", "", "", 10 * time.Second},
	{"upload-wrong-hash:count=2", "", "", time.Second},
	{"upload-slow:delay=5s", "", "", 15 * time.Second},
	{"upload-silent:count=1", "", "", 40 * time.Second},
	{"upload-expired:count=1", "", "", 10 * time.Second},
	{"upload-close-after", "", "", time.Second},
	{"upload-reset:count=8", "", "", time.Minute}, // reserved again
	{"upload-refused", "block: block 3 of 3: refused with code 102902/0", "block: block 3 of 3: refused with code 210005/0", time.Second},
	{"upload-reset", "block: block ", "block: block ", 2 * time.Minute},
	{"upload-wrong-hash", "of 3: refused with code 2/0", "of 3: refused with code 2/0", 10 * time.Second},
	{"upload-expired", "of 3: refused with code 1/0", "of 3: refused with code 1/0", 10 * time.Second},
	{"upload-silent", "the service did not answer in time", "the service did not answer in time", 10 * time.Minute},
	{"upload-missing", "publish: ", "send: ", 10 * time.Second},
	{"code:on=RESERVE", "reserve: ", "reserve: ", time.Minute},
	{"ignore:on=RESERVE,count=1", "reserve: ", "reserve: ", time.Minute},
	{"code:on=HttpConn.0x6ff_501", "block: ", "block: ", time.Minute},
	{"mute:on=SHOW,count=1", "", "", time.Minute}, // it was shown
	{"code:on=SHOW", "publish: ", "send: ", time.Minute},
}

// TestFileFaults sends a file to a group and to a friend while uploads fail. It comes whole,
// once, or the error names the step that has failed, and nothing is left: neither a file in
// the group nor a message.
func TestFileFaults(t *testing.T) {
	t.Parallel()
	for i, tt := range fileFaults {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				s, b, _ := two(t)
				for _, kind := range []string{"group", "private"} {
					chat, fails, steps := message.Chat{Kind: message.Group, Group: group}, tt.group, groupFileSteps
					if kind == "private" {
						chat, fails, steps = message.Chat{Kind: message.Friend, Peer: alice}, tt.private, privateFileSteps
					}
					f, err := fault.Parse(strings.NewReplacer(steps...).Replace(tt.fault))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := s.Faults().Add(f); err != nil {
						t.Fatal(err)
					}
					struck := s.Faults().Struck(f.Name)
					file := newPicture(2<<20+5, byte(i))
					copy(file[100:], kind)
					began := time.Now()
					seg, err := b.Files().Upload(t.Context(), chat, ntqq.FileUpload{Source: media.Bytes(file), Name: "a.bin"})
					if took := time.Since(began); took > tt.within {
						t.Errorf("%s: took %v, want at most %v", kind, took, tt.within)
					}
					if s.Faults().Struck(f.Name) == struck {
						t.Errorf("%s: the fault did not strike", kind)
					}
					s.Faults().Clear()
					checkFile(t, s, kind, file, seg, err, fails)
				}
				if state := b.State(); !state.Online() || state.OnlineCount != 1 {
					t.Errorf("the session: got %+v", state)
				}
			})
		})
	}
}

// TestFileShownUnknown: the request that shows a file is lost. Nobody knows what has become
// of it, so the file stays, whole: a message that comes late must not show one that is gone.
// Of a private file nothing is left.
func TestFileShownUnknown(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		for _, chat := range []message.Chat{{Kind: message.Group, Group: group}, {Kind: message.Friend, Peer: alice}} {
			command := rpc.PublishGroupFile.Name
			if chat.Kind == message.Friend {
				command = rpc.SendMessage.Name
			}
			if _, err := s.Faults().Add(fault.Fault{Name: fault.Ignore, On: command}); err != nil {
				t.Fatal(err)
			}
			_, err := b.Files().Upload(t.Context(), chat, ntqq.FileUpload{Source: media.Bytes([]byte("a file")), Name: "a.txt"})
			s.Faults().Clear()
			var step *media.StepError
			if !errors.Is(err, ntqq.ErrUnknownOutcome) || !errors.As(err, &step) {
				t.Errorf("%v: got error %v, want a step whose outcome is not known", chat, err)
			}
		}
		page, err := s.World().Files().List(group, 0, world.RootFolder, 0, 100)
		if err != nil || len(page.Files) != 1 || page.Files[0].Size != 6 {
			t.Errorf("got %+v, %v in the group, want the file", page.Files, err)
		}
		if n := len(s.World().History().OfGroup(group, 1, 100)) + len(s.World().History().OfPrivate(bot, alice, 1, 1<<40)); n != 0 {
			t.Errorf("got %d messages, want none", n)
		}
	})
}

// checkFile compares what the chat has with the result of sending.
func checkFile(t *testing.T, s *service, kind string, file []byte, seg *message.FileSegment, err error, fails string) {
	t.Helper()
	page, listErr := s.World().Files().List(group, 0, world.RootFolder, 0, 100)
	if listErr != nil {
		t.Fatal(listErr)
	}
	there, want := s.World().History().OfGroup(group, 1, 100), 1
	if kind == "private" {
		there = s.World().History().OfPrivate(bot, alice, 1, 1<<40)
		page.Files = nil // of the group
	}
	if fails != "" {
		var step *media.StepError
		if !errors.As(err, &step) || !strings.Contains(err.Error(), fails) {
			t.Errorf("%s: got error %v, want a step that fails with %q", kind, err, fails)
		}
		want = 0
	} else if err != nil {
		t.Fatalf("%s: got error %v", kind, err)
	}
	if len(there) != want || kind == "group" && len(page.Files) != want {
		t.Fatalf("%s: got %d messages and %d files, want %d; the error is %v", kind, len(there), len(page.Files), want, err)
	}
	if want == 0 {
		return
	}
	shown, ok := there[0].Content()[0].(*message.FileSegment)
	if !ok || shown.ID != seg.ID || shown.FileName != "a.bin" || shown.Size != uint64(len(file)) || kind == "group" && page.Files[0].ID != seg.ID {
		t.Fatalf("%s: got %v in the chat and %v as the result", kind, there[0].Content(), seg)
	}
	b, kept := s.World().Media().FindMD5([16]byte(shown.MD5))
	if !kept {
		t.Fatalf("%s: the bytes are not there", kind)
	}
	r, _, err := s.World().Media().Open(b.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%s: got another file of %d bytes, error %v", kind, len(got), err)
	}
}
