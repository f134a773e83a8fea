package main

import (
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/lmittmann/tint"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/logfile"
)

// newLog makes a logger that writes to w: JSON, or text that is coloured on
// terminals. level is "debug", "info", "warn" or "error".
func newLog(w io.Writer, level string, json bool) *slog.Logger {
	least := slog.LevelInfo
	_ = least.UnmarshalText([]byte(level)) // checked by those who ask
	if json {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least}))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{
		Level: least, TimeFormat: "15:04:05.000", NoColor: !isTerminal(w) || plainTerminal(),
	}))
}

// withFile adds a log file to a logger, one JSON object a line. A file that cannot
// be written is no reason not to run: it is logged.
func withFile(log *slog.Logger, c *config.Log) (_ *slog.Logger, end func()) {
	if c.File.Path == "" {
		return log, func() {}
	}
	f, err := logfile.Open(logfile.Options{Path: c.File.Path, MaxSize: int64(c.File.MaxSize), Keep: int(c.File.Keep)})
	if err != nil {
		log.Warn("no log file: logging goes on here only (log.file.path in the config)", "err", err)
		return log, func() {}
	}
	least := slog.LevelInfo
	_ = least.UnmarshalText([]byte(c.Level)) // checked by the config
	file := slog.NewJSONHandler(f, &slog.HandlerOptions{Level: least})
	return slog.New(slog.NewMultiHandler(log.Handler(), file)), func() {
		if err := f.Close(); err != nil {
			log.Warn("log file not closed", "err", err)
		}
	}
}

// outliveReaders lets the process go on when nobody reads its output any more, as
// with `2>&1 | head`: by default the next line would end it. It is for commands that
// serve. Those that print what somebody reads end with their reader.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nothing, err := os.Stat(os.DevNull) // a device too, and what services have as stdin
	return err != nil || !os.SameFile(info, nothing)
}

// plainTerminal tells whether colours are unwanted (https://no-color.org) or not
// understood.
func plainTerminal() bool { return os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" }

// qrStyle is how login codes are drawn on a stream.
func qrStyle(ascii bool, stream any) account.QRStyle {
	switch {
	case ascii:
		return account.QRASCII
	case plainTerminal() || !isTerminal(stream):
		return account.QRBlocks
	}
	return account.QRColours
}
