package account

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"libration/internal/network"
	"libration/internal/paste"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq"
)

// Reading where a sandbox's service is.
const (
	sandboxTries   = 30
	sandboxPause   = time.Second
	sandboxTimeout = 5 * time.Second
	maxService     = 1 << 20
)

// sandboxService is the answer of GET /api/service.
type sandboxService struct {
	SSO   []string `json:"sso"`
	Media string   `json:"media"`
	Keys  struct {
		Oicq192   ntqq.HexBytes `json:"oicq_192"`
		NT        ntqq.HexBytes `json:"nt"`
		VerifyKey ntqq.HexBytes `json:"verify_key"`
	} `json:"keys"`
}

// errNotYet marks failures that may pass: the sandbox is not up yet.
var errNotYet = text.Errorf("the sandbox does not answer", "沙盒没有应答")

// sandboxServers asks the sandbox at control where its service is. While nobody
// listens there, it tries again for half a minute and says so in the log.
func sandboxServers(ctx context.Context, n network.Network, log *slog.Logger, control string) (ntqq.Servers, error) {
	client := n.Client()
	client.Timeout = sandboxTimeout
	defer client.CloseIdleConnections()
	for try := 1; ; try++ {
		servers, err := askSandbox(ctx, client, control)
		if err == nil || ctx.Err() != nil {
			return servers, err
		}
		if !errors.Is(err, errNotYet) || try == sandboxTries {
			return servers, text.Errorf("sandbox %s: %v: start it with `%s`, or correct server.sandbox.control in the config",
				"沙盒 %s：%v：请用 `%s` 启动它，或修改配置中的 server.sandbox.control", control, err, paste.Command("sandbox"))
		}
		if try%5 == 1 {
			log.Warn("waiting for the sandbox", "control", control, "try", try, "of", sandboxTries, "err", err)
		}
		timer := time.NewTimer(sandboxPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return servers, ctx.Err()
		}
	}
}

func askSandbox(ctx context.Context, client *http.Client, control string) (ntqq.Servers, error) {
	var none ntqq.Servers
	base, err := url.Parse(control)
	if err != nil {
		return none, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("api/service").String(), nil)
	if err != nil {
		return none, err
	}
	response, err := client.Do(request)
	if err != nil {
		err = redact.Err(err)
		return none, text.Errorf("%v: %v", "%v：%v", errNotYet, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return none, text.Errorf("the answer is HTTP %s, not a sandbox's", "应答为 HTTP %s，不是沙盒的应答", response.Status)
	}
	var service sandboxService
	if err := json.NewDecoder(io.LimitReader(response.Body, maxService)).Decode(&service); err != nil {
		return none, text.Errorf("the answer is not a sandbox's: %v", "不是沙盒的应答：%v", err)
	}
	if len(service.SSO) == 0 {
		return none, text.Errorf("%v: it does not listen for clients yet", "%v：它还没有开始监听客户端", errNotYet)
	}
	servers := ntqq.Servers{
		OicqKey: service.Keys.Oicq192, ExchangeKey: service.Keys.NT, VerifyKey: service.Keys.VerifyKey,
		NewDeviceURL: base.JoinPath("v3/oidbinterface/oidb_0xc9e_8").String(), Media: service.Media,
	}
	for _, address := range service.SSO {
		servers.Addresses = append(servers.Addresses, reachable(address, base.Hostname()))
	}
	return servers, nil
}

// reachable replaces an address that means all interfaces by the host under which
// the sandbox was found.
func reachable(address, host string) string {
	listen, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(listen); ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort(host, port)
	}
	return address
}
