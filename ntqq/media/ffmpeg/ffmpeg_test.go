package ffmpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image/jpeg"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain is an ffmpeg of the test's own when FAKE says what it does.
func TestMain(m *testing.M) {
	switch fake := os.Getenv("FAKE"); fake {
	case "":
		goleak.VerifyTestMain(m)
	default:
		pretend(fake)
	}
}

func pretend(fake string) {
	switch fake {
	case "version":
		io.WriteString(os.Stdout, os.Getenv("FAKE_VERSION"))
	case "endless":
		for {
			if _, err := os.Stdout.Write(make([]byte, 64<<10)); err != nil {
				os.Exit(1)
			}
		}
	case "fails":
		io.WriteString(os.Stderr, strings.Repeat("bad ", 10000))
		os.Exit(1)
	case "parent": // starts another process, and both hang
		os.Setenv("FAKE", "child")
		p, err := os.StartProcess(os.Args[0], os.Args, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{nil, os.Stdout, os.Stderr}})
		if err != nil {
			os.Exit(1)
		}
		p.Wait()
	case "child": // is there as long as its connection
		if _, err := net.Dial("tcp", os.Getenv("FAKE_CHILD")); err != nil {
			os.Exit(1)
		}
		select {}
	}
}

// fake is this test's program as an ffmpeg.
func fake(t *testing.T, what string) *Tool {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FAKE", what)
	return &Tool{Path: path}
}

// real is the installed ffmpeg. CI has one.
func real(t *testing.T) *Tool {
	t.Helper()
	tool, err := Find("")
	switch {
	case err == nil:
		return tool
	case os.Getenv("CI") != "":
		t.Fatalf("CI needs ffmpeg: %v", err)
	default:
		t.Skipf("not tested here: %v", err)
	}
	return nil
}

// wave writes half a second of a tone as a WAV file.
func wave(t *testing.T) string {
	t.Helper()
	le, n := binary.LittleEndian, 12000
	b := le.AppendUint32([]byte("RIFF"), uint32(36+2*n))
	b = le.AppendUint32(append(b, "WAVEfmt "...), 16)
	for _, v := range []uint16{1, 1, 24000, 0, 48000, 0, 2, 16} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(append(b, "data"...), uint32(2*n))
	for i := range n {
		b = le.AppendUint16(b, uint16(int16(8000*math.Sin(2*math.Pi*440*float64(i)/24000))))
	}
	path := filepath.Join(t.TempDir(), "-in .wav") // a name that an argument could be mistaken for
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConvert(t *testing.T) {
	tool, in := real(t), wave(t)
	begin := map[string]string{"mp3": "\xff", "amr": "#!AMR", "wma": "\x30\x26", "m4a": "\x00\x00\x00", "spx": "OggS", "ogg": "OggS", "wav": "RIFF", "flac": "fLaC"}
	for _, format := range Formats() {
		out := filepath.Join(t.TempDir(), "out")
		err := tool.Convert(t.Context(), in, format, out)
		if errors.Is(err, ErrFormat) && format == "amr" {
			continue // most are built without it
		}
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		b, err := os.ReadFile(out)
		if err != nil || !bytes.HasPrefix(b, []byte(begin[format])) && !bytes.HasPrefix(b, []byte("ID3")) {
			t.Errorf("%s: the file begins with %q, error %v", format, b[:min(len(b), 8)], err)
		}
		var pcm bytes.Buffer
		if err := tool.PCM(t.Context(), out, 24000, time.Minute, &pcm); err != nil || pcm.Len() < 20000 || pcm.Len() > 30000 {
			t.Errorf("%s: decoded %d bytes, want about 24000; error %v", format, pcm.Len(), err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := tool.Convert(t.Context(), in, "exe", out); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
	tool.MaxOutput = 1000
	if err := tool.Convert(t.Context(), in, "wav", out); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestPCM(t *testing.T) {
	tool, in := real(t), wave(t)
	var pcm bytes.Buffer
	if err := tool.PCM(t.Context(), in, 16000, 250*time.Millisecond, &pcm); err != nil || pcm.Len() != 8000 {
		t.Errorf("got %d bytes, error %v; want 8000", pcm.Len(), err)
	}
	if err := tool.PCM(t.Context(), in+"x", 16000, time.Second, &pcm); err == nil || strings.Contains(err.Error(), in) {
		t.Errorf("a missing file: got %v, want an error without its name", err)
	}
	bad := errors.New("bad disk")
	if err := tool.PCM(t.Context(), in, 16000, time.Second, failing{bad}); !errors.Is(err, bad) {
		t.Errorf("got %v, want %v", err, bad)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A video of the test's own, that ffmpeg makes.
func TestFrame(t *testing.T) {
	tool := real(t)
	video := filepath.Join(t.TempDir(), "video.mp4")
	if err := tool.run(t.Context(), "", io.Discard, "-v", "error", "-f", "lavfi", "-i", "color=c=red:s=64x48:d=0.2", "-c:v", "mpeg4", "file:"+video); err != nil {
		t.Fatal(err)
	}
	frame, err := tool.Frame(t.Context(), video)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(frame))
	if err != nil || picture.Bounds().Dx() != 64 || picture.Bounds().Dy() != 48 {
		t.Fatalf("it is no picture of 64x48: %v", err)
	}
	if r, g, _, _ := picture.At(30, 20).RGBA(); r>>8 < 200 || g>>8 > 60 {
		t.Errorf("it is not red: red %d, green %d", r>>8, g>>8)
	}
	if _, err := tool.Frame(t.Context(), wave(t)); err == nil {
		t.Error("sound has a frame")
	}
}

// A file that names other files opens none of them.
func TestPlaylists(t *testing.T) {
	tool, in := real(t), wave(t)
	for name, text := range map[string]string{
		"hls":    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:" + in + "\n#EXT-X-ENDLIST\n",
		"concat": "ffconcat version 1.0\nfile '" + in + "'\n",
	} {
		path := filepath.Join(t.TempDir(), "list.mp4")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := tool.PCM(t.Context(), path, 16000, time.Second, io.Discard); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
}

func TestFind(t *testing.T) {
	tool := fake(t, "version")
	t.Setenv("FAKE_VERSION", "ffmpeg version 5.1-test Copyright (c) 2000\nbuilt with gcc\n")
	found, err := Find(tool.Path)
	if err != nil || found.Version != "5.1-test" || found.Path != tool.Path {
		t.Errorf("got %+v, error %v", found, err)
	}
	t.Setenv("FAKE_VERSION", "something else\n")
	if _, err := Find(tool.Path); err == nil || errors.Is(err, ErrMissing) {
		t.Errorf("another program: got %v", err)
	}
	if _, err := Find(filepath.Join(t.TempDir(), "ffmpeg")); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v, want ErrMissing", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(""); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v, want ErrMissing", err)
	}
}

func TestTooMuch(t *testing.T) {
	tool := fake(t, "endless")
	tool.MaxOutput = 1 << 20
	if _, err := tool.Frame(t.Context(), "x"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestLongMessages(t *testing.T) {
	tool := fake(t, "fails")
	if _, err := tool.Frame(t.Context(), "x"); err == nil || len(err.Error()) > 2*maxMessages || !strings.Contains(err.Error(), "bad bad") {
		t.Errorf("got %v", err)
	}
}

// What hangs is killed, with what it started.
func TestKilled(t *testing.T) {
	tool := fake(t, "parent")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("FAKE_CHILD", l.Addr().String())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := tool.Frame(ctx, "x")
		done <- err
	}()
	child, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if _, err := io.Copy(io.Discard, child); err != nil && !strings.Contains(err.Error(), "reset") { // until it is gone
		t.Error(err)
	}
	tool.Timeout = 50 * time.Millisecond
	if _, err := tool.Frame(t.Context(), "x"); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v, want ErrTimeout", err)
	}
}
