package elements

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// TestAllIsComplete reads the sources: every segment type stands in All and has a codec.
func TestAllIsComplete(t *testing.T) {
	files, err := filepath.Glob("../../ntqq/message/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "Name" {
				types = append(types, f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name)
			}
		}
	}
	var all, names, kinds []string
	for _, seg := range message.All() {
		all = append(all, reflect.TypeOf(seg).Elem().Name())
		names = append(names, seg.Name())
	}
	for _, c := range codecs() {
		kinds = append(kinds, c.name)
	}
	for _, list := range [][]string{types, all, names, kinds} {
		slices.Sort(list)
	}
	if diff := cmp.Diff(types, all); diff != "" {
		t.Errorf("types and All (-types +All):\n%s", diff)
	}
	if diff := cmp.Diff(names, kinds); diff != "" {
		t.Errorf("All and codecs (-All +codecs):\n%s", diff)
	}
}

// TestElementsHaveOneReader also finds a member of Elem that fieldOf does not know.
func TestElementsHaveOneReader(t *testing.T) {
	readers := map[element]string{}
	for _, c := range codecs() {
		if c.encode == nil {
			t.Errorf("%s cannot be encoded", c.name)
		}
		if len(c.reads) > 0 && c.decode == nil {
			t.Errorf("%s reads elements and decodes none", c.name)
		}
		for _, e := range c.reads {
			if other := readers[e]; other != "" {
				t.Errorf("%s and %s read %+v", other, c.name, e)
			}
			readers[e] = c.name
		}
	}
	members := new(messagepb.Elem).ProtoReflect().Descriptor().Fields()
	for i := range members.Len() {
		e, member := new(messagepb.Elem), members.Get(i)
		e.ProtoReflect().Set(member, e.ProtoReflect().NewField(member))
		if got := fieldOf(e); got != uint32(member.Number()) || got >= fields {
			t.Errorf("%s: got member %d, want %d", member.Name(), got, member.Number())
		}
		if got, want := elementName(e), string(member.Name()); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got the name %q", want, got)
		}
	}
}

// picture is a segment that is uploaded, and has two elements.
type picture struct {
	message.TextSegment // for what only that package can have
	source              message.Source
	info, compat        []byte
}

func (*picture) Name() string { return "picture" }

func encodePicture(w *encoder, p *picture) error {
	w.add(&messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: p.compat}},
		&messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: serviceMedia, PbElem: p.info, BusinessType: proto.Uint32(20)}})
	return nil
}

// testTable has one kind more than the real one.
func testTable() *table {
	list := append(codecs(),
		uploaded(as([]element{inElem(fieldCustomFace)}, func(d *decoder, e *messagepb.Elem) {
			next := d.elems[slices.Index(d.elems, e)+1]
			d.add(&picture{compat: e.CustomFace.GetMd5(), info: next.CommonElem.GetPbElem()})
			d.add(message.Text("caption")) // an element may give several segments
		}, encodePicture), func(ctx context.Context, u *uploading, p *picture) (message.Segment, error) {
			stored, err := u.to.Upload(ctx, p)
			return &picture{info: stored.Info, compat: stored.Compat}, err
		}))
	for i := range list {
		if list[i].name == "picture" { // the companion is read with the first element
			list[i].reads = append(list[i].reads, inBusiness(serviceMedia, 20))
			read := list[i].decode
			list[i].decode = func(d *decoder, e *messagepb.Elem) {
				if e.CustomFace != nil {
					read(d, e)
				}
			}
		}
	}
	return newTable(list)
}

// TestBusinessTypes: the business types of one service may have codecs of their own.
func TestBusinessTypes(t *testing.T) {
	reads := func(name string) func(d *decoder, _ *messagepb.Elem) {
		return func(d *decoder, _ *messagepb.Elem) { d.add(message.Text(name)) }
	}
	table := newTable(append(codecs(),
		codec{name: "one", reads: []element{inBusiness(145, 1)}, decode: reads("one")},
		codec{name: "other", reads: []element{inCommon(145)}, decode: reads("other")},
		codec{name: "only", reads: []element{inBusiness(146, 1)}, decode: reads("only")},
	))
	d := &decoder{table: table, left: 100}
	got := d.read([]*messagepb.Elem{common(145, 1, "x"), common(145, 3, "x"), common(146, 1, "x"), common(146, 2, "x")}, 0)
	want := message.Content{message.Text("one"), message.Text("other"), message.Text("only"),
		&message.UnknownSegment{Element: "common_elem 146/2", Raw: mustMarshal(t, common(146, 2, "x"))}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

type bytesSource []byte

func (b bytesSource) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b)), nil
}

// storage takes what is uploaded.
type storage struct {
	got      []string
	stored   Stored // of the real media
	forwards [][]byte
}

func (s *storage) Upload(ctx context.Context, medium message.Segment) (Stored, error) {
	p, ok := medium.(*picture)
	if !ok {
		return s.stored, nil
	}
	r, err := p.source.Open(ctx)
	if err != nil {
		return Stored{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if string(b) == "bad" {
		return Stored{}, io.ErrUnexpectedEOF
	}
	s.got = append(s.got, string(b))
	return Stored{append([]byte("info "), b...), append([]byte("md5 "), b...)}, err
}

func (s *storage) UploadForward(_ context.Context, payload []byte) (string, error) {
	s.forwards = append(s.forwards, payload)
	return fmt.Sprintf("forward %d", len(s.forwards)), nil
}

func (*storage) ContactCard(context.Context, *message.ContactSegment) (string, error) {
	return "", ErrNoUploader
}

func (*storage) Scene() Scene { return Scene{} }

// TestUpload takes a segment from its source to the elements, and back.
func TestUpload(t *testing.T) {
	to := new(storage)
	u := &uploading{to, testTable()}
	sent := message.Content{message.Text("look"), &picture{source: bytesSource("one")},
		message.Forward(message.Node{UIN: 1, Content: message.Content{message.Text("inner"), &picture{source: bytesSource("two")}}})}
	ready, err := u.content(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "two"}, to.got); diff != "" {
		t.Errorf("uploaded (-want +got):\n%s", diff)
	}
	if p := sent[1].(*picture); p.info != nil || sent[2].(*message.ForwardSegment).Nodes[0].Content[1].(*picture).info != nil {
		t.Error("the caller's content was changed")
	}
	body, err := encode(u.table, ready, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{table: u.table, left: 100}
	got := d.read(body.GetRichText().GetElems(), 0)
	if f, ok := got[len(got)-1].(*message.ForwardSegment); !ok || f.ID != "forward 1" {
		t.Errorf("got %v, want the card of the forward", got[len(got)-1])
	}
	nodes, err := decodeForward(u.table, to.forwards[0])
	if err != nil || len(nodes) != 1 {
		t.Fatalf("got nodes %v, %v", nodes, err)
	}
	got = append(got[:len(got)-1], nodes[0].Content...)
	want := message.Content{
		message.Text("look"), &picture{info: []byte("info one"), compat: []byte("md5 one")}, message.Text("caption"),
		message.Text("inner"), &picture{info: []byte("info two"), compat: []byte("md5 two")}, message.Text("caption"),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(picture{})); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

func TestUploadErrors(t *testing.T) {
	bad := message.Content{message.Text("x"), &picture{source: bytesSource("bad")}}
	for name, tt := range map[string]struct {
		to   Uploader
		want error
	}{
		"nowhere": {nil, ErrNoUploader},
		"refused": {new(storage), io.ErrUnexpectedEOF},
	} {
		_, err := (&uploading{tt.to, testTable()}).content(t.Context(), bad)
		seg, ok := errors.AsType[*message.SegmentError](err)
		if !ok || seg.Index != 1 || !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v of segment 1", name, err, tt.want)
		}
	}
	plain := message.Content{message.Text("x"), nil}
	if got, err := Upload(t.Context(), nil, plain); err != nil || &got[0] != &plain[0] {
		t.Errorf("nothing to upload: got %v, %v; want the same content", got, err)
	}
	if got, err := Upload(t.Context(), nil, nil); err != nil || len(got) != 0 {
		t.Errorf("empty content: got %v, %v", got, err)
	}
}
