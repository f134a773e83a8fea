package elements

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"12180a160a0540416e6e651a0d00010000000500000027120000",
		"1226ea0223086510924e1880e2cfaa0620002a050a030a01712a071205080e1201015081d58bdc0212180a160a0540416e6e651a0d0001000000050000002712000012070a050a03206f6b",
		"1221aa031e082512180a013112013918e702200128023201323a042f7270734801180212090a070a055b7270735d",
		"120daa030a0830120412025001181412050a030a0178"} {
		f.Add(unhex(f, s), true)
		f.Add(unhex(f, s), false)
	}
	for _, raw := range elementSeeds(f) {
		f.Add(raw, true)
		f.Add(raw, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, group bool) {
		again(t, decoded(t, raw, group), group)
	})
}

// FuzzCommon is FuzzDecode for the payload of one common element, with a text behind it.
func FuzzCommon(f *testing.F) {
	for _, e := range heaviest(f) {
		if c := e.CommonElem; c != nil {
			f.Add(c.GetServiceType(), c.GetBusinessType(), c.GetPbElem())
		}
	}
	f.Add(uint32(serviceMarkdown), uint32(businessFlash), mustMarshal(f, &messagepb.MarkdownElem{Content: flashContent(flashJSON)}))
	f.Fuzz(func(t *testing.T, service, business uint32, payload []byte) {
		raw := mustMarshal(t, &messagepb.RichText{Elems: []*messagepb.Elem{
			{CommonElem: &messagepb.CommonElem{ServiceType: service, PbElem: payload, BusinessType: &business}}, textElem("behind"),
		}})
		again(t, decoded(t, raw, true), true)
	})
}

// decoded is what an encoded RichText says. It fails when that takes too much memory.
func decoded(t *testing.T, raw []byte, group bool) message.Content {
	var c message.Content
	n := allocated(func() {
		var rt messagepb.RichText
		if pb.Unmarshal(raw, &rt) == nil {
			c = message.Clean(Decode(&rt, group), group)
		}
	})
	// The fuzzer itself allocates, too; cards are inflated once, and read as JSON or XML.
	if most := decodedPerByte*uint64(len(raw)) + 64*maxCards; n > most {
		t.Errorf("%d bytes allocate %d, over %d", len(raw), n, most)
	}
	return c
}

// again sends what was received. After one round it stays as it is.
func again(t *testing.T, c message.Content, group bool) {
	var last message.Content
	for round := range 3 {
		elems, err := encodeElems(c, EncodeOptions{Group: group, MentionQuoted: true})
		if err != nil {
			if round > 1 {
				t.Fatalf("what was sent cannot be sent again: %v", err)
			}
			return
		}
		raw, err := pb.Marshal(&messagepb.RichText{Elems: elems})
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		var rt messagepb.RichText
		if err := pb.Unmarshal(raw, &rt); err != nil {
			t.Fatalf("own encoding does not decode: %v", err)
		}
		last, c = c, message.Clean(Decode(&rt, group), group)
		if diff := cmp.Diff(last, c); round > 1 && diff != "" {
			t.Errorf("round %d (-before +after):\n%s", round, diff)
		}
	}
}

// elementSeeds is one message for each reader of elements.
func elementSeeds(f *testing.F) [][]byte {
	var seeds [][]byte
	add := func(e *messagepb.Elem) {
		raw, err := pb.Marshal(&messagepb.RichText{Elems: []*messagepb.Elem{e, textElem("behind")}})
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, raw)
	}
	members := new(messagepb.Elem).ProtoReflect().Descriptor().Fields()
	for i := range members.Len() {
		e := new(messagepb.Elem)
		e.ProtoReflect().Set(members.Get(i), e.ProtoReflect().NewField(members.Get(i)))
		add(e)
	}
	for _, service := range []uint32{serviceFlashPicture, servicePoke, serviceSpecial, serviceMarkdown, serviceKeyboard, serviceSmallFace, ServiceLargeFace, serviceMedia} {
		add(&messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: service, PbElem: []byte{8, 1}, BusinessType: proto.Uint32(1)}})
	}
	for business := range uint32(30) {
		add(newElem(f, business, someMD5, "n"))
	}
	add(common(serviceFlashPicture, 1, string(mustMarshal(f, &messagepb.FlashPicElem{Troop: mustMarshal(f, face(someMD5).CustomFace)}))))
	return append(seeds, mustMarshal(f, &messagepb.RichText{
		Elems: []*messagepb.Elem{face(someMD5), notOnline(otherMD5), oldVideo(otherMD5, "v"), newElem(f, businessImageGroup, someMD5, "n"), newElem(f, businessVideoGroup, someMD5, "n")},
		Ptt:   &messagepb.Ptt{FileUuid: []byte("p"), FileId: 1, FileMd5: someMD5},
	}))
}
