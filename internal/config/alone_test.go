package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestEnvironmentAlone: without a file the environment is the configuration when it has a
// connection; else the error says how to make a file, here and in a container.
func TestEnvironmentAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	t.Setenv("container", "")
	t.Setenv("LIBRATION_LOG__LEVEL", "debug")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "config init") || strings.Contains(err.Error(), "docker") {
		t.Errorf("got %v", err)
	}
	t.Setenv("container", "oci")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "docker run --rm -v libration:/data libration config init --listen 0.0.0.0") {
		t.Errorf("in a container: got %v", err)
	}
	t.Setenv("LIBRATION_ONEBOT__CONNECTIONS__0__TYPE", "http")
	t.Setenv("LIBRATION_ONEBOT__CONNECTIONS__0__ADDRESS", "127.0.0.1:0")
	c, err := Load(path)
	if err != nil || len(c.OneBot.Connections) != 1 || c.Data != filepath.Join(filepath.Dir(path), "data") {
		t.Errorf("got %+v, %v", c, err)
	}
	t.Setenv("LIBRATION_ONEBOT__CONNECTIONS__0__ADDRESS", "0.0.0.0:1")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "access_token") {
		t.Errorf("without a token: got %v", err)
	}
}

func TestListenOn(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{"0.0.0.0": "0.0.0.0", "::": "[::]", "192.0.2.1": "192.0.2.1"} {
		for _, l := range []Language{LanguageEnglish, LanguageChinese} {
			long := func() string { return strings.Repeat("t", MinToken) }
			c, problems := Parse(ListenOn(Template(l, long), host), nil)
			for _, p := range problems {
				if !p.Warning {
					t.Errorf("%s, %s: %s", l, host, p)
				}
			}
			if a, b := c.OneBot.Connections[0].Address, c.OneBot.Connections[1].Address; a != want+":6700" || b != want+":5700" {
				t.Errorf("%s, %s: listens on %s and %s", l, host, a, b)
			}
			if c.Admin.Address != Default().Admin.Address {
				t.Errorf("%s, %s: the owner's service is at %s", l, host, c.Admin.Address)
			}
		}
	}
}
