//go:build !windows && !darwin

package osservice

import (
	"context"

	"libration/internal/text"
)

// errUnit says what there is instead.
var errUnit = text.Errorf("here systemd runs the service: install the deb or rpm package, which brings libration.service, write /etc/libration/config.yaml, then: sudo systemctl enable --now libration; its state: systemctl status libration; its log: journalctl -u libration",
	"此系统由 systemd 运行服务：请安装 deb 或 rpm 包（其中有 libration.service），写好 /etc/libration/config.yaml，然后执行：sudo systemctl enable --now libration；查看状态：systemctl status libration；查看日志：journalctl -u libration")

func do(Action, plan) (text.Text, error) { return text.Text{}, errUnit }

func run(plan, func(context.Context) error) error { return errUnit }
