package server

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
)

func TestDrawQR(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "https://txz.qq.com/p?k=T6wvjyTp84ah7iFPpTWFCNd8bRU1SHEw&f=1600001615", strings.Repeat("x", 500)} {
		b, err := drawQR(text)
		must(t, err)
		if bytes.Contains(b, []byte("tEXt")) {
			t.Errorf("%.20s: the picture names a program", text)
		}
		picture, err := png.Decode(bytes.NewReader(b))
		must(t, err)
		if _, ok := picture.(*image.Gray); !ok {
			t.Errorf("%.20s: the picture is %T, want *image.Gray", text, picture)
		}
		size := picture.Bounds().Dx()
		if size < 200 || size > 300 || size != picture.Bounds().Dy() {
			t.Errorf("%.20s: got a picture of %v, want a square of 200 to 300", text, picture.Bounds())
		}
		// The first black pixel is the corner of the upper left finder, seven modules
		// wide; around it are four white ones.
		x := 0
		for x < size/2 && !black(picture, x, x) {
			x++
		}
		module := x / quietZone
		for i := range 7 * module {
			if !black(picture, x+i, x) || !black(picture, x, x+i) {
				t.Fatalf("%.20s: no finder at %d", text, x)
			}
		}
		if black(picture, x+7*module, x) || x%quietZone != 0 {
			t.Errorf("%.20s: the finder begins at %d, modules are not %d wide", text, x, module)
		}
		for i := range size {
			if black(picture, i, x-1) || black(picture, x-1, i) || black(picture, i, size-x) || black(picture, size-x, i) {
				t.Fatalf("%.20s: the border is not white at %d", text, i)
			}
		}
	}
	if _, err := drawQR(strings.Repeat("x", 4000)); err == nil {
		t.Error("a text too long for a code: got no error")
	}
}

func black(picture image.Image, x, y int) bool {
	r, _, _, _ := picture.At(x, y).RGBA()
	return r == 0
}
