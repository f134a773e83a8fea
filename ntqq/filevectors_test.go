package ntqq

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/rpc"
	"libration/internal/vectors"
)

// fileArgs are the arguments of vectors about files that are there.
type fileArgs struct {
	FileID       string `json:"file_id"`
	Folder       string
	Parent       string
	ParentFolder string `json:"parent_folder"`
	TargetFolder string `json:"target_folder"`
	Start        uint32
}

// fileRequestRows are the requests about files.
var fileRequestRows = map[string]func(*testing.T, requestArgs) (command string, body []byte){
	"group file count": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.GroupFileCount, countRequest(GroupCode(a.Group)))
	},
	"group file space": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.GroupFileSpace, spaceRequest(GroupCode(a.Group)))
	},
	"group file list": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.GroupFiles, listRequest(GroupCode(a.Group), a.Folder, a.Start))
	},
	"group file delete": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.DeleteGroupFile, deleteFileRequest(GroupCode(a.Group), GroupFileRef{ID: a.FileID}))
	},
	"group file move": func(t *testing.T, a requestArgs) (string, []byte) {
		ref := GroupFileRef{ID: a.FileID, Folder: a.ParentFolder}
		return encoded(t, rpc.MoveGroupFile, moveFileRequest(GroupCode(a.Group), ref, a.TargetFolder))
	},
	"group file url": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.GroupFileURL, groupFileURLRequest(GroupCode(a.Group), a.FileID, 0))
	},
	"group folder create": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.MakeGroupFolder, makeFolderRequest(GroupCode(a.Group), a.Name))
	},
	"group folder delete": func(t *testing.T, a requestArgs) (string, []byte) {
		return encoded(t, rpc.DeleteGroupFolder, deleteFolderRequest(GroupCode(a.Group), a.Folder))
	},
}

type listVector struct {
	IsEnd bool `json:"is_end"`
	Items []struct {
		Folder *struct {
			Created   int64  `json:"create_time"`
			Modified  int64  `json:"modified_time"`
			Creator   string `json:"creator_name"`
			CreatorID UIN    `json:"creator_uin"`
			ID        string `json:"folder_id"`
			Name      string `json:"folder_name"`
			Parent    string `json:"parent_directory_id"`
			Files     uint32 `json:"total_file_count"`
		} `json:"folder_info"`
		File *struct {
			BusID      uint32 `json:"bus_id"`
			Downloads  uint32 `json:"downloaded_times"`
			Expires    int64  `json:"expire_time"`
			ID         string `json:"file_id"`
			MD5        []byte `json:"file_md5"`
			SHA1       []byte `json:"file_sha1"`
			Name       string `json:"file_name"`
			Size       uint64 `json:"file_size"`
			Modified   int64  `json:"modified_time"`
			Uploaded   int64  `json:"uploaded_time"`
			Folder     string `json:"parent_directory"`
			Uploader   string `json:"uploader_name"`
			UploaderID UIN    `json:"uploader_uin"`
		} `json:"file_info"`
	}
}

// fileAnswerRows are what the client reads from answers about files, by the command.
var fileAnswerRows = map[string]func(t *testing.T, body []byte, parsed json.RawMessage) (got, want any, err error){
	rpc.GroupFileURL.Name: func(t *testing.T, body []byte, parsed json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupFileURL.DecodeResponse(body)
		if err != nil {
			return nil, nil, err
		}
		got, err := groupFileURL(resp.GetDownload(), false)
		// That client writes the address in place of the name.
		want := strings.Replace(parsedURL(t, parsed), resp.GetDownload().GetDownloadIp()+":443", resp.GetDownload().GetDownloadDns(), 1)
		return got, want, err
	},
	rpc.PrivateFileURL.Name: func(t *testing.T, body []byte, parsed json.RawMessage) (any, any, error) {
		resp, err := rpc.PrivateFileURL.DecodeResponse(body)
		if err != nil {
			return nil, nil, err
		}
		got, err := privateFileURL(resp.GetDownload().GetResult())
		return got, parsedURL(t, parsed), err
	},
	rpc.GroupFiles.Name: func(_ *testing.T, body []byte, parsed json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupFiles.DecodeResponse(body)
		var v listVector
		_ = json.Unmarshal(parsed, &v)
		got, want := []any{resp.GetList().GetIsEnd()}, []any{v.IsEnd}
		for _, item := range resp.GetList().GetItems() {
			if item.GetType() == entryFile {
				got = append(got, groupFileOf(item.GetFile(), ""))
			} else {
				got = append(got, groupFolderOf(item.GetFolder()))
			}
		}
		for _, item := range v.Items {
			if f := item.File; f != nil {
				want = append(want, GroupFile{
					ID: f.ID, Name: f.Name, Folder: f.Folder, Size: f.Size, BusID: f.BusID, Uploaded: f.Uploaded, Modified: f.Modified,
					Expires: f.Expires, Downloads: f.Downloads, Uploader: f.UploaderID, UploaderName: f.Uploader, MD5: f.MD5, SHA1: f.SHA1,
				})
			}
			if f := item.Folder; f != nil {
				want = append(want, GroupFolder{
					ID: f.ID, Name: f.Name, Parent: f.Parent, Created: f.Created, Modified: f.Modified, Creator: f.CreatorID,
					CreatorName: f.Creator, Files: f.Files,
				})
			}
		}
		return got, want, err
	},
	rpc.GroupFileCount.Name: func(_ *testing.T, body []byte, parsed json.RawMessage) (any, any, error) {
		resp, err := rpc.GroupFileCount.DecodeResponse(body)
		var v struct {
			Count uint32 `json:"file_count"`
			Limit uint32 `json:"limit_count"`
		}
		_ = json.Unmarshal(parsed, &v)
		return spaceOf(resp.GetCount(), nil), FileSpace{Files: v.Count, MaxFiles: v.Limit}, err
	},
	rpc.MoveGroupFile.Name:     whether(rpc.MoveGroupFile),
	rpc.DeleteGroupFile.Name:   whether(rpc.DeleteGroupFile),
	rpc.RenameGroupFile.Name:   whether(rpc.RenameGroupFile),
	rpc.MakeGroupFolder.Name:   whether(rpc.MakeGroupFolder),
	rpc.DeleteGroupFolder.Name: whether(rpc.DeleteGroupFolder),
}

// whether is a row of an answer that says no more than whether something was done.
func whether[Req, Resp proto.Message](op *rpc.Op[Req, Resp]) func(*testing.T, []byte, json.RawMessage) (got, want any, err error) {
	return func(_ *testing.T, body []byte, _ json.RawMessage) (any, any, error) {
		_, err := op.DecodeResponse(body)
		return nil, nil, err
	}
}

func parsedURL(t *testing.T, parsed json.RawMessage) string {
	t.Helper()
	var v struct{ URL string }
	if err := json.Unmarshal(parsed, &v); err != nil {
		t.Fatal(err)
	}
	if _, err := url.Parse(v.URL); err != nil || v.URL == "" {
		t.Fatalf("the vector has no address: %s", parsed)
	}
	return v.URL
}

type fileAnswerVector struct {
	ID, Kind, Command, Error string
	Body                     vectors.Hex
	Parsed                   json.RawMessage
}

// TestVectorsFileAnswers checks what the client reads about files that are there.
func TestVectorsFileAnswers(t *testing.T) {
	for _, v := range vectors.Of[fileAnswerVector](t, "files.json") {
		t.Run(v.ID, func(t *testing.T) {
			row := fileAnswerRows[v.Command]
			if row == nil {
				t.Fatalf("%s has a vector: give it a row in fileAnswerRows", v.Command)
			}
			got, want, err := row(t, v.Body, v.Parsed)
			if v.Error != "" {
				refused, ok := errors.AsType[*rpc.Refused](err)
				if !ok || refused.Message != v.Error || refused.Code == 0 {
					t.Fatalf("got %v, want a refusal with the words %q", err, v.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}
