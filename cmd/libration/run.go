package main

import (
	"context"
	"io"
	"os"

	"libration/internal/app"
	"libration/internal/config"
	"libration/internal/heap"
	"libration/internal/sdnotify"
)

type runCommand struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	QRASCII bool   `name:"qr-ascii" help:"Draw login codes with plain characters." zh:"用普通字符显示登录二维码。"`
}

// Run runs the service until it is stopped.
func (c *runCommand) Run(ctx context.Context, std streams) error {
	outliveReaders()
	cfg, err := app.Load(c.Config)
	if err != nil {
		return err
	}
	log, end := withFile(newLog(std.err, string(cfg.Log.Level), cfg.Log.Format == config.LogJSON), &cfg.Log)
	defer end()
	for _, w := range cfg.Warnings {
		log.Warn("configuration", "file", c.Config, "problem", w.String())
	}
	var typed io.Reader
	if isTerminal(os.Stdin) {
		readInBackground()
		typed = os.Stdin
	}
	o := app.Options{
		Log: log, In: typed, QR: std.out, QRStyle: qrStyle(c.QRASCII, std.out), Version: app.Version(),
		Load: func() (*config.Config, error) { return app.Load(c.Config) },
	}
	if manager := sdnotify.Open(os.Getenv); manager != nil {
		o.Notify, o.Watchdog = manager.Send, sdnotify.Watchdog(os.Getenv, os.Getpid())
	}
	a, err := app.New(cfg, o)
	if err != nil {
		return err
	}
	log.Info("starting", "version", app.Version(), "config", c.Config, "data", cfg.Data)
	go heap.Watch(ctx)
	return a.Run(ctx)
}
