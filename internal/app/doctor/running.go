package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"libration/internal/admin"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/redact"
	"libration/internal/text"
)

const maxAnswer = 1 << 20

// ask takes the running libration's own word for its state.
func (d *doctor) ask(ctx context.Context) {
	address := d.cfg.Admin.Address
	if !d.running || address == "" || strings.HasSuffix(address, ":0") {
		return
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere
	}
	if !d.mayContact(host, text.T("the state of the running libration at %s", "正在运行的 libration（%s）的状态"), address) {
		return
	}
	all, err := d.readyz(ctx, "http://"+net.JoinHostPort(host, port)+"/readyz")
	if errors.Is(err, errToken) {
		d.problem("admin-token", text.T("libration runs, but does not tell its state at %s: %v", "libration 正在运行，但无法从 %s 得知其状态：%v"),
			text.T("admin.access_token in %s is not the one that it runs with: correct it, or restart libration", "%s 中的 admin.access_token 与它运行时的不同：请修改，或重启 libration").Fill(d.o.Config), address, err)
		return
	}
	if err != nil {
		d.problem("admin-silent", text.T("libration runs, but does not tell its state at %s: %v", "libration 正在运行，但无法从 %s 得知其状态：%v"),
			text.T("its admin port may be taken by another program, or it was started with another configuration: restart it", "管理端口可能被占用，或它是用别的配置启动的：请重启"), address, err)
		return
	}
	status := &all.Status
	for i := range all.Accounts {
		if a := &all.Accounts[i]; a.Name == d.cfg.Account.Name {
			status = &a.Status
		}
	}
	d.repeat(status)
}

// elsewhere examines an installation of which only the owner's service is known.
func (d *doctor) elsewhere(ctx context.Context) {
	d.cfg = config.Default()
	d.cfg.Admin.Address, d.cfg.Admin.AccessToken = d.o.Admin, d.o.AdminToken
	d.good("config", text.T("no configuration is looked at: what the running libration at %s says of itself", "不检查配置，只看 %s 处正在运行的 libration 的状态"), d.o.Admin)
	all, err := d.readyz(ctx, "http://"+d.o.Admin+"/readyz")
	if err != nil {
		d.problem("admin-silent", text.T("no libration tells its state at %s: %v", "无法从 %s 得知 libration 的状态：%v"),
			text.T("start it, or name the address and token that it runs with: --admin and LIBRATION_ADMIN_TOKEN are admin.address and admin.access_token of its configuration",
				"请启动它，或使用它的地址和令牌：--admin 和 LIBRATION_ADMIN_TOKEN 对应其配置中的 admin.address 和 admin.access_token"), d.o.Admin, err)
		return
	}
	found := len(all.Accounts) == 0
	if found { // the only one
		d.repeat(&all.Status)
	}
	for i := range all.Accounts {
		a := &all.Accounts[i]
		if d.o.Account != "" && d.o.Account != a.Name {
			continue
		}
		if found = true; len(all.Accounts) > 1 {
			d.name = a.Name
		}
		d.repeat(&a.Status)
	}
	d.name = ""
	if !found {
		d.problem("no-account", text.T("the running libration has no account %s", "正在运行的 libration 没有账号 %s"), text.T("use another name with --account", "请用 --account 指定其他账号"), d.o.Account)
	}
}

// repeat is what the running libration says of an account.
func (d *doctor) repeat(status *admin.Status) {
	d.status = status
	d.account(&status.Account)
	d.disk(status)
	d.services(status)
}

// disk repeats what the running libration says of messages and the data folder.
func (d *doctor) disk(status *admin.Status) {
	if !status.Store.OK {
		d.problem("store-failing", text.T("messages cannot be written: %s", "消息无法写入：%s"),
			text.T("free some space, or check the disk; it goes on by itself then", "请清理或检查磁盘，之后会自动恢复"), status.Store.Reason)
	}
	switch folder := &status.Folder; {
	case !folder.OK:
		d.problem("folder-lost", text.T("the data folder cannot be used: %s", "数据文件夹不可用：%s"),
			text.T("see whether it was removed or moved; if this stays, restart libration", "检查文件夹是否被删除或移动；若一直如此，请重启 libration"), folder.Reason)
	case folder.Reason != "":
		d.problem("space-low", text.T("little space is left: %s", "磁盘空间不足：%s"), text.T("free some space", "请清理磁盘"), folder.Reason)
	}
}

// services repeats what the running libration says of its connections.
func (d *doctor) services(status *admin.Status) {
	for _, s := range status.Services {
		switch {
		case s.Running:
			d.serving = append(d.serving, s.Name)
			d.good("service-running", text.T("%s is running", "%s 运行正常"), s.Name)
		case status.Account.Online || s.State != "waiting":
			d.problem("service-failed", text.T("%s does not run: %s", "%s 未运行：%s"),
				text.T("mend the reason; it is tried again by itself", "排除原因后会自动重试"), s.Name, cmp.Or(text.Same(s.Reason), account.ServiceWords(s.State)))
		}
	}
}

// errToken is the answer to a caller without the right token.
var errToken = text.Errorf("the access token is missing or wrong", "访问令牌缺失或错误")

// readiness is the answer of /readyz.
type readiness struct {
	Accounts []admin.Named `json:"accounts"`
	admin.Status
}

func (d *doctor) readyz(ctx context.Context, url string) (*readiness, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token := d.cfg.Admin.AccessToken; token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return nil, redact.Err(err)
	}
	defer response.Body.Close()
	if response.Header.Get("Server") != admin.ServerHeader {
		return nil, text.Errorf("another program answers there", "在那里应答的是另一个程序")
	}
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
		return nil, errToken
	}
	var all readiness
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&all); err != nil {
		return nil, err
	}
	if len(all.Accounts) == 0 && all.Account.State == "" {
		return nil, text.Errorf("the answer is HTTP %s", "应答为 HTTP %s", response.Status)
	}
	return &all, nil
}

func (d *doctor) account(a *admin.Account) {
	switch {
	case a.Online:
		d.good("online", text.T("account %d is online", "账号 %d 在线"), a.UIN)
	case a.State == "kicked":
		d.problem("account-kicked", text.T("the server ended the session: %s", "服务器结束了会话：%s"),
			text.T("another device or program logged in with this client type, or the service objects: end the other one, then: %s", "其他设备或程序以同类客户端登录，或被服务器强制下线：先停掉对方，再执行 %s").Fill(d.accountCommand("login")), a.Reason)
	case a.State == "needs_login":
		d.problem("account-needs-login", text.T("the account needs a new login: %s", "账号需要重新登录：%s"),
			text.T("mend the reason, then: %s", "排除原因后执行 %s").Fill(d.accountCommand("login")), a.Reason)
	case a.Step == "qr":
		d.problem("account-needs-scan", text.T("a login code waits to be scanned", "登录二维码等待扫描"),
			text.T("scan it: it is on the terminal of libration and in qr.png in the data folder", "请扫码：二维码在 libration 的终端和数据文件夹的 qr.png 中"))
	case a.Prompt != nil:
		d.problem("account-needs-person", text.T("the login waits for a person: %s", "登录等待人工处理：%s"),
			text.T("do that; it is shown too by: %s", "请按提示操作；也可执行 %s 查看").Fill(d.accountCommand("login")), a.Prompt.Text)
	default:
		d.problem("account-offline", text.T("the account is not online (%s): %s", "账号不在线（%s）：%s"),
			text.T("it is tried again by itself; see below for what may be in the way", "会自动重试；可能的原因见下文"), account.StateWords(a), a.Reason)
	}
}
