package account

import (
	"bytes"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"libration/internal/text"
	"libration/ntqq"
)

const codeURL = "https://txz.qq.com/p?k=abcdefghijklmnopqrstuvwxyz012345&f=1600001615"

// TestDrawQR reads the drawing back and compares it with the code.
func TestDrawQR(t *testing.T) {
	t.Parallel()
	code, err := qr.Encode(codeURL, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []bool{false, true} {
		var out bytes.Buffer
		if err := DrawQR(&out, codeURL, plain); err != nil {
			t.Fatal(err)
		}
		black := readBlocks
		if plain {
			black = readPlain
		}
		drawn := black(t, out.String())
		for y := -quietZone; y < code.Size+quietZone; y++ {
			for x := -quietZone; x < code.Size+quietZone; x++ {
				if got, want := drawn[y+quietZone][x+quietZone], code.Black(x, y); got != want {
					t.Fatalf("plain %v: module %d,%d: got black %v, want %v", plain, x, y, got, want)
				}
			}
		}
	}
}

func readBlocks(t *testing.T, drawing string) (black [][]bool) {
	t.Helper()
	for line := range strings.Lines(drawing) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, blackOnWhite) || !strings.HasSuffix(line, resetColour) {
			t.Fatalf("line without its colours: %q", line)
		}
		var upper, lower []bool
		for _, r := range strings.TrimSuffix(strings.TrimPrefix(line, blackOnWhite), resetColour) {
			upper = append(upper, r == '▀' || r == '█')
			lower = append(lower, r == '▄' || r == '█')
		}
		black = append(black, upper, lower)
	}
	return black
}

func readPlain(t *testing.T, drawing string) (black [][]bool) {
	t.Helper()
	for line := range strings.Lines(drawing) {
		var row []bool
		for line = strings.TrimSuffix(line, "\n"); len(line) >= 2; line = line[2:] {
			row = append(row, line[:2] == "##")
		}
		black = append(black, row)
	}
	return black
}

func TestDrawQRTooLong(t *testing.T) {
	t.Parallel()
	if err := DrawQR(&bytes.Buffer{}, strings.Repeat("x", 5000), false); err == nil {
		t.Error("5000 characters: got no error")
	}
}

func TestLoginScreen(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	q := &loginScreen{
		log: slog.New(slog.DiscardHandler), out: &out, plain: true, language: text.Chinese,
		picture: filepath.Join(t.TempDir(), "qr.png"), page: "http://127.0.0.1:7800", typing: true, name: func() string { return "" },
	}
	code := func(url string, scanned bool) ntqq.State {
		kind := ntqq.PromptScan
		if scanned {
			kind = ntqq.PromptConfirm
		}
		return ntqq.State{
			Stage: ntqq.LoggingIn, Step: ntqq.StepQR, QR: &ntqq.QRCode{URL: url, Scanned: scanned},
			Prompt: &ntqq.Prompt{Kind: kind, Expires: time.Unix(int64(len(url)), 0)},
		}
	}
	for i, tt := range []struct {
		state   ntqq.State
		drawn   int // how many codes so far
		said    int // how often "scanned" so far
		picture bool
	}{
		{ntqq.State{Stage: ntqq.Connecting}, 0, 0, false},
		{code("first", false), 1, 0, true},
		{code("first", false), 1, 0, true},
		{code("first", true), 1, 1, true},
		{code("first", true), 1, 1, true},
		{code("second", false), 2, 1, true},
		{code("second", true), 2, 2, true},
		{ntqq.State{Stage: ntqq.Online}, 2, 2, false},
		{ntqq.State{Stage: ntqq.Online}, 2, 2, false},
	} {
		q.follow(tt.state)
		if got := strings.Count(out.String(), "请用该账号的手机 QQ 扫码"); got != tt.drawn {
			t.Errorf("state %d: got %d codes drawn, want %d", i, got, tt.drawn)
		}
		if got := strings.Count(out.String(), "已扫描"); got != tt.said {
			t.Errorf("state %d: said scanned %d times, want %d", i, got, tt.said)
		}
		info, err := os.Stat(q.picture)
		if got := err == nil; got != tt.picture {
			t.Fatalf("state %d: picture there: got %v, want %v", i, got, tt.picture)
		}
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("state %d: picture has mode %v, want 0600", i, info.Mode())
		}
	}
	for _, tt := range []struct {
		prompt ntqq.Prompt
		want   string
	}{
		{ntqq.Prompt{Kind: ntqq.PromptUnusualDevice, Expires: time.Unix(1, 0)}, "异常"},
		{ntqq.Prompt{Kind: ntqq.PromptCaptcha, URL: "http://captcha/?sid=1", Expires: time.Unix(2, 0)}, "http://captcha/?sid=1"},
		{ntqq.Prompt{Kind: ntqq.PromptKicked}, "挤下线"},
		{ntqq.Prompt{Kind: ntqq.PromptNeedsLogin}, "重新登录"},
	} {
		out.Reset()
		q.follow(ntqq.State{Prompt: &tt.prompt})
		q.follow(ntqq.State{Prompt: &tt.prompt})
		if got := strings.Count(out.String(), tt.want); got != 1 {
			t.Errorf("%s: got %q, want %q once", tt.prompt.Kind, out.String(), tt.want)
		}
		if got := strings.Contains(out.String(), "在此输入"); got != (tt.prompt.Kind == ntqq.PromptCaptcha) {
			t.Errorf("%s: got %q, want where to type for a captcha", tt.prompt.Kind, out.String())
		}
		if got := strings.Contains(out.String(), "有效期至"); got == tt.prompt.Expires.IsZero() {
			t.Errorf("%s: got %q, want the end where there is one", tt.prompt.Kind, out.String())
		}
	}
	q.follow(code("last", false))
	if !strings.Contains(out.String(), q.page) || !strings.Contains(out.String(), q.picture) {
		t.Errorf("page or picture not named in %q", out.String())
	}
}

func TestQRPicture(t *testing.T) {
	t.Parallel()
	picture, err := qrPNG(codeURL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Errorf("not a PNG: %v", err)
	}
}
