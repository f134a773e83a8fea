package account_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/internal/app/account"
	"libration/internal/text"
	"libration/ntqq"
)

// A file that was given for another is named, with the key that it belongs to.
func TestExplainFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"device":         {`{"Guid":""}`, "a device file of Lagrange.OneBot V1: it belongs to account.device"},
		"LagrangeGo":     {`{"guid":""}`, "a device file of LagrangeGo: it belongs to account.device"},
		"keystore":       {`{"Session":{}}`, "a keystore of Lagrange.OneBot V1: it belongs to account.keystore"},
		"V2":             {`{"WLoginSigs":{}}`, "a keystore of Lagrange V2: it is not supported: log in by QR code or password"},
		"app info":       {`{"AppId":1,"SubAppId":2}`, "an app info file: it belongs to account.app_info"},
		"own":            {`{"device":{},"uin":1}`, "a keystore of Libration: it is not imported: put it into the account's data folder as keystore.json"},
		"something else": {`{}`, "no file of a known layout: is it the right file?"},
	} {
		path := filepath.Join(t.TempDir(), "file.json")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		explained := 0
		for _, read := range []func() error{
			func() error { _, err := ntqq.ImportLagrange(path, ""); return err },
			func() error { _, err := ntqq.ImportLagrange("", path); return err },
			func() error { _, err := ntqq.LoadApp(path, ntqq.AppInfo{}); return err },
			func() error { _, err := ntqq.FileKeystore(path).Load(); return err },
		} {
			err := read()
			if _, ok := errors.AsType[*ntqq.WrongFileError](err); !ok {
				continue // it is what it was given for, or damaged
			}
			explained++
			err = fmt.Errorf("start: %w", account.ExplainFile(err))
			if !strings.Contains(err.Error(), tt.want) && !strings.Contains(err.Error(), strings.Replace(tt.want, ":", "): move it away to log in anew:", 1)) {
				t.Errorf("%s: got %v, want %q", name, err, tt.want)
			}
		}
		if explained < 2 {
			t.Errorf("%s was taken for the right file %d times", name, 4-explained)
		}
	}
	if err := errors.New("other"); !errors.Is(account.ExplainFile(err), err) || account.ExplainFile(nil) != nil {
		t.Error("an error that is none of these is changed")
	}
	if zh := text.Of(account.ExplainFile(&ntqq.WrongFileError{Kind: ntqq.AppInfoFile})).ZH; !strings.Contains(zh, "应填在 account.app_info") {
		t.Errorf("in Chinese: %s", zh)
	}
}
