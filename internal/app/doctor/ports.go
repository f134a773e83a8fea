package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"libration/internal/network"
	"libration/internal/text"
)

// ports looks whether the addresses of the configuration can be listened on, or
// are by the running libration.
func (d *doctor) ports(ctx context.Context) {
	if a := d.cfg.Admin.Address; a != "" {
		d.port(ctx, "admin", a, d.status != nil)
	}
	for _, c := range d.cfg.OneBot.Resolved() {
		if !c.Listens() {
			continue
		}
		ours := slices.Contains(d.serving, c.Name())
		if socket, ok := network.UnixPath(c.Address); ok {
			d.socket(ctx, c.Name(), socket, ours)
			continue
		}
		d.port(ctx, c.Name(), c.Address, ours)
	}
}

// socket looks at a Unix socket as port does at an address.
func (d *doctor) socket(ctx context.Context, name, path string, ours bool) {
	if network.CheckUnix(path) != nil {
		d.problem("socket-long", text.T("%s: the path of the socket is longer than %d bytes", "%s：套接字的路径超过 %d 字节"), text.T("use a shorter one in the config", "请在配置中使用更短的路径"), name, network.MaxUnixPath())
		return
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && ours {
		d.problem("socket-gone", text.T("%s: the running libration listens there, but the file was removed: no bot finds it", "%s：正在运行的 libration 使用该套接字，但文件已被删除：机器人无法连接"),
			text.T("start libration again; if a program cleans up that folder, use another one in the config", "重新启动 libration；如果有程序会清理该文件夹，请在配置中换一个"), name)
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		if folder, err := os.Stat(filepath.Dir(path)); err != nil || !folder.IsDir() {
			d.problem("socket-folder", text.T("%s: the folder of the socket does not exist", "%s：套接字所在的文件夹不存在"), text.T("make it, or correct the address in the config", "请创建该文件夹，或修改配置中的地址"), name)
			return
		}
		d.good("socket-free", text.T("%s: the socket can be made", "%s：套接字可用"), name)
		return
	}
	if err == nil && info.Mode()&fs.ModeSocket == 0 {
		d.problem("no-socket", text.T("%s: the file is there and is no socket", "%s：该文件已存在，且不是套接字"), text.T("remove it, or use another path in the config", "请删除它，或在配置中换一个路径"), name)
		return
	}
	c, err := network.Network{}.Dial(ctx, "unix", path)
	switch {
	case err == nil && ours:
		d.good("socket-ours", text.T("%s: the running libration listens there", "%s：由正在运行的 libration 使用"), name)
	case err == nil && d.running && d.status == nil:
		d.report(Note, "socket-in-use", text.T("%s: the socket is in use, probably by the running libration", "%s：套接字被占用，可能就是正在运行的 libration"), text.Text{}, name)
	case err == nil:
		d.problem("socket-taken", text.T("%s: another program uses the socket, or a libration that runs with another configuration", "%s：套接字被其他程序占用，或被使用其他配置的 libration 占用"),
			text.T("stop it, or use another path in the config; after a change of this file: %s", "停止它，或在配置中换一个路径；如果刚改过配置文件：%s").Fill(d.command("reload")), name)
	case errors.Is(err, fs.ErrPermission):
		d.problem("socket-forbidden", text.T("%s: this user may not open the socket", "%s：当前用户无权打开该套接字"), text.T("run this as the user that libration runs as, or use another path in the config", "请以运行 libration 的用户执行，或在配置中换一个路径"), name)
	default:
		d.good("socket-free", text.T("%s: the socket can be made", "%s：套接字可用"), name)
	}
	if err == nil {
		_ = c.Close()
	}
}

// port looks at one address; ours when the running libration says that it listens.
func (d *doctor) port(ctx context.Context, name, address string, ours bool) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "0" { // 0 is always free
		return
	}
	if ip := net.ParseIP(host); ip == nil && host != "" && !d.mayContact(host, text.T("the address %s, as its name has to be looked up", "地址 %s，因为需要解析域名"), address) {
		return
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		_ = ln.Close()
		d.good("port-free", text.T("%s: the port is free", "%s：端口可用"), name)
	case errors.Is(err, syscall.EADDRINUSE) && ours:
		d.good("port-ours", text.T("%s: the running libration listens there", "%s：由正在运行的 libration 使用"), name)
	case errors.Is(err, syscall.EADDRINUSE) && d.running && d.status == nil:
		d.report(Note, "port-in-use", text.T("%s: the port is in use, probably by the running libration", "%s：端口被占用，可能就是正在运行的 libration"), text.Text{}, name)
	case errors.Is(err, syscall.EADDRINUSE):
		d.problem("port-taken", text.T("%s: another program uses the port, or a libration that runs with another configuration", "%s：端口被其他程序占用，或被使用其他配置的 libration 占用"),
			text.T("stop it (find it with: ss -ltnp), or choose another port in the config; after a change of this file: %s", "停止它（可用 ss -ltnp 查找），或在配置中换一个端口；如果刚改过配置文件：%s").Fill(d.command("reload")), name)
	case errors.Is(err, syscall.EACCES):
		d.problem("port-forbidden", text.T("%s: this user may not use the port", "%s：当前用户无权使用该端口"),
			text.T("choose a port above 1023", "请使用 1023 以上的端口"), name)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		d.problem("address-not-here", text.T("%s: the address does not belong to this machine", "%s：该地址不属于本机"),
			text.T("use 127.0.0.1, or 0.0.0.0 with an access_token for all", "使用 127.0.0.1；或 0.0.0.0 并设置 access_token"), name)
	default:
		d.problem("port-unusable", text.T("%s: cannot listen: %v", "%s：无法监听：%v"), text.T("correct the address in the config", "修改配置中的地址"), name, err)
	}
}
