package onebot

import (
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func groupFolderActions() []row {
	change := table.Fails(filesFailed, noGroup, noFolder)
	return []row{
		table.Of("create_group_file_folder", lagrange, Sends, text.T("Makes a folder for the files of a group; the owner and admins may.", "创建群文件夹；群主和管理员可用。"),
			createGroupFileFolder, table.Fails(filesFailed, noGroup)),
		table.Of("rename_group_file_folder", lagrange, Sends, text.T("Renames a folder of a group; the owner and admins may.", "重命名群文件夹；群主和管理员可用。"),
			renameGroupFileFolder, change),
		table.Of("delete_group_file_folder", lagrange, Sends, text.T("Deletes a folder of a group, and what is in it; the owner and admins may.", "删除群文件夹及其中的文件；群主和管理员可用。"),
			deleteGroupFileFolder, change),
		table.Of("delete_group_folder", common, Sends, text.T("The same as `delete_group_file_folder`.", "同 `delete_group_file_folder`。"), deleteGroupFileFolder, change),
	}
}

type newFolderParams struct {
	Group  message.GroupCode `param:"group_id"`
	Name   string            `param:"name|folder_name" en:"The name." zh:"文件夹名。"`
	Parent string            `param:"parent_id,optional" en:"Only / can have folders." zh:"只能在 / 中创建。"`
}

// newFolderResult is the union of what LuckyLillia, Lagrange.OneBot and NapCat return.
type newFolderResult struct {
	ID      string          `json:"folder_id" en:"Its id." zh:"文件夹 id。"`
	Message string          `json:"msg" en:"ok" zh:"固定为 ok。"`
	Result  folderVerdict   `json:"result" en:"The same, as NapCat writes it." zh:"同上（NapCat 的形式）。"`
	Item    folderItemOfNew `json:"groupItem" en:"The folder, as NapCat writes it." zh:"该文件夹（NapCat 的形式）。"`
}

type folderVerdict struct {
	Code    int    `json:"retCode" en:"0" zh:"固定为 0。"`
	Message string `json:"retMsg" en:"ok" zh:"固定为 ok。"`
	Wording string `json:"clientWording" en:"Empty." zh:"固定为空。"`
}

type folderItemOfNew struct {
	Peer   string       `json:"peerId" en:"The group's number, as a text." zh:"群号，为字符串。"`
	Folder napCatFolder `json:"folderInfo" en:"The folder." zh:"文件夹。"`
}

type napCatFolder struct {
	ID       string `json:"folderId" en:"Its id." zh:"文件夹 id。"`
	Parent   string `json:"parentFolderId" en:"/" zh:"固定为 /。"`
	Name     string `json:"folderName" en:"Its name." zh:"文件夹名。"`
	Created  int64  `json:"createTime" en:"When it was made, Unix seconds." zh:"创建时间，Unix 秒。"`
	Modified int64  `json:"modifyTime" en:"When it was changed, Unix seconds." zh:"修改时间，Unix 秒。"`
	Creator  string `json:"createUin" en:"Who made it, as a text." zh:"创建者 QQ 号，为字符串。"`
	Name2    string `json:"creatorName" en:"What who made it is called." zh:"创建者昵称。"`
	Files    uint32 `json:"totalFileCount" en:"How many files are in it." zh:"其中的文件数。"`
}

// createGroupFileFolder refuses folders within folders: the service has none
// (docs/protocol/operations.md 3.6).
func createGroupFileFolder(ctx context.Context, a *account, p newFolderParams) (newFolderResult, error) {
	if p.Parent != "" && p.Parent != ntqq.RootFolder {
		return newFolderResult{}, &table.Wrong{Name: "parent_id", What: text.T("must be /: QQ has no folders within folders", "必须是 /：QQ 的群文件夹不能嵌套")}
	}
	f, err := a.client.Files().MakeFolder(ctx, p.Group, p.Name)
	if err != nil {
		return newFolderResult{}, err
	}
	return newFolderResult{
		ID: f.ID, Message: "ok", Result: folderVerdict{Message: "ok"},
		Item: folderItemOfNew{strconv.FormatUint(uint64(p.Group), 10), newNapCatFolder(f)},
	}, nil
}

func newNapCatFolder(f ntqq.GroupFolder) napCatFolder {
	return napCatFolder{f.ID, ntqq.RootFolder, f.Name, f.Created, f.Modified, strconv.FormatUint(uint64(f.Creator), 10), f.CreatorName, f.Files}
}

type folderParams struct {
	Group  message.GroupCode `param:"group_id"`
	Folder string            `param:"folder_id|folder" en:"The folder: its id, or its name." zh:"文件夹的 id 或名称。"`
}

type renameFolderParams struct {
	folderParams
	Name string `param:"new_folder_name|new_name|name" en:"The name." zh:"新的文件夹名。"`
}

func renameGroupFileFolder(ctx context.Context, a *account, p renameFolderParams) (doneResult, error) {
	folder, err := a.folderNamed(ctx, p.Group, p.Folder)
	if err != nil {
		return doneResult{}, err
	}
	return did(a.client.Files().RenameFolder(ctx, p.Group, folder, p.Name))
}

// deletedFolder has NapCat's verdict besides.
type deletedFolder struct {
	doneResult
	folderVerdict
}

func deleteGroupFileFolder(ctx context.Context, a *account, p folderParams) (deletedFolder, error) {
	folder, err := a.folderNamed(ctx, p.Group, p.Folder)
	if err != nil {
		return deletedFolder{}, err
	}
	done, err := did(a.client.Files().DeleteFolder(ctx, p.Group, folder))
	return deletedFolder{done, folderVerdict{Message: "ok"}}, err
}
