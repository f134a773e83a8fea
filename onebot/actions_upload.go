package onebot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

func uploadActions() []row {
	return []row{
		table.Of("upload_group_file", lagrange, Sends, text.T("Uploads a file to a group, and shows it in the chat.", "上传群文件，并发到群聊中。"),
			uploadGroupFile, table.Fails(fileUploadFailed, with(mediaCauses, noGroup, noFolder)...)),
		table.Of("upload_private_file", lagrange, Sends, text.T("Sends a file to a friend.", "向好友发送文件。"),
			uploadPrivateFile, table.Fails(fileUploadFailed, with(mediaCauses, noFriend)...)),
	}
}

// sourceParams name the bytes of a file, and the file.
type sourceParams struct {
	File string `param:"file" en:"The bytes: file:// and the path, an absolute path, http(s)://, base64:// or data:, upload:// of POST /upload, or a file that was received." zh:"文件内容：file:// 加路径、绝对路径、http(s)://、base64:// 或 data URI、POST /upload 返回的 upload://，或收到过的 file。"`
	Name string `param:"name,optional" en:"What the file is called; absent: as the path or the address calls it. base64:// and data: need one, and so does an address that ends without the name of a file." zh:"文件名；省略则取自路径或网址；base64:// 和 data URI，以及结尾不是文件名的网址必须填写。"`
}

type uploadGroupParams struct {
	Group message.GroupCode `param:"group_id"`
	sourceParams
	Folder    string `param:"folder|folder_id,optional" en:"The folder: its id, or its name; absent: the root folder." zh:"文件夹的 id 或名称；省略为根文件夹。"`
	Temporary bool   `param:"temporary,default=false" en:"Whether it becomes a temporary file, which needs no space of the group and expires." zh:"是否作为临时文件上传：不占用群空间，到期自动删除。"`
}

type uploadPrivateParams struct {
	User message.UIN `param:"user_id"`
	sourceParams
}

// uploadedFile is what a file is known by.
type uploadedFile struct {
	MessageID int32  `json:"message_id" en:"Id of the message that shows it." zh:"文件消息的 id。"`
	ID        string `json:"file_id" en:"Its id." zh:"文件 id。"`
	Name      string `json:"file_name" en:"Its name." zh:"文件名。"`
	Size      uint64 `json:"file_size" en:"Its size in bytes." zh:"大小（字节）。"`
	Bus       uint32 `json:"busid" en:"102 permanent, 104 temporary, 0 in private chats." zh:"102 为永久文件，104 为临时文件，私聊为 0。"`
	Hash      string `json:"file_hash" en:"Of private files: what get_private_file_url wants." zh:"私聊文件：get_private_file_url 所需的 file_hash。"`
}

func uploadGroupFile(ctx context.Context, a *account, p uploadGroupParams) (uploadedFile, error) {
	folder, err := a.folderNamed(ctx, p.Group, p.Folder)
	if err != nil {
		return uploadedFile{}, err
	}
	return a.upload(ctx, message.Chat{Kind: message.Group, Group: p.Group}, p.sourceParams, ntqq.FileUpload{Folder: folder, Temporary: p.Temporary})
}

func uploadPrivateFile(ctx context.Context, a *account, p uploadPrivateParams) (uploadedFile, error) {
	return a.upload(ctx, private(p.User, 0), p.sourceParams, ntqq.FileUpload{})
}

// upload uploads a file to a chat.
func (a *account) upload(ctx context.Context, chat message.Chat, p sourceParams, u ntqq.FileUpload) (uploadedFile, error) {
	var err error
	if u.Source, u.Name, err = a.fileSource(ctx, p); err != nil {
		return uploadedFile{}, err
	}
	m, err := a.client.Files().Send(ctx, chat, u)
	if err != nil {
		return uploadedFile{}, err
	}
	for _, part := range m.Content {
		if f, ok := part.(*message.FileSegment); ok {
			return uploadedFile{a.sent(ctx, m).MessageID, f.ID, f.FileName, f.Size, f.BusID, f.Hash}, nil
		}
	}
	return uploadedFile{}, fmt.Errorf("the message of %q has no file", u.Name)
}

// mostFetch is how long the download of a file may take that is uploaded then. One that
// stalls ends before.
const mostFetch = mostTimeout * time.Second

// fileSource is where the bytes of a file are, and what it is called.
func (a *account) fileSource(ctx context.Context, p sourceParams) (message.Source, string, error) {
	name := baseName(p.Name)
	if p.Name != "" && name == "" {
		return nil, "", &table.Wrong{Name: "name", What: text.T("is no file name, or longer than %d bytes", "不是有效的文件名，或超过 %d 字节").Fill(maxName)}
	}
	if p.File == "" {
		return nil, "", &table.Wrong{Name: "file", What: missing}
	}
	source, known, err := a.bytesOf(ctx, p.File)
	if err != nil {
		return nil, "", err
	}
	name = cmp.Or(name, known)
	if name = cmp.Or(name, media.NameOf(source)); name == "" {
		return nil, "", &table.Wrong{Name: "name", What: text.T("is missing, and file does not say what the file is called", "缺失，且无法从 file 中得知文件名")}
	}
	return source, name, nil
}

// bytesOf is where the bytes are that a bot names. Those of a file or a medium that was
// received are downloaded, and have a name.
func (a *account) bytesOf(ctx context.Context, file string) (message.Source, string, error) {
	f, err := a.gateway.File(file)
	if err != nil {
		return nil, "", unreadable(err)
	}
	var known message.Segment
	var name string
	if f != nil {
		known, name = f, f.FileName
	} else {
		var source message.Source
		known, source, err = a.reader.media.read(ctx, file, "", media.FetchOptions{Timeout: mostFetch})
		if source != nil || err != nil {
			return source, "", noSuchFile(err, file)
		}
		name = nameOf(known)
	}
	got, err := a.download(ctx, known)
	if err != nil {
		return nil, "", err
	}
	return media.Path(got.Path), name, nil
}

// noSuchFile says of a name that nobody knows how a file is named.
func noSuchFile(err error, file string) error {
	if e, ok := errors.AsType[*actionError](err); ok && e.code == noMedium.Code && !strings.ContainsAny(file, `/\:`) {
		return &actionError{e.retcode, e.code, text.T(
			"nothing that was received is called %q; a file of this machine is named by its absolute path, such as /home/me/a.txt",
			"没有收到过名为 %q 的内容；本机的文件请写绝对路径，如 /home/me/a.txt").Fill(shorten(file))}
	}
	return err
}
