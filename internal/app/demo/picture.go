package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// pictureSize is the width and height of the bot's picture in pixels.
const pictureSize = 240

// maria are the dark plains of the Moon: longitude and latitude of the middle and the
// radius, in degrees.
var maria = [][3]float64{
	{-16, 33, 22}, {17, 28, 13}, {31, 9, 14}, {59, 17, 9}, {51, -8, 12}, {34, -15, 8}, {-57, 18, 20}, {-39, -24, 9}, {-17, -21, 14}, {-45, 2, 13},
}

// spot is one of maria as it stands in the picture.
type spot struct{ x, y, z, cos float64 }

// picture draws the Moon as a PNG, turned by so many degrees. The turning to and fro, which
// shows more than half of it in the end, is its libration.
func picture(turn float64) []byte {
	var spots []spot
	for _, m := range maria {
		lon, lat, radius := (m[0]-turn)*math.Pi/180, m[1]*math.Pi/180, m[2]*math.Pi/180
		spots = append(spots, spot{math.Sin(lon) * math.Cos(lat), math.Sin(lat), math.Cos(lon) * math.Cos(lat), math.Cos(radius)})
	}
	shades := make(color.Palette, 64)
	for i := range shades {
		v := uint8(i * 255 / (len(shades) - 1))
		shades[i] = color.RGBA{v, v, uint8(min(255, int(v)+18)), 255}
	}
	drawn := image.NewPaletted(image.Rect(0, 0, pictureSize, pictureSize), shades)
	const parts = 2 // of a pixel, in both directions
	at := func(pixel, part int) float64 { return (float64(pixel)+(float64(part)+0.5)/parts)/pictureSize*2.2 - 1.1 }
	for y := range pictureSize {
		for x := range pictureSize {
			sum := 0.0
			for i := range parts * parts {
				sum += light(at(x, i%parts), -at(y, i/parts), spots)
			}
			drawn.SetColorIndex(x, y, uint8(sum/(parts*parts)*float64(len(shades)-1)))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, drawn); err != nil { // memory takes everything
		panic(err)
	}
	return b.Bytes()
}

// light is how bright a place is, from 0 to 1. The Moon is the circle of radius 1.
func light(x, y float64, spots []spot) float64 {
	z := 1 - x*x - y*y
	if z < 0 {
		return 0.04
	}
	z = math.Sqrt(z)
	dark := 0.0
	for _, m := range spots {
		inside := (x*m.x + y*m.y + z*m.z - m.cos) / (1 - m.cos) // 1 in the middle, 0 at the edge
		dark = max(dark, min(1, (inside+0.25)*3))
	}
	return max(0.05, (0.95-0.35*dark)*(0.35+0.65*max(0, 0.45*x+0.25*y+0.86*z)))
}
