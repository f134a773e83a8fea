package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"libration/internal/app/bot"
	"libration/internal/network"
	"libration/internal/text"
)

const (
	startTimeout = 20 * time.Second
	pause        = 50 * time.Millisecond // between two looks whether a part is up
	stopWait     = 8 * time.Second
)

// installation is a sandbox and a service, each a process.
type installation struct {
	control, ws, http string // URLs
	sandbox, service  *process
}

// configText is the service's configuration: folder, account, control URL, addresses, how
// long missed events are kept.
const configText = `data: %q
log: {level: warn}
account: {uin: %d}
server: {mode: sandbox, sandbox: {control: %q}}
onebot:
  heartbeat: 0s
  connections:
    - {type: websocket, address: %q, journal: %s}
    - {type: http, address: %q}
send: {limit: false}
admin: {address: "127.0.0.1:0"}
`

// start starts both processes and waits until the sandbox is up.
func start(ctx context.Context, executable, folder string, journal bool) (_ *installation, err error) {
	control, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	ws, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	web, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	i := &installation{control: "http://" + control, ws: "ws://" + ws, http: "http://" + web}
	defer func() {
		if err != nil {
			i.stop()
		}
	}()
	path := filepath.Join(folder, "config.yaml")
	missed := "0s"
	if journal {
		missed = "10m"
	}
	body := fmt.Sprintf(configText, filepath.Join(folder, "data"), account, i.control, ws, missed, web)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		return nil, err
	}
	i.sandbox, err = startProcess(ctx, executable, filepath.Join(folder, "sandbox.log"),
		"sandbox", "--sso", "127.0.0.1:0", "--control", control, "--auto-approve", fmt.Sprint(account), "--log-level", "warn")
	if err != nil {
		return nil, err
	}
	if err := i.sandbox.await(ctx, func(ctx context.Context) error { return healthy(ctx, i.control) }); err != nil {
		return nil, text.Errorf("sandbox: %v", "沙盒：%v", err)
	}
	i.service, err = startProcess(ctx, executable, filepath.Join(folder, "service.log"), "run", "-c", path)
	return i, err
}

// await waits until the service listens, which is when the account is online.
func (i *installation) await(ctx context.Context) error {
	client := network.Network{}.Client()
	defer client.CloseIdleConnections()
	err := i.service.await(ctx, func(ctx context.Context) error {
		if _, err := post(ctx, client, i.http+"/get_login_info", []byte("{}")); err != nil {
			return err
		}
		conns, err := i.dial(ctx, 1)
		drop(conns)
		return err
	})
	if err != nil {
		return text.Errorf("service: %v", "服务：%v", err)
	}
	return nil
}

// dial connects n clients to the service. Each has read its first frame.
func (i *installation) dial(ctx context.Context, n int) (conns []*bot.Conn, err error) {
	for range n {
		c, err := bot.Dial(ctx, i.ws, "")
		if err == nil {
			conns = append(conns, c)
			_, err = c.Read(ctx) // lifecycle
		}
		if err != nil {
			drop(conns)
			return nil, err
		}
	}
	return conns, nil
}

func drop(conns []*bot.Conn) {
	for _, c := range conns {
		c.Drop()
	}
}

// stop ends the processes, the service first.
func (i *installation) stop() {
	for _, p := range []*process{i.service, i.sandbox} {
		if p != nil {
			p.stop()
		}
	}
}

func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", text.Errorf("find a free port: %v", "查找空闲端口：%v", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func healthy(ctx context.Context, control string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, control+"/healthz", nil)
	if err != nil {
		return err
	}
	client := network.Network{}.Client()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %s", response.Status)
	}
	return nil
}

// process is a child process; its output goes to a file.
type process struct {
	command *exec.Cmd
	cancel  context.CancelFunc
	log     string
	ended   chan struct{} // closed when it has ended
}

func startProcess(ctx context.Context, executable, log string, args ...string) (*process, error) {
	// It is stopped in order, not by ctx.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &process{command: exec.CommandContext(ctx, executable, args...), cancel: cancel, log: log, ended: make(chan struct{})}
	out, err := os.Create(log)
	if err != nil {
		cancel()
		return nil, err
	}
	defer out.Close() // the child has its own
	p.command.Stdout, p.command.Stderr = out, out
	p.command.Cancel = func() error {
		if err := p.command.Process.Signal(os.Interrupt); err != nil {
			return p.command.Process.Kill() // no signals here
		}
		return nil
	}
	p.command.WaitDelay = stopWait
	if err := p.command.Start(); err != nil {
		cancel()
		return nil, text.Errorf("start %s: %v", "启动 %s：%v", filepath.Base(executable), err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // its log says why
	}()
	return p, nil
}

func (p *process) stop() {
	p.cancel()
	<-p.ended
}

// await tries until check succeeds, the process ends, or time is up.
func (p *process) await(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return text.Errorf("it ended: %s", "它已结束：%s", p.lastWords())
		case <-ctx.Done():
			return errors.Join(text.Errorf("not up within %v: %v", "%v 内未启动：%v", startTimeout, err), errors.New(p.lastWords()))
		}
	}
}

// lastWords is the end of the process's output.
func (p *process) lastWords() string {
	const most = 2000
	f, err := os.Open(p.log)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	body, _ := io.ReadAll(io.LimitReader(f, most))
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return "without a word"
	}
	return string(body)
}
