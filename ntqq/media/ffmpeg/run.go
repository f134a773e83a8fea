package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	maxMessages = 4 << 10         // bytes of what it says of errors
	pipeDelay   = 2 * time.Second // for pipes that others hold open after it was killed
)

// run runs the program with the arguments, and what it writes goes to out. Errors of out are
// returned as they are.
func (t *Tool) run(ctx context.Context, in string, out io.Writer, args ...string) error {
	timeout := t.Timeout
	if timeout <= 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%w: the limit is %v", ErrTimeout, timeout))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	messages := &head{}
	cmd := exec.CommandContext(ctx, t.Path, args...)
	cmd.Stdout = &limited{w: out, left: t.maxOutput(), max: t.maxOutput(), fail: fail}
	cmd.Stderr = messages
	cmd.WaitDelay = pipeDelay
	cmd.Dir = os.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "FFREPORT=") }) // it would write a file
	own(cmd)
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	text := said(messages.String(), in)
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		return fmt.Errorf("run ffmpeg: %w", err)
	case strings.Contains(text, "Unknown encoder"), strings.Contains(text, "encoder selection failed"), strings.Contains(text, "ncoder not found"),
		strings.Contains(text, "not a suitable output format"), strings.Contains(text, "Requested output format"):
		return ErrFormat
	case text == "":
		text = err.Error()
	}
	return fmt.Errorf("%w: %s", ErrFailed, text)
}

// part is how a part of the program names itself, with an address in memory.
var part = regexp.MustCompile(`\[[^\[\]]* @ 0x[0-9a-f]+\] `)

// said is what the program said about the file in, in one line.
func said(messages, in string) string {
	messages = strings.ReplaceAll(messages, "file:"+in, "the file") // its name is one of ours
	return strings.Join(strings.FieldsFunc(part.ReplaceAllString(messages, ""), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// limited passes on what the program writes. What is too much, and an error of the writer,
// ends the program.
type limited struct {
	w         io.Writer
	left, max int64
	fail      context.CancelCauseFunc
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= int64(len(b)); l.left < 0 {
		l.fail(fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, l.max))
		return 0, ErrTooLarge
	}
	n, err := l.w.Write(b)
	if err != nil {
		l.fail(err)
	}
	return n, err
}

// head keeps the beginning of what is written.
type head struct{ strings.Builder }

func (h *head) Write(b []byte) (int, error) {
	h.Builder.Write(b[:min(len(b), maxMessages-h.Len())])
	return len(b), nil
}
