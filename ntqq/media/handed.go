package media

import (
	"context"
	"io"
	"path/filepath"

	"libration/internal/text"
	"libration/ntqq/message"
)

// handedOver is a file that somebody handed over.
type handedOver struct {
	files    *Files
	id, name string
}

// handed returns the file with this id, while it is there.
func (f *Files) handed(id string) (message.Source, error) {
	if f.o.Handed == nil {
		return nil, text.Errorf("no files are handed over to this program", "本程序不接收上传文件")
	}
	_, name, err := f.o.Handed.Look(id)
	if err != nil {
		return nil, err
	}
	return handedOver{f, id, name}, nil
}

// Open implements message.Source.
func (h handedOver) Open(ctx context.Context) (io.ReadCloser, error) { return open(ctx, h) }

func (h handedOver) random(context.Context, uint64) (*opened, error) {
	path, _, err := h.files.o.Handed.Look(h.id)
	if err != nil {
		return nil, err
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	return openedFile(f)
}

// NameOf returns what a source calls its bytes: the name with which they were handed over,
// that of a file or of an address; "" where it has none.
func NameOf(s message.Source) string {
	switch s := s.(type) {
	case handedOver:
		return s.name
	case local:
		return filepath.Base(s.path)
	case filePath:
		return filepath.Base(string(s))
	case *remote:
		return nameOf(s.address, "")
	}
	return ""
}
