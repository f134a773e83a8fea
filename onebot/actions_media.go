package onebot

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"libration/gateway"
	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

func mediaActions() []row {
	download := table.Fails(downloadFailed, mediaCauses...)
	return []row{
		table.Of("get_image", standard, Lookups, text.T("Downloads a picture to this machine.", "把图片下载到本机。"), getImage, download),
		table.Of("get_record", standard, Lookups, text.T("Downloads a voice message to this machine, in another format when one is given.", "把语音下载到本机，可转换为指定格式。"), getRecord, download),
		table.Of("get_file", common, Lookups, text.T("Downloads a picture, voice, video or file to this machine.", "把图片、语音、视频或文件下载到本机。"), getFile, download),
		table.Of("download_file", common, Sends, text.T("Downloads an address to this machine, or writes bytes to a file.", "把网址的内容下载到本机，或把数据写入文件。"), downloadFile, download),
		table.Of("upload_image", lagrange, Sends, text.T("Uploads a picture to the service, and returns its address.", "上传图片，返回其网址。"), uploadImage, table.Fails(uploadFailed, mediaCauses...)),
		table.Of("get_rkey", lagrange, Lookups, text.T("Returns the keys that the addresses of pictures end with.", "返回图片网址所需的 rkey。"), getRkey),
		table.Of("nc_get_rkey", rare, Lookups, text.T("Returns the keys that the addresses of pictures end with, as a list.", "返回图片网址所需的 rkey，数组形式。"), ncGetRkey),
		table.Of("get_rkey_server", rare, Lookups, text.T("Returns the keys that the addresses of pictures end with, as servers of such keys answer: one of each kind, and when the first of them expires.", "返回图片网址所需的 rkey，与 rkey 服务器的格式相同：每种一个，以及最早的过期时间。"), getRkeyServer),
		table.Of("can_send_image", standard, Local, text.T("Returns that images can be sent.", "返回可以发送图片。"), can),
		table.Of("can_send_record", standard, Local, text.T("Returns that voice messages can be sent.", "返回可以发送语音。"), can),
	}
}

type canResult struct {
	Yes bool `json:"yes" en:"true" zh:"固定为 true。"`
}

func can(context.Context, *account, table.None) (canResult, error) { return canResult{true}, nil }

// fileResult has what clients read of files.
type fileResult struct {
	File     string `json:"file" en:"Absolute path of the file, on the machine of this program. It is removed when the cache is full." zh:"文件的绝对路径（本程序所在的机器）。缓存已满时会被删除。"`
	URL      string `json:"url" en:"Where it can be downloaded now." zh:"当前可用的下载网址。"`
	FileSize string `json:"file_size" en:"Its size in bytes, as a text." zh:"大小（字节），为字符串。"`
	Size     uint64 `json:"size" en:"The same as a number." zh:"同上，为数字。"`
	FileName string `json:"file_name" en:"Its name." zh:"文件名。"`
	Filename string `json:"filename" en:"The same." zh:"同上。"`
	Base64   string `json:"base64,omitempty" en:"Its bytes, when that was asked for." zh:"内容的 base64，请求时返回。"`
}

// mostBase64 is the largest file that is returned as base64, in bytes. Answers are kept in
// memory until they are written.
const mostBase64 = 16 << 20

// result describes a file. With encoded its bytes are in it.
func (a *account) result(got *media.Cached, name, url string, encoded bool) (fileResult, error) {
	path, err := filepath.Abs(got.Path)
	if err != nil {
		return fileResult{}, err
	}
	r := fileResult{File: path, URL: url, FileSize: strconv.FormatUint(got.Size, 10), Size: got.Size, FileName: name, Filename: name}
	if !encoded {
		return r, nil
	}
	if got.Size > mostBase64 {
		e := failure(mediaTooLarge)
		e.text = text.T("the file is larger than %d MiB: read it at its path, or download its url", "文件超过 %d MiB：请按路径读取，或下载 url").Fill(mostBase64 >> 20)
		return fileResult{}, e
	}
	file, err := os.Open(path)
	if err != nil {
		return fileResult{}, err
	}
	defer file.Close()
	var b strings.Builder
	b.Grow(base64.StdEncoding.EncodedLen(int(got.Size)))
	w := base64.NewEncoder(base64.StdEncoding, &b)
	if _, err := io.CopyN(w, file, int64(got.Size)); err != nil {
		return fileResult{}, err
	}
	_ = w.Close() // a Builder takes everything
	r.Base64 = b.String()
	return r, nil
}

type imageParams struct {
	File   string `param:"file" en:"The file of the segment, or an address." zh:"消息段中的 file，或网址。"`
	Base64 bool   `param:"base64,default=false" en:"Whether the bytes are returned, of up to 16 MiB." zh:"是否返回内容（最大 16 MiB）。"`
}

func getImage(ctx context.Context, a *account, p imageParams) (fileResult, error) {
	return a.mediaFile(ctx, p.File, (*message.ImageSegment)(nil).Name(), "", p.Base64)
}

type recordParams struct {
	imageParams
	Format string `param:"out_format,optional" enum:"mp3,amr,wma,m4a,spx,ogg,wav,flac" en:"The format to convert it to; without it the file is as it was sent. All but wav need ffmpeg." zh:"转换后的格式；省略则保持原样。除 wav 外都需要 ffmpeg。"`
}

func getRecord(ctx context.Context, a *account, p recordParams) (fileResult, error) {
	return a.mediaFile(ctx, p.File, (*message.RecordSegment)(nil).Name(), p.Format, p.Base64)
}

type fileParams struct {
	File   string `param:"file_id|file" en:"The file_id of a file segment, the file of another one, or an address." zh:"文件消息段的 file_id、其他消息段的 file，或网址。"`
	Base64 bool   `param:"base64,default=false" en:"Whether the bytes are returned, of up to 16 MiB." zh:"是否返回内容（最大 16 MiB）。"`
}

func getFile(ctx context.Context, a *account, p fileParams) (fileResult, error) {
	f, err := a.gateway.File(p.File)
	switch {
	case err != nil:
		return fileResult{}, unreadable(err)
	case f != nil:
		return a.fileOfChat(ctx, f, p.Base64)
	}
	return a.mediaFile(ctx, p.File, "", "", p.Base64)
}

// mediaFile has a medium on this machine, by its name or an address. kind is what it must be; "":
// anything. format is what it is converted to; "": it stays as it is.
func (a *account) mediaFile(ctx context.Context, file, kind, format string, encoded bool) (fileResult, error) {
	part, err := a.reader.media.find(file)
	switch {
	case err != nil:
		return fileResult{}, err
	case part == nil && !isAddress(file):
		return fileResult{}, noSuchMedium(file)
	case part == nil:
		got, err := a.fetchAddress(ctx, file, media.FetchOptions{})
		if err == nil && format != "" {
			got, err = a.convert(ctx, got, format)
		}
		if err != nil {
			return fileResult{}, err
		}
		return a.result(got, got.Name, file, encoded)
	case kind != "" && part.Name() != kind:
		return fileResult{}, &table.Wrong{Name: "file", What: otherKind(part)}
	}
	got, err := a.download(ctx, part)
	name := nameOf(part)
	if err == nil && format != "" {
		got, err = a.convert(ctx, got, format)
		name = strings.TrimSuffix(name, filepath.Ext(name)) + "." + format
	}
	if err != nil {
		return fileResult{}, err
	}
	m := message.MediumOf(part)
	url := a.writer.url(m, gateway.MediumID(m))
	if a.writer.links == nil || url == m.URL {
		if url, err = a.client.Media().URL(ctx, part); err != nil {
			url = "" // the file is there
		}
	}
	return a.result(got, name, url, encoded)
}

// fileOfChat has a file of a group or a private chat on this machine.
func (a *account) fileOfChat(ctx context.Context, f *message.FileSegment, encoded bool) (fileResult, error) {
	if f.Size > media.DefaultDownload {
		e := failure(mediaTooLarge)
		e.text = text.T("the file has more than %d MiB: download the url that get_group_file_url or get_private_file_url gives", "文件超过 %d MiB：请下载 get_group_file_url 或 get_private_file_url 返回的网址").Fill(media.DefaultDownload >> 20)
		return fileResult{}, e
	}
	got, err := a.download(ctx, f)
	if err != nil {
		return fileResult{}, err
	}
	url, err := a.client.Files().SegmentURL(ctx, f)
	if err != nil {
		url = "" // the file is there
	}
	return a.result(got, f.FileName, url, encoded)
}

// nameOf is what bots call a medium.
func nameOf(part message.Segment) string {
	m := message.MediumOf(part)
	return mediaName(m, gateway.MediumID(m), extensionOf(part))
}

func isAddress(file string) bool {
	scheme, _, found := strings.Cut(file, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

type downloadParams struct {
	URL     string  `param:"url,optional" en:"The address, http or https." zh:"http 或 https 网址。"`
	Base64  string  `param:"base64,optional" en:"Bytes to write instead, as base64." zh:"直接写入的内容（base64）。"`
	Name    string  `param:"name,optional" en:"What the file is called in the answer." zh:"响应中的文件名。"`
	Headers headers `param:"headers,optional" en:"Headers of the request: a list of texts like Name=value, or one text with a line for each." zh:"请求头：形如 名称=值 的数组，或每行一项的字符串。"`
	Threads whole   `param:"thread_count,optional" en:"Accepted, without effect." zh:"可以填写，没有效果。"`
}

func downloadFile(ctx context.Context, a *account, p downloadParams) (fileResult, error) {
	var got *media.Cached
	var err error
	switch {
	case p.URL != "" && !isAddress(p.URL):
		return fileResult{}, &table.Wrong{Name: "url", What: text.T("must begin with http:// or https://", "必须以 http:// 或 https:// 开头")}
	case p.URL != "":
		got, err = a.fetchAddress(ctx, p.URL, media.FetchOptions{Header: p.Headers.values})
	case p.Base64 != "":
		got, err = a.write(ctx, p.Base64)
	default:
		return fileResult{}, &table.Wrong{Name: "url", What: missing}
	}
	if err != nil {
		return fileResult{}, err
	}
	name := baseName(p.Name)
	if name == "" {
		name = got.Name
	}
	return a.result(got, name, p.URL, false)
}

// write writes base64 to the cache.
func (a *account) write(ctx context.Context, encoded string) (*media.Cached, error) {
	if a.files == nil {
		return nil, failure(noFiles)
	}
	if !strings.HasPrefix(encoded, "base64://") {
		encoded = "base64://" + encoded
	}
	source, err := a.files.Resolve(ctx, encoded, media.FetchOptions{})
	if err != nil {
		return nil, badParams(text.Of(err))
	}
	r, err := source.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return a.files.Keep(r)
}

type uploadImageParams struct {
	File string `param:"file" en:"A picture, in the forms of the image segment." zh:"图片，写法同 image 消息段。"`
}

// uploadImage uploads as for a private chat with the account itself
// (docs/protocol/media.md 8).
func uploadImage(ctx context.Context, a *account, p uploadImageParams) (string, error) {
	seg := segment{kind: "image", data: []field{{"file", p.File}}}
	part, err := readImage(ctx, a.reader, message.Chat{}, seg)
	if err != nil {
		return "", err
	}
	there, err := a.client.Media().Upload(ctx, message.Chat{}, part)
	if err != nil {
		return "", err
	}
	return a.client.Media().URL(ctx, there)
}

type rkeysResult struct {
	Keys []rkeyResult `json:"rkeys" en:"The keys." zh:"各 rkey。"`
}

type rkeyResult struct {
	Type    string `json:"type" enum:"private,group" en:"Of which pictures." zh:"用于哪种图片。"`
	Key     string `json:"rkey" en:"It begins with &rkey=." zh:"以 &rkey= 开头。"`
	Created int64  `json:"created_at" en:"Unix seconds." zh:"Unix 秒。"`
	TTL     uint64 `json:"ttl" en:"How long it lives, in seconds." zh:"有效期，秒。"`
}

// privateKeys is the type of the keys of pictures in private chats
// (docs/protocol/media.md 5.2).
const privateKeys = 10

func getRkey(ctx context.Context, a *account, _ table.None) (rkeysResult, error) {
	keys, err := a.client.Media().Rkeys(ctx)
	r := rkeysResult{Keys: []rkeyResult{}}
	for _, k := range keys {
		kind := "group"
		if k.Type == privateKeys {
			kind = "private"
		}
		r.Keys = append(r.Keys, rkeyResult{kind, k.Key, k.Created, k.TTL})
	}
	return r, err
}

func ncGetRkey(ctx context.Context, a *account, p table.None) ([]rkeyResult, error) {
	r, err := getRkey(ctx, a, p)
	return r.Keys, err
}

type rkeyServerResult struct {
	Private string `json:"private_rkey,omitempty" en:"Of pictures in private chats; it begins with &rkey=." zh:"私聊图片的 rkey，以 &rkey= 开头。"`
	Group   string `json:"group_rkey,omitempty" en:"Of pictures in groups." zh:"群图片的 rkey。"`
	Expires int64  `json:"expired_time" en:"Unix seconds." zh:"Unix 秒。"`
	Name    string `json:"name" en:"Libration" zh:"固定为 Libration。"`
}

func getRkeyServer(ctx context.Context, a *account, p table.None) (rkeyServerResult, error) {
	r := rkeyServerResult{Name: "Libration"}
	keys, err := getRkey(ctx, a, p)
	for _, k := range keys.Keys {
		if end := k.Created + int64(k.TTL); r.Expires == 0 || end < r.Expires {
			r.Expires = end
		}
		if k.Type == "private" {
			r.Private = k.Key
		} else if r.Group == "" { // keys of other types follow
			r.Group = k.Key
		}
	}
	return r, err
}

// headers are those of a download, as go-cqhttp's clients write them: Name=value, or
// Name: value.
type headers struct{ values http.Header }

func (a *args) headers(name string, v value) (h headers) {
	var lines []string
	if raw := v.structure(); raw != nil && raw[0] == '[' {
		for item := range items(raw) {
			lines = append(lines, a.scalar(name+"["+strconv.Itoa(len(lines))+"]", value{json: item}))
		}
	} else {
		lines = strings.Split(a.scalar(name, v), "\n")
	}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at <= 0 || strings.ContainsAny(line[:at], " \t") {
			a.wrong(name, text.T("must have lines like Name=value", "每行必须形如 名称=值"))
			return headers{}
		}
		if h.values == nil {
			h.values = http.Header{}
		}
		h.values.Add(line[:at], strings.TrimSpace(line[at+1:]))
	}
	return h
}
