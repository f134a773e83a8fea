package progress

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/text"
)

// TestLine: nothing for what is quick, then a line that is replaced, and gone before the
// command says something.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen, out bytes.Buffer
		ctx, line := Start(t.Context(), &screen, text.Chinese)
		Step(ctx, text.T("reading", "读取"), 4<<20)
		from := Reader(ctx, io.LimitReader(zeros{}, 1<<20))
		time.Sleep(patience - time.Millisecond)
		synctest.Wait()
		if screen.Len() != 0 {
			t.Errorf("at once: %q", &screen)
		}
		if _, err := io.Copy(io.Discard, from); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if got, want := screen.String(), noWrap+"读取 [#####---------------] 25% / 4.0 MiB 1s"+wrap; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		screen.Reset()
		Step(ctx, text.T("waiting", "等待"), 0)
		time.Sleep(redraw)
		synctest.Wait()
		if got, want := screen.String(), clearLine+noWrap+"等待 1s"+wrap; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		screen.Reset()
		if _, err := io.WriteString(line.Before(&out), "done"); err != nil || out.String() != "done" {
			t.Errorf("got %q, %v", &out, err)
		}
		if got := screen.String(); got != clearLine {
			t.Errorf("at the end: %q", got)
		}
		line.Stop()
	})
}

// TestNoLine: what is said to nobody costs nothing.
func TestNoLine(t *testing.T) {
	ctx := context.Background()
	Step(ctx, text.T("reading", "读取"), 1)
	r := strings.NewReader("x")
	if Reader(ctx, r) != io.Reader(r) {
		t.Error("a reader of its own")
	}
}

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		done, total int64
		want        string
	}{
		{0, 0, ""}, {1, -1, ""}, {0, 1 << 20, "[" + strings.Repeat("-", 20) + "] 0% / 1.0 MiB"},
		{9, 5, "[" + strings.Repeat("#", 20) + "] 100% / 0.0 MiB"}, {1 << 62, 1<<63 - 1, "[##########----------] 50% / 8796093022208.0 MiB"},
	} {
		if got := Bar(tt.done, tt.total); got != tt.want {
			t.Errorf("%d of %d: got %q, want %q", tt.done, tt.total, got, tt.want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
