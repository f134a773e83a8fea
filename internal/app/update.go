package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/semver"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/progress"
	"libration/internal/redact"
	"libration/internal/text"
)

// Limits of the question for a newer version.
const (
	updateTimeout  = 10 * time.Second
	maxUpdateBody  = 16 << 10
	maxUpdateField = 2000
)

// release is what the address of update.url answers: the newest version, where it is, and
// the sum of the file there.
type release struct {
	Version string `json:"version"`
	URL     string `json:"url"`
	SHA256  string `json:"sha256"`
}

// CheckVersion asks the address that a configuration names for the newest version, and
// writes to out whether it is newer than this one, and how to update. Nothing is
// downloaded.
func CheckVersion(ctx context.Context, out io.Writer, path string) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	if c.Update.URL == "" {
		return text.Errorf("no address is set to ask for newer versions, and none is built in: write one that you trust into update.url of %s; its answer is {\"version\", \"url\", \"sha256\"}",
			"未设置查询新版本的地址，程序也不内置任何地址：请在 %s 的 update.url 中填写可信的地址，其应答为 {\"version\", \"url\", \"sha256\"}", path)
	}
	by, err := account.OwnersNetwork(c, network.Network{})
	if err != nil {
		return err
	}
	progress.Step(ctx, text.T("asking for the newest version", "查询最新版本"), 0)
	newest, err := askRelease(ctx, by, c.Update.URL)
	if err != nil {
		return err
	}
	said := compareVersions(Version(), newest)
	_, err = io.WriteString(out, said.In(Language(c.Language)))
	return err
}

// askRelease asks an address for the newest version.
func askRelease(ctx context.Context, by network.Network, address string) (*release, error) {
	ctx, cancel := context.WithTimeout(ctx, updateTimeout)
	defer cancel()
	fail := func(err error) error {
		return text.Errorf("ask for the newest version: %v: check update.url in the config", "查询新版本：%v：请检查配置中的 update.url", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fail(redact.Err(err))
	}
	request.Header.Set("Accept", "application/json")
	client := by.Client()
	defer client.CloseIdleConnections()
	client.CheckRedirect = func(r *http.Request, before []*http.Request) error {
		if len(before) > 5 {
			return text.Errorf("too many redirects", "重定向次数过多")
		}
		if !config.Confidential(r.URL) {
			return text.Errorf("a redirect to an address without https", "被重定向到不使用 https 的地址")
		}
		return nil
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fail(redact.Err(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fail(fmt.Errorf("HTTP %s", response.Status))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxUpdateBody+1))
	if err != nil {
		return nil, fail(redact.Err(err))
	}
	newest, err := readRelease(body)
	if err != nil {
		return nil, fail(err)
	}
	return newest, nil
}

var sumForm = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// readRelease reads an answer. All of it is shown to a person, so it must be what it
// seems.
func readRelease(body []byte) (*release, error) {
	if len(body) > maxUpdateBody {
		return nil, text.Errorf("the answer has more than %d bytes", "应答超过 %d 字节", maxUpdateBody)
	}
	var r release
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, text.Errorf("the answer is not {\"version\", \"url\", \"sha256\"}: %v", "应答不是 {\"version\", \"url\", \"sha256\"}：%v", err)
	}
	r.Version = "v" + strings.TrimPrefix(r.Version, "v")
	switch u, err := url.Parse(r.URL); {
	case !semver.IsValid(r.Version) || len(r.Version) > 100:
		return nil, text.Errorf("the answer's version is none, such as 1.2.3", "应答中的 version 不是版本号，例如 1.2.3")
	case err != nil, !config.Confidential(u), len(r.URL) > maxUpdateField, strings.ContainsFunc(r.URL, func(c rune) bool { return c <= ' ' || c > '~' || !unicode.IsPrint(c) }):
		return nil, text.Errorf("the answer's url is no https:// address", "应答中的 url 不是 https:// 地址")
	case !sumForm.MatchString(r.SHA256):
		return nil, text.Errorf("the answer's sha256 is not 64 hexadecimal digits", "应答中的 sha256 不是 64 位十六进制数字")
	}
	return &r, nil
}

// compareVersions says whether the newest version is newer than the program's, and what to
// do then.
func compareVersions(ours string, newest *release) text.Text {
	if written := strings.TrimPrefix(ours, "v"); semver.IsValid("v" + written) {
		if semver.Compare(newest.Version, "v"+written) <= 0 {
			return text.T("this is version %s; there is none that is newer\n", "当前版本为 %s，没有更新的版本\n").Fill(written)
		}
	} else {
		return text.T("this is a build without a version (%[1]s), so it cannot be compared; %[2]s\n", "当前构建没有版本号（%[1]s），无法比较；%[2]s\n").Fill(ours, howToUpdate(newest))
	}
	return text.T("this is version %[1]s; %[2]s\n", "当前版本为 %[1]s；%[2]s\n").Fill(strings.TrimPrefix(ours, "v"), howToUpdate(newest))
}

func howToUpdate(newest *release) text.Text {
	return text.T(`the newest is %[1]s
url:    %[2]s
sha256: %[3]s
Nothing was downloaded. To update, download the file, compare its sum (sha256sum FILE), put
the new program in the place of the old one, and start the service again.`, `最新版本为 %[1]s
url:    %[2]s
sha256: %[3]s
没有下载任何内容。更新方法：下载该文件，核对校验值（sha256sum FILE），用新程序替换旧程序，然后重新启动服务。`).Fill(
		strings.TrimPrefix(newest.Version, "v"), newest.URL, strings.ToLower(newest.SHA256))
}
