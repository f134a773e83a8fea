package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// folderOf writes files into a folder of credentials and returns the environment that
// names it.
func folderOf(t *testing.T, files map[string]string) (folder, variable string) {
	t.Helper()
	folder = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, "CREDENTIALS_DIRECTORY=" + folder
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	folder, variable := folderOf(t, map[string]string{
		"signer.token":                                "from a file of windows\r\n",
		"libration_account.password":                  "of systemd\n\n",
		"account.uin":                                 "10001",
		"onebot.connections.0.access_token":           "zero",
		"libration_onebot.connections.1.access_token": "one",
		"onebot.connections.1.type":                   "http",
		"onebot.connections.1.address":                "127.0.0.1:0",
		"admin.access_token":                          "loses",
		"signer.urls":                                 "http://127.0.0.1:1, http://127.0.0.1:2",
		".hidden":                                     "not ours",
		"..data":                                      "not ours",
	})
	if err := os.Mkdir(filepath.Join(folder, "folder.of.others"), 0o700); err != nil {
		t.Fatal(err)
	}
	c, problems := Parse([]byte(quiet+"account: {password: written}\n"), []string{variable, "LIBRATION_ADMIN__ACCESS_TOKEN=wins"})
	if len(problems) > 0 {
		t.Fatalf("problems:\n%s", lines(problems))
	}
	for _, v := range []struct{ what, got, want string }{
		{"signer.token", c.Signer.Token, "from a file of windows"},
		{"account.password", c.Account.Password, "of systemd\n"},
		{"the file's connection", c.OneBot.Connections[0].AccessToken, "zero"},
		{"the new connection", c.OneBot.Connections[1].AccessToken, "one"},
		{"admin.access_token", c.Admin.AccessToken, "wins"},
		{"signer.urls", strings.Join(c.Signer.URLs, " "), "http://127.0.0.1:1 http://127.0.0.1:2"},
	} {
		if v.got != v.want {
			t.Errorf("%s: got %q, want %q", v.what, v.got, v.want)
		}
	}
}

func TestCredentialProblems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, content, want string
		warning             bool
	}{
		{"account.pasword", "hunter2", "account.pasword: unknown key; did you mean password?", false},
		{"libration_signer", "hunter2", "signer: a credential sets a single value or a list of texts, not this", false},
		{"libration_key", "hunter2", "key: unknown key", false},
		{"db_password", "hunter2", "no credential of libration", true},
		{"account.uin", "hunter2", "account.uin: not a number", false},
		{"onebot.connections.7.access_token", "hunter2", "onebot.connections[7]: not an index of this list", false},
		{"account.password.x", "hunter2", "account.password: has no keys below it", false},
		{"signer.token", "hunter2\xff", "signer.token: the credential cannot be used: not UTF-8", false},
		{"signer.token", strings.Repeat("hunter2", maxCredential/7+1), "more than 16384 bytes", false},
		{"admin.access_token", "hunter2 hunter2", "holds characters that a header cannot carry", false},
		{"log.level", "hunter2", "log.level: unknown value", false},
		{"notices.targets", "- {url: hunter2}", "a single value or a list of texts", false},
	} {
		folder, variable := folderOf(t, map[string]string{tt.name: tt.content})
		_, problems := Parse([]byte(quiet), []string{variable})
		said := lines(problems)
		if len(problems) != 1 || problems[0].Warning != tt.warning || !strings.Contains(said, tt.want) || !strings.HasPrefix(said, filepath.Join(folder, tt.name)+": ") {
			t.Errorf("%s: got\n%s, want one problem of that file with %q", tt.name, said, tt.want)
		}
		if strings.Contains(said, "hunter2") {
			t.Errorf("%s: shows the value: %s", tt.name, said)
		}
	}
}

func TestCredentialsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	gone := filepath.Join(t.TempDir(), "gone")
	if _, problems := Parse([]byte(quiet), []string{"CREDENTIALS_DIRECTORY=" + gone}); len(problems) != 1 || problems[0].Warning || !strings.HasPrefix(problems[0].String(), "CREDENTIALS_DIRECTORY: ") {
		t.Errorf("a folder that is gone: got\n%s", lines(problems))
	}
	if _, problems := Parse([]byte(quiet), []string{"CREDENTIALS_DIRECTORY="}); len(problems) != 0 {
		t.Errorf("no folder: got\n%s", lines(problems))
	}
	folder, variable := folderOf(t, nil)
	if err := os.Symlink(filepath.Join(folder, "nowhere"), filepath.Join(folder, "signer.token")); err != nil {
		t.Skip(err) // Windows lets nobody make links
	}
	if _, problems := Parse([]byte(quiet), []string{variable}); len(problems) != 1 || problems[0].Key != "signer.token" {
		t.Errorf("a link to nowhere: got\n%s", lines(problems))
	}
	if runtime.GOOS != "windows" {
		if err := os.Remove(filepath.Join(folder, "signer.token")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/dev/null", filepath.Join(folder, "signer.token")); err != nil {
			t.Fatal(err)
		}
		if _, problems := Parse([]byte(quiet), []string{variable}); len(problems) != 1 || !strings.Contains(problems[0].String(), "not a file") {
			t.Errorf("a device: got\n%s", lines(problems))
		}
	}
	many := make(map[string]string)
	for i := range maxCredentials + 1 {
		many["x"+strings.Repeat("y", i/26)+string(rune('a'+i%26))] = ""
	}
	_, variable = folderOf(t, many)
	if _, problems := Parse([]byte(quiet), []string{variable}); len(problems) != 1 || !strings.Contains(problems[0].String(), "more than 256 files") {
		t.Errorf("too many: got\n%s", lines(problems))
	}
}

// TestSecretsElsewhere: a file without secrets may be read by others.
func TestSecretsElsewhere(t *testing.T) {
	_, variable := folderOf(t, map[string]string{"signer.token": "x"})
	t.Setenv("CREDENTIALS_DIRECTORY", strings.TrimPrefix(variable, "CREDENTIALS_DIRECTORY="))
	for content, want := range map[string]int{"": 0, "signer: {token: y}\n": 1} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(content+"server: {mode: sandbox, sandbox: {control: 'http://127.0.0.1:1'}}\n"), 0o644); err != nil { //nolint:gosec // that is what it is about
			t.Fatal(err)
		}
		c, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, w := range c.Warnings {
			if strings.Contains(w.String(), "can be read by other users") {
				got++
			}
		}
		if runtime.GOOS != "windows" && got != want {
			t.Errorf("%q: got %d warnings about the mode, want %d", content, got, want)
		}
	}
}
