package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

	"libration/internal/admin"
	"libration/internal/progress"
	"libration/internal/text"
)

const (
	lineName    = 24       // characters
	maxTransfer = 64 << 10 // bytes of one event
)

// ShowTransfers draws the uploads and downloads of the account on a terminal, in one line
// that is gone at the end, until ctx ends. It draws nothing where the installation cannot
// be asked.
func (o *Owner) ShowTransfers(ctx context.Context, out io.Writer, language text.Language) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"/transfers", nil)
	if err != nil {
		return
	}
	if o.token != "" {
		request.Header.Set("Authorization", "Bearer "+o.token)
	}
	patient := http.Client{Transport: o.client.Transport} // it lasts as long as what is shown
	response, err := patient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Header.Get("Server") != admin.ServerHeader {
		return
	}
	line := transferLine{out: out, language: language, running: map[uint64]admin.Transfer{}}
	defer line.clear()
	events := bufio.NewScanner(response.Body)
	events.Buffer(nil, maxTransfer)
	for events.Scan() {
		data, ok := strings.CutPrefix(events.Text(), "data: ")
		if !ok {
			continue
		}
		var t admin.Transfer
		if json.Unmarshal([]byte(data), &t) == nil && (o.account == "" || t.Account == o.account) {
			line.show(t)
		}
	}
}

// transferLine is the line on the terminal.
type transferLine struct {
	out      io.Writer
	language text.Language
	running  map[uint64]admin.Transfer
	drawn    bool
}

// show draws the line anew: of several transfers the newest.
func (l *transferLine) show(t admin.Transfer) {
	if t.State != admin.TransferRunning {
		delete(l.running, t.ID)
	} else {
		l.running[t.ID] = t
	}
	var newest admin.Transfer
	for _, r := range l.running {
		if r.ID > newest.ID {
			newest = r
		}
	}
	l.clear()
	if newest.ID == 0 {
		return
	}
	more := ""
	if n := len(l.running) - 1; n > 0 {
		more = fmt.Sprintf(" (+%d)", n)
	}
	progress.Draw(l.out, l.text(newest)+more)
	l.drawn = true
}

func (l *transferLine) clear() {
	if l.drawn {
		progress.Clear(l.out)
		l.drawn = false
	}
}

// text is like "upload picture [#####---------------] 25% / 27.0 MiB, block, cat.png".
func (l *transferLine) text(t admin.Transfer) string {
	s := word(t.Direction).In(l.language) + " " + word(t.Kind).In(l.language)
	if t.Total > 0 {
		s += " " + progress.Bar(int64(t.Done), int64(t.Total))
	}
	s += ", " + word(t.Step).In(l.language)
	if name := shortName(t.Name); name != "" {
		s += ", " + name
	}
	return s
}

// words are what people read of the directions, kinds and steps of transfers.
var words = map[string]text.Text{
	"upload":   text.T("upload", "上传"),
	"download": text.T("download", "下载"),

	"image":  text.T("picture", "图片"),
	"record": text.T("voice", "语音"),
	"video":  text.T("video", "视频"),
	"file":   text.T("file", "文件"),

	"wait":    text.T("waiting", "等待中"),
	"fetch":   text.T("reading", "读取"),
	"convert": text.T("converting", "转换"),
	"hash":    text.T("hashing", "计算校验值"),
	"reserve": text.T("asking for a place", "申请上传"),
	"block":   text.T("transferring", "传输"),
	"publish": text.T("finishing", "收尾"),
	"send":    text.T("sending", "发送"),
}

// word is one of words, or as it came.
func word(s string) text.Text {
	if t, ok := words[s]; ok {
		return t
	}
	return text.Same(shortName(s))
}

// shortName is a name that does no harm on a terminal: others may have chosen it.
func shortName(name string) string {
	clean := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name))
	if len(clean) > lineName {
		clean = append(clean[:lineName-1], '…')
	}
	return string(clean)
}
