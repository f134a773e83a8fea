package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/internal/config"
)

func TestMedia(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	script := filepath.Join(folder, "ffmpeg")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set  func(*config.Media)
		want string // level and code
	}{
		"all is well": {func(m *config.Media) { m.Files.Allow = []string{folder} }, ""},
		"no folder":   {func(m *config.Media) { m.Files.Allow = []string{filepath.Join(folder, "none")} }, "media.files.allow[0]"},
		"no program":  {func(m *config.Media) { m.FFmpeg = filepath.Join(folder, "none") }, "media.ffmpeg"},
		"broken":      {func(m *config.Media) { m.FFmpeg = script }, "ffmpeg-broken"},
		"a text":      {func(m *config.Media) { m.FFmpeg = filepath.Join(folder, "text") }, "media.ffmpeg"},
	} {
		cfg := config.Default()
		cfg.Media.FFmpeg = "off"
		c.set(&cfg.Media)
		d := &doctor{cfg: cfg}
		d.media()
		var found []string
		for _, f := range d.found {
			if f.Level != Warning || f.Remedy == "" {
				t.Errorf("%s: got %+v", name, f)
			}
			found = append(found, f.Code)
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
