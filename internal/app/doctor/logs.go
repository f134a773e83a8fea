package doctor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"libration/internal/text"
)

// What is read of the log file.
const (
	logTail = 512 << 10
	maxHits = 50
	logAge  = 24 * time.Hour // older lines are of no interest
)

// known is a failure that the log may tell of.
type known struct {
	code    string
	message string // part of the line's msg; TestKnownFailures finds it in the code
	// over are msgs of later lines that show it to be over; nil for none.
	over   []string
	what   text.Text
	remedy text.Text
	// command is the %s of remedy; nil: it has none.
	command []string
}

// remedyAt is the remedy for an installation.
func (k *known) remedyAt(d *doctor) text.Text {
	if k.command == nil {
		return k.remedy
	}
	return k.remedy.Fill(d.command(k.command...))
}

var knownFailures = []known{
	{"log-kicked", "kicked offline", []string{"online"}, text.T("the account was kicked", "账号被踢下线"),
		text.T("end the other client, then: %s", "停掉另一个客户端，再执行 %s"), []string{"login"}},
	{"log-needs-login", "login needs a person", []string{"online"}, text.T("a login needed a person", "登录需要人工处理"),
		text.T("log in again with: %s", "执行 %s 重新登录"), []string{"login"}},
	{"log-code", "scan the QR code", []string{"online"}, text.T("a login code waited to be scanned", "登录二维码等待扫描"),
		text.T("scan it: it is on the terminal of libration and in qr.png in the data folder", "请扫码：二维码在 libration 的终端和数据文件夹的 qr.png 中"), nil},
	{"log-session-expired", "session no longer accepted", []string{"online"}, text.T("the session expired", "登录会话已过期"),
		text.T("it is renewed by itself; when a code is asked for, scan it", "会自动续期；若要求扫码，请扫码"), nil},
	{"log-login-expired", "saved login no longer accepted", []string{"online"}, text.T("the saved login expired", "保存的登录已失效"),
		text.T("scan the login code", "请扫描登录二维码"), nil},
	{"log-login-refused", "saved login refused", []string{"online"}, text.T("the saved login was refused", "保存的登录被拒绝"),
		text.T("scan the login code", "请扫描登录二维码"), nil},
	{"log-key-exchange", "key exchange failed", []string{"online"}, text.T("the key exchange with the server failed", "与服务器的密钥交换失败"),
		text.T("it is tried again by itself; if it lasts, check server.keys and the clock", "会自动重试；若持续出现，请检查 server.keys 和系统时间"), nil},
	{"log-signer", "signer failed", []string{"signer works again", "starting"}, text.T("a signer failed", "签名服务出错"),
		text.T("check the signer, or add a second one to signer.urls", "检查签名服务，或在 signer.urls 中再加一个"), nil},
	{"log-connection", "connection ended", []string{"online"}, text.T("the connection to the server ended", "与服务器的连接结束"),
		text.T("it is tried again by itself; if it lasts, mend the reason", "会自动重试；若持续出现，请按原因排查"), nil},
	{"log-session-not-saved", "session cannot be saved", []string{"the session is saved now"}, text.T("the session could not be saved", "登录会话无法保存"),
		text.T("see whether the data folder can be written and has room", "检查数据文件夹是否可写、磁盘是否已满"), nil},
	{"log-store", "messages are kept in memory only", []string{"messages are written again"}, text.T("messages could not be written", "消息无法写入磁盘"),
		text.T("free some space, or check the disk", "请清理或检查磁盘"), nil},
	{"log-service", "service failed", []string{"service is running"}, text.T("a connection to bots, or the owner's service, failed", "机器人连接或管理服务出错"),
		text.T("see what the other findings say about its port", "请看上文关于端口的检查结果"), nil},
	{"log-bot", "not connected to the bot", []string{"connected to the bot"}, text.T("the bot could not be reached", "无法连接机器人"),
		text.T("start the bot, or correct the url or the access_token", "启动机器人，或修改 url 或 access_token"), nil},
	{"log-notices", "notice given up", nil, text.T("a notice to the owner could not be delivered", "有通知未能送达"),
		text.T("see which target fails: %s", "执行 %s 查看哪个目标失败"), []string{"notices", "test"}},
	{"log-slow", "event subscribers cut off", nil, text.T("a bot took events too slowly and was cut off", "机器人处理事件太慢，被断开"),
		text.T("make the bot's handlers quicker, or let them work in the background", "优化机器人的处理逻辑，或改为后台处理"), nil},
	{"log-panic", "panic", nil, text.T("libration met an error of its own", "libration 内部出错"),
		text.T("please report it with the lines of the log around it", "请附上前后日志向开发者反馈"), nil},
}

// states are what a running libration tells of itself, and better.
var states = []string{"log-kicked", "log-needs-login", "log-code", "log-service", "log-bot", "log-store"}

// logs looks for known failures in the last lines of the log file.
func (d *doctor) logs() {
	path := d.cfg.Log.File.Path
	if path == "" {
		d.report(Note, "no-log", text.T("no log file is configured", "没有配置日志文件"), text.T("set log.file.path to have one", "设置 log.file.path 即可启用"))
		return
	}
	tail, err := readTail(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(tail) == 0 {
		d.report(Note, "no-log", text.T("the log file %s has no lines yet", "日志文件 %s 还没有内容"), text.Text{}, path)
		return
	}
	if err != nil {
		d.problem("log-unreadable", text.T("the log file cannot be read: %v", "日志文件无法读取：%v"),
			text.T("correct log.file.path, or its rights", "修改 log.file.path 或文件权限"), err)
		return
	}
	all := hits(tail, d.o.now().Add(-logAge))
	if len(all) == 0 {
		d.good("log", text.T("the log of the last day tells of no known failure", "最近一天的日志中没有已知故障"))
	}
	for _, h := range all {
		if d.status != nil && slices.Contains(states, h.code) {
			continue
		}
		what := h.what.In(d.language)
		if h.service != "" {
			what = h.service + ": " + what
		}
		last := h.last.Local().Format(time.DateTime)
		switch {
		case h.ended:
			d.report(Note, h.code+"-over", text.T("log: %s (%d times, last at %s), which is over", "日志：%s（%d 次，最近 %s），现已恢复"), text.Text{}, what, h.count, last)
		case h.over == nil: // nothing would tell of the end
			d.report(Warning, h.code, text.T("log: %s (%d times, last at %s) %s", "日志：%s（%d 次，最近 %s）%s"), h.remedyAt(d), what, h.count, last, h.err)
		default:
			d.problem(h.code, text.T("log: %s (%d times, last at %s): %s", "日志：%s（%d 次，最近 %s）：%s"), h.remedyAt(d), what, h.count, last, h.err)
		}
	}
}

// hit is what the log tells of one known failure, of one service where it names
// one.
type hit struct {
	*known
	service string
	count   int
	last    time.Time
	err     string
	ended   bool
}

// hits searches lines of JSON since a time. What is not such a line is passed over.
func hits(tail []byte, since time.Time) []*hit {
	var all []*hit
	lines := bufio.NewScanner(bytes.NewReader(tail))
	lines.Buffer(nil, logTail+1)
	for lines.Scan() {
		var l struct {
			Time         time.Time
			Msg, Service string
			Err, Reason  any
		}
		if json.Unmarshal(lines.Bytes(), &l) != nil || l.Time.Before(since) {
			continue
		}
		for _, h := range all {
			if slices.Contains(h.over, l.Msg) && l.Service == h.service {
				h.ended = true
			}
		}
		for i := range knownFailures {
			k := &knownFailures[i]
			if !strings.Contains(l.Msg, k.message) {
				continue
			}
			at := slices.IndexFunc(all, func(h *hit) bool { return h.known == k && h.service == l.Service })
			if at < 0 {
				if len(all) == maxHits {
					continue
				}
				at = len(all)
				all = append(all, &hit{known: k, service: l.Service})
			}
			h := all[at]
			h.count, h.last, h.err, h.ended = h.count+1, l.Time, "", false
			for _, v := range []any{l.Reason, l.Err} {
				if s, ok := v.(string); ok {
					h.err = s
				}
			}
		}
	}
	return all
}

// readTail returns the last whole lines of a file.
func readTail(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	cut := info.Size() > logTail
	if cut {
		if _, err := f.Seek(-logTail, io.SeekEnd); err != nil {
			return nil, err
		}
	}
	tail, err := io.ReadAll(io.LimitReader(f, logTail))
	if err != nil {
		return nil, err
	}
	if cut {
		_, tail, _ = bytes.Cut(tail, []byte("\n"))
	}
	return tail, nil
}
