package elements

import (
	"context"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// codec is how one kind of segment travels: one row of codecs.
type codec struct {
	name  string    // message.Segment.Name
	reads []element // the elements that decode gets; no two codecs share one
	// decode reads one element: it adds any number of segments by decoder.add, and says
	// by decoder.follow what after the element belongs to it. Elements before and after
	// are in decoder.elems.
	decode func(d *decoder, e *messagepb.Elem)
	// encode writes one segment: any number of elements by encoder.add, or other parts
	// of the body.
	encode func(w *encoder, seg message.Segment) error
	// upload, where a segment needs the service before it can be encoded, returns the
	// segment that is encoded in its place. See Upload.
	upload func(ctx context.Context, u *uploading, seg message.Segment) (message.Segment, error)
}

// as makes the codec of segments of type S.
func as[S message.Segment](reads []element, decode func(*decoder, *messagepb.Elem), encode func(*encoder, S) error) codec {
	var of S
	return codec{name: of.Name(), reads: reads, decode: decode, encode: func(w *encoder, seg message.Segment) error { return encode(w, seg.(S)) }}
}

// uploaded adds the upload to a codec.
func uploaded[S message.Segment](c codec, upload func(context.Context, *uploading, S) (message.Segment, error)) codec {
	c.upload = func(ctx context.Context, u *uploading, seg message.Segment) (message.Segment, error) {
		return upload(ctx, u, seg.(S))
	}
	return c
}

// codecs is every kind of segment.
func codecs() []codec {
	return []codec{
		as([]element{inElem(fieldText)}, decodeText, (*encoder).text),
		as(nil, nil, (*encoder).at), // decodeText reads mentions, too: they are texts
		as([]element{inElem(fieldFace), inCommon(serviceSmallFace), inCommon(ServiceLargeFace)}, decodeFace, (*encoder).face),
		as([]element{inElem(fieldSrcMsg)}, decodeReply, (*encoder).reply),
		uploaded(as([]element{
			inBusiness(serviceMedia, businessImagePrivate), inBusiness(serviceMedia, businessImageGroup),
			inElem(fieldCustomFace), inElem(fieldNotOnlineImage), inCommon(serviceFlashPicture),
		}, decodeImage, (*encoder).image), uploadImage),
		// richText reads the old form of a voice, which is no element.
		uploaded(as([]element{inBusiness(serviceMedia, businessVoicePrivate), inBusiness(serviceMedia, businessVoiceGroup)}, decodeRecord, (*encoder).record), uploadMedium[*message.RecordSegment]),
		uploaded(as([]element{inBusiness(serviceMedia, businessVideoPrivate), inBusiness(serviceMedia, businessVideoGroup), inElem(fieldVideoFile)}, decodeVideo, (*encoder).video), uploadMedium[*message.VideoSegment]),
		as([]element{inElem(fieldTransElem)}, decodeFile, (*encoder).file), // richText reads those of private chats, which are no elements
		as([]element{inElem(fieldMarketFace)}, decodeMarketFace, (*encoder).marketFace),
		as([]element{inCommon(servicePoke), inCommon(serviceSpecial)}, decodePoke, (*encoder).poke),
		as([]element{inElem(fieldQQWalletMsg)}, decodeRedPacket, (*encoder).redPacket),
		as([]element{inBusiness(serviceMarkdown, businessMarkdown), inBusiness(serviceMarkdown, businessFlash)}, decodeMarkdown, (*encoder).markdown),
		as(nil, nil, (*encoder).flashFile), // decodeMarkdown reads it
		as([]element{inBusiness(serviceKeyboard, businessKeyboard)}, decodeKeyboard, (*encoder).keyboard),
		as([]element{inElem(fieldLightApp)}, decodeLightApp, (*encoder).lightApp), // locations and forwards, too
		as([]element{inElem(fieldRichMsg)}, decodeRichMessage, (*encoder).xml),
		as(nil, nil, (*encoder).location),
		uploaded(as(nil, nil, (*encoder).contact), signContact),
		uploaded(as(nil, nil, (*encoder).forward), uploadForward), // cards
		as([]element{inElem(fieldGeneralFlags)}, decodeLongMessage, (*encoder).longMessage),
		as(nil, decodeUnknown, (*encoder).unknown), // what no other codec reads
	}
}

// element is a kind of element: the number of the member of Elem that is set and, for
// common elements, their service and business type.
type element struct{ field, service, business uint32 }

// anyBusiness stands for the business types without a codec of their own.
const anyBusiness = math.MaxUint32

func inElem(field uint32) element     { return element{field: field} }
func inCommon(service uint32) element { return inBusiness(service, anyBusiness) }
func inBusiness(service, business uint32) element {
	return element{fieldCommonElem, service, business}
}

// The members of Elem, by their numbers.
const (
	fieldText           = 1
	fieldFace           = 2
	fieldOnlineImage    = 3
	fieldNotOnlineImage = 4
	fieldTransElem      = 5
	fieldMarketFace     = 6
	fieldCustomFace     = 8
	fieldElemFlags2     = 9
	fieldRichMsg        = 12
	fieldGroupFile      = 13
	fieldExtraInfo      = 16
	fieldVideoFile      = 19
	fieldAnonGroupMsg   = 21
	fieldQQWalletMsg    = 24
	fieldCustomElem     = 31
	fieldGeneralFlags   = 37
	fieldSrcMsg         = 45
	fieldLightApp       = 51
	fieldCommonElem     = 53

	fields = 64 // more than any
)

// fieldOf returns the number of the member that is set, 0 when none is.
func fieldOf(e *messagepb.Elem) uint32 {
	switch {
	case e.Text != nil:
		return fieldText
	case e.SrcMsg != nil:
		return fieldSrcMsg
	case e.Face != nil:
		return fieldFace
	case e.CommonElem != nil:
		return fieldCommonElem
	case e.ElemFlags2 != nil:
		return fieldElemFlags2
	case e.GeneralFlags != nil:
		return fieldGeneralFlags
	case e.ExtraInfo != nil:
		return fieldExtraInfo
	case e.CustomFace != nil:
		return fieldCustomFace
	case e.NotOnlineImage != nil:
		return fieldNotOnlineImage
	case e.OnlineImage != nil:
		return fieldOnlineImage
	case e.TransElem != nil:
		return fieldTransElem
	case e.MarketFace != nil:
		return fieldMarketFace
	case e.RichMsg != nil:
		return fieldRichMsg
	case e.GroupFile != nil:
		return fieldGroupFile
	case e.VideoFile != nil:
		return fieldVideoFile
	case e.AnonGroupMsg != nil:
		return fieldAnonGroupMsg
	case e.QqWalletMsg != nil:
		return fieldQQWalletMsg
	case e.CustomElem != nil:
		return fieldCustomElem
	case e.LightApp != nil:
		return fieldLightApp
	}
	return 0
}

// elementName names an element as UnknownSegment.Element does; "" for an empty element.
func elementName(e *messagepb.Elem) string {
	switch field := fieldOf(e); field {
	case fieldCommonElem:
		return "common_elem " + strconv.FormatUint(uint64(e.CommonElem.GetServiceType()), 10) +
			"/" + strconv.FormatUint(uint64(e.CommonElem.GetBusinessType()), 10)
	case 0:
		if num, _, n := protowire.ConsumeTag(e.ProtoReflect().GetUnknown()); n > 0 {
			return "field " + strconv.Itoa(int(num))
		}
		return ""
	default:
		return string(e.ProtoReflect().Descriptor().Fields().ByNumber(protowire.Number(field)).Name())
	}
}

// table finds codecs. It is made once and only read.
type table struct {
	fields [fields]*codec
	common map[element]*codec // the readers of common elements
	kinds  map[string]*codec
	rest   *codec // reads what no other codec reads
}

var known = newTable(codecs())

func newTable(codecs []codec) *table {
	t := &table{common: map[element]*codec{}, kinds: map[string]*codec{}}
	for i := range codecs {
		c := &codecs[i]
		t.kinds[c.name] = c
		for _, e := range c.reads {
			if e.field == fieldCommonElem {
				t.common[e] = c
			} else {
				t.fields[e.field] = c
			}
		}
	}
	t.rest = t.kinds[(*message.UnknownSegment)(nil).Name()]
	return t
}

// reader returns the codec that reads an element.
func (t *table) reader(e *messagepb.Elem) *codec {
	field := fieldOf(e)
	c := t.fields[field]
	if field == fieldCommonElem {
		service := e.CommonElem.GetServiceType()
		if c = t.common[inBusiness(service, e.CommonElem.GetBusinessType())]; c == nil {
			c = t.common[inCommon(service)]
		}
	}
	if c == nil {
		return t.rest
	}
	return c
}
