package main

import (
	"cmp"

	"libration/internal/app"
	"libration/internal/config"
)

type configCommand struct {
	Init   configInit   `cmd:"" help:"Write a commented configuration file." zh:"写出带注释的配置文件。"`
	Check  configCheck  `cmd:"" help:"Check a configuration file and report all problems." zh:"检查配置文件并报告所有问题。"`
	Schema configSchema `cmd:"" help:"Print the JSON schema, for editors." zh:"输出供编辑器使用的 JSON schema。"`
}

type configInit struct {
	Lang   string `enum:"zh,en,auto" default:"auto" help:"Language of the comments: zh, en, or auto for that of the system." zh:"注释的语言：zh、en，或 auto（随系统）。"`
	Listen string `placeholder:"ADDRESS" help:"The address that bots connect to: 0.0.0.0 in a container, where 127.0.0.1 is the container alone. Default 127.0.0.1." zh:"机器人连接的地址：在容器中请用 0.0.0.0，因为 127.0.0.1 只在容器内可用。默认 127.0.0.1。"`
	Path   string `arg:"" optional:"" default:"config.yaml" help:"Where to write it. Default ${default}." zh:"写到何处，默认 ${default}。"`
}

// Run writes the file; it never overwrites one.
func (c *configInit) Run(std streams) error {
	return app.InitConfig(std.out, c.Path, c.Listen, config.Language(c.Lang))
}

type configCheck struct {
	Path   string `arg:"" optional:"" help:"The file, as with -c." zh:"配置文件，与 -c 相同。"`
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
}

// Run checks the file.
func (c *configCheck) Run(std streams) error {
	return app.CheckConfig(std.out, cmp.Or(c.Path, c.Config))
}

type configSchema struct{}

// Run prints the schema.
func (configSchema) Run(std streams) error {
	_, err := std.out.Write(config.Schema())
	return err
}
