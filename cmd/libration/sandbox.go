package main

import (
	"context"
	"math"

	"libration/internal/app"
	"libration/internal/app/simulator"
	"libration/internal/heap"
)

type sandboxCommand struct {
	SSO         string   `name:"sso" placeholder:"HOST:PORT" default:"127.0.0.1:8001" help:"Address for clients. Default ${default}." zh:"客户端连接的地址，默认 ${default}。"`
	Control     string   `placeholder:"HOST:PORT" default:"127.0.0.1:7800" help:"Address of the control API and the chat page. Default ${default}." zh:"控制接口和聊天页面的地址，默认 ${default}。"`
	Seed        uint64   `placeholder:"N" help:"Seed of the keys and of drawn ids. Default 0." zh:"生成密钥和随机 id 的种子，默认 0。"`
	Scenario    string   `placeholder:"FILE" help:"Users, friends and groups as YAML. Default: one bot, three friends, two groups." zh:"YAML 格式的用户、好友和群。默认：一个机器人、三个好友、两个群。"`
	AutoApprove uint64   `placeholder:"UIN" help:"Confirm every QR login with this account." zh:"用该账号确认每次扫码登录。"`
	RequireSign bool     `help:"Refuse unsigned packets. The signer is at <control>/sign." zh:"拒绝未签名的数据包。签名服务位于 <control>/sign。"`
	Media       string   `name:"media-address" placeholder:"IPV4:PORT" help:"Where clients upload and download media. Default: where they have connected to." zh:"客户端上传和下载媒体的地址，默认为其连接的地址。"`
	Page        uint     `placeholder:"N" help:"Friends or members in one page of a list. Default: 300 and 200." zh:"好友或群成员列表每页的条数，默认 300 和 200。"`
	AllowRemote bool     `help:"Permit addresses that other machines can reach. There is no password." zh:"允许其他机器可访问的地址。没有密码保护。"`
	Fault       []string `placeholder:"NAME[:PARAM=VALUE,...]" sep:"none" help:"Switch on a fault, as delay:on=send,delay=3s; may be repeated." zh:"开启一种故障，如 delay:on=send,delay=3s；可重复使用。"`
	ListFaults  bool     `help:"Print the faults and their parameters and exit." zh:"列出故障及其参数后退出。"`
	PrintKeys   bool     `help:"Print the public keys as JSON and exit." zh:"以 JSON 输出公钥后退出。"`
	LogLevel    string   `enum:"debug,info,warn,error" default:"info" help:"Least level of log lines: ${enum}." zh:"日志的最低级别：${enum}。"`
}

// Run runs the sandbox until it is stopped.
func (c *sandboxCommand) Run(ctx context.Context, std streams) error {
	outliveReaders()
	go heap.Watch(ctx)
	return simulator.Run(ctx, simulator.Settings{
		Options: simulator.Options{
			SSO: c.SSO, Control: c.Control, AllowRemote: c.AllowRemote, Log: newLog(std.err, c.LogLevel, false),
		},
		Seed: c.Seed, Scenario: c.Scenario, AutoApprove: c.AutoApprove, RequireSign: c.RequireSign,
		MediaAddress: c.Media, Page: int(min(c.Page, math.MaxInt32)),
		Faults: c.Fault, ListFaults: c.ListFaults, PrintKeys: c.PrintKeys, Language: app.EnvironmentLocale(), Out: std.out,
	})
}
