package onebot

import (
	"cmp"
	"context"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
)

func customFaceActions() []row {
	return []row{
		table.Of("fetch_custom_face", lagrange, Lookups, text.T("Lists the addresses of the pictures that the account keeps among its faces.", "返回账号收藏表情的图片网址。"),
			fetchCustomFace),
		table.Of("fetch_custom_face_detail", rare, Lookups, text.T("Lists the pictures that the account keeps among its faces.", "返回账号收藏表情的详情。"),
			fetchCustomFaceDetail),
		table.Of("add_custom_face", rare, Sends, text.T("Keeps a picture among the account's faces.", "添加收藏表情。"),
			addCustomFace, table.Fails(uploadFailed, mediaCauses...)),
		table.Of("delete_custom_face", rare, Sends, text.T("Takes pictures from among the account's faces: all that are named, or none.", "删除收藏表情：只要有一个不存在，就全部不删除。"),
			deleteCustomFace, table.Fails(apiError, noFace)),
		table.Of("set_custom_face_desc", rare, Sends, text.T("Gives a picture among the account's faces a description. Unconfirmed.", "修改收藏表情的描述。未证实。"),
			setCustomFaceDesc, table.Fails(apiError, noFace)),
	}
}

// faceCount is how many faces a bot wants.
type faceCount struct {
	Count whole `param:"count,optional" en:"At most so many. Default: all." zh:"最多返回的数量。默认全部。"`
}

// customFaces returns as many faces as are wanted, the first ones.
func (a *account) customFaces(ctx context.Context, p faceCount) ([]ntqq.CustomFace, error) {
	faces, err := a.client.CustomFaces().List(ctx)
	if n := int(p.Count); n > 0 && n < len(faces) {
		faces = faces[:n]
	}
	return faces, err
}

func fetchCustomFace(ctx context.Context, a *account, p faceCount) ([]string, error) {
	faces, err := a.customFaces(ctx, p)
	urls := make([]string, len(faces))
	for i, f := range faces {
		urls[i] = f.URL
	}
	return urls, err
}

// customFaceResult has the names of NapCat and SnowLuma (docs/protocol/onebot11.md b).
type customFaceResult struct {
	EmojiID     string `json:"emoji_id" en:"Its id." zh:"表情 id。"`
	ResID       string `json:"res_id" en:"The same." zh:"同上。"`
	ResIDOther  string `json:"resId" en:"The same." zh:"同上。"`
	URL         string `json:"url" en:"Where it can be downloaded." zh:"图片网址。"`
	MD5         string `json:"md5" en:"Its MD5, in hexadecimal." zh:"图片的 MD5（十六进制）。"`
	Description string `json:"desc" en:"Empty: the service does not give it back." zh:"为空：服务器不返回描述。"`
}

func fetchCustomFaceDetail(ctx context.Context, a *account, p faceCount) ([]customFaceResult, error) {
	faces, err := a.customFaces(ctx, p)
	results := make([]customFaceResult, len(faces))
	for i, f := range faces {
		results[i] = customFaceResult{EmojiID: f.ID, ResID: f.ID, ResIDOther: f.ID, URL: f.URL, MD5: f.MD5}
	}
	return results, err
}

type addedFace struct {
	EmojiID string `json:"emoji_id" en:"Its id." zh:"表情 id。"`
	ResID   string `json:"res_id" en:"The same." zh:"同上。"`
}

func addCustomFace(ctx context.Context, a *account, p avatarParams) (addedFace, error) {
	image, err := p.image(ctx, a)
	if err != nil {
		return addedFace{}, err
	}
	id, err := a.client.CustomFaces().Add(ctx, image)
	return addedFace{id, id}, err
}

type deleteFaceParams struct {
	ResID string   `param:"res_id|id,optional" en:"The res_id of one." zh:"表情的 res_id。"`
	IDs   []string `param:"ids,optional" en:"Those of several." zh:"多个表情的 res_id。"`
}

func deleteCustomFace(ctx context.Context, a *account, p deleteFaceParams) (table.None, error) {
	ids := p.IDs
	if p.ResID != "" {
		ids = append(ids, p.ResID)
	}
	if len(ids) == 0 {
		return table.None{}, &table.Wrong{Name: "res_id", What: missing}
	}
	return table.None{}, a.client.CustomFaces().Delete(ctx, ids)
}

type faceDescParams struct {
	ResID string `param:"res_id,optional" en:"The res_id of the face." zh:"表情的 res_id。"`
	ID    string `param:"emoji_id,optional" en:"The same, where there is no res_id." zh:"同上，没有 res_id 时使用。"`
	Desc  string `param:"desc,optional" en:"The description; empty for none." zh:"描述，留空则删除。"`
}

func setCustomFaceDesc(ctx context.Context, a *account, p faceDescParams) (table.None, error) {
	id := cmp.Or(p.ResID, p.ID)
	if id == "" {
		return table.None{}, &table.Wrong{Name: "res_id", What: missing}
	}
	return table.None{}, a.client.CustomFaces().Describe(ctx, id, p.Desc)
}
