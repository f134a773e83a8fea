package app_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/text"
)

// TestHealth: what the command says of services in each state.
func TestHealth(t *testing.T) {
	t.Parallel()
	sound := `"store":{"ok":true},"folder":{"ok":true}`
	for _, tt := range []struct {
		name        string
		code        int
		body        string
		alive, want string // errors; "" for none
		chinese     string
	}{
		{"well", 200, `{"status":"ok","ready":true}`, "", "", ""},
		{"folder lost", 503, `{"status":"the data folder cannot be used","account":{"online":true,"state":"online"},"store":{"ok":true},"folder":{"ok":false,"reason":"removed"}}`,
			"unhealthy: the data folder cannot be used", "not ready: data (removed): run libration doctor", "尚未就绪：数据文件夹（removed）"},
		{"a code waits", 503, `{"status":"x","account":{"state":"logging_in","step":"qr"},"services":[{"name":"http 127.0.0.1:5700","state":"waiting"}],` + sound + `}`,
			"unhealthy: x", "not ready: logging in: QR code, http 127.0.0.1:5700 waiting: run", "登录中：扫码，http 127.0.0.1:5700 等待中"},
		{"one of two", 503, `{"status":"x","accounts":[{"name":"a","ready":true},{"name":"b","account":{"state":"kicked","reason":"another login"},` + sound + `,"signing":{"reason":"all are down"},"restriction":{"reason":"frozen"}}]}`,
			"unhealthy: x", "not ready: b: kicked (another login), b: signer (all are down), b: restricted (frozen): run", "b：被踢下线（another login）"},
		{"it says the state itself", 503, `{"status":"x","account":{"state":"kicked","reason":"账号被踢下线：提示"},` + sound + `}`,
			"unhealthy: x", "not ready: 账号被踢下线：提示: run", "尚未就绪：账号被踢下线：提示：请执行"},
		{"token", 401, `{"error":"access token missing"}`, "refused: 401", "refused: 401", "被拒绝"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", admin.ServerHeader)
			w.WriteHeader(tt.code)
			_, _ = w.Write([]byte(tt.body))
		}))
		owner, err := app.OwnerAt(server.Listener.Addr().String(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		for ready, want := range map[bool]string{false: tt.alive, true: tt.want} {
			var out strings.Builder
			err := owner.Health(t.Context(), &out, ready)
			if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) || (out.Len() > 0) != (want == "") {
				t.Errorf("%s, ready %v: got %q, %v, want %q", tt.name, ready, out.String(), err, want)
			}
			if ready && err != nil && !strings.Contains(text.Of(err).ZH, tt.chinese) {
				t.Errorf("%s: got %s, want %s", tt.name, text.Of(err).ZH, tt.chinese)
			}
		}
		owner.Close()
		server.Close()
	}
}

// TestHealthOfNobody: a program that does not run is not healthy.
func TestHealthOfNobody(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	owner, err := app.OwnerAt(gone.Addr().String(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if err := owner.Health(t.Context(), &strings.Builder{}, false); err == nil || !strings.Contains(err.Error(), "no libration answers") {
		t.Errorf("got %v", err)
	}
}
