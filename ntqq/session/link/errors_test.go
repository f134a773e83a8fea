package link

import (
	"errors"
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
