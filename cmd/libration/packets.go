package main

import "libration/internal/app"

type packetsCommand struct {
	List packetsList `cmd:"" help:"List the packets that were kept, oldest first."`
	Show packetsShow `cmd:"" help:"Decode one packet, without a schema."`
}

type packetsList struct {
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}."`
}

// Run lists the packets.
func (c *packetsList) Run(std streams) error { return app.ListPackets(std.out, c.Config) }

type packetsShow struct {
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}."`
	Number uint64 `arg:"" name:"n" help:"Its number in the list."`
}

// Run decodes one packet.
func (c *packetsShow) Run(std streams) error { return app.ShowPacket(std.out, c.Config, c.Number) }
