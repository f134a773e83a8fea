package control

import "libration/ntqq/message"

// mediumView is message.Medium.
type mediumView struct {
	typed
	Name string `json:"name"`
	Size uint64 `json:"size"`
}

func showMedium(m *message.Medium) mediumView { return mediumView{Name: m.Name, Size: m.Size} }

func showImage(_ contents, s *message.ImageSegment) mediumView   { return showMedium(&s.Medium) }
func showRecord(_ contents, s *message.RecordSegment) mediumView { return showMedium(&s.Medium) }
func showVideo(_ contents, s *message.VideoSegment) mediumView   { return showMedium(&s.Medium) }
