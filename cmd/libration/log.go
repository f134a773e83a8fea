package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
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

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// plainTerminal tells whether colours are unwanted (https://no-color.org) or not
// understood.
func plainTerminal() bool { return os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" }
