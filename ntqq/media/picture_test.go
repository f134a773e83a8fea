package media

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"strings"
	"testing"

	"libration/internal/text"
	"libration/ntqq/media/picture"
)

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPicture(t *testing.T) {
	t.Parallel()
	data := jpegOf(t, 31, 17)
	p, err := (&Tools{}).Picture(t.Context(), Bytes(data))
	if err != nil {
		t.Fatal(err)
	}
	if p.Format != picture.JPEG || p.Width != 31 || p.Height != 17 || p.Size != uint64(len(data)) || p.Name != fmt.Sprintf("%x.jpg", md5.Sum(data)) {
		t.Errorf("got %+v", p)
	}
	if got, err := contentOf(t.Context(), p); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestPicturesThatAreNotSent(t *testing.T) {
	t.Parallel()
	spools := t.TempDir()
	for name, c := range map[string]struct {
		data []byte
		step Step
		want string
	}{
		"text":     {[]byte("hello, this is no picture"), StepConvert, "no picture of a known format"},
		"heic":     {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), StepConvert, "HEIC cannot be sent as a picture"},
		"no area":  {[]byte("GIF89a\x00\x00\x01\x00\x00\x00\x00\x3b"), StepConvert, "0 x 1 pixels"},
		"cut":      {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), StepConvert, "cannot be read"},
		"large":    {make([]byte, 2<<20+1), StepFetch, "larger than 2000001 bytes (media.limits.image)"},
		"no bytes": {nil, StepFetch, "empty"},
	} {
		_, err := (&Tools{Folder: spools, Limits: Limits{Image: 2000001}}).Picture(t.Context(), Reader(bytes.NewReader(c.data)))
		step, ok := errors.AsType[*StepError](err)
		if !ok || step.Step != c.step || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s: %s", name, err, c.step, c.want)
			continue
		}
		if said := text.Of(step.Err); said.EN == said.ZH || strings.Contains(said.EN+said.ZH, "%!") {
			t.Errorf("%s: got %+v", name, said)
		}
	}
	if left, _ := os.ReadDir(spools); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
