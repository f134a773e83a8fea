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

// setup says what an installation is made of.
type setup struct {
	program  string // that has the command sandbox
	service  string // that has the command run, maybe an earlier version
	journal  bool   // missed events are kept
	signed   bool   // packets must be signed; the sandbox is the signer
	accounts int    // 0 for one
}

// installation is a sandbox and a service, each a process.
type installation struct {
	setup
	folder            string
	control, ws, http string // URLs
	sandbox, service  *process
}

// start starts both processes and waits until the sandbox is up.
func start(ctx context.Context, folder string, s setup) (_ *installation, err error) {
	s.accounts = max(1, s.accounts)
	var ports [3]string
	for n := range ports {
		if ports[n], err = freePort(ctx); err != nil {
			return nil, err
		}
	}
	i := &installation{setup: s, folder: folder, control: "http://" + ports[0], ws: "ws://" + ports[1], http: "http://" + ports[2]}
	defer func() {
		if err != nil {
			i.stop()
		}
	}()
	if err := os.WriteFile(i.config(), []byte(s.config(filepath.Join(folder, "data"), i.control, ports[1], ports[2])), 0o600); err != nil {
		return nil, err
	}
	scenario := filepath.Join(folder, "scenario.yaml")
	if err := os.WriteFile(scenario, []byte(s.scenario()), 0o600); err != nil {
		return nil, err
	}
	args := []string{"sandbox", "--sso", "127.0.0.1:0", "--control", ports[0], "--scenario", scenario, "--log-level", "warn"}
	if s.signed {
		args = append(args, "--require-sign")
	}
	i.sandbox, err = startProcess(ctx, s.program, filepath.Join(folder, "sandbox.log"), args...)
	if err != nil {
		return nil, err
	}
	if err := i.sandbox.await(ctx, startTimeout, pause, func(ctx context.Context) error { return healthy(ctx, i.control) }); err != nil {
		return nil, text.Errorf("sandbox: %v", "沙盒：%v", err)
	}
	return i, i.startService(ctx)
}

func (i *installation) startService(ctx context.Context) (err error) {
	i.service, err = startProcess(ctx, i.setup.service, filepath.Join(i.folder, "service.log"), "run", "-c", i.config())
	return err
}

func (i *installation) config() string { return filepath.Join(i.folder, "config.yaml") }

// await waits until the service listens, which is when the account is online, and until all
// other accounts are.
func (i *installation) await(ctx context.Context) error {
	client := network.Network{}.Client()
	defer client.CloseIdleConnections()
	online := 0
	err := i.service.await(ctx, startTimeout+time.Duration(i.accounts)*time.Second, pause, func(ctx context.Context) error {
		for online < i.accounts {
			if err := i.ask(ctx, client, account+online); err != nil {
				return err
			}
			online++
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

// ask has an account of the service answer.
func (i *installation) ask(ctx context.Context, client *http.Client, uin int) error {
	answer, err := post(ctx, client, fmt.Sprintf("%s/%d/get_login_info", i.http, uin), []byte("{}"))
	if err == nil && !bytes.Contains(answer, []byte(fmt.Sprint(uin))) {
		err = text.Errorf("account %d: %.500s", "账号 %d：%.500s", uin, answer)
	}
	return err
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

// await tries every so often until check succeeds, the process ends, or the time is up.
func (p *process) await(ctx context.Context, most, often time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	ticker := time.NewTicker(often)
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
			return errors.Join(text.Errorf("not up within %v: %v", "%v 内未启动：%v", most, err), errors.New(p.lastWords()))
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
