package config

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"libration/internal/network"
	"libration/internal/text"
)

// listensAt is the address of a listener in one of its forms, to compare.
func (c *Connection) listensAt() string {
	if path, ok := network.UnixPath(c.Address); ok {
		return "unix:" + filepath.Clean(path)
	}
	return c.Address
}

func (k *checker) listen(c *Connection, path, token string) {
	if c.Address == "" {
		k.problem(path+".address", text.T("the address is missing", "缺少地址"), text.T("write host:port, such as 127.0.0.1:5700", "写 host:port，如 127.0.0.1:5700"))
		return
	}
	if socket, ok := network.UnixPath(c.Address); ok {
		k.unix(c, path, socket)
		return
	}
	host, ok := k.hostPort(path+".address", c.Address, 0)
	if ok && token == "" && isPublic(host) {
		k.problem(path+".address", text.T("anybody who reaches this address could use the account, for there is no access_token", "没有 access_token，能访问该地址的任何人都能使用该账号"),
			text.T("set access_token, or listen on 127.0.0.1 only", "设置 access_token，或只监听 127.0.0.1"))
	}
	if ok {
		k.listenerToken(path+".access_token", token, host, text.T("use the account", "使用该账号"))
	}
	k.pair(path, &c.TLS)
}

// unix checks a listener on a socket. Who may open the file may call, so it needs no
// token.
func (k *checker) unix(c *Connection, path, socket string) {
	switch err := network.CheckUnix(socket); {
	case errors.Is(err, network.ErrUnixLong):
		k.problem(path+".address", text.T("the path of the socket is too long: %d bytes", "套接字的路径过长：%d 字节").Fill(len(socket)), text.T("use at most %d bytes, with the folder", "最多 %d 字节，含所在文件夹").Fill(network.MaxUnixPath()))
	case err != nil:
		k.problem(path+".address", text.T("not the path of a socket", "不是套接字的路径"), text.T("write the path of a file, such as unix:/run/libration/bot.sock", "写文件的路径，如 unix:/run/libration/bot.sock"))
	}
	if c.TLS != (ConnectionTLS{}) {
		k.problem(path+".tls", text.T("a Unix socket needs no TLS: what it carries leaves the machine nowhere", "Unix 套接字不需要 TLS：数据不会离开本机"), text.T("remove it", "请删去"))
	}
}

// pair checks that certificate and key go together.
func (k *checker) pair(path string, t *ConnectionTLS) {
	switch {
	case t.Certificate != "" && t.Key == "":
		k.problem(path+".tls.key", text.T("the key of the certificate is missing", "缺少证书的密钥"), text.T("name the PEM file that holds it", "请填写它所在的 PEM 文件"))
	case t.Certificate == "" && t.Key != "":
		k.problem(path+".tls.certificate", text.T("the certificate of the key is missing", "缺少密钥的证书"), text.T("name the PEM file that holds it", "请填写它所在的 PEM 文件"))
	}
}

// dials checks a URL of a bot: a plain scheme, the same with s, or with +unix.
func (k *checker) dials(path, written, plain string, t *ConnectionTLS) {
	if !strings.HasPrefix(written, plain+"+unix:") {
		k.url(path, written, plain, plain+"s")
		return
	}
	if _, _, ok := network.UnixURL(written); !ok {
		k.problem(path, text.T("not a usable URL of a socket", "不是可用的套接字 URL"), text.T("write %s+unix://, the full path of the socket, a colon, and the path of the URL", "请写 %s+unix://，其后为套接字的完整路径、一个冒号和 URL 的路径").Fill(plain))
	}
	if *t != (ConnectionTLS{}) {
		k.problem(parent(path)+".tls", text.T("a Unix socket needs no TLS: what it carries leaves the machine nowhere", "Unix 套接字不需要 TLS：数据不会离开本机"), text.T("remove it", "请删去"))
	}
}

// applies reports keys that mean nothing for the connection's type.
func (k *checker) applies(c *Connection, path string) {
	if !slices.Contains(c.Type.values(), string(c.Type)) {
		return
	}
	k.appliesIn(c.Type, reflect.TypeFor[Connection](), path)
	k.appliesIn(c.Type, reflect.TypeFor[ConnectionTLS](), path+".tls")
}

func (k *checker) appliesIn(kind ConnectionType, t reflect.Type, path string) {
	for i := range t.NumField() {
		types, key := t.Field(i).Tag.Get("for"), t.Field(i).Tag.Get("yaml")
		if _, written := k.d.places[path+"."+key]; !written || types == "" || slices.Contains(strings.Fields(types), string(kind)) {
			continue
		}
		remedy := text.T("remove it", "请删去")
		switch {
		case key == "address":
			remedy = text.T("use url: the service connects to the bot", "改用 url：由服务连接机器人")
		case key == "access_token":
			remedy = text.T("use secret: what is posted is signed with it", "改用 secret：用它为推送内容签名")
		case strings.HasSuffix(key, "url"):
			remedy = text.T("use address, the service waits for bots there; or type: reverse-websocket", "改用 address，服务在该地址等待机器人；或使用 type: reverse-websocket")
			if kind == Webhook {
				remedy = text.T("use url: events are posted there", "改用 url：事件会推送到该地址")
			}
		}
		k.problem(path+"."+key, text.T("does not apply to type %s", "不适用于类型 %s").Fill(kind), remedy)
	}
}

// publicURL warns of links of media that lead to a listener in the wrong way.
func (k *checker) publicURL(c *Config) {
	first := slices.IndexFunc(c.OneBot.Connections, func(n Connection) bool { return n.Type == HTTP || n.Type == WebSocket })
	if first < 0 || !strings.HasPrefix(c.Media.PublicURL, "http://") {
		return
	}
	n := &c.OneBot.Connections[first]
	_, port, _ := strings.Cut(n.Address[strings.LastIndexByte(n.Address, ']')+1:], ":")
	if n.TLS.Certificate != "" && port != "" && strings.HasSuffix(strings.TrimRight(c.Media.PublicURL, "/"), ":"+port) {
		k.warning("media.public_url", text.T("connection %d has TLS, and does not answer http://", "连接 %d 使用 TLS，不应答 http://").Fill(first), text.T("write https://", "请写 https://"))
	}
}
