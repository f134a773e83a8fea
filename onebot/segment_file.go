package onebot

import (
	"context"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// showFile has the names of all services (docs/protocol/onebot11.md d.4).
func showFile(_ *writer, _ message.Chat, f *message.FileSegment, data []field) ([]field, bool) {
	size := strconv.FormatUint(f.Size, 10)
	data = append(data,
		field{"file", f.FileName}, field{"file_id", f.ID}, field{"file_size", size},
		field{"file_name", f.FileName}, field{"name", f.FileName}, field{"size", size}, field{"url", f.URL})
	if f.OfGroup() {
		return append(data, field{"busid", strconv.FormatUint(uint64(f.BusID), 10)}), true
	}
	return append(data, field{"file_hash", f.Hash}), true
}

// readFile reads a file that is there, by its file_id, or one that is uploaded.
func readFile(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error) {
	id := seg.first("file_id", "id")
	file, url := seg.get("file"), seg.get("url")
	if known, err := r.file(file); id == "" && err == nil && known != nil { // as get_file takes it
		id = file
	}
	if id != "" {
		return sent(r.fileThere(chat, seg, id))
	}
	if file == "" {
		file = url
	}
	switch {
	case file == "":
		return nil, badSegment(seg, "file", missing)
	case r.inside != nil:
		return nil, badSegment(seg, "file", text.T("is a file that is not at the service: send it as a message of its own, and write its file_id here", "是尚未上传的文件：请先单独发送，再在此处填写其 file_id"))
	}
	o, err := seg.fetchOptions()
	if err != nil {
		return nil, err
	}
	known, source, err := r.media.read(ctx, file, url, o)
	if err != nil {
		return nil, err
	}
	f := message.File(source, baseName(seg.first("name", "file_name", "filename")))
	if known != nil {
		f.Source = &knownSource{r, known}
		if f.FileName == "" {
			f.FileName = nameOf(known)
		}
	}
	return f, nil
}

// fileThere is a file that the service has: as a message said, or as the segment says.
func (r reader) fileThere(chat message.Chat, seg segment, id string) (*message.FileSegment, error) {
	known, err := r.file(id)
	if err != nil {
		return nil, unreadable(err)
	}
	if known != nil {
		return known, nil
	}
	bus, err := seg.number("busid", math.MaxUint32)
	if err != nil {
		return nil, err
	}
	size, err := seg.number("file_size", math.MaxInt64)
	if err != nil {
		return nil, err
	}
	f := &message.FileSegment{
		ID: id, FileName: baseName(seg.first("file_name", "name", "file")), Size: size, BusID: uint32(bus), Hash: seg.get("file_hash"),
	}
	if strings.HasPrefix(id, "/") && f.BusID == 0 {
		f.BusID = message.BusPermanent
	}
	if f.OfGroup() {
		f.Group = chat.Group
	}
	return f, nil
}

// knownSource is the source of a picture, voice or video that was received.
type knownSource struct {
	r    reader
	part message.Segment
}

// Open implements [message.Source].
func (s *knownSource) Open(ctx context.Context) (io.ReadCloser, error) {
	got, err := s.r.download(ctx, s.part)
	if err != nil {
		return nil, err
	}
	return os.Open(got.Path)
}
