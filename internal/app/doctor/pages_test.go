package doctor

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/reliability.md and its Chinese twin")

// compareTable compares the rows of one language with those of a guide.
func compareTable(t *testing.T, name, titles string, rows []string, language string) {
	t.Helper()
	path := filepath.Join("..", "..", "..", "docs", name)
	guide, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := titles + "\n|---|---|---|\n"
	before, after, ok := strings.Cut(string(guide), head)
	if !ok {
		t.Fatalf("%s lacks the table of set-ups", path)
	}
	end := strings.Index(after+"\n\n", "\n\n") // the table goes to the next empty line
	have, rest := strings.TrimSuffix(after[:min(end, len(after))], "\n"), after[min(end+1, len(after)):]
	var own []string
	for _, row := range rows {
		if row, ok := strings.CutPrefix(row, language); ok {
			own = append(own, row)
		}
	}
	want := strings.Join(own, "\n")
	if strings.Contains(want, nameless) {
		t.Errorf("docs/%s: set-ups are%s:\n%s", name, nameless, want)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+head+want+"\n"+rest), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if runtime.GOOS != "linux" { // some set-ups are left out there
		return
	}
	if have != want {
		t.Errorf("docs/%s is out of date: run this test with -update. It should say\n%s", name, want)
	}
}

const nameless = " (without a Chinese name in setUpsInChinese)"

// nameInChinese is a set-up's name in the Chinese guide.
func nameInChinese(name string) string {
	chinese, ok := setUpsInChinese[name]
	if !ok {
		return name + nameless
	}
	return chinese
}

var setUpsInChinese = map[string]string{
	"certificate missing":                  "缺少证书",
	"certificate out of date":              "证书已过期",
	"folder of a socket missing":           "套接字所在的文件夹不存在",
	"a file in place of a socket":          "套接字的路径上是普通文件",
	"socket removed while it runs":         "运行时套接字文件被删除",
	"path of a socket too long":            "套接字的路径过长",
	"event filter broken":                  "事件过滤器有错误",
	"no configuration":                     "没有配置文件",
	"configuration is a folder":            "配置文件是一个文件夹",
	"misspelt key":                         "键名拼错",
	"not YAML":                             "不是 YAML",
	"admin open to others without a token": "管理服务对外开放却没有令牌",
	"bots from elsewhere without a token":  "对外监听机器人却没有令牌",
	"two connections on one port":          "两个连接使用同一端口",
	"target of notices misspelt":           "通知目标拼错",
	"misspelt proxy":                       "代理拼错",
	"nobody at the proxy":                  "代理没有运行",
	"proxy that refuses the password":      "代理拒绝密码",
	"app info missing":                     "缺少 app info",
	"app info broken":                      "app info 已损坏",
	"import missing":                       "缺少要导入的文件",
	"import of another layout":             "要导入的文件格式不同",
	"data is a file":                       "data 是一个文件",
	"data folder not writable":             "数据文件夹不可写",
	"disk full":                            "磁盘已满",
	"lock is a folder":                     "lock 是一个文件夹",
	"keystore is a folder":                 "keystore 是一个文件夹",
	"keystore damaged":                     "keystore 已损坏",
	"keystore readable by all":             "keystore 任何人可读",
	"data folder copied":                   "数据文件夹是副本",
	"keystore sealed, no key":              "keystore 已加密，没有密钥",
	"keystore sealed by another key":       "keystore 由另一个密钥加密",
	"keystore of another account":          "keystore 属于另一个账号",
	"database is something else":           "数据库文件是别的东西",
	"database cut off":                     "数据库被截断",
	"port taken":                           "端口被占用",
	"admin port taken":                     "管理服务的端口被占用",
	"address of another machine":           "另一台机器的地址",
	"no bot":                               "机器人不在",
	"no bot for a webhook":                 "webhook 的机器人不在",
	"clock of 1970":                        "时钟停在 1970 年",
	"clock set back":                       "时钟被调慢",
	"clock ahead":                          "时钟超前",
	"keys of another sandbox":              "另一个沙盒的密钥",
	"no sandbox":                           "沙盒没有运行",
	"no sandbox but a web server":          "不是沙盒而是网页服务器",
	"no signer":                            "签名服务没有运行",
	"signer refuses":                       "签名服务拒绝",
	"signer elsewhere":                     "签名服务的路径不对",
	"signer broken":                        "签名服务出错",
	"signer that breaks off":               "签名服务中途断开",
	"signer for another version":           "签名服务用于另一个版本",
	"signer that answers garbage":          "签名服务答非所问",
	"real service without DNS":             "真实服务，但 DNS 不可用",
	"server down":                          "服务器没有运行",
	"log of an expired session":            "日志：会话过期",
	"log of a code that nobody scanned":    "日志：二维码无人扫描",
	"log of a bot that refuses the token":  "日志：机器人拒绝令牌",
	"log of a kick":                        "日志：被踢下线",
	"log of a failing signer":              "日志：签名服务出错",
	"log of a failing disk":                "日志：磁盘出错",
	"log of a failing service":             "日志：服务出错",
	"log is a folder":                      "日志文件是一个文件夹",
	"kicked":                               "被踢下线",
	"port taken, running":                  "端口被占用，运行中",
	"bot that refuses the token, running":  "机器人拒绝令牌，运行中",
	"code that waits to be scanned":        "二维码等待扫描",
	"code scanned by another account":      "二维码被另一个账号扫描",
	"second libration on one data folder":  "同一数据文件夹上的第二个 libration",
}
