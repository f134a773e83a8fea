package account

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"
)

// quietZone is the empty border of a QR code, in modules: four are demanded
// (ISO/IEC 18004), phones manage with two.
const quietZone = 2

// Terminal colours that do not depend on the theme: black and white of the fixed
// part of the 256-colour palette.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	resetColour  = "\x1b[0m"
)

// DrawQR draws text as a QR code for a terminal: half-block characters, two
// modules high, explicitly black on white so that themes do not invert it. plain
// draws with # and without colours, four times as large; on a dark terminal it is
// inverted, which most phones accept.
func DrawQR(w io.Writer, text string, plain bool) error {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	var b strings.Builder
	draw := drawBlocks
	if plain {
		draw = drawPlain
	}
	draw(&b, code)
	_, err = io.WriteString(w, b.String())
	return err
}

func drawBlocks(b *strings.Builder, code *qr.Code) {
	blocks := [2][2]rune{{' ', '▄'}, {'▀', '█'}} // by upper, lower module
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		b.WriteString(blackOnWhite)
		for x := -quietZone; x < code.Size+quietZone; x++ {
			b.WriteRune(blocks[bit(code.Black(x, y))][bit(code.Black(x, y+1))])
		}
		b.WriteString(resetColour)
		b.WriteByte('\n')
	}
}

func drawPlain(b *strings.Builder, code *qr.Code) {
	for y := -quietZone; y < code.Size+quietZone; y++ {
		for x := -quietZone; x < code.Size+quietZone; x++ {
			if code.Black(x, y) {
				b.WriteString("##")
			} else {
				b.WriteString("  ")
			}
		}
		b.WriteByte('\n')
	}
}

func bit(black bool) int {
	if black {
		return 1
	}
	return 0
}

// qrPNG is a picture of the code.
func qrPNG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return code.PNG(), nil
}
