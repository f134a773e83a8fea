package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/message"
)

// Tools get media ready to be uploaded. The zero value is usable. They are safe for
// concurrent use.
type Tools struct {
	// Folder is where bytes are kept that can be read once, until the File is closed;
	// "" is the system's folder for temporary files.
	Folder string
	// Cache keeps converted voices; nil: they are converted each time.
	Cache *Cache
	// FFmpeg converts voices that nothing else here decodes, and takes the first pictures
	// of videos; nil: there is none.
	FFmpeg *ffmpeg.Tool
	Limits Limits
	// Log is where voices that the service may refuse are reported. Default: nowhere.
	Log *slog.Logger
}

// Limits bound what is sent. What is 0 has its default.
type Limits struct {
	Image uint64 // bytes of a picture; default 30 MiB
	Video uint64 // bytes of a video; default 100 MiB
	File  uint64 // bytes of a file of any kind; default 4 GiB
	// Voice is how long a voice may be; default 5 min. Above LongVoice, default 1 min, the
	// log has a warning.
	Voice, LongVoice time.Duration
}

// The defaults of [Limits].
const (
	DefaultImage = 30 << 20
	DefaultVideo = 100 << 20
	DefaultFile  = 4 << 30
	DefaultVoice = 5 * time.Minute
)

// limits are those that hold.
func (t *Tools) limits() Limits {
	return Limits{
		Image: cmp.Or(t.Limits.Image, DefaultImage),
		Video: cmp.Or(t.Limits.Video, DefaultVideo),
		File:  cmp.Or(t.Limits.File, DefaultFile),
		Voice: cmp.Or(t.Limits.Voice, DefaultVoice), LongVoice: cmp.Or(t.Limits.LongVoice, time.Minute),
	}
}

// kind is what the errors call a medium.
type kind struct {
	limit uint64
	name  text.Text
	key   string // of the limit in configurations, in brackets
	video bool
	watch io.Writer // gets what is read; nil: nobody watches
}

// into is where the bytes of a medium are written while they are read.
func (k kind) into(all ...io.Writer) io.Writer {
	if k.watch != nil {
		all = append(all, k.watch)
	}
	return io.MultiWriter(all...)
}

// measure opens a source, hashes it and keeps it open. Its errors are *StepError.
func (t *Tools) measure(ctx context.Context, s message.Source, k kind) (File, error) {
	o, h, err := t.take(ctx, s, k)
	if err != nil {
		return File{}, err
	}
	return h.file(o, k.video), nil
}

// take opens a source, which is written to disk when it cannot be read again, and
// reads it once.
func (t *Tools) take(ctx context.Context, s message.Source, k kind) (*opened, *hasher, error) {
	if s == nil {
		return nil, nil, at(StepFetch, text.Errorf("there is no %s: it has no source", "没有%s：未指定来源", k.name))
	}
	h := newHasher()
	again, ok := s.(randomSource)
	if !ok {
		o, err := t.spool(ctx, s, h, k)
		return o, h, at(StepFetch, err)
	}
	o, err := again.random(ctx, k.limit)
	if err != nil {
		return nil, nil, at(StepFetch, err)
	}
	if err = k.check(o.size); err == nil {
		_, err = io.Copy(k.into(h), during{ctx, o.reader()})
	}
	if err == nil && int64(h.size) != o.size {
		err = text.Errorf("the %s became shorter while it was read", "%s在读取过程中变短了", k.name)
	}
	if err != nil {
		return nil, nil, at(StepFetch, errors.Join(err, o.Close()))
	}
	return o, h, nil
}

// spool writes a source to disk, and to h.
func (t *Tools) spool(ctx context.Context, s message.Source, h *hasher, k kind) (*opened, error) {
	r, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	file, err := newSpool(t.Folder)
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(k.into(h, file), io.LimitReader(during{ctx, r}, int64(k.limit)+1))
	if err == nil {
		err = k.check(size)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &opened{file, size, file.Close}, nil
}

func (k kind) check(size int64) error {
	switch {
	case size == 0:
		return text.Errorf("the %s is empty", "%s是空的", k.name)
	case uint64(size) > k.limit:
		return because(ErrTooLarge, text.Errorf("the %s is larger than %s%s", "%s超过 %s%s", k.name, bytesText(k.limit), k.key))
	}
	return nil
}

// bytesText is a size for people.
func bytesText(n uint64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// spool is a file that lives until it is closed.
type spool struct {
	*os.File
	named bool // its name is still there
}

// spooled is what its name begins with.
const spooled = "libration-media-"

// newSpool makes one with mode 0600. Where the system allows it, it has no name, so that
// nothing of it stays after a crash.
func newSpool(folder string) (*spool, error) {
	f, err := os.CreateTemp(folder, spooled+"*.tmp")
	if err != nil {
		return nil, err
	}
	return &spool{f, os.Remove(f.Name()) != nil}, nil // Windows does not remove what is open
}

// Close implements io.Closer.
func (s *spool) Close() error {
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// onDisk gives the path of a file with these bytes to who cannot read them otherwise.
func (t *Tools) onDisk(ctx context.Context, o *opened, use func(path string) error) error {
	if f, ok := o.at.(*os.File); ok && filepath.IsAbs(f.Name()) && unchanged(f, f.Name()) == nil {
		return use(f.Name())
	}
	f, err := os.CreateTemp(t.Folder, spooled+"*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, during{ctx, o.reader()})
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	path, err := filepath.Abs(f.Name())
	if err != nil {
		return err
	}
	return use(path)
}
