//go:build windows || darwin

package osservice

import (
	"context"
	"errors"
	"os"
	"runtime"

	"github.com/kardianos/service"

	"libration/internal/paste"
	"libration/internal/text"
)

// serviceUser is the account of Windows that the service runs as: one that may do little.
const serviceUser = `NT AUTHORITY\LocalService`

// restartPause is how long Windows waits before it starts a service again that failed.
const restartPause = "10s"

// exitFailed ends a service that failed: the system starts it again.
const exitFailed = 1

// configuration is the plan for the library.
func (p plan) configuration() *service.Config {
	c := &service.Config{
		Name: Name, DisplayName: "Libration", Description: "NTQQ bot service for OneBot v11",
		Arguments: p.arguments(), WorkingDirectory: p.folder,
	}
	if runtime.GOOS == "windows" {
		c.UserName = serviceUser
		c.Option = service.KeyValue{"DelayedAutoStart": true, "OnFailure": "restart", "OnFailureDelayDuration": restartPause}
		return c
	}
	c.Option = service.KeyValue{"UserService": true, "RunAtLoad": true, "KeepAlive": true} // of the person who installs it
	return c
}

func do(action Action, p plan) (text.Text, error) {
	s, err := service.New(&runner{}, p.configuration())
	if err != nil {
		return text.Text{}, err
	}
	switch action {
	case Install:
		if _, err := os.Stat(p.config); err != nil {
			return text.Text{}, text.Errorf("%v: make it first: %s", "%v：请先生成：%s", err, paste.Command("config", "init", p.config))
		}
		return p.installed(), explain(s.Install())
	case Uninstall:
		_ = s.Stop() // it need not run
		return text.T("the service is removed; %s and its data are left", "服务已移除；%s 及其数据保留").Fill(p.config), explain(s.Uninstall())
	case Start:
		return text.T("the service was started; see: %s", "服务已启动；查看状态：%s").Fill(paste.Command("health", "-c", p.config)), explain(s.Start())
	case Stop:
		return text.T("the service was stopped", "服务已停止"), explain(s.Stop())
	case Status:
		state, err := s.Status()
		switch {
		case err != nil:
			return text.Text{}, explain(err)
		case state == service.StatusRunning:
			return text.T("the service runs; what the account does: %s", "服务正在运行；账号状态：%s").Fill(paste.Command("doctor", "-c", p.config)), nil
		}
		return text.T("the service is installed and does not run; start it: %s", "服务已安装但未运行；启动：%s").Fill(paste.Command("service", "start")), nil
	}
	return text.Text{}, errors.New("no such action: " + string(action))
}

// installed says what comes after Install.
func (p plan) installed() text.Text {
	start := paste.Command("service", "start")
	if runtime.GOOS != "windows" {
		return text.T("the service is installed for you; start it: %s", "服务已为当前用户安装；启动：%s").Fill(start)
	}
	grant := `icacls "` + p.folder + `" /grant "` + serviceUser + `:(OI)(CI)M"`
	return text.T("the service is installed. Let it use its folder, then start it:\n%s\n%s\nIts log is the file of log.file.path, by default %s",
		"服务已安装。请允许它使用该文件夹，然后启动：\n%s\n%s\n日志在 log.file.path 指定的文件中，默认为 %s").Fill(grant, start, p.folder+`\data\libration.log`)
}

// explain adds what to do.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, service.ErrNotInstalled):
		return text.Errorf("the service is not installed: %s", "服务尚未安装：%s", paste.Command("service", "install"))
	case errors.Is(err, os.ErrPermission):
		return text.Errorf("%v: run this in a terminal of an administrator", "%v：请在管理员终端中执行", err)
	}
	return err
}

// runner runs the program for the system. The system calls its methods one after the
// other.
type runner struct {
	program func(context.Context) error
	cancel  context.CancelFunc
	ended   chan error
}

func run(p plan, program func(context.Context) error) error {
	r := &runner{program: program}
	s, err := service.New(r, p.configuration())
	if err != nil {
		return err
	}
	return s.Run()
}

// Start implements service.Interface. It must return at once.
func (r *runner) Start(s service.Service) error {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.ended = cancel, make(chan error, 1)
	go func() {
		err := r.program(ctx)
		if ctx.Err() == nil { // by itself: nothing is left to run
			if log, unusable := s.Logger(nil); unusable == nil && err != nil {
				_ = log.Error(err) // nobody sees stderr
			}
			os.Exit(exitFailed)
		}
		r.ended <- err
	}()
	return nil
}

// Stop implements service.Interface. It returns when the program has ended in order.
func (r *runner) Stop(service.Service) error {
	r.cancel()
	return <-r.ended
}
