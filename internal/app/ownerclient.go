package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"libration/internal/admin"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/paste"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq"
)

const (
	ownerTimeout = 10 * time.Second
	ownerPeriod  = 200 * time.Millisecond
	maxOwnerBody = 1 << 20
)

// Owner talks to a running installation over its admin service, for the commands
// that act on it.
type Owner struct {
	url, token string
	account    string // the one of several that is meant; "" for the default or only one
	service    paste.Service
	language   text.Language // of what is shown
	client     *http.Client
}

// TokenVariable is the environment variable with the token for OwnerAt: others can see
// what is on a command line.
const TokenVariable = "LIBRATION_ADMIN_TOKEN"

// NewOwner finds the installation of a configuration, and the account of this name in
// it, "" for the default or only one; close it with Close.
func NewOwner(c *config.Config, name string) (*Owner, error) {
	one, err := c.One(name)
	if err != nil {
		return nil, err
	}
	o, err := OwnerOf(c)
	if err == nil && len(c.Each()) > 1 {
		o.account = one.Account.Name
	}
	return o, err
}

// OwnerOf finds the installation of a configuration, for what is about no account; close
// it with Close.
func OwnerOf(c *config.Config) (*Owner, error) {
	if c.Admin.Address == "" || strings.HasSuffix(c.Admin.Address, ":0") {
		return nil, text.Errorf("admin.address in the config names no port, so the running libration cannot be asked: set one, or restart it",
			"配置中的 admin.address 没有指定端口，无法联系正在运行的 libration：请设置端口，或重启它")
	}
	o := ownerAt(local(c.Admin.Address), c.Admin.AccessToken, c.Service())
	o.language = Language(c.Language)
	return o, nil
}

// OwnerAt finds the installation whose owner's service has this address, and the account
// of this name in it, "" for the default or only one; close it with Close.
func OwnerAt(address, token, name string) (*Owner, error) {
	if err := CheckAdmin(address); err != nil {
		return nil, err
	}
	o := ownerAt(address, token, paste.Service{Admin: address})
	o.account = name
	return o, nil
}

// CheckAdmin tells whether this can be the address of an owner's service.
func CheckAdmin(address string) error {
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" || strings.ContainsAny(host, "/@?#\\") {
		return text.Errorf("--admin %s: not HOST:PORT: use admin.address of its configuration, such as 127.0.0.1:5780",
			"--admin %s：不是 HOST:PORT：请填写其配置中的 admin.address，如 127.0.0.1:5780", address)
	}
	return nil
}

func ownerAt(address, token string, service paste.Service) *Owner {
	return &Owner{
		url: "http://" + address, token: token, service: service, language: EnvironmentLocale(),
		client: &http.Client{Timeout: ownerTimeout, Transport: &http.Transport{DialContext: network.Network{}.Dial}},
	}
}

// Close lets go of connections.
func (o *Owner) Close() { o.client.CloseIdleConnections() }

// Reload has the configuration file read again, and writes what was done to out.
func (o *Owner) Reload(ctx context.Context, out io.Writer) error {
	var answer struct {
		Did []string `json:"did"`
	}
	patient := *o
	patient.client = &http.Client{Transport: o.client.Transport} // accounts may take a while to stop
	_, err := patient.ask(ctx, http.MethodPost, "/reload", struct{}{}, &answer)
	for _, did := range answer.Did {
		fmt.Fprintln(out, did)
	}
	return err
}

// Login logs the account in again and tells on out what a person has to do, until it
// is online. An error says why it will not be.
func (o *Owner) Login(ctx context.Context, out io.Writer, style account.QRStyle) error {
	var before admin.Account
	if _, err := o.ask(ctx, http.MethodPost, o.path("/login"), struct{}{}, &before); err != nil {
		return err
	}
	return o.follow(ctx, out, style, func(now *admin.Account) (bool, error) {
		stage := ntqq.Stage(now.State)
		waits := stage == ntqq.Kicked || stage == ntqq.NeedsLogin
		return !waits || !now.Since.Equal(before.Since), nil // otherwise it has not begun yet
	})
}

// state asks how the account is.
func (o *Owner) state(ctx context.Context) (*admin.Account, error) {
	var all struct {
		Accounts []admin.Named `json:"accounts"`
		admin.Status
	}
	// 503 is an answer here: what is not ready is what this is about.
	if code, err := o.ask(ctx, http.MethodGet, "/readyz", nil, &all); err != nil && code != http.StatusServiceUnavailable {
		return nil, err
	}
	if o.account == "" || len(all.Accounts) == 0 { // of an only one nothing is listed
		return &all.Account, nil
	}
	for i := range all.Accounts {
		if a := &all.Accounts[i]; a.Name == o.account {
			return &a.Account, nil
		}
	}
	return nil, text.Errorf("the running libration has no account %s: %v", "正在运行的 libration 没有账号 %s：%v", o.account, o.theRight())
}

// path adds the account to a path.
func (o *Owner) path(path string) string {
	if o.account != "" {
		path += "?account=" + o.account
	}
	return path
}

// ask sends one request and decodes the answer into reply. An answer that is not a
// success is an error with its text, and its status.
func (o *Owner) ask(ctx context.Context, method, path string, question, reply any) (code int, err error) {
	var body io.Reader = http.NoBody
	if question != nil {
		asked, err := json.Marshal(question)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(asked)
	}
	request, err := http.NewRequestWithContext(ctx, method, o.url+path, body)
	if err != nil {
		return 0, err
	}
	if question != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if o.token != "" {
		request.Header.Set("Authorization", "Bearer "+o.token)
	}
	response, err := o.client.Do(request)
	if err != nil {
		err = redact.Err(err)
		if o.service.Config == "" {
			return 0, text.Errorf("no libration answers at %s: %v: start it, or %v", "%s 处没有 libration 应答：%v：请启动它，或%v", o.url, err, o.theRight())
		}
		return 0, text.Errorf("no libration answers at %s: %v: start it with `%s`, or %v",
			"%s 处没有 libration 应答：%v：请用 `%s` 启动它，或%v", o.url, err, o.service.Command("run"), o.theRight())
	}
	defer response.Body.Close()
	if response.Header.Get("Server") != admin.ServerHeader {
		return 0, text.Errorf("another program answers at %s: %v", "%s 处应答的是其他程序：%v", o.url, o.theRight())
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxOwnerBody))
	if err != nil {
		return 0, text.Errorf("read the answer of %s: %v", "读取 %s 的应答：%v", o.url, err)
	}
	if err := json.Unmarshal(answer, reply); err != nil {
		return 0, text.Errorf("read the answer of %s: HTTP %s: %v", "读取 %s 的应答：HTTP %s：%v", o.url, response.Status, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var refused struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(answer, &refused) // without one there is the status
		if code := response.StatusCode; code == http.StatusUnauthorized || code == http.StatusForbidden {
			return code, text.Errorf("refused: %s %s: %v", "被拒绝：%s %s：%v", response.Status, refused.Error, o.theRightToken())
		}
		return response.StatusCode, text.Errorf("refused: %s %s", "被拒绝：%s %s", response.Status, refused.Error)
	}
	return response.StatusCode, nil
}

// theRight says how to find the installation that is meant.
func (o *Owner) theRight() error {
	if o.service.Config == "" {
		return text.Errorf("give --admin the address that it runs with (admin.address in its configuration)", "用 --admin 指定它运行时的地址（其配置中的 admin.address）")
	}
	return text.Errorf("use the configuration that libration runs with (-c FILE)", "使用 libration 运行时的配置（-c FILE）")
}

// theRightToken says where the token is from.
func (o *Owner) theRightToken() error {
	if o.service.Config == "" {
		return text.Errorf("set the environment variable %s to admin.access_token of its configuration", "请把环境变量 %s 设为其配置中的 admin.access_token", TokenVariable)
	}
	return text.Errorf("admin.access_token in %s is not the one that it runs with: correct it, or restart libration", "%s 中的 admin.access_token 与它运行时的不同：请修改，或重启 libration", o.service.Config)
}

// ownerScreen shows an account that logs in, each thing once.
type ownerScreen struct {
	out   io.Writer
	style account.QRStyle
	words text.Language
	state text.Text
	asked admin.Prompt
}

func (s *ownerScreen) show(a *admin.Account) {
	if state := account.StateWords(a); state != s.state {
		s.state = state
		switch {
		case a.Reason == "":
		case ntqq.Stage(a.State) == ntqq.Reconnecting: // a kicked session is refused first
			state = text.T("%s: %s; it goes on by itself", "%s：%s；会自动继续").Fill(state, a.Reason)
		default:
			state = text.T("%s: %s", "%s：%s").Fill(state, a.Reason)
		}
		fmt.Fprintln(s.out, text.Shown(state.In(s.words)))
	}
	if a.Prompt == nil || *a.Prompt == s.asked {
		return
	}
	s.asked = *a.Prompt
	switch ntqq.PromptKind(a.Prompt.Kind) {
	case ntqq.PromptScan, ntqq.PromptNewDevice:
		if err := account.DrawQR(s.out, a.Prompt.URL, s.style, s.words); err != nil {
			fmt.Fprintln(s.out, text.Shown(a.Prompt.URL))
		}
	}
	fmt.Fprintln(s.out, text.Shown(a.Prompt.Text))
}
