package onebot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

// mediaErrors has each exported error of media, by package and name, with the code of a
// message whose medium fails so.
var mediaErrors = map[string]struct {
	err  error
	code string
}{
	"media.ErrTooLarge":     {media.ErrTooLarge, mediaTooLarge.Code},
	"media.ErrFormat":       {media.ErrFormat, mediaFormat.Code},
	"media.ErrForbidden":    {media.ErrForbidden, fileRefused.Code},
	"media.AddressError":    {&media.AddressError{Host: "a"}, addressRefused.Code},
	"media.StepError":       {&media.StepError{Step: media.StepReserve, Err: errDisk}, uploadFailed.Code},
	"transfer.ErrCancelled": {transfer.ErrCancelled, cancelled.Code},
	"ntqq.ErrMediaRefused":  {&ntqq.ServerError{Code: 1, Cause: ntqq.ErrMediaRefused}, refusedMedium.Code},
	"ntqq.ErrNoMedium":      {ntqq.ErrNoMedium, noMedium.Code},
	"ntqq.ErrIncomplete":    {ntqq.ErrIncomplete, broken.Code},
	"ntqq.ErrOtherMedium":   {ntqq.ErrOtherMedium, broken.Code},
	"ntqq.StatusError":      {&ntqq.StatusError{Status: 404}, uploadFailed.Code},
	// What happens to the connection, which leaves nothing open here.
	"ntqq.ErrConnectionLost":   {ntqq.ErrConnectionLost, uploadFailed.Code},
	"ntqq.ErrTimeout":          {ntqq.ErrTimeout, uploadFailed.Code},
	"ntqq.ErrNotSent":          {fmt.Errorf("%w: %w", ntqq.ErrNotSent, ntqq.ErrTimeout), notSent.Code},
	"context.DeadlineExceeded": {context.DeadlineExceeded, uploadFailed.Code},
	"ntqq.ErrOffline":          {ntqq.ErrOffline, offline.Code},
	"context.Canceled":         {context.Canceled, givenUp.Code},
}

// TestEveryMediaErrorHasACause: whatever fails a medium has a code and a text of its own in
// both languages, and is never said to be a wrong parameter.
func TestEveryMediaErrorHasACause(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^(?:\t|var )(Err[A-Z]\w*)(?: +error)? *=|^func \(\w+ \*?([A-Z]\w*)\) Error\(\) string`)
	found := 0
	for _, pattern := range []string{"../ntqq/media/*.go", "../ntqq/media/transfer/*.go", "../ntqq/media*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllSubmatch(source, -1) {
				found++
				name := filepath.Base(filepath.Dir(file)) + "." + string(m[1]) + string(m[2])
				if _, ok := mediaErrors[name]; !ok && !strings.HasSuffix(file, "_test.go") {
					t.Errorf("%s has no row", name)
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("found %d errors: the test looks in the wrong place", found)
	}
	for name, c := range mediaErrors {
		err := c.err
		if _, stepped := errors.AsType[*media.StepError](err); !stepped {
			err = &media.StepError{Step: media.StepBlock, Err: err}
		}
		got := explain(fmt.Errorf("send: %w", &message.SegmentError{Segment: &message.ImageSegment{}, Err: err}), sendFailed)
		if got.retcode != RetFailed || got.code != c.code || got.text.EN == got.text.ZH || got.text.ZH == "" {
			t.Errorf("%s: got %+v, want %s", name, got, c.code)
		}
	}
}
