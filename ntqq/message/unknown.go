package message

// UnknownSegment is an element for which there is no segment type, kept whole. It can be
// sent again as it came.
type UnknownSegment struct {
	// Element names the element: the member of the protobuf message Elem
	// ("custom_face", "rich_msg"), for a common element with its service and business
	// type ("common_elem 48/20"), "field N" for one outside the schema, or one of the
	// Element constants.
	Element string
	// Raw is the encoded protobuf Elem.
	Raw []byte
}

// The Element names of content that stands outside the element list. Such a segment
// cannot be sent.
const (
	// ElementPtt is a voice message in the old form. Raw is the encoded protobuf Ptt.
	ElementPtt = "ptt"
	// ElementFileContent is a private file. Raw is the encoded protobuf FileContent, as
	// MessageBody.msg_content carries it.
	ElementFileContent = "file_content"
)

// Name implements Segment.
func (*UnknownSegment) Name() string { return "unknown" }
func (u *UnknownSegment) size() int  { return len(u.Element) + len(u.Raw) }
