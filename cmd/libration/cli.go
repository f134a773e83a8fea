package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"libration/internal/app"
	"libration/internal/paste"
	"libration/internal/text"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// commands are the sub-commands; each has a file of its own.
type commands struct {
	Demo     demoCommand     `cmd:"" help:"Try it now: a sandbox, an account and a bot, without a phone or the internet." zh:"立即试用：沙盒、账号和机器人，无需手机和网络。"`
	Run      runCommand      `cmd:"" help:"Run the bot service." zh:"运行机器人服务。"`
	Reload   reloadCommand   `cmd:"" help:"Have the running service read its configuration file again." zh:"让运行中的服务重新读取配置文件。"`
	Login    loginCommand    `cmd:"" help:"Log the running service in again, or answer its captcha." zh:"让运行中的服务重新登录，或提交验证码结果。"`
	Sandbox  sandboxCommand  `cmd:"" help:"Run a simulated NTQQ service to develop against." zh:"运行模拟的 NTQQ 服务，供开发使用。"`
	Config   configCommand   `cmd:"" help:"Make and check the configuration file." zh:"生成和检查配置文件。"`
	Doctor   doctorCommand   `cmd:"" help:"Find out what is wrong with an installation, and what to do." zh:"诊断安装的问题，并给出建议。"`
	Health   healthCommand   `cmd:"" help:"Ask the running service whether it is sound: exit code 0 when it is. For health checks." zh:"查询运行中的服务是否正常，正常时退出码为 0。用于健康检查。"`
	Notices  noticesCommand  `cmd:"" help:"Try the messages to the owner." zh:"测试发给所有者的通知。"`
	Backup   backupCommand   `cmd:"" help:"Copy sessions, messages and configuration into one file, also while the service runs." zh:"把登录会话、消息和配置备份为一个文件，服务可以在运行。"`
	Restore  restoreCommand  `cmd:"" help:"Put a backup in place." zh:"恢复备份。"`
	Adopt    adoptCommand    `cmd:"" help:"Use a data folder that was copied, in place of its original." zh:"使用复制得到的数据文件夹，代替原来的。"`
	Keystore keystoreCommand `cmd:"" help:"Encrypt saved sessions by a key of your own." zh:"用自己的密钥加密登录会话。"`
	Packets  packetsCommand  `cmd:"" help:"Look at packets that were not understood." zh:"查看未能识别的数据包。"`
	Call     callCommand     `cmd:"" help:"Call a OneBot action and print the answer." zh:"调用 OneBot 动作并输出结果。"`
	Events   eventsCommand   `cmd:"" help:"Print OneBot events as they happen." zh:"实时输出 OneBot 事件。"`
	Bench    benchCommand    `cmd:"" help:"Measure throughput and latency on this machine." zh:"测量本机的吞吐量和延迟。"`
	Shell    shellCommand    `cmd:"" name:"completion" help:"Print what makes a shell complete command lines." zh:"输出 shell 的命令行补全脚本。"`
	Service  serviceCommand  `cmd:"" help:"Make the program a service of Windows or macOS." zh:"把本程序安装为 Windows 或 macOS 的服务。"`
	Version  versionCommand  `cmd:"" help:"Print the version. So does --version." zh:"输出版本，与 --version 相同。"`

	ShowVersion kong.VersionFlag `name:"version" hidden:""`
}

// streams are where commands write.
type streams struct{ out, err io.Writer }

// exited carries an exit code through kong, which wants to end the process itself
// after --help.
type exited int

// run is the program: it parses args, runs a command and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(exited)
			if !ok {
				panic(v)
			}
			code = int(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c,
		kong.Name(paste.Command()),
		helpIn(app.EnvironmentLocale()),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{stdout, stderr}),
		kong.Vars{"version": app.VersionDetails()},
	)
	if err != nil { // the program is wrong, not its user
		panic(err)
	}
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	}
	command, err := parser.Parse(args)
	if err != nil {
		said, words := wrongUsage(err)
		hint := paste.Command(append(words, "--help")...)
		complain(stderr, text.Errorf("%v (see: %s)", "%v（见：%s）", said, hint), "")
		return exitUsage
	}
	if err := command.Run(); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			complain(stderr, text.Errorf("interrupted", "已中断"), configOf(command))
			return exitInterrupted
		}
		complain(stderr, err, configOf(command))
		return exitFailed
	}
	return 0
}

// configOf returns which configuration file a command uses; "": none.
func configOf(command *kong.Context) string {
	config, otherwise := "", ""
	for _, f := range command.Flags() {
		value, _ := command.FlagValue(f).(string)
		switch {
		case f.Name == "config":
			config = value
		case f.Name == "admin" && value == "":
			otherwise = paste.DefaultConfig
		}
	}
	return cmp.Or(config, otherwise)
}

// complain writes an error for a person, in the language of the configuration file at
// path: one line, or several when there are several problems.
func complain(w io.Writer, err error, path string) {
	fmt.Fprintf(w, "libration: %s\n", strings.ReplaceAll(text.Shown(app.Explain(err, path)), "\n", "\nlibration: "))
}
