package onebot

import (
	"context"
	"errors"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/media/picture"
	"libration/ntqq/message"
)

// Files open what bots name of media, and keep what is downloaded; *[media.Files] are
// such.
type Files interface {
	Resolve(ctx context.Context, written string, o media.FetchOptions) (message.Source, error)
	Fetch(ctx context.Context, address string, o media.FetchOptions) (*media.Cached, error)
	// Clean removes what can be downloaded or converted again, and returns how many files and
	// bytes that were.
	Clean() (files int, bytes uint64)
	Keep(r io.Reader) (*media.Cached, error)
	Kept(key string) *media.Cached
	Once(ctx context.Context, key string, write func(ctx context.Context, w io.Writer) error) (*media.Cached, error)
}

// mediaName is the name by which bots know a medium, now and later.
func mediaName(m *message.Medium, id, extension string) string {
	if id == "" {
		return m.Name
	}
	return strings.ToUpper(id) + extension
}

// mediaID is the MediumID that a name of mediaName, or of a service of before, has; "" for
// another one. Only what stands before the extension counts.
func mediaID(name string) string {
	stem, _, _ := strings.Cut(name, ".")
	if stem = strings.ToLower(stem); len(stem) != 32 || strings.Trim(stem, hexDigits) != "" {
		return ""
	}
	return stem
}

// The names of segments' data are those of NapCat, and of go-cqhttp and Lagrange.OneBot
// beside them (docs/protocol/onebot11.md d.4).
func (w *writer) showMedium(m *message.Medium, extension string, data []field) []field {
	id := gateway.MediumID(m)
	data = append(data, field{"file", mediaName(m, id, extension)}, field{"url", w.url(m, id)})
	if m.Size > 0 {
		data = append(data, field{"file_size", strconv.FormatUint(m.Size, 10)})
	}
	if m.Name != "" {
		data = append(data, field{"filename", m.Name})
	}
	return data
}

// url is where bots can open a medium: at this service where it has links.
func (w *writer) url(m *message.Medium, id string) string {
	if w.links != nil {
		if link := w.links.URL(id); link != "" {
			return link
		}
	}
	return m.URL
}

func imageExtension(s *message.ImageSegment) string {
	if extension := picture.Extension(s.Format); extension != "" {
		return "." + extension
	}
	return ".image"
}

// otherKind says what is wrong with the name of a medium.
func otherKind(part message.Segment) text.Text {
	return text.T("is the name of another kind of medium (%s)", "是另一种媒体（%s）的名称").Fill(typeOf(part))
}

// extensionOf is that of the names of a medium.
func extensionOf(part message.Segment) string {
	switch p := part.(type) {
	case *message.ImageSegment:
		return imageExtension(p)
	case *message.RecordSegment:
		return recordExtension
	}
	return videoExtension
}

func showImage(w *writer, _ message.Chat, s *message.ImageSegment, data []field) ([]field, bool) {
	data = w.showMedium(&s.Medium, imageExtension(s), data)
	kind := strconv.FormatUint(uint64(s.SubType), 10)
	data = append(data, field{"sub_type", kind}, field{"subType", kind}, field{"summary", s.Summary})
	if s.Flash {
		data = append(data, field{"type", "flash"})
	}
	return data, true
}

const (
	recordExtension = ".amr"
	videoExtension  = ".mp4"
)

func showRecord(w *writer, _ message.Chat, s *message.RecordSegment, data []field) ([]field, bool) {
	return w.showMedium(&s.Medium, recordExtension, data), true
}

func showVideo(w *writer, _ message.Chat, s *message.VideoSegment, data []field) ([]field, bool) {
	return w.showMedium(&s.Medium, videoExtension, data), true
}

// mediaReader is what finds and opens media.
type mediaReader struct {
	files Files                                    // nil: nothing is read
	links *gateway.Links                           // nil: there are none
	known func(id string) (message.Segment, error) // [gateway.Gateway.Medium]
}

// find returns what is known of the medium that bots call so, by its name or its link; nil
// for what names none.
func (r mediaReader) find(file string) (message.Segment, error) {
	id := ""
	if !strings.ContainsAny(file, `/\:`) {
		id = mediaID(file)
	} else if r.links != nil {
		id = r.links.Medium(file)
	}
	if id == "" {
		return nil, nil
	}
	part, err := r.known(id)
	if err != nil {
		return nil, unreadable(err)
	}
	return part, nil
}

// read returns what is known of the medium that a bot names, or where its bytes are. url is
// used when nothing has the name.
func (r mediaReader) read(ctx context.Context, file, url string, o media.FetchOptions) (message.Segment, message.Source, error) {
	part, err := r.find(file)
	if part != nil || err != nil {
		return part, nil, err
	}
	named := !strings.ContainsAny(file, `/\:`)
	if named && url != "" && url != file {
		return r.read(ctx, url, "", o)
	}
	switch {
	case named:
		return nil, nil, noSuchMedium(file)
	case r.files == nil:
		return nil, nil, failure(noFiles)
	}
	source, err := r.files.Resolve(ctx, file, o)
	switch {
	case errors.Is(err, inbox.ErrNoFile):
		return nil, nil, failure(noUpload)
	case err != nil:
		return nil, nil, badParams(text.Of(err))
	}
	return nil, source, nil
}

// kept has the bytes of a medium that was downloaded before, for when the service has them
// no more; nil when it was not.
func (r mediaReader) kept(part message.Segment) message.Source {
	if r.files == nil {
		return nil
	}
	if c := r.files.Kept(mediumKey(part)); c != nil {
		return media.Path(c.Path)
	}
	return nil
}

func noSuchMedium(name string) *actionError {
	e := failure(noMedium)
	e.text = text.T("%s: %q", "%s：%q").Fill(e.text, shorten(name))
	return e
}

// fetchOptions are what a segment says of downloads.
func (s segment) fetchOptions() (o media.FetchOptions, err error) {
	for _, flag := range []struct {
		name string
		no   *bool
	}{{"cache", &o.NoCache}, {"proxy", &o.NoProxy}} {
		if s.get(flag.name) == "" {
			continue
		}
		yes, err := s.flag(flag.name)
		if err != nil {
			return o, err
		}
		*flag.no = !yes
	}
	seconds, err := s.number("timeout", mostTimeout)
	o.Timeout = time.Duration(seconds) * time.Second
	return o, err
}

// mostTimeout is how long a bot may let a download take, in seconds.
const mostTimeout = 3600

// readMedium reads what a segment says of a P. It is what is known of the medium that the
// segment names, or has a source.
func readMedium[P message.Segment](ctx context.Context, r reader, seg segment, fresh P) (P, error) {
	file, url := seg.get("file"), seg.get("url")
	if file == "" {
		file = url
	}
	if file == "" {
		return fresh, badSegment(seg, "file", missing)
	}
	o, err := seg.fetchOptions()
	if err != nil {
		return fresh, err
	}
	known, source, err := r.media.read(ctx, file, url, o)
	if err != nil {
		return fresh, err
	}
	p := fresh
	if known != nil {
		var ok bool
		if p, ok = known.(P); !ok {
			return fresh, badSegment(seg, "file", otherKind(known))
		}
		source = r.media.kept(known)
	}
	message.MediumOf(p).Source = source
	if name := seg.first("filename", "name"); name != "" {
		message.MediumOf(p).Name = baseName(name)
	}
	return p, nil
}

// baseName is a file name without the folders before it.
func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if len(name) > maxName || name == "." || name == ".." || name == "/" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return ""
	}
	return name
}

// maxName bounds the file names of bots, in bytes.
const maxName = 255

// first returns the first of some values that says something.
func (s segment) first(names ...string) string {
	for _, name := range names {
		if v := s.get(name); v != "" {
			return v
		}
	}
	return ""
}

func readImage(ctx context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	p, err := readMedium(ctx, r, seg, &message.ImageSegment{})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"sub_type", "subType"} {
		if seg.get(name) == "" {
			continue
		}
		kind, err := seg.number(name, math.MaxUint32)
		if err != nil {
			return nil, err
		}
		p.SubType = uint32(kind)
		break
	}
	if summary := seg.get("summary"); summary != "" {
		p.Summary = summary
	}
	p.Flash = seg.get("type") == "flash"
	return p, nil
}

func readRecord(ctx context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	return sent(readMedium(ctx, r, seg, &message.RecordSegment{}))
}

func readVideo(ctx context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	p, err := readMedium(ctx, r, seg, &message.VideoSegment{})
	if err != nil {
		return nil, err
	}
	file := seg.first("cover", "thumb")
	if file == "" {
		return p, nil
	}
	o, err := seg.fetchOptions()
	if err != nil {
		return nil, err
	}
	known, source, err := r.media.read(ctx, file, "", o)
	if err != nil {
		return nil, err
	}
	p.Cover = message.Medium{Source: source}
	if known != nil {
		p.Cover = *message.MediumOf(known)
	}
	return p, nil
}

// sent is what a reader of segments returns: nil with an error.
func sent[P message.Segment](p P, err error) (message.Segment, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// alone returns content without the blank texts around a voice, a video or a file. Content with
// anything else beside one is refused: the service shows nothing else of such a message.
func alone(c message.Content) (message.Content, error) {
	at := slices.IndexFunc(c, func(part message.Segment) bool {
		switch part.(type) {
		case *message.RecordSegment, *message.VideoSegment, *message.FileSegment:
			return true
		}
		return false
	})
	if at < 0 || len(c) == 1 {
		return c, nil
	}
	only := c[at]
	c = slices.DeleteFunc(c, func(part message.Segment) bool {
		t, ok := part.(*message.TextSegment)
		return ok && strings.TrimSpace(t.Text) == ""
	})
	if len(c) > 1 {
		return nil, badParams(text.T("segment %s must be alone in its message: send the rest as a message of its own",
			"消息段 %s 必须单独作为一条消息：请把其余内容另发一条").Fill(typeOf(only)))
	}
	return c, nil
}
