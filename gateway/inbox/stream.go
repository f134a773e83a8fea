package inbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"

	"libration/internal/text"
)

// Limits of files that come in chunks.
const (
	mostStreams = 32
	mostChunks  = 1 << 16
	mostID      = 256 // bytes of a name of a stream
	// idleStream is how long a stream waits for its next chunk.
	idleStream = 10 * time.Minute
)

// Why a chunk is not taken, or a stream has not become a file.
var (
	ErrNoStream   = text.Errorf("there is no such stream: it was never begun, was finished, or waited too long for its next chunk", "没有该流：未开始、已完成，或太久没有收到下一个分块")
	ErrStreams    = text.Errorf("too many streams are open: finish or reset one", "打开的流过多：请完成或重置其中一个")
	ErrIncomplete = text.Errorf("chunks are missing", "缺少分块")
	ErrOther      = text.Errorf("the bytes that came are not those that were announced; the stream is gone", "收到的内容与声明的不符；该流已被删除")
	ErrChunk      = text.Errorf("the chunk cannot be used", "分块不可用")
)

// Chunk is a part of a file, and what its sender says of the file. What is not known is zero;
// what came with an earlier chunk need not come again.
type Chunk struct {
	Stream string // the sender's name of the stream
	Index  int    // from 0
	Total  int    // how many chunks there are
	Size   int64  // of the file
	SHA256 []byte // of the file
	Name   string // of the file
	// Keep is how long the file stays then; 0, and at most, as long as others.
	Keep time.Duration
}

// ParseSHA256 reads a hash as people write it, in hexadecimal.
func ParseSHA256(written string) ([]byte, error) {
	sum, err := hex.DecodeString(written)
	if err != nil || len(sum) != sha256.Size {
		return nil, ErrChunk
	}
	return sum, nil
}

// State is how far a stream is.
type State struct {
	Received, Total int
	// Missing is the first chunk that has not come; -1: none, or it is not known how many
	// there are.
	Missing int
}

// stream is a file that comes in chunks, in whatever order. They are written one behind the
// other as they come.
type stream struct {
	box *Inbox
	// used is when the last chunk came; the inbox guards it.
	used time.Time

	mu     sync.Mutex // one chunk is written at a time; guards what follows
	w      *writing
	ended  bool
	about  Chunk
	chunks map[int]place
	first  int   // the first one that has not come
	last   int   // the highest one that has come; 0 of none
	live   int64 // bytes of the chunks that count
	// next is the chunk that comes next where all came in order so far, and the hash of the
	// file has them; -1: they did not.
	next int
}

// place is where a chunk is in the file.
type place struct{ at, size int64 }

// Put takes a chunk. A second one with the same index takes the place of the first.
func (b *Inbox) Put(c Chunk, data io.Reader) (State, error) {
	s, err := b.stream(c)
	if err != nil {
		return State{}, err
	}
	st, over, err := s.put(c, data)
	if over {
		b.forget(c.Stream, s)
	}
	return st, err
}

// put writes the chunk. over: there is no stream any more; one whose first chunk is refused
// has not begun.
func (s *stream) put(c Chunk, data io.Reader) (st State, over bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return State{}, true, ErrNoStream
	}
	if err = s.learn(c); err == nil {
		err = s.write(c.Index, data)
	}
	if err != nil && len(s.chunks) == 0 {
		s.ended = true
		s.w.drop()
	}
	return s.state(), s.ended, err
}

// forget takes a stream off the list.
func (b *Inbox) forget(name string, s *stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.streams[name] == s {
		delete(b.streams, name)
	}
}

// stream returns the stream of a chunk, a new one where there is none.
func (b *Inbox) stream(c Chunk) (*stream, error) {
	if c.Stream == "" || len(c.Stream) > mostID {
		return nil, text.Errorf("%v: the stream needs a name of at most %d bytes", "%v：流的名称不能为空，且不超过 %d 字节", ErrChunk, mostID)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.streams[c.Stream]
	if s == nil {
		if len(b.streams) >= mostStreams {
			return nil, ErrStreams
		}
		w, err := b.begin(b.o.MaxTotal) // with chunks that came twice
		if err != nil {
			return nil, err
		}
		s = &stream{box: b, w: w, chunks: make(map[int]place)}
		b.streams[c.Stream] = s
		for _, f := range b.files {
			f.renewed = f.renewed || f.stream == c.Stream
		}
	}
	s.used = time.Now()
	return s, nil
}

// learn notes what a chunk says of the file. The caller holds mu.
func (s *stream) learn(c Chunk) error {
	total := s.about.Total
	if c.Total != 0 {
		total = c.Total
	}
	switch {
	case c.Index < 0, c.Total < 0, c.Size < 0, c.Keep < 0:
		return text.Errorf("%v: a number is negative", "%v：数值为负", ErrChunk)
	case total > mostChunks, c.Index >= mostChunks:
		return text.Errorf("%v: a file has at most %d chunks: send larger ones", "%v：一个文件最多 %d 个分块：请使用更大的分块", ErrChunk, mostChunks)
	case total != 0 && max(c.Index, s.last) >= total:
		return text.Errorf("%v: number %d of %d, counted from 0", "%v：序号 %d，共 %d 块（从 0 开始）", ErrChunk, max(c.Index, s.last), total)
	case s.about.Total != 0 && c.Total != 0 && c.Total != s.about.Total:
		return text.Errorf("%v: the stream has %d chunks, not %d; reset it to begin again", "%v：该流有 %d 块，而不是 %d；重新开始请先重置", ErrChunk, s.about.Total, c.Total)
	case c.Size > s.box.o.MaxSize:
		return ErrTooLarge
	}
	s.about.Total = total
	if c.Size != 0 {
		s.about.Size = c.Size
	}
	if c.SHA256 != nil {
		s.about.SHA256 = c.SHA256
	}
	if c.Name != "" {
		s.about.Name = c.Name
	}
	if c.Keep != 0 {
		s.about.Keep = c.Keep
	}
	return nil
}

// write writes a chunk behind those that came. On an error it has not come.
func (s *stream) write(index int, data io.Reader) error {
	at, was := s.w.size, s.chunks[index]
	if s.next != index {
		s.next = -1
	}
	_, err := io.Copy(s.w, data)
	size := s.w.size - at
	if err == nil && s.live-was.size+size > s.box.o.MaxSize {
		err = ErrTooLarge
	}
	if err != nil {
		s.next = -1 // the hash has some of it
		s.box.give(size)
		s.w.size = at
		_, seek := s.w.file.Seek(at, io.SeekStart)
		return errors.Join(err, s.w.file.Truncate(at), seek)
	}
	if s.next >= 0 {
		s.next++
	}
	s.live += size - was.size
	s.chunks[index] = place{at, size}
	s.last = max(s.last, index)
	for _, came := s.chunks[s.first]; came; _, came = s.chunks[s.first] {
		s.first++
	}
	return nil
}

// state is State for who holds mu.
func (s *stream) state() State {
	st := State{Received: len(s.chunks), Total: s.about.Total, Missing: -1}
	if s.first < st.Total {
		st.Missing = s.first
	}
	return st
}

// State returns how far the stream is.
func (s *stream) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state()
}

// end removes what has come, unless it has become a file.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.w.drop()
	}
}

// StreamState returns how far a stream is.
func (b *Inbox) StreamState(name string) (State, error) {
	b.mu.Lock()
	s := b.streams[name]
	b.mu.Unlock()
	if s == nil {
		return State{}, ErrNoStream
	}
	return s.State(), nil
}

// Drop removes a stream; false: there was none.
func (b *Inbox) Drop(name string) bool {
	b.mu.Lock()
	s := b.streams[name]
	delete(b.streams, name)
	b.mu.Unlock()
	if s == nil {
		return false
	}
	s.end()
	return true
}

// Finish makes a file of a stream all of whose chunks have come. about has what its sender
// says of it, without a chunk. Who asks again, as the answer was lost, gets the same file.
func (b *Inbox) Finish(about Chunk) (*File, State, error) {
	b.mu.Lock()
	s := b.streams[about.Stream]
	var done *File
	for _, f := range b.files {
		if s == nil && f.stream == about.Stream && f.stream != "" && !f.renewed && !f.Until.Before(time.Now()) {
			f.touch()
			found := *f
			done = &found
		}
	}
	b.mu.Unlock()
	switch {
	case done != nil:
		if err := about.compare(done.Size, done.SHA256[:]); err != nil {
			return nil, State{}, err
		}
		return done, State{Missing: -1}, nil
	case s == nil:
		return nil, State{}, ErrNoStream
	}
	f, st, over, err := s.finish(about)
	if over {
		b.forget(about.Stream, s)
	}
	return f, st, err
}

// finish makes the file. over: there is no stream any more.
func (s *stream) finish(about Chunk) (f *File, st State, over bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, State{}, true, ErrNoStream
	}
	if err := s.learn(about); err != nil {
		return nil, State{}, false, err
	}
	st = s.state()
	if st.Total == 0 { // nobody said: all that came
		for index := range s.chunks {
			st.Total = max(st.Total, index+1)
		}
		if s.first < st.Total {
			st.Missing = s.first
		}
	}
	if st.Missing >= 0 {
		return nil, st, false, text.Errorf("%v: number %d of %d (counted from 0) is the first", "%v：首个缺少的是第 %d 块，共 %d 块（从 0 开始）", ErrIncomplete, st.Missing, st.Total)
	}
	if s.next != st.Total { // some came out of order, or again
		if err := s.arrange(st.Total); err != nil {
			return nil, st, false, err
		}
	}
	s.ended = true
	if err := s.about.compare(s.w.size, s.w.sum.Sum(nil)); err != nil {
		s.w.drop()
		return nil, st, true, err
	}
	keep := s.box.o.Keep
	if s.about.Keep > 0 {
		keep = min(keep, s.about.Keep)
	}
	f, err = s.box.keep(s.w, File{Name: s.about.Name, keep: keep, stream: about.Stream})
	return f, st, true, err
}

// arrange writes the chunks into another file, in their order.
func (s *stream) arrange(total int) error {
	w, err := s.box.begin(s.box.o.MaxSize)
	if err != nil {
		return err
	}
	for i := range total {
		p := s.chunks[i]
		if _, err := io.Copy(w, io.NewSectionReader(s.w.file, p.at, p.size)); err != nil {
			w.drop()
			return err
		}
	}
	s.w.drop()
	s.w, s.next = w, total
	return nil
}

// compare compares what has come with what was announced.
func (c *Chunk) compare(size int64, sum []byte) error {
	if c.Size != 0 && c.Size != size {
		return text.Errorf("%v: %d bytes, not %d", "%v：%d 字节，而不是 %d", ErrOther, size, c.Size)
	}
	if c.SHA256 != nil && !bytes.Equal(sum, c.SHA256) {
		return text.Errorf("%v: its SHA-256 is %x", "%v：SHA-256 为 %x", ErrOther, sum)
	}
	return nil
}
