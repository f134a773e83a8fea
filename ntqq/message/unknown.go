package message

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// The Element names of content that stands outside the element list. Such an
// Unknown cannot be sent as it is.
const (
	// ElementPtt is a voice message in the old form; Raw is the encoded protobuf Ptt.
	ElementPtt = "ptt"
	// ElementFileContent is a private file; Raw is the encoded protobuf FileContent,
	// as MessageBody.msg_content carries it.
	ElementFileContent = "file_content"
)

// isElement tells whether Raw is an encoded Elem.
func (u *Unknown) isElement() bool {
	return u.Element != ElementPtt && u.Element != ElementFileContent
}

// elem gives the element back as it came.
func (u *Unknown) elem() (*messagepb.Elem, error) {
	if !u.isElement() {
		return nil, fmt.Errorf("encode %s: it is not an element", u.Element)
	}
	e := new(messagepb.Elem)
	if err := pb.Unmarshal(u.Raw, e); err != nil {
		return nil, fmt.Errorf("encode %s: %w", u.Element, err)
	}
	if elementName(e) == "" {
		return nil, fmt.Errorf("encode %s: the raw element is empty", u.Element)
	}
	return e, nil
}

// unknownElem keeps an element whole; nil for one that is empty.
func unknownElem(e *messagepb.Elem) *Unknown {
	name := elementName(e)
	if name == "" {
		return nil
	}
	raw, err := pb.Marshal(e)
	if err != nil {
		return nil
	}
	return &Unknown{Element: name, Raw: raw}
}

// elementName names the member that is set; "" for an empty element.
func elementName(e *messagepb.Elem) string {
	switch {
	case e.CommonElem != nil:
		return "common_elem " + strconv.FormatUint(uint64(e.CommonElem.GetServiceType()), 10) +
			"/" + strconv.FormatUint(uint64(e.CommonElem.GetBusinessType()), 10)
	case e.CustomFace != nil:
		return "custom_face"
	case e.NotOnlineImage != nil:
		return "not_online_image"
	case e.Text != nil:
		return "text"
	case e.Face != nil:
		return "face"
	case e.OnlineImage != nil:
		return "online_image"
	case e.TransElem != nil:
		return "trans_elem"
	case e.MarketFace != nil:
		return "market_face"
	case e.ElemFlags2 != nil:
		return "elem_flags2"
	case e.RichMsg != nil:
		return "rich_msg"
	case e.GroupFile != nil:
		return "group_file"
	case e.ExtraInfo != nil:
		return "extra_info"
	case e.VideoFile != nil:
		return "video_file"
	case e.AnonGroupMsg != nil:
		return "anon_group_msg"
	case e.QqWalletMsg != nil:
		return "qq_wallet_msg"
	case e.CustomElem != nil:
		return "custom_elem"
	case e.GeneralFlags != nil:
		return "general_flags"
	case e.SrcMsg != nil:
		return "src_msg"
	case e.LightApp != nil:
		return "light_app"
	}
	if num, _, n := protowire.ConsumeTag(e.ProtoReflect().GetUnknown()); n > 0 {
		return "field " + strconv.Itoa(int(num))
	}
	return ""
}
