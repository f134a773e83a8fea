package elements

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func decodeRecord(d *decoder, e *messagepb.Elem) {
	info := d.newForm(e)
	if info == nil {
		return
	}
	node := info.GetBody()[0].GetIndex()
	s := &message.RecordSegment{Medium: mediumOf(node), Seconds: node.GetInfo().GetTime()}
	s.Info = e.CommonElem.GetPbElem()
	d.add(s)
}

// VoiceOf reads the description of a voice in a group that is in no message; nil: it is none.
func VoiceOf(info []byte) *message.RecordSegment {
	for _, s := range Decode(&messagepb.RichText{Elems: []*messagepb.Elem{{CommonElem: &messagepb.CommonElem{
		ServiceType: serviceMedia, BusinessType: proto.Uint32(businessVoiceGroup), PbElem: info,
	}}}}, true) {
		if voice, ok := s.(*message.RecordSegment); ok {
			return voice
		}
	}
	return nil
}

// oldRecord reads a voice of the old form, which stands beside the elements; one without
// anything to know it by stays unknown (docs/protocol/messages.md 7.3).
func oldRecord(ptt *messagepb.Ptt, group bool) message.Segment {
	id := ptt.GetFileUuid()
	if key := ptt.GetGroupFileKey(); group && len(key) > 0 {
		id = key
	}
	s := &message.RecordSegment{
		Medium: message.Medium{
			Name: ptt.GetFileName(), Size: uint64(ptt.GetFileSize()), MD5: hash(ptt.GetFileMd5()), ID: fileID(pb.Text(id)),
		},
		Seconds: ptt.GetTime(),
	}
	if s.ID != "" || s.MD5 != nil {
		return s
	}
	raw, err := pb.Marshal(ptt)
	if err != nil {
		return nil
	}
	return &message.UnknownSegment{Element: message.ElementPtt, Raw: raw}
}

// pttCounts decides about a voice in the old form (docs/protocol/messages.md 7.3). Groups
// have it with a file id only. Beside a voice in the new form it is for older clients.
func pttCounts(ptt *messagepb.Ptt, elems []*messagepb.Elem, group bool) bool {
	if group && ptt.GetFileId() == 0 {
		return false
	}
	for _, e := range elems {
		c := e.GetCommonElem()
		if kind := c.GetBusinessType(); c.GetServiceType() != serviceMedia || kind != businessVoicePrivate && kind != businessVoiceGroup {
			continue
		}
		info := readInfo(e)
		if info == nil {
			continue
		}
		m := mediumOf(info.GetBody()[0].GetIndex())
		if m.Name == ptt.GetFileName() || m.MD5 != nil && bytes.Equal(m.MD5, ptt.GetFileMd5()) {
			return false
		}
	}
	return true
}

// record writes a voice and what older clients read in its place: an old voice beside the
// elements, and further elements.
func (w *encoder) record(s *message.RecordSegment) error {
	if err := w.medium(&s.Medium, businessVoicePrivate, businessVoiceGroup); err != nil || len(s.Compat) == 0 {
		return err
	}
	var compat messagepb.RichText
	if pb.Unmarshal(s.Compat, &compat) == nil {
		w.add(compat.GetElems()...)
		w.richText.Ptt = compat.GetPtt()
	}
	return nil
}
