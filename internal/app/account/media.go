package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/gateway/transport"
	"libration/internal/atomicfile"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/media/ffmpeg"
)

// The media in an account's data folder.
const (
	cacheName   = "media"
	uploadsName = "uploads"
	linkKeyName = "links.key"
)

// media makes what gets media ready, and what bots may read of this machine and of the
// network. What bots hand over is in the inbox.
func (a *Account) media(folder *folder) (tools media.Tools, files *media.Files, handed *inbox.Inbox, err error) {
	c := &a.cfg.Media
	cache, err := media.OpenCache(folder.file(cacheName), uint64(c.CacheSize))
	if err == nil {
		handed, err = inbox.Open(inbox.Options{
			Folder: folder.file(uploadsName), MaxSize: int64(c.Uploads.MaxSize), MaxTotal: int64(c.Uploads.MaxTotal), Keep: c.Uploads.Keep.Std(), Log: a.log,
		})
	}
	if err != nil {
		return tools, nil, nil, explainFolder(folder.path, err)
	}
	tool, err := FFmpeg(a.cfg)
	if err != nil {
		a.log.Info("ffmpeg is not used", "err", err)
	}
	tools = media.Tools{
		Folder: cache.Folder(), Cache: cache, FFmpeg: tool, Log: a.log,
		Limits: media.Limits{Image: uint64(c.Limits.Image), Video: uint64(c.Limits.Video), File: uint64(c.Limits.File), Voice: c.Limits.Voice.Std()},
	}
	return tools, media.NewFiles(media.FilesOptions{
		Cache: cache, Folders: c.Files.Allow, Forbidden: secretFiles(a.cfg), AllowPrivate: c.AllowPrivate,
		Allow: a.sandbox.has, Timeout: c.Timeout.Std(), Proxy: a.cfg.AccountProxy(), Dial: a.o.Network.DialFunc, Transfers: a.transfers,
		Handed: handed,
	}), handed, nil
}

// convertSound returns onebot.Options.ConvertSound. What was converted is kept.
func convertSound(tools *media.Tools, files *media.Files) func(context.Context, *media.Cached, string) (*media.Cached, error) {
	return func(ctx context.Context, voice *media.Cached, format string) (*media.Cached, error) {
		return files.Once(ctx, "sound "+format+" "+filepath.Base(voice.Path), func(ctx context.Context, w io.Writer) error {
			return tools.Sound(ctx, media.Path(voice.Path), format, w)
		})
	}
}

// secretFiles are the files and folders that hold sessions, tokens and messages.
func secretFiles(c *config.Config) []string {
	all := []string{c.Data, c.File, c.Account.Keystore, c.Account.Device}
	for i := range c.OneBot.Connections {
		all = append(all, c.OneBot.Connections[i].TLS.Key)
	}
	if c.Log.File.Path != "" {
		all = append(all, c.Log.File.Path)
		for i := range c.Log.File.Keep {
			all = append(all, fmt.Sprintf("%s.%d", c.Log.File.Path, i+1))
		}
	}
	return slices.DeleteFunc(all, func(path string) bool { return path == "" })
}

// mediaLinks make addresses of media at the account's own connections. Their key is kept, so that
// an address works after a restart.
func (a *Account) mediaLinks(folder *folder, p *parts) (*gateway.Links, error) {
	o := gateway.LinkOptions{Clock: a.clock, Base: func() string { return a.linkBase(p) }}
	path := folder.file(linkKeyName)
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(key) != len(o.Key) {
		key = make([]byte, len(o.Key))
		rand.Read(key)
		err = atomicfile.Write(path, key)
	}
	if err != nil {
		return nil, explainFolder(folder.path, err)
	}
	o.Key = [gateway.LinkKeySize]byte(key)
	return gateway.NewLinks(o), nil
}

// linkBase is under what address others reach a connection that listens; "" while none does,
// and where no public address is configured: this machine's own would lead nowhere for the
// models and browsers elsewhere that bots give addresses of media to.
func (a *Account) linkBase(p *parts) string {
	public := a.cfg.Media.PublicURL
	if public == "" {
		return ""
	}
	for _, c := range p.links() {
		if service, ok := c.service.(transport.Listening); ok {
			return strings.TrimSuffix(public, "/") + service.Prefix()
		}
	}
	return ""
}

// sandboxAddresses are those of the sandbox, which media are fetched from although they are
// private. The zero value has none.
type sandboxAddresses struct {
	mu  sync.Mutex // guards all
	all []string   // host:port
}

// found notes where the sandbox is now.
func (s *sandboxAddresses) found(servers ntqq.Servers, c *config.Server) {
	all := append(slices.Clone(servers.Addresses), servers.Media)
	if control, err := url.Parse(c.Sandbox.Control); err == nil && control.Host != "" {
		all = append(all, control.Host)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
}

// has tells whether an address is the sandbox's: host:port as somebody wrote it, and what
// it stands for.
func (s *sandboxAddresses) has(host string, to netip.AddrPort) bool {
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	return slices.ContainsFunc(all, func(own string) bool {
		return own == host || own == to.String() || standsFor(own, to)
	})
}

// standsFor tells whether a name with a port leads to an address.
func standsFor(own string, to netip.AddrPort) bool {
	host, port, err := net.SplitHostPort(own)
	if err != nil || port != fmt.Sprint(to.Port()) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	all, err := network.Lookup(ctx, host)
	return err == nil && slices.Contains(all, to.Addr().String())
}

// noFFmpeg is the value of media.ffmpeg with which it is not used.
const noFFmpeg = "off"

// FFmpeg returns the program that the configuration names, or that is found; nil: it is
// not to be used. It is not run.
func FFmpeg(c *config.Config) (*ffmpeg.Tool, error) {
	if c.Media.FFmpeg == noFFmpeg {
		return nil, nil
	}
	path, err := exec.LookPath(cmp.Or(c.Media.FFmpeg, "ffmpeg"))
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ffmpeg.ErrMissing, err)
	}
	return &ffmpeg.Tool{Path: path}, nil
}

// MediaWarnings are what is missing on this machine for what the configuration says of
// media.
func MediaWarnings(c *config.Config) (all []config.Problem) {
	warn := func(key, value string, message, remedy text.Text) {
		all = append(all, config.Problem{Key: key, Value: value, Message: message, Remedy: remedy, Warning: true})
	}
	for i, folder := range c.Media.Files.Allow {
		key := fmt.Sprintf("media.files.allow[%d]", i)
		switch info, err := os.Stat(folder); {
		case err != nil:
			warn(key, folder, text.T("the folder cannot be read: %v", "文件夹无法读取：%v").Fill(err), text.T("make it, or correct the path", "请创建该文件夹，或修改路径"))
		case !info.IsDir():
			warn(key, folder, text.T("not a folder", "不是文件夹"), text.T("name the folder that the file is in", "请填写文件所在的文件夹"))
		}
	}
	if c.Media.PublicURL != "" && !slices.ContainsFunc(c.OneBot.Connections, listens) {
		warn("media.public_url", "", text.T("no connection serves the links of media: bots get the service's addresses", "没有连接提供媒体链接：机器人得到的是 QQ 服务器的网址"),
			text.T("add a connection of type http or websocket, or leave the key out", "请添加 http 或 websocket 类型的连接，或去掉该键"))
	}
	if _, err := FFmpeg(c); err != nil {
		why := text.T("ffmpeg is not installed", "未安装 ffmpeg")
		if c.Media.FFmpeg != "" {
			why = text.T("there is no such program", "没有该程序")
		}
		warn("media.ffmpeg", c.Media.FFmpeg, text.T("%v: voices in m4a and the like cannot be sent, nor amr be decoded, and videos have a drawn cover", "%v：不能发送 m4a 等格式的语音，不能解码 amr，视频封面为绘制的图片").Fill(why),
			text.T("install ffmpeg, or correct the path; or write `off` to do without", "请安装 ffmpeg 或修改路径；不需要时写 `off`"))
	}
	return all
}

func listens(c config.Connection) bool {
	return c.Listens()
}
