package onebot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

// groupFileActions are about the file system of a group; those about its folders are in
// actions_groupfolders.go, uploads in actions_upload.go.
func groupFileActions() []row {
	ask, change := table.Fails(filesFailed, noGroup, noFolder), table.Fails(filesFailed, fileCauses...)
	url := table.Fails(filesFailed, fileCauses...)
	return []row{
		table.Of("get_group_root_files", lagrange, Lookups, text.T("Lists the files and folders in a group's root folder.", "返回群文件根文件夹中的文件和文件夹。"),
			getGroupRootFiles, ask),
		table.Of("get_group_files_by_folder", lagrange, Lookups, text.T("Lists the files in a folder of a group.", "返回群文件夹中的文件。"),
			getGroupFilesByFolder, ask),
		table.Of("get_group_file_system_info", common, Lookups, text.T("Returns how many files a group has, and how much space.", "返回群文件的数量和空间。"),
			getGroupFileSystemInfo, table.Fails(filesFailed, noGroup)),
		table.Of("get_group_file_url", lagrange, Lookups, text.T("Returns where a file of a group can be downloaded, for some hours.", "返回群文件的下载网址，数小时内有效。"),
			getGroupFileURL, url),
		table.Of("get_private_file_url", lagrange, Lookups, text.T("Returns where a file of a private chat can be downloaded, for some hours.", "返回私聊文件的下载网址，数小时内有效。"),
			getPrivateFileURL, table.Fails(filesFailed, noFile)),
		table.Of("move_group_file", lagrange, Sends, text.T("Moves a file of a group to another folder; its uploader, the owner and admins may.", "移动群文件；上传者、群主和管理员可用。"),
			moveGroupFile, change),
		table.Of("rename_group_file", common, Sends, text.T("Renames a file of a group; its uploader, the owner and admins may.", "重命名群文件；上传者、群主和管理员可用。"),
			renameGroupFile, change),
		table.Of("delete_group_file", lagrange, Sends, text.T("Deletes a file of a group; its uploader, the owner and admins may.", "删除群文件；上传者、群主和管理员可用。"),
			deleteGroupFile, change),
		table.Of("set_group_file_forever", rare, Sends, text.T("Makes a temporary file of a group permanent.", "把群的临时文件转为永久文件。"), keepGroupFile, change),
		table.Of("trans_group_file", rare, Sends, text.T("The same as `set_group_file_forever`.", "同 `set_group_file_forever`。"), keepGroupFile, change),
	}
}

// folderNamed is the id of a folder that a bot names: by its id, which begins with a slash,
// or by what people call it. "" is the root.
func (a *account) folderNamed(ctx context.Context, group message.GroupCode, written string) (string, error) {
	if written == "" || strings.HasPrefix(written, ntqq.RootFolder) {
		return cmp.Or(written, ntqq.RootFolder), nil
	}
	_, folders, err := a.client.Files().List(ctx, group, ntqq.RootFolder)
	if err != nil {
		return "", err
	}
	for _, f := range folders {
		if f.Name == written {
			return f.ID, nil
		}
	}
	e := failure(noFolder)
	e.text = text.T("%s: %q", "%s：%q").Fill(e.text, shorten(written))
	return "", e
}

type groupFileInfo struct {
	Group        message.GroupCode `json:"group_id"`
	ID           string            `json:"file_id" en:"Its id." zh:"文件 id。"`
	Name         string            `json:"file_name" en:"Its name." zh:"文件名。"`
	Bus          uint32            `json:"busid" en:"102 permanent, 104 temporary." zh:"102 为永久文件，104 为临时文件。"`
	Size         uint64            `json:"file_size" en:"Its size in bytes." zh:"大小（字节）。"`
	SameSize     uint64            `json:"size" en:"The same." zh:"同上。"`
	Uploaded     int64             `json:"upload_time" en:"When it was uploaded, Unix seconds." zh:"上传时间，Unix 秒。"`
	Expires      int64             `json:"dead_time" en:"When it expires, Unix seconds; 0 for a permanent file." zh:"过期时间，Unix 秒；永久文件为 0。"`
	Modified     int64             `json:"modify_time" en:"When it was changed, Unix seconds." zh:"修改时间，Unix 秒。"`
	Downloads    uint32            `json:"download_times" en:"How often it was downloaded." zh:"下载次数。"`
	Uploader     message.UIN       `json:"uploader"`
	UploaderName string            `json:"uploader_name" en:"What the uploader is called." zh:"上传者昵称。"`
	MD5          string            `json:"md5" en:"Hexadecimal; empty where the service does not say it." zh:"十六进制；服务器未提供时为空。"`
	SHA1         string            `json:"sha" en:"The SHA-1, as md5." zh:"SHA-1，同 md5。"`
}

func newGroupFileInfo(group message.GroupCode, f ntqq.GroupFile) groupFileInfo {
	return groupFileInfo{
		Group: group, ID: f.ID, Name: f.Name, Bus: f.BusID, Size: f.Size, SameSize: f.Size,
		Uploaded: f.Uploaded, Expires: f.Expires, Modified: f.Modified, Downloads: f.Downloads,
		Uploader: f.Uploader, UploaderName: f.UploaderName,
		MD5: fmt.Sprintf("%x", f.MD5), SHA1: fmt.Sprintf("%x", f.SHA1),
	}
}

type groupFolderInfo struct {
	Group       message.GroupCode `json:"group_id"`
	ID          string            `json:"folder_id" en:"Its id." zh:"文件夹 id。"`
	SameID      string            `json:"folder" en:"The same." zh:"同上。"`
	Name        string            `json:"folder_name" en:"Its name." zh:"文件夹名。"`
	SameName    string            `json:"create_name" en:"The same, as Lagrange.OneBot calls it." zh:"同上（Lagrange.OneBot 的字段名）。"`
	Created     int64             `json:"create_time" en:"When it was made, Unix seconds." zh:"创建时间，Unix 秒。"`
	Modified    int64             `json:"modify_time" en:"When it was changed, Unix seconds." zh:"修改时间，Unix 秒。"`
	Creator     message.UIN       `json:"creator"`
	CreatorName string            `json:"creator_name" en:"What who made it is called." zh:"创建者昵称。"`
	Files       uint32            `json:"total_file_count" en:"How many files are in it." zh:"其中的文件数。"`
}

func newGroupFolderInfo(group message.GroupCode, f ntqq.GroupFolder) groupFolderInfo {
	return groupFolderInfo{
		Group: group, ID: f.ID, SameID: f.ID, Name: f.Name, SameName: f.Name, Created: f.Created,
		Modified: f.Modified, Creator: f.Creator, CreatorName: f.CreatorName, Files: f.Files,
	}
}

type groupFilesResult struct {
	Files   []groupFileInfo   `json:"files" en:"The files, newest first." zh:"文件，新的在前。"`
	Folders []groupFolderInfo `json:"folders" en:"The folders; only the root folder has some." zh:"文件夹，仅根文件夹中有。"`
	More    bool              `json:"more" en:"Whether there are others that are not listed." zh:"是否还有未列出的内容。"`
}

type rootFilesParams struct {
	Group message.GroupCode `param:"group_id"`
	Most  whole             `param:"file_count,optional" en:"How many files and folders are returned at most; 0 or absent: up to 20000." zh:"最多返回的文件和文件夹总数；0 或省略时最多 20000。"`
}

func getGroupRootFiles(ctx context.Context, a *account, p rootFilesParams) (groupFilesResult, error) {
	return a.groupFiles(ctx, p.Group, ntqq.RootFolder, p.Most)
}

type folderFilesParams struct {
	rootFilesParams
	Folder string `param:"folder_id|folder,optional" en:"The folder: its id, or its name; absent: the root folder." zh:"文件夹的 id 或名称；省略为根文件夹。"`
}

func getGroupFilesByFolder(ctx context.Context, a *account, p folderFilesParams) (groupFilesResult, error) {
	folder, err := a.folderNamed(ctx, p.Group, p.Folder)
	if err != nil {
		return groupFilesResult{}, err
	}
	return a.groupFiles(ctx, p.Group, folder, p.Most)
}

// mostListed is how many files and folders a list has.
const mostListed = 20_000

// groupFiles lists a folder. most is how many files and folders a bot wants; 0: all.
func (a *account) groupFiles(ctx context.Context, group message.GroupCode, folder string, most whole) (groupFilesResult, error) {
	if most < 0 {
		return groupFilesResult{}, &table.Wrong{Name: "file_count", What: text.T("must not be negative", "不能为负数")}
	}
	files, folders, more, err := a.client.Files().ListUpTo(ctx, group, folder, int(min(cmp.Or(most, mostListed), mostListed)))
	if err != nil {
		return groupFilesResult{}, err
	}
	r := groupFilesResult{Files: make([]groupFileInfo, 0, len(files)), Folders: make([]groupFolderInfo, 0, len(folders)), More: more}
	for _, f := range files {
		r.Files = append(r.Files, newGroupFileInfo(group, f))
	}
	for _, f := range folders {
		r.Folders = append(r.Folders, newGroupFolderInfo(group, f))
	}
	return r, nil
}

type fileSystemResult struct {
	Group    message.GroupCode `json:"group_id"`
	Files    uint32            `json:"file_count" en:"How many files there are." zh:"文件数。"`
	MaxFiles uint32            `json:"limit_count" en:"How many there may be." zh:"文件数上限。"`
	Used     uint64            `json:"used_space" en:"How much space they take, in bytes." zh:"已用空间（字节）。"`
	Total    uint64            `json:"total_space" en:"How much there is, in bytes." zh:"总空间（字节）。"`
}

func getGroupFileSystemInfo(ctx context.Context, a *account, p groupOnly) (fileSystemResult, error) {
	s, err := a.client.Files().Space(ctx, p.Group)
	return fileSystemResult{p.Group, s.Files, s.MaxFiles, s.Used, s.Total}, err
}

// groupFileParams name a file of a group.
type groupFileParams struct {
	Group message.GroupCode `param:"group_id"`
	File  string            `param:"file_id|id" en:"The file's id, as in lists and events." zh:"文件 id，与列表和事件中的相同。"`
	Bus   whole             `param:"busid|bus_id,optional" en:"Its busid, which goes with the id: 104 for temporary files; absent: the one of the message that showed it, else 102." zh:"与 id 对应的 busid：临时文件为 104；省略时取自已收到的文件消息，否则为 102。"`
}

// bus is the busid of a file: the one given, else the one that a message named; 0 where
// nothing is known.
func (a *account) bus(p groupFileParams) (uint32, error) {
	if p.Bus < 0 || p.Bus > math.MaxUint32 {
		return 0, &table.Wrong{Name: "busid", What: text.T("must fit into 32 bits", "必须是 32 位无符号整数")}
	}
	if p.Bus != 0 {
		return uint32(p.Bus), nil
	}
	known, err := a.gateway.File(p.File)
	switch {
	case err != nil:
		return 0, unreadable(err)
	case known == nil:
		return 0, nil
	}
	return known.BusID, nil
}

type addressResult struct {
	URL string `json:"url" en:"The address." zh:"下载网址。"`
}

func getGroupFileURL(ctx context.Context, a *account, p groupFileParams) (addressResult, error) {
	bus, err := a.bus(p)
	if err != nil {
		return addressResult{}, err
	}
	url, err := a.client.Files().URL(ctx, p.Group, p.File, bus)
	return addressResult{url}, err
}

type privateFileParams struct {
	User target `param:"user_id,optional" en:"Accepted, without effect." zh:"可以填写，没有效果。"`
	File string `param:"file_id" en:"The file's id, as in events." zh:"文件 id，与事件中的相同。"`
	Hash string `param:"file_hash|hash,optional" en:"Its hash, as in events; absent: the one of the message that brought it." zh:"文件的 hash，与事件中的相同；省略时取自已收到的文件消息。"`
}

func getPrivateFileURL(ctx context.Context, a *account, p privateFileParams) (addressResult, error) {
	if p.Hash == "" {
		known, err := a.gateway.File(p.File)
		if err != nil {
			return addressResult{}, unreadable(err)
		}
		if known != nil {
			p.Hash = known.Hash
		}
	}
	url, err := a.client.Files().PrivateURL(ctx, p.File, p.Hash)
	return addressResult{url}, err
}

// doneResult is what changes of files return: NapCat's ok or result, and Lagrange.OneBot's msg.
type doneResult struct {
	OK      bool   `json:"ok" en:"true" zh:"固定为 true。"`
	Message string `json:"msg" en:"ok" zh:"固定为 ok。"`
	resultObject
}

// did is the result of a change.
func did(err error) (doneResult, error) {
	if err != nil {
		return doneResult{}, err
	}
	return doneResult{OK: true, Message: "ok"}, nil
}

type moveFileParams struct {
	groupFileParams
	From string `param:"parent_directory|current_parent_directory,optional" en:"The folder that it is in: its id, or its name; absent: the root folder, or else where it is found." zh:"所在文件夹的 id 或名称；省略为根文件夹，不在其中时自动查找。"`
	To   string `param:"target_directory|target_parent_directory" en:"The folder that it comes to, in the same form; / is the root folder." zh:"目标文件夹，写法相同；/ 为根文件夹。"`
}

func moveGroupFile(ctx context.Context, a *account, p moveFileParams) (doneResult, error) {
	to, err := a.folderNamed(ctx, p.Group, p.To)
	if err != nil {
		return doneResult{}, err
	}
	return a.changeIn(ctx, p.groupFileParams, p.From, func(file ntqq.GroupFileRef) error {
		return a.client.Files().Move(ctx, p.Group, file, to)
	})
}

// changeIn changes a file in the folder that a bot names. A bot that names none means the
// root folder, as elsewhere, or does not know: a file that is not there is looked for.
func (a *account) changeIn(ctx context.Context, p groupFileParams, folder string, change func(ntqq.GroupFileRef) error) (doneResult, error) {
	file, err := a.fileIn(ctx, p, folder)
	if err != nil {
		return doneResult{}, err
	}
	err = change(file)
	if _, refused := errors.AsType[*ntqq.ServerError](err); refused && folder == "" {
		if found, lost := a.client.Files().Find(ctx, p.Group, p.File); lost == nil && found.Folder != file.Folder {
			err = change(found.Ref())
		}
	}
	return did(err)
}

// fileIn is a file in the folder that a bot names.
func (a *account) fileIn(ctx context.Context, p groupFileParams, folder string) (f ntqq.GroupFileRef, err error) {
	f.ID = p.File
	if f.BusID, err = a.bus(p); err != nil {
		return f, err
	}
	f.Folder, err = a.folderNamed(ctx, p.Group, folder)
	return f, err
}

type renameFileParams struct {
	groupFileParams
	Folder string `param:"current_parent_directory|parent_directory,optional" en:"The folder that it is in: its id, or its name; absent: the root folder, or else where it is found." zh:"所在文件夹的 id 或名称；省略为根文件夹，不在其中时自动查找。"`
	Name   string `param:"new_name" en:"The name." zh:"新的文件名。"`
}

func renameGroupFile(ctx context.Context, a *account, p renameFileParams) (doneResult, error) {
	return a.changeIn(ctx, p.groupFileParams, p.Folder, func(file ntqq.GroupFileRef) error {
		return a.client.Files().Rename(ctx, p.Group, file, p.Name)
	})
}

func deleteGroupFile(ctx context.Context, a *account, p groupFileParams) (doneResult, error) {
	file, err := a.fileIn(ctx, p, ntqq.RootFolder)
	if err != nil {
		return doneResult{}, err
	}
	return did(a.client.Files().Delete(ctx, p.Group, file))
}

func keepGroupFile(ctx context.Context, a *account, p groupFileParams) (doneResult, error) {
	file, err := a.fileIn(ctx, p, ntqq.RootFolder)
	if err != nil {
		return doneResult{}, err
	}
	if err := a.client.Files().Keep(ctx, p.Group, file); err != nil {
		return doneResult{}, err
	}
	if known, err := a.gateway.File(p.File); err == nil && known != nil {
		known.BusID = message.BusPermanent
		a.gateway.Remember(message.Content{known})
	}
	return did(nil)
}
