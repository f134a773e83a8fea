package video

import (
	"bytes"
	"image"
	"image/jpeg"
)

const (
	placeholderWidth, placeholderHeight = 480, 270
	placeholderMost                     = 640 // of the longer side

	background, sign = 0x40, 0xd8 // of 0xff
)

// Placeholder draws the cover of a video whose first picture cannot be had: a sign for
// playing on grey, as a JPEG. width and height are those of the video in pixels. The cover
// has the same shape and at most 640 pixels on its longer side; it says its size itself.
// Without one of the two it has 480 x 270. The same size gives the same bytes.
func Placeholder(width, height uint32) ([]byte, error) {
	w, h := uint64(width), uint64(height)
	if w == 0 || h == 0 {
		w, h = placeholderWidth, placeholderHeight
	}
	if longer := max(w, h); longer > placeholderMost {
		w, h = max(w*placeholderMost/longer, 1), max(h*placeholderMost/longer, 1)
	}
	cover := image.NewGray(image.Rect(0, 0, int(w), int(h)))
	for i := range cover.Pix {
		cover.Pix[i] = background
	}
	drawPlay(cover)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, cover, nil); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// drawPlay draws a triangle that points to the right, in the middle.
func drawPlay(m *image.Gray) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	half := min(w, h) / 6 // of its height
	for dy := -half; dy <= half; dy++ {
		width := 2 * (half - max(dy, -dy)) * 7 / 8
		row := m.Pix[(h/2+dy)*m.Stride:]
		left := w/2 - half*3/4
		for x := range width {
			row[left+x] = sign
		}
	}
}
