package inbox

import (
	"crypto/sha256"
	"hash"
	"os"
)

// writing is a file on its way in. One goroutine writes at a time.
type writing struct {
	box  *Inbox
	id   string
	file *os.File
	most int64 // bytes; more are refused
	size int64
	sum  hash.Hash
}

// begin makes a file to write into.
func (b *Inbox) begin(most int64) (*writing, error) {
	file, id, err := b.create()
	if err != nil {
		return nil, err
	}
	return &writing{box: b, id: id, file: file, most: most, sum: sha256.New()}, nil
}

// Write implements io.Writer.
func (w *writing) Write(p []byte) (int, error) {
	if w.size+int64(len(p)) > w.most {
		return 0, ErrTooLarge
	}
	if err := w.box.take(int64(len(p))); err != nil {
		return 0, err
	}
	w.size += int64(len(p))
	w.sum.Write(p)
	return w.file.Write(p)
}

// drop removes what was written.
func (w *writing) drop() {
	_ = w.file.Close() // keep may have closed it
	_ = os.Remove(w.file.Name())
	w.box.give(w.size)
	w.size = 0
}
