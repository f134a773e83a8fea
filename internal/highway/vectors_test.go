package highway

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/vectors"
)

// pattern is the file of so many bytes that the vectors mean.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(7*i + 13*(i>>8) + 3)
	}
	return b
}

type vector struct {
	ID, Kind   string
	Frame      vectors.Hex
	Response   vectors.Hex
	Echo       vectors.Hex
	BodyLength int `json:"body_length"`
	Head       json.RawMessage
	Parsed     struct {
		BodyLength int    `json:"body_length"`
		Command    string `json:"command"`
		DataLength uint32 `json:"data_length"`
		DataOffset uint64 `json:"data_offset"`
		ErrorCode  uint32 `json:"error_code"`
		ExtInfo    string `json:"ext_info"`
	}
	FileSHA1  []string    `json:"file_sha1"`
	FileMD5   vectors.Hex `json:"file_md5"`
	BlockSize uint32      `json:"block_size"`
	Pattern   int
	Args      struct {
		BlockSize uint32 `json:"block_size"`
		Pattern   int
	}
	Blocks []struct {
		Frame, Head, MD5 vectors.Hex
		Length           uint32
		Offset           uint64
	}
	Body vectors.Hex
}

// readFrame reads the only frame of b.
func readFrame(t *testing.T, b []byte, head proto.Message) []byte {
	t.Helper()
	r := NewReader(bytes.NewReader(b))
	n, err := r.Next(head)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	body, err := io.ReadAll(r)
	if err != nil || len(body) != n {
		t.Fatalf("body: got %d bytes of %d, error %v", len(body), n, err)
	}
	if _, err := r.Next(head); !errors.Is(err, io.EOF) {
		t.Fatalf("behind the frame: got %v, want the end", err)
	}
	return body
}

// TestVectors reads what other implementations wrote, and writes it again.
func TestVectors(t *testing.T) {
	for _, v := range vectors.Of[vector](t, "highway.json") {
		t.Run(v.ID, func(t *testing.T) {
			check, ok := vectorKinds[v.Kind]
			if !ok {
				t.Fatalf("kind %q is not known", v.Kind)
			}
			check(t, v)
		})
	}
}

var vectorKinds = map[string]func(*testing.T, vector){
	"request_frame": func(t *testing.T, v vector) {
		var head mediapb.HighwayReqHead
		body := readFrame(t, v.Frame, &head)
		if len(body) != v.BodyLength {
			t.Errorf("got a body of %d bytes, want %d", len(body), v.BodyLength)
		}
		var want mediapb.HighwayReqHead
		if err := protojson.Unmarshal(v.Head, &want); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(&head, &want) {
			t.Errorf("got %v\nwant %v", &head, &want)
		}
		sameFrame(t, &head, body, v.Frame)
		var answer mediapb.HighwayRespHead
		sameFrame(t, &answer, readFrame(t, v.Response, &answer), v.Response)
	},
	"response_frame": func(t *testing.T, v vector) {
		var head mediapb.HighwayRespHead
		body := readFrame(t, v.Frame, &head)
		p := v.Parsed
		if head.GetBase().GetCommand() != p.Command || head.GetSeg().GetDataLength() != p.DataLength ||
			head.GetSeg().GetDataOffset() != p.DataOffset || head.GetErrorCode() != p.ErrorCode ||
			hex.EncodeToString(head.GetExtendInfo()) != p.ExtInfo || len(body) != p.BodyLength {
			t.Errorf("got %v and %d bytes, want %+v", &head, len(body), p)
		}
		sameFrame(t, &head, body, v.Frame)
	},
	"blocks":     checkBlocks,
	"old_blocks": checkBlocks,
	"sha1_states": func(t *testing.T, v vector) {
		states := NewStates()
		file := pattern(v.Pattern)
		for len(file) > 0 { // in odd pieces
			n := min(len(file), 100_003)
			if _, err := states.Write(file[:n]); err != nil {
				t.Fatal(err)
			}
			file = file[n:]
		}
		got := make([]string, 0, len(v.FileSHA1))
		for _, s := range states.List() {
			got = append(got, hex.EncodeToString(s[:]))
		}
		if strings.Join(got, " ") != strings.Join(v.FileSHA1, " ") {
			t.Errorf("got %v, want %v", got, v.FileSHA1)
		}
		if n := StateCount(uint64(v.Pattern)); n != uint64(len(v.FileSHA1)) {
			t.Errorf("got a list of %d, want %d", n, len(v.FileSHA1))
		}
	},
	// The messages of the session are those of an operation, which ntqq compares.
}

func sameFrame(t *testing.T, head proto.Message, body, want []byte) {
	t.Helper()
	got, err := Append(nil, head, body)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("written again: got %x\nwant %x", got, want)
	}
}

func checkBlocks(t *testing.T, v vector) {
	if len(v.Echo) > 0 {
		var head mediapb.HighwayReqHead
		readFrame(t, v.Echo, &head)
		if head.GetBase().GetCommand() != CommandEcho || head.GetSeg() != nil {
			t.Errorf("got %v, want an echo", &head)
		}
	}
	file := pattern(v.Args.Pattern)
	if sum := md5.Sum(file); !bytes.Equal(sum[:], v.FileMD5) {
		t.Fatalf("pattern: got %x, want %x", sum, v.FileMD5)
	}
	size := v.Args.BlockSize
	if size == 0 { // the older generation
		size = 128 << 10
	}
	plan := Plan{uint64(len(file)), size}
	if plan.Blocks() != len(v.Blocks) {
		t.Fatalf("got %d blocks, want %d", plan.Blocks(), len(v.Blocks))
	}
	for i, want := range v.Blocks {
		block := plan.At(i)
		if block.Offset != want.Offset || block.Length != want.Length {
			t.Errorf("block %d: got %+v, want %+v", i, block, want)
		}
		body := file[block.Offset:][:block.Length]
		if sum := md5.Sum(body); !bytes.Equal(sum[:], want.MD5) {
			t.Errorf("block %d: got MD5 %x, want %x", i, sum, want.MD5)
		}
		frame := want.Frame
		var head mediapb.HighwayReqHead
		if len(frame) > 0 {
			if got := readFrame(t, frame, &head); !bytes.Equal(got, body) {
				t.Errorf("block %d: got %d other bytes", i, len(got))
			}
		} else if err := pb.Unmarshal(want.Head, &head); err != nil {
			t.Fatal(err)
		}
		seg := head.GetSeg()
		if seg.GetDataOffset() != want.Offset || seg.GetDataLength() != want.Length || seg.GetFileSize() != uint64(len(file)) ||
			!bytes.Equal(seg.GetBlockMd5(), want.MD5) || !bytes.Equal(seg.GetFileMd5(), v.FileMD5) {
			t.Errorf("block %d: got %v", i, seg)
		}
	}
}

type mediaFile struct {
	SHA1    vectors.Hex
	Pattern *int // of videos
}

// sums is the list of hashes that the upload of a file names.
func (f mediaFile) sums(t *testing.T) [][20]byte {
	if f.Pattern == nil {
		return [][20]byte{[20]byte(f.SHA1)}
	}
	states := NewStates()
	if _, err := states.Write(pattern(*f.Pattern)); err != nil {
		t.Fatal(err)
	}
	return states.List()
}

type mediaVector struct {
	ID, Kind string
	Args     struct{ File, Thumbnail mediaFile }
	Parsed   mediaFile

	Requests []struct{ Response vectors.Hex }
	Highway  []struct {
		ExtendInfo vectors.Hex `json:"extend_info"`
	}

	ExtendInfo    vectors.Hex `json:"extend_info"`
	RichMediaResp vectors.Hex `json:"rich_media_resp"`
}

// TestMediaVectors makes the extra information of uploads from the answers that other
// implementations got.
func TestMediaVectors(t *testing.T) {
	checked := 0
	for _, v := range vectors.Of[mediaVector](t, "media.json") {
		if v.Kind == "flow" && len(v.Highway) > 0 {
			const oidbBody = 4
			answer := field(t, v.Requests[0].Response, oidbBody)
			sameExt(t, v.ID, answer, 0, v.Args.File.sums(t), v.Highway[0].ExtendInfo)
			checked++
			if len(v.Highway) > 1 {
				sameExt(t, v.ID, answer, 1, v.Args.Thumbnail.sums(t), v.Highway[1].ExtendInfo)
			}
		}
		if v.Kind == "upload_response" && len(v.ExtendInfo) > 0 {
			sameExt(t, v.ID, v.RichMediaResp, 0, v.Parsed.sums(t), v.ExtendInfo)
			checked++
		}
	}
	if checked == 0 {
		t.Error("no vector was checked")
	}
}

// sameExt makes the information of the file i of an answer.
func sameExt(t *testing.T, id string, answer []byte, i int, sums [][20]byte, want []byte) {
	t.Helper()
	const upload, msgInfo = 2, 6
	var resp mediapb.RichMediaResp
	if err := pb.Unmarshal(answer, &resp); err != nil {
		t.Fatal(err)
	}
	u := resp.GetUpload()
	ext := Ext{
		FileUUID: u.GetMsgInfo().GetBody()[i].GetIndex().GetFileUuid(), UKey: u.GetUkey(), Addrs: u.GetIpv4S(),
		MsgInfo: field(t, field(t, answer, upload), msgInfo), SHA1: sums,
	}
	if i > 0 {
		sub := u.GetSubFiles()[i-1]
		ext.UKey, ext.Addrs = sub.GetUkey(), sub.GetIpv4S()
	}
	got, err := ext.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if g, w := known(t, got), known(t, want); !proto.Equal(g, w) {
		t.Errorf("%s: file %d: got %v\nwant %v", id, i, g, w)
	}
}

// known decodes extra information without what the others leave out: they encode the
// bodies again from what they know of them.
func known(t *testing.T, b []byte) *mediapb.RichMediaHighwayExt {
	t.Helper()
	ext := &mediapb.RichMediaHighwayExt{}
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, ext); err != nil {
		t.Fatal(err)
	}
	for _, body := range ext.GetMsgInfoBody() {
		if info := body.GetIndex().GetInfo(); info != nil { // lagrange-python makes 1 of an absent one
			info.Original = 0
		}
		if from := body.GetSource(); from != nil { // the scene, which they leave out
			from.RequestType, from.BusinessType, from.SceneType = nil, nil, nil
		}
	}
	return ext
}

// field returns the first field of a number, as it came.
func field(t *testing.T, b []byte, number protowire.Number) []byte {
	t.Helper()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		size := protowire.ConsumeFieldValue(num, typ, b[n:])
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		if num == number {
			value, _ := protowire.ConsumeBytes(b[n:])
			return value
		}
		b = b[n+size:]
	}
	t.Fatalf("no field %d", number)
	return nil
}
