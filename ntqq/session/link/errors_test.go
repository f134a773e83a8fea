package link

import (
	"errors"
	"strings"
	"testing"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
)

func TestKickError(t *testing.T) {
	payload, err := pb.Marshal(&pushpb.KickNotice{Title: "notice", Tips: "logged in elsewhere", Code: 2001})
	if err != nil {
		t.Fatal(err)
	}
	var kick *KickError
	if err := kickError(payload); !errors.Is(err, ErrKicked) || !errors.As(err, &kick) ||
		*kick != (KickError{Title: "notice", Tips: "logged in elsewhere", Code: 2001}) {
		t.Errorf("got %#v", err)
	}
	if err := kickError([]byte{0xff}); !errors.Is(err, ErrKicked) {
		t.Errorf("a kick that cannot be read: got %v, want ErrKicked", err)
	}
}

// TestLongWords: errors go to logs, notices and bots, the service's texts in them in part.
func TestLongWords(t *testing.T) {
	long := strings.Repeat("长", 1<<20)
	for _, err := range []interface {
		error
		Text() (string, string)
	}{&ServerError{Command: "x", Message: long}, &KickError{Title: long, Tips: long}} {
		en, zh := err.Text()
		for _, words := range []string{en, zh, err.Error()} {
			if n := strings.Count(words, "长"); n < 500 || n > 1000 || len(words) > 4<<10 {
				t.Errorf("%T: %d bytes", err, len(words))
			}
		}
	}
}
