package onebot

import (
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func albumActions() []row {
	return []row{
		table.Of("get_group_album_list", rare, Lookups, text.T("Lists the albums of a group.", "返回群相册列表。"),
			getGroupAlbumList, table.Fails(apiError, noGroup)),
		table.Of("get_qun_album_list", rare, Lookups, text.T("Lists the albums of a group, in another form.", "返回群相册列表，另一种格式。"),
			getQunAlbumList, table.Fails(apiError, noGroup)),
		table.Of("get_group_album_media_list", common, Lookups, text.T("Lists the pictures and videos of an album, in pages.", "分页返回相册中的图片和视频。"),
			getGroupAlbumMediaList, table.Fails(apiError, noGroup)),
		table.Of("create_group_album", rare, Sends, text.T("Makes an album in a group.", "创建群相册。"),
			createGroupAlbum, table.Fails(apiError, noGroup)),
		table.Of("delete_group_album", rare, Sends, text.T("Deletes an album with all that is in it.", "删除群相册及其中的全部内容。"),
			deleteGroupAlbum, table.Fails(apiError, noGroup)),
		table.Of("upload_group_album", rare, Sends, text.T("Uploads pictures into an album, one after the other.", "把图片依次上传到群相册。"),
			uploadGroupAlbum, table.Fails(uploadFailed, with(mediaCauses, noAlbum, noGroup)...)),
		table.Of("upload_image_to_qun_album", rare, Sends, text.T("Uploads a picture into an album.", "上传图片到群相册。"),
			uploadImageToQunAlbum, table.Fails(uploadFailed, with(mediaCauses, noAlbum, noGroup)...)),
	}
}

type albumResult struct {
	ID       string       `json:"album_id" en:"Id of the album." zh:"相册 id。"`
	Owner    string       `json:"owner" en:"Account number of who made it." zh:"创建者 QQ 号。"`
	Name     string       `json:"name" en:"Its name." zh:"名称。"`
	Desc     string       `json:"desc" en:"Its description." zh:"描述。"`
	Created  int64        `json:"create_time" en:"Unix seconds." zh:"Unix 秒。"`
	Modified int64        `json:"modify_time" en:"Unix seconds." zh:"Unix 秒。"`
	Uploaded int64        `json:"last_upload_time" en:"When a picture came last, Unix seconds; 0: never." zh:"最近上传时间，Unix 秒；0 表示没有。"`
	Count    uint32       `json:"upload_count" en:"How many pictures and videos it has." zh:"图片和视频数量。"`
	Cover    *albumCover  `json:"cover,omitempty" en:"Its cover; missing when it has none." zh:"封面，没有则省略。"`
	Creator  albumCreator `json:"creator" en:"Who made it." zh:"创建者。"`
}

type albumCover struct {
	Image albumImage `json:"image" en:"The picture." zh:"图片。"`
}

type albumCreator struct {
	UIN  string `json:"uin" en:"Account number." zh:"QQ 号。"`
	Nick string `json:"nick" en:"Nickname." zh:"昵称。"`
}

type albumImage struct {
	ID      string      `json:"lloc" en:"Id of the picture." zh:"图片 id。"`
	Name    string      `json:"name" en:"Its name." zh:"名称。"`
	Default albumURL    `json:"default_url" en:"Where it is." zh:"地址。"`
	Sizes   []albumSize `json:"photo_url" en:"Where it is, by size." zh:"各尺寸的地址。"`
}

type albumURL struct {
	URL    string `json:"url" en:"The address." zh:"网址。"`
	Width  uint32 `json:"width" en:"In pixels." zh:"像素。"`
	Height uint32 `json:"height" en:"In pixels." zh:"像素。"`
}

type albumSize struct {
	Spec uint32   `json:"spec" en:"Number of the size." zh:"尺寸编号。"`
	URL  albumURL `json:"url" en:"Where it is." zh:"地址。"`
}

// numberText is an account number as album lists have it.
func numberText(uin message.UIN) string { return strconv.FormatUint(uint64(uin), 10) }

func viewAlbum(a ntqq.Album) albumResult {
	r := albumResult{
		ID: a.ID, Owner: numberText(a.Creator), Name: a.Name, Desc: a.Desc, Created: a.Created, Modified: a.Modified,
		Uploaded: a.Uploaded, Count: a.Count, Creator: albumCreator{numberText(a.Creator), a.CreatorName},
	}
	if a.Cover != nil {
		r.Cover = &albumCover{viewAlbumImage(a.Cover)}
	}
	return r
}

func viewAlbumImage(p *ntqq.AlbumPicture) albumImage {
	return albumImage{ID: p.ID, Name: p.Name, Default: viewAlbumURL(p.AlbumSize), Sizes: viewAlbumSizes(p.Sizes)}
}

func viewAlbumURL(s ntqq.AlbumSize) albumURL { return albumURL{s.URL, s.Width, s.Height} }

func viewAlbumSizes(sizes []ntqq.AlbumSize) []albumSize {
	list := []albumSize{}
	for _, s := range sizes {
		list = append(list, albumSize{s.Spec, viewAlbumURL(s)})
	}
	return list
}

func getGroupAlbumList(ctx context.Context, a *account, p oneGroupParams) ([]albumResult, error) {
	albums, err := a.client.Albums().List(ctx, p.Group)
	list := []albumResult{}
	for _, album := range albums {
		list = append(list, viewAlbum(album))
	}
	return list, err
}

type qunAlbumsParams struct {
	Group  message.GroupCode `param:"group_id"`
	Cursor string            `param:"attach_info,optional" en:"Without effect: all albums come at once." zh:"没有作用：一次返回全部相册。"`
}

type qunAlbumsResult struct {
	Albums []albumResult `json:"album_list" en:"The albums." zh:"相册列表。"`
	Cursor string        `json:"attach_info" en:"Empty." zh:"固定为空。"`
	More   bool          `json:"has_more" en:"false" zh:"固定为 false。"`
}

func getQunAlbumList(ctx context.Context, a *account, p qunAlbumsParams) (qunAlbumsResult, error) {
	list, err := getGroupAlbumList(ctx, a, oneGroupParams{p.Group})
	return qunAlbumsResult{Albums: list}, err
}

type albumMediaParams struct {
	Group  message.GroupCode `param:"group_id"`
	Album  string            `param:"album_id" en:"Id of the album." zh:"相册 id。"`
	Cursor string            `param:"attach_info,optional" en:"The next_attach_info of the page before; empty for the first." zh:"上一页的 next_attach_info，首页留空。"`
}

type albumMediaResult struct {
	Album  albumResult   `json:"album" en:"The album." zh:"相册。"`
	Media  []albumMedium `json:"media_list" en:"Pictures and videos, the newest first." zh:"图片和视频，最新的在前。"`
	Cursor string        `json:"next_attach_info" en:"Where the next page begins." zh:"下一页的起点。"`
	More   bool          `json:"next_has_more" en:"Whether there is one." zh:"是否还有下一页。"`
}

type albumMedium struct {
	Type     uint32      `json:"type" en:"A number of the service." zh:"服务器定义的数值。"`
	Image    *albumImage `json:"image,omitempty" en:"The picture; missing of a video." zh:"图片，视频没有此项。"`
	Video    *albumVideo `json:"video,omitempty" en:"The video; missing of a picture." zh:"视频，图片没有此项。"`
	Uploader string      `json:"uploader" en:"Account number of who uploaded it." zh:"上传者 QQ 号。"`
	Nick     string      `json:"uploader_name" en:"Their nickname." zh:"上传者昵称。"`
	Batch    uint64      `json:"batch_id" en:"Those that were uploaded together have the same." zh:"批次，一起上传的相同。"`
	Time     int64       `json:"upload_time" en:"Unix seconds." zh:"Unix 秒。"`
}

type albumVideo struct {
	ID    string      `json:"id" en:"Id of the video." zh:"视频 id。"`
	URL   albumURL    `json:"url" en:"Where it is." zh:"地址。"`
	Time  uint32      `json:"video_time" en:"How long it is, as the service says it." zh:"时长，服务器给出的数值。"`
	Cover *albumImage `json:"cover,omitempty" en:"Its cover." zh:"封面。"`
	Sizes []albumSize `json:"video_url" en:"Where it is, by size." zh:"各尺寸的地址。"`
}

func getGroupAlbumMediaList(ctx context.Context, a *account, p albumMediaParams) (albumMediaResult, error) {
	page, err := a.client.Albums().Media(ctx, p.Group, p.Album, p.Cursor)
	if err != nil {
		return albumMediaResult{}, err
	}
	r := albumMediaResult{Album: viewAlbum(page.Album), Media: []albumMedium{}, Cursor: page.Next, More: page.More}
	for _, m := range page.Media {
		view := albumMedium{Type: m.Type, Uploader: numberText(m.Uploader), Nick: m.UploaderName, Batch: m.Batch, Time: m.Uploaded}
		if m.Picture != nil {
			image := viewAlbumImage(m.Picture)
			view.Image = &image
		}
		if v := m.Video; v != nil {
			view.Video = &albumVideo{ID: v.ID, URL: albumURL{v.URL, v.Width, v.Height}, Time: v.Time, Sizes: viewAlbumSizes(v.Sizes)}
			if v.Cover != nil {
				cover := viewAlbumImage(v.Cover)
				view.Video.Cover = &cover
			}
		}
		r.Media = append(r.Media, view)
	}
	return r, nil
}

type newAlbumParams struct {
	Group message.GroupCode `param:"group_id"`
	Name  string            `param:"name" en:"Name of the album." zh:"相册名称。"`
	Desc  string            `param:"desc,optional" en:"Its description." zh:"相册描述。"`
}

type newAlbumResult struct {
	ID   string `json:"album_id" en:"Id of the album." zh:"相册 id。"`
	Name string `json:"name" en:"Its name." zh:"名称。"`
	Desc string `json:"desc" en:"Its description." zh:"描述。"`
}

func createGroupAlbum(ctx context.Context, a *account, p newAlbumParams) (newAlbumResult, error) {
	made, err := a.client.Albums().Add(ctx, p.Group, p.Name, p.Desc)
	return newAlbumResult{made.ID, made.Name, made.Desc}, err
}

type albumParams struct {
	Group message.GroupCode `param:"group_id"`
	Album string            `param:"album_id" en:"Id of the album." zh:"相册 id。"`
}

func deleteGroupAlbum(ctx context.Context, a *account, p albumParams) (table.None, error) {
	return table.None{}, a.client.Albums().Delete(ctx, p.Group, p.Album)
}

type uploadAlbumParams struct {
	Group message.GroupCode `param:"group_id"`
	Album string            `param:"album_id" en:"Id of the album." zh:"相册 id。"`
	Files []string          `param:"files" en:"The pictures: each a file that was received, file:// and the path, http(s)://, base64:// or data:." zh:"图片列表，每项为收到过的 file、file:// 加路径、http(s)://、base64:// 或 data URI。"`
}

// uploadGroupAlbum stops at the first picture that fails.
func uploadGroupAlbum(ctx context.Context, a *account, p uploadAlbumParams) (table.None, error) {
	if len(p.Files) == 0 {
		return table.None{}, &table.Wrong{Name: "files", What: missing}
	}
	for _, file := range p.Files {
		if err := a.uploadToAlbum(ctx, p.Group, p.Album, file); err != nil {
			return table.None{}, err
		}
	}
	return table.None{}, nil
}

type uploadAlbumImageParams struct {
	Group message.GroupCode `param:"group_id"`
	Album string            `param:"album_id" en:"Id of the album." zh:"相册 id。"`
	Name  string            `param:"album_name,optional" en:"Without effect: the service is asked for it." zh:"没有作用：名称向服务器查询。"`
	File  string            `param:"file" en:"The picture: a file that was received, file:// and the path, http(s)://, base64:// or data:." zh:"图片：收到过的 file、file:// 加路径、http(s)://、base64:// 或 data URI。"`
}

func uploadImageToQunAlbum(ctx context.Context, a *account, p uploadAlbumImageParams) (table.None, error) {
	return table.None{}, a.uploadToAlbum(ctx, p.Group, p.Album, p.File)
}

func (a *account) uploadToAlbum(ctx context.Context, group message.GroupCode, album, file string) error {
	image, err := avatarParams{File: file, Cache: true}.image(ctx, a)
	if err != nil {
		return err
	}
	return a.client.Albums().Upload(ctx, group, album, image)
}
