package onebot

import (
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

var (
	medium      = text.Same("`file`, `url`, `file_size`")
	notUploaded = text.T("this version does not upload media", "本版本不能上传媒体文件")
)

func showMedium(m *message.Medium, data []field) ([]field, bool) {
	return append(data, field{"file", m.Name}, field{"url", m.URL}, field{"file_size", strconv.FormatUint(m.Size, 10)}), true
}

func showImage(_ *writer, _ message.Chat, s *message.ImageSegment, data []field) ([]field, bool) {
	return showMedium(&s.Medium, data)
}

func showRecord(_ *writer, _ message.Chat, s *message.RecordSegment, data []field) ([]field, bool) {
	return showMedium(&s.Medium, data)
}

func showVideo(_ *writer, _ message.Chat, s *message.VideoSegment, data []field) ([]field, bool) {
	return showMedium(&s.Medium, data)
}
