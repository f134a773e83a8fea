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

// TestDrawQR reads the drawings back and compares them with the code.
func TestDrawQR(t *testing.T) {
	t.Parallel()
	code, err := qr.Encode(codeURL, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(style QRStyle, l text.Language) string {
		var out strings.Builder
		if err := DrawQR(&out, codeURL, style, l); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	check := func(name string, drawn [][]bool, border int) {
		t.Helper()
		if len(drawn) < code.Size+2*border {
			t.Fatalf("%s: %d rows of modules", name, len(drawn))
		}
		for y := -border; y < code.Size+border; y++ {
			for x := -border; x < code.Size+border; x++ {
				if got, want := drawn[y+border][x+border], code.Black(x, y); got != want {
					t.Fatalf("%s: module %d,%d: got black %v, want %v", name, x, y, got, want)
				}
			}
		}
	}
	check("colours", readBlocks(t, draw(QRColours, text.English), blackOnWhite, resetColour), quietZone)
	check("ASCII", readPlain(t, draw(QRASCII, text.English)), quietZone)

	// Without colours there is one for each background, in words and with the text.
	for l, words := range map[text.Language][]string{text.English: {"dark background", "light background"}, text.Chinese: {"深色背景", "浅色背景"}} {
		all := draw(QRBlocks, l)
		for _, r := range all {
			if r < ' ' && r != '\n' {
				t.Errorf("control character %q in a log", r)
			}
		}
		lines := strings.Split(strings.TrimSuffix(all, "\n"), "\n")
		rows := (len(lines) - 3) / 2
		if !strings.Contains(lines[0], words[0]) || !strings.Contains(lines[rows+1], words[1]) || !strings.HasSuffix(lines[2*rows+2], codeURL) {
			t.Errorf("words or text are missing in\n%s", all)
		}
		dark := readBlocks(t, strings.Join(lines[1:rows+1], "\n"), "", "")
		for _, row := range dark {
			for x := range row {
				row[x] = !row[x] // what is no block is the background
			}
		}
		check("dark", dark, quietZoneFull)
		check("light", readBlocks(t, strings.Join(lines[rows+2:2*rows+2], "\n"), "", ""), quietZoneFull)
	}
}

func readBlocks(t *testing.T, drawing, before, after string) (blocks [][]bool) {
	t.Helper()
	for line := range strings.Lines(drawing) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, before) || !strings.HasSuffix(line, after) {
			t.Fatalf("line without its colours: %q", line)
		}
		var upper, lower []bool
		for _, r := range strings.TrimSuffix(strings.TrimPrefix(line, before), after) {
			upper = append(upper, r == '▀' || r == '█')
			lower = append(lower, r == '▄' || r == '█')
		}
		blocks = append(blocks, upper, lower)
	}
	return blocks
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
	if err := DrawQR(&bytes.Buffer{}, strings.Repeat("x", 5000), QRColours, text.English); err == nil {
		t.Error("5000 characters: got no error")
	}
}

func TestLoginScreen(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	q := &loginScreen{
		log: slog.New(slog.DiscardHandler), out: &out, style: QRASCII, language: text.Chinese,
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
		if got := strings.Contains(out.String(), "在此输入或粘贴"); got != (tt.prompt.Kind == ntqq.PromptCaptcha) {
			t.Errorf("%s: got %q, want where to type for a captcha", tt.prompt.Kind, out.String())
		}
		command := commandFor(&tt.prompt, "", q.service)
		if command != "" && !strings.Contains(out.String(), "\n    "+command+"\n") {
			t.Errorf("%s: got %q, want %q on a line of its own", tt.prompt.Kind, out.String(), command)
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
