package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCaptcha is an owner without a terminal: a wrong answer brings the next captcha, what
// the page's request was answered is taken as it is, and a code in the log can be scanned.
func TestCaptcha(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals can be sent there")
	}
	t.Setenv("LC_ALL", "C")
	ports := freePorts(t, 2)
	control, config := "http://"+ports[0], filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `language: en
account: {uin: 10001, password: secret}
server: {mode: sandbox, sandbox: {control: %q}}
data: %q
admin: {address: %q}
`, control, t.TempDir(), ports[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(args ...string) *exec.Cmd {
		t.Helper()
		c := exec.CommandContext(t.Context(), "libration", args...)
		c.Stdout, c.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	stop := func(c *exec.Cmd) {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Errorf("%q ended with %v: %s", c.Args, err, c.Stderr)
		}
	}
	// ask sends a request and reads its answer, until it is what is waited for.
	ask := func(url, body string, answer any, enough func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			request, err := http.NewRequest(http.MethodGet, url, nil)
			if body != "" {
				request, err = http.NewRequest(http.MethodPost, url, strings.NewReader(body))
			}
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err == nil {
				err = json.NewDecoder(response.Body).Decode(answer)
				response.Body.Close()
			}
			if err == nil && enough() {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: got %+v, %v", url, answer, err)
			}
		}
	}
	defer stop(start("sandbox", "--sso", "127.0.0.1:0", "--control", ports[0], "--fault", "captcha", "--fault", "new-device"))
	var nothing struct{}
	ask(control+"/api/users/10001/password", `{"password":"secret"}`, &nothing, func() bool { return true })
	service := start("run", "-c", config)
	defer func() {
		stop(service)
		if out := fmt.Sprint(service.Stdout); strings.Count(out, "libration login captcha TICKET RANDSTR -c "+config+"\n") != 2 ||
			!strings.Contains(out, "wrong answer to the captcha") || !strings.Contains(out, "light background") || strings.Contains(out, "type or paste") {
			t.Errorf("without a terminal, run printed\n%s", out)
		}
	}()

	var owner struct {
		Account struct{ Prompt struct{ Kind string } }
	}
	ask("http://"+ports[1]+"/readyz", "", &owner, func() bool { return owner.Account.Prompt.Kind == "captcha" })
	var asked []struct{ SID, URL string }
	ask(control+"/api/captchas", "", &asked, func() bool { return len(asked) == 1 })
	code, _, stderr := program(t, "login", "captcha", "t03wrong", "@abc", "-c", config)
	ask(control+"/api/captchas", "", &asked, func() bool { return len(asked) == 1 })
	if code != exitFailed || !strings.Contains(stderr, "wrong answer to the captcha; here is a new one: ") || !strings.Contains(stderr, asked[0].URL) {
		t.Errorf("a wrong answer: code %d, %s", code, stderr)
	}
	var page json.RawMessage
	ask(control+"/cap_union_new_verify", fmt.Sprintf(`{"sid":%q}`, asked[0].SID), &page, func() bool { return true })
	right := start("login", "captcha", string(page), "-c", config)
	var codes []struct{ ID string }
	ask(control+"/api/qr", "", &codes, func() bool { return len(codes) == 1 })
	ask(control+"/api/qr/"+codes[0].ID+"/approve", `{"uin":10001}`, &nothing, func() bool { return true })
	if err := right.Wait(); err != nil || !strings.Contains(fmt.Sprint(right.Stdout), "10001: online") || !strings.Contains(fmt.Sprint(right.Stdout), "dark background") {
		t.Errorf("the right answer: %v: %s%s", err, right.Stdout, right.Stderr)
	}
	if code, _, stderr := program(t, "login", "captcha", "t03", "@abc", "-c", config); code != exitFailed || !strings.Contains(stderr, "no captcha waits") {
		t.Errorf("an answer too much: code %d, %s", code, stderr)
	}
}
