package main

import "libration/internal/app"

type packetsCommand struct {
	List packetsList `cmd:"" help:"List the packets that were kept, oldest first." zh:"列出保留的数据包，最早的在前。"`
	Show packetsShow `cmd:"" help:"Decode one packet, without a schema." zh:"不依赖结构定义，解析一个数据包。"`
}

type packetsList struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: the default one." zh:"有多个账号时指定账号，默认为默认账号。"`
}

// Run lists the packets.
func (c *packetsList) Run(std streams) error { return app.ListPackets(std.out, c.Config, c.Account) }

type packetsShow struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: the default one." zh:"有多个账号时指定账号，默认为默认账号。"`
	Number  uint64 `arg:"" name:"n" help:"Its number in the list." zh:"在列表中的编号。"`
}

// Run decodes one packet.
func (c *packetsShow) Run(std streams) error {
	return app.ShowPacket(std.out, c.Config, c.Account, c.Number)
}
