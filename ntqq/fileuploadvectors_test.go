package ntqq

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq/event"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// fileFlowVector is a whole upload of a file.
type fileFlowVector struct {
	ID, Kind, Call string
	Args           struct {
		File    fileArg
		Folder  string
		Group   uint64
		Name    string
		PeerUID string `json:"peer_uid"`
	}
	Requests []struct {
		Command        string
		Body, Response vectors.Hex
		Volatile       []string
	}
	Highway []struct {
		CommandID  uint32      `json:"command_id"`
		ExtendInfo vectors.Hex `json:"extend_info"`
		FileMD5    vectors.Hex `json:"file_md5"`
		FileSize   uint64      `json:"file_size"`
		Blocks     []struct {
			Offset, Length uint64
			MD5            vectors.Hex
		}
	}
	MessageBody     vectors.Hex `json:"message_body"`
	MessageVolatile []string    `json:"message_volatile"`
}

// TestVectorsFileFlows checks uploads of files: what is asked, what goes with the blocks, and
// how the file is shown.
func TestVectorsFileFlows(t *testing.T) {
	for _, v := range vectors.Of[fileFlowVector](t, "files.json") {
		t.Run(v.ID, func(t *testing.T) {
			switch v.Call {
			case "send file":
				v.check(t)
			case "set own avatar":
				v.checkOwnAvatar(t)
			default:
				t.Errorf("no row for %q", v.Call)
			}
		})
	}
}

func (v *fileFlowVector) uploading() *fileUploading {
	f := v.Args.File
	a := &media.Attachment{File: media.File{Size: f.Size, MD5: [16]byte(f.MD5), SHA1: [20]byte(f.SHA1)}, Head: [16]byte(f.MD5)}
	return &fileUploading{
		self: event.Person{UIN: 10001, UID: "u_selfselfselfselfselfAA"}, file: a,
		FileUpload: FileUpload{Name: v.Args.Name, Folder: v.Args.Folder},
		to:         target{group: GroupCode(v.Args.Group), peer: UID(v.Args.PeerUID)},
	}
}

// differs are the paths in the requests that media.md has otherwise: that client has numbers
// of its own for its parts, and no sample of the file.
var fileFlowDiffers = map[string][]string{
	rpc.ReserveGroupFile.Name:   {"4.1.2", "4.1.10"},
	rpc.ReservePrivateFile.Name: {"4.19.120"},
	rpc.PublishGroupFile.Name:   {"4.5.2", "4.5.3.4"},
}

func (v *fileFlowVector) check(t *testing.T) {
	u := v.uploading()
	var err error
	group := u.to.group != 0
	if group {
		command, body := encoded(t, rpc.ReserveGroupFile, u.groupRequest())
		v.compare(t, 0, command, body)
		resp, decoding := rpc.ReserveGroupFile.DecodeResponse(v.Requests[0].Response)
		if decoding != nil {
			t.Fatal(decoding)
		}
		u.place, err = groupPlace(resp.GetUpload(), u.bus())
	} else {
		command, body := encoded(t, rpc.ReservePrivateFile, u.privateRequest())
		v.compare(t, 0, command, body)
		resp, decoding := rpc.ReservePrivateFile.DecodeResponse(v.Requests[0].Response)
		if decoding != nil {
			t.Fatal(decoding)
		}
		u.place, err = privatePlace(resp.GetUpload(), u.file.SHA1[:])
	}
	if err != nil || u.place.exists != (len(v.Highway) == 0) {
		t.Fatalf("got %+v, %v, want %d uploads", u.place, err, len(v.Highway))
	}
	for _, want := range v.Highway {
		got, err := pb.Marshal(u.ext())
		if err != nil {
			t.Fatal(err)
		}
		if !group {
			got = without(t, got, "100.200.500")
		}
		if !slices.Equal(without(t, want.ExtendInfo, "100.200.500"), got) || want.CommandID != fileCommandID.in(group) {
			t.Errorf("with the blocks of %d\n got %x\nwant %x", want.CommandID, got, []byte(want.ExtendInfo))
		}
	}
	if group {
		command, body := encoded(t, rpc.PublishGroupFile, feedRequest(u.to.group, u.place.bus, u.place.id, 1))
		v.compare(t, 1, command, body)
		return
	}
	body, err := elements.Encode(message.Content{u.segment()}, elements.EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := pb.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte(v.MessageBody)
	for _, path := range v.MessageVolatile {
		got, want = without(t, got, path), without(t, want, path)
	}
	if !slices.Equal(got, want) {
		t.Errorf("message\n got %x\nwant %x", got, want)
	}
}

// compare compares a request with the one of that number.
func (v *fileFlowVector) compare(t *testing.T, i int, command string, body []byte) {
	t.Helper()
	r := v.Requests[i]
	want := []byte(r.Body)
	for _, path := range append(r.Volatile, fileFlowDiffers[command]...) {
		body, want = without(t, body, path), without(t, want, path)
	}
	if command != r.Command || !slices.Equal(body, want) {
		t.Errorf("request %s\n got %x\nwant %s %x", command, body, r.Command, want)
	}
}

// TestVectorsFilePlaces checks what the client reads of answers to reservations.
func TestVectorsFilePlaces(t *testing.T) {
	seen := 0
	for _, v := range vectors.Of[fileAnswerVector](t, "files.json") {
		seen++
		var want struct {
			CheckKey   string `json:"check_key"`
			FileID     string `json:"file_id"`
			FileKey    string `json:"file_key"`
			UploadIP   string `json:"upload_ip"`
			UploadPort uint32 `json:"upload_port"`
			Hash       string `json:"file_hash"`
			UUID       string
			Platform   string `json:"media_platform_key"`
		}
		if err := json.Unmarshal(v.Parsed, &want); err != nil {
			t.Fatal(err)
		}
		var p filePlace
		var err error
		if v.Command == rpc.ReserveGroupFile.Name {
			resp, decoding := rpc.ReserveGroupFile.DecodeResponse(v.Body)
			if decoding != nil {
				t.Fatal(decoding)
			}
			p, err = groupPlace(resp.GetUpload(), message.BusPermanent)
		} else {
			resp, decoding := rpc.ReservePrivateFile.DecodeResponse(v.Body)
			if decoding != nil {
				t.Fatal(decoding)
			}
			p, err = privatePlace(resp.GetUpload(), nil)
		}
		if err != nil || p.id != want.FileID+want.UUID || hex.EncodeToString(p.key) != want.FileKey+want.Platform || p.host != want.UploadIP ||
			p.port != want.UploadPort || p.hash != want.Hash || hex.EncodeToString(p.checkKey) != want.CheckKey || p.exists {
			t.Errorf("%s: got %+v, %v, want %+v", v.ID, p, err, want)
		}
	}
	if seen == 0 {
		t.Error("no answer to a reservation was seen")
	}
}
