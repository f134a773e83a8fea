// Package progress shows on a terminal what a command that takes long is doing, and how
// far it is: one line, which is replaced and gone at the end. Commands say so by the
// context; where nobody shows it, that does nothing.
package progress

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"libration/internal/text"
)

// Control sequences of terminals.
const (
	clearLine = "\r\x1b[K"
	noWrap    = "\x1b[?7l" // what does not fit on the line is not shown
	wrap      = "\x1b[?7h"
)

const (
	barWidth = 20 // characters
	// patience is how long a command may take before there is a line.
	patience = time.Second
	redraw   = 200 * time.Millisecond
)

// Draw writes a line that Clear removes.
func Draw(out io.Writer, line string) { fmt.Fprint(out, noWrap+line+wrap) }

// Clear removes the line.
func Clear(out io.Writer) { fmt.Fprint(out, clearLine) }

// Bar is like "[#####---------------] 25% / 4.0 MiB".
func Bar(done, total int64) string {
	if total <= 0 {
		return ""
	}
	done = min(done, total)
	percent := int(float64(done) / float64(total) * 100)
	full := percent * barWidth / 100
	return fmt.Sprintf("[%s%s] %d%% / %.1f MiB", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), percent, float64(total)/(1<<20))
}

// Line is the line of a command. Its methods are safe for concurrent use.
type Line struct {
	out      io.Writer
	language text.Language
	began    time.Time
	stop     func()

	mu          sync.Mutex // guards what follows
	what        text.Text  // "": nothing is done
	done, total int64      // bytes
	drawn       bool
}

// Start begins to show what the context that it returns is told of, until Stop.
func Start(ctx context.Context, out io.Writer, l text.Language) (context.Context, *Line) {
	line := &Line{out: out, language: l, began: time.Now()}
	drawing, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		line.run(drawing)
	}()
	line.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	return context.WithValue(ctx, lineKey{}, line), line
}

// Stop removes the line for good.
func (l *Line) Stop() { l.stop() }

// Before returns out, with the line gone for good before something is written to it.
func (l *Line) Before(out io.Writer) io.Writer { return before{l, out} }

type before struct {
	line *Line
	out  io.Writer
}

// Write implements io.Writer.
func (b before) Write(p []byte) (int, error) {
	b.line.Stop()
	return b.out.Write(p)
}

func (l *Line) run(ctx context.Context) {
	next := time.NewTimer(patience)
	defer next.Stop()
	for {
		select {
		case <-next.C:
			l.draw()
			next.Reset(redraw)
		case <-ctx.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			l.clear()
			return
		}
	}
}

func (l *Line) draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	if l.what == (text.Text{}) {
		return
	}
	took := time.Since(l.began).Truncate(time.Second)
	shown := []string{l.what.In(l.language)}
	if bar := Bar(l.done, l.total); bar != "" {
		shown = append(shown, bar)
	}
	Draw(l.out, strings.Join(append(shown, took.String()), " "))
	l.drawn = true
}

// clear needs the lock.
func (l *Line) clear() {
	if l.drawn {
		Clear(l.out)
		l.drawn = false
	}
}

type lineKey struct{}

// Step says what is done from now on, and of how many bytes; 0: that is not known.
func Step(ctx context.Context, what text.Text, total int64) {
	if l, ok := ctx.Value(lineKey{}).(*Line); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.what, l.done, l.total = what, 0, total
	}
}

// Reader returns a reader that counts what is read of the step.
func Reader(ctx context.Context, r io.Reader) io.Reader {
	if l, ok := ctx.Value(lineKey{}).(*Line); ok {
		return counting{l, r}
	}
	return r
}

type counting struct {
	line *Line
	r    io.Reader
}

// Read implements io.Reader.
func (c counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	c.line.done += int64(n)
	return n, err
}
