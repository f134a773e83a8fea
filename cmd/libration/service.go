package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/osservice"
)

type serviceCommand struct {
	Install   serviceInstall   `cmd:"" help:"Have the system run the program, from its next start on." zh:"让系统运行本程序，开机自动启动。"`
	Uninstall serviceUninstall `cmd:"" help:"Stop the service and remove it. Its files stay." zh:"停止并移除服务，文件保留。"`
	Start     serviceStart     `cmd:"" help:"Start it." zh:"启动服务。"`
	Stop      serviceStop      `cmd:"" help:"Stop it in order." zh:"正常停止服务。"`
	Status    serviceStatus    `cmd:"" help:"Say whether it runs." zh:"显示服务是否在运行。"`
	Run       serviceRun       `cmd:"" hidden:"" help:"What the system starts." zh:"由系统启动。"`
}

// serviceConfig is the file that the service runs with.
type serviceConfig struct {
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
}

func (c *serviceConfig) do(a osservice.Action, std streams) error {
	return osservice.Do(a, c.Config, std.out, app.EnvironmentLocale())
}

type serviceInstall struct{ serviceConfig }

// Run installs the service.
func (c *serviceInstall) Run(std streams) error { return c.do(osservice.Install, std) }

type serviceUninstall struct{ serviceConfig }

// Run removes it.
func (c *serviceUninstall) Run(std streams) error { return c.do(osservice.Uninstall, std) }

type serviceStart struct{ serviceConfig }

// Run starts it.
func (c *serviceStart) Run(std streams) error { return c.do(osservice.Start, std) }

type serviceStop struct{ serviceConfig }

// Run stops it.
func (c *serviceStop) Run(std streams) error { return c.do(osservice.Stop, std) }

type serviceStatus struct{ serviceConfig }

// Run says whether it runs.
func (c *serviceStatus) Run(std streams) error { return c.do(osservice.Status, std) }

type serviceRun struct{ serviceConfig }

// Run is `libration run` for the system.
func (c *serviceRun) Run(std streams) error {
	command := runCommand{Config: c.Config}
	return osservice.Run(c.Config, func(ctx context.Context) error { return command.Run(ctx, std) })
}
