package server

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"rsc.io/qr"
)

const (
	// quietZone is the white border of a code, in modules, that scanners need.
	quietZone = 4
	// pictureSize is how wide a picture may be, in pixels.
	pictureSize = 300
)

// drawQR returns a PNG of the code of a text, black on white. It is in shades of
// grey: some clients take nothing else. Texts that do not fit into a code are an
// error.
func drawQR(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, err
	}
	modules := code.Size + 2*quietZone
	scale := max(1, pictureSize/modules)
	picture := image.NewGray(image.Rect(0, 0, modules*scale, modules*scale)) // black
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			if !code.Black(x/scale-quietZone, y/scale-quietZone) { // outside: white
				picture.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
