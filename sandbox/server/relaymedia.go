package server

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// serviceMedia is the service of a common element with a medium, business types 12 and 22
// are voices (docs/protocol/messages.md 7.1).
const serviceMedia = 48

func isMedia(e *messagepb.Elem) bool {
	return e.GetCommonElem().GetServiceType() == serviceMedia
}

// relayMedia leaves out of a message what older clients put beside a medium: the same
// picture or video in the old form, which would be shown a second time, and an empty
// element (docs/protocol/media.md 10.4). The medium itself goes on as it is. The refusal
// is that of a medium that receivers could not read.
func relayMedia(elems []*messagepb.Elem) ([]*messagepb.Elem, error) {
	if !slices.ContainsFunc(elems, isMedia) {
		return elems, nil
	}
	sums := map[string]bool{}
	for _, e := range elems {
		if err := addSums(sums, e); err != nil {
			return nil, err
		}
	}
	kept := make([]*messagepb.Elem, 0, len(elems))
	for i, e := range elems {
		if sums[string(oldMedium(e))] {
			continue
		}
		if proto.Size(e) == 0 && i+1 < len(elems) && isMedia(elems[i+1]) {
			continue
		}
		kept = append(kept, e)
	}
	return kept, nil
}

// addSums adds the MD5s of what an element describes. Clients read all hashes without a
// check.
func addSums(sums map[string]bool, e *messagepb.Elem) error {
	info := &mediapb.MsgInfo{}
	if !isMedia(e) || pb.Unmarshal(e.GetCommonElem().GetPbElem(), info) != nil {
		return nil
	}
	for _, body := range info.GetBody() {
		var md5 [16]byte
		var sha1 [20]byte
		file := body.GetIndex().GetInfo()
		if !fromHex(md5[:], file.GetFileMd5()) || !fromHex(sha1[:], file.GetFileSha1()) {
			return world.BadContent("a medium without hashes")
		}
		sums[string(md5[:])] = true
	}
	return nil
}

// oldMedium returns the MD5 of a picture or video in the old form.
func oldMedium(e *messagepb.Elem) []byte {
	switch {
	case e.GetCustomFace() != nil:
		return e.CustomFace.GetMd5()
	case e.GetNotOnlineImage() != nil:
		return e.NotOnlineImage.GetPicMd5()
	}
	return e.GetVideoFile().GetFileMd5()
}

// oldVoicePart is a voice in the old form, when the message has none in the new one. It
// stands beside the elements, and has no form of its own there.
func oldVoicePart(text *messagepb.RichText, group bool) []world.Part {
	if text.GetPtt() == nil || slices.ContainsFunc(text.GetElems(), isMedia) {
		return nil
	}
	var parts []world.Part
	for _, s := range elements.Decode(&messagepb.RichText{Ptt: text.Ptt}, group) {
		parts = append(parts, world.Part{Segment: s, Form: []byte{}})
	}
	return parts
}

// voiceBeside is what goes beside the elements of a message: a voice in the old form as it
// came, and in private chats the old form of a new one, for a client that knows no other.
// In groups that would be shown a second time.
func voiceBeside(m *world.Message) *messagepb.Ptt {
	for _, p := range m.Parts {
		switch s := p.Segment.(type) {
		case *message.UnknownSegment:
			ptt := &messagepb.Ptt{}
			if s.Element == message.ElementPtt && pb.Unmarshal(s.Raw, ptt) == nil {
				return ptt
			}
		case *message.RecordSegment:
			if m.Group != 0 && s.Info != nil {
				return nil
			}
			return pttOf(s, m.Group != 0)
		}
	}
	return nil
}

func pttOf(s *message.RecordSegment, group bool) *messagepb.Ptt {
	ptt := &messagepb.Ptt{
		FileUuid: []byte(s.ID), FileMd5: s.MD5, FileName: s.Medium.Name, FileSize: uint32(s.Size), Valid: true, Time: s.Seconds,
	}
	if group {
		ptt.FileId, ptt.GroupFileKey = newFileID(), []byte(s.ID)
	}
	return ptt
}
