package main

import (
	"context"

	"libration/internal/app/backup"
)

type backupCommand struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: all." zh:"有多个账号时指定账号，默认全部。"`
	Out     string `arg:"" optional:"" help:"The file to make, or the folder to make it in. Default: the present folder." zh:"要生成的文件，或存放它的文件夹，默认当前文件夹。"`
}

// Run copies the installation, which may run, into one file.
func (c *backupCommand) Run(ctx context.Context, std streams) error {
	ctx, std, stop := showing(ctx, std)
	defer stop()
	return backup.Make(ctx, backup.MakeOptions{Config: c.Config, Account: c.Account, Out: c.Out, W: std.out})
}

type restoreCommand struct {
	Config     string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file; that of the backup, where there is none. Default ${default}." zh:"配置文件；不存在时使用备份中的配置。默认 ${default}。"`
	Replace    bool   `help:"Set a data folder with a session aside, under another name." zh:"把已有登录会话的数据文件夹改名保留。"`
	WithConfig bool   `help:"Also restore the configuration where there is one; it is set aside." zh:"已有配置文件时也恢复备份中的配置，原文件改名保留。"`
	Archive    string `arg:"" help:"The backup." zh:"备份文件。"`
}

// Run puts a backup in place.
func (c *restoreCommand) Run(ctx context.Context, std streams) error {
	ctx, std, stop := showing(ctx, std)
	defer stop()
	return backup.Restore(ctx, backup.RestoreOptions{Config: c.Config, Replace: c.Replace, WithConfig: c.WithConfig, Archive: c.Archive, W: std.out})
}
