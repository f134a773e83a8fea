package account

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"

	"libration/internal/text"
)

// QRStyle is how login codes are drawn.
type QRStyle int

// The styles. The zero value is for terminals.
const (
	// QRColours draws black on white in the colours of a terminal, whatever its theme.
	QRColours QRStyle = iota
	// QRBlocks draws without colours, for logs that somebody reads on a dark or on a light
	// background: both ways, one below the other.
	QRBlocks
	// QRASCII draws with #, four times as large, where there are no blocks. On a dark
	// background it is inverted.
	QRASCII
)

// The empty border of a QR code, in modules: four are demanded (ISO/IEC 18004), phones
// manage with two where nothing but the background is around.
const (
	quietZone     = 2
	quietZoneFull = 4
)

// Terminal colours that do not depend on the theme: black and white of the fixed
// part of the 256-colour palette.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	resetColour  = "\x1b[0m"
)

// DrawQR draws content as a QR code, with its words in a language.
func DrawQR(w io.Writer, content string, style QRStyle, l text.Language) error {
	code, err := qr.Encode(content, qr.L)
	if err != nil {
		return text.Errorf("draw QR code: %v", "绘制二维码：%v", err)
	}
	var b strings.Builder
	switch style {
	case QRBlocks:
		drawBothWays(&b, code, content, l)
	case QRASCII:
		drawPlain(&b, code)
	default:
		drawBlocks(&b, code, quietZone, true, blackOnWhite, resetColour)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// drawBothWays draws a code for a dark background and one for a light one. Many readers do
// not take a code that is light on dark, so on each background one of the two is right.
func drawBothWays(b *strings.Builder, code *qr.Code, content string, l text.Language) {
	fmt.Fprintln(b, text.T("dark background: scan this code", "深色背景请扫描此二维码").In(l))
	drawBlocks(b, code, quietZoneFull, false, "", "")
	fmt.Fprintln(b, text.T("light background: scan this code", "浅色背景请扫描此二维码").In(l))
	drawBlocks(b, code, quietZoneFull, true, "", "")
	fmt.Fprintln(b, text.T("the text of the code: %s", "二维码的内容：%s").Fill(text.Shown(content)).In(l))
}

// drawBlocks draws two modules with each character: ink says whether it is the dark ones
// that are blocks, or the light ones.
func drawBlocks(b *strings.Builder, code *qr.Code, border int, ink bool, before, after string) {
	blocks := [2][2]rune{{' ', '▄'}, {'▀', '█'}} // by upper, lower module
	for y := -border; y < code.Size+border; y += 2 {
		b.WriteString(before)
		for x := -border; x < code.Size+border; x++ {
			// Below the last line is nothing, which is a light module too.
			b.WriteRune(blocks[bit(code.Black(x, y) == ink)][bit(code.Black(x, y+1) == ink)])
		}
		b.WriteString(after)
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

func bit(set bool) int {
	if set {
		return 1
	}
	return 0
}

// qrPNG is a picture of the code.
func qrPNG(content string) ([]byte, error) {
	code, err := qr.Encode(content, qr.L)
	if err != nil {
		return nil, text.Errorf("draw QR code: %v", "绘制二维码：%v", err)
	}
	return code.PNG(), nil
}
