package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"libration/gateway/table"
	"libration/internal/config"
	"libration/onebot"
)

// play is a program whose bot goes through the script.
type play struct {
	*program
	t      *testing.T
	at     string          // the line, for failures
	bot    *websocket.Conn // nil: it calls by HTTP
	frames chan []byte     // that the bot got
	calls  int
	texts  map[string]string
	newest map[string]json.RawMessage // data of actions, "api" and events
	heard  int                        // events that newest has
	made   []table.Example
}

func newPlay(t *testing.T, byWebSocket bool, change ...func(*config.Config)) *play {
	time.Sleep(time.Until(time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC))) // noon, as the service has it
	made, err := newProgram(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p := &play{program: made, t: t, texts: map[string]string{}, newest: map[string]json.RawMessage{}}
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
	if err := p.thief.Close(); err != nil { // the port is free
		t.Fatal(err)
	}
	p.config.OneBot.Connections[0].PollQueue = 1000
	for _, f := range change {
		f(p.config)
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if err := p.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The connections open beside the event bot_online, which may wait for get_updates then.
	if _, _, err := p.call(t.Context(), "get_updates", json.RawMessage(`{"timeout":1}`)); err != nil {
		t.Fatal(err)
	}
	if byWebSocket {
		all, err := p.Endpoints(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.bot, _, err = websocket.Dial(t.Context(), "ws://"+all[1].Addr.String()+"/api", &websocket.DialOptions{
			HTTPClient: p.client, HTTPHeader: http.Header{"Authorization": {"Bearer " + token}},
		})
		if err != nil {
			t.Fatal(err)
		}
		p.bot.SetReadLimit(-1)
		p.frames = make(chan []byte, 100)
		var reading sync.WaitGroup
		reading.Go(func() { // always, as pings are answered by it
			defer close(p.frames)
			for {
				_, frame, err := p.bot.Read(context.Background()) // until it is closed
				if err != nil {
					return
				}
				p.frames <- frame
			}
		})
		t.Cleanup(func() {
			_ = p.bot.CloseNow()
			reading.Wait()
		})
	}
	return p
}

func (p *play) fatal(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s\n%s", p.at, fmt.Sprintf(format, args...))
}

// line does what a line of the script says. A second passes after it.
func (p *play) line(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#":
		return
	case "##": // so that a new line does not change the times of all behind it
		const long = 10 * time.Minute
		time.Sleep(time.Until(time.Now().Truncate(long).Add(long)))
		return
	case "let":
		name, value, _ := strings.Cut(rest, " ")
		p.texts[name] = value
		return
	case "GET", "POST", "PATCH", "DELETE":
		path, body, _ := strings.Cut(p.filled(rest), " ")
		p.newest["api"] = p.control(word, path, body)
	case "fails", "async":
		action, params, _ := strings.Cut(p.filled(rest), " ")
		p.example(action, params, map[string]string{"fails": onebot.StatusFailed, "async": onebot.StatusAsync}[word])
	default:
		status := onebot.StatusOK
		if p.bot != nil && slices.Contains(onlyByHTTP, word) {
			status = onebot.StatusFailed
		}
		p.example(word, p.filled(rest), status)
	}
	time.Sleep(time.Second)
	synctest.Wait()
	p.hear()
}

// control asks the sandbox's control API for something that it does.
func (p *play) control(method, path, body string) json.RawMessage {
	status, answer := p.asks(method, path, body)
	if status/100 != 2 {
		p.fatal("%d %s", status, answer)
	}
	return answer
}

// asks asks the sandbox's control API.
func (p *play) asks(method, path, body string) (status int, answer []byte) {
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.config.Server.Sandbox.Control+path, strings.NewReader(body))
	if err != nil {
		p.fatal("%v", err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(r)
	if err != nil {
		p.fatal("%v", err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		p.fatal("%v", err)
	}
	return response.StatusCode, answer
}

// hear takes the events that came since.
func (p *play) hear() {
	p.mobile.mu.Lock()
	defer p.mobile.mu.Unlock()
	frames := p.mobile.frames["/ws"]
	for _, frame := range frames[p.heard:] {
		var e struct {
			Post string `json:"post_type"`
		}
		if json.Unmarshal(frame, &e) == nil && e.Post != "" {
			p.newest[e.Post] = frame
		}
	}
	p.heard = len(frames)
}

var exampleVariable = regexp.MustCompile(`\$\{([^}]+)\}`)

// filled replaces the variables of a line.
func (p *play) filled(line string) string {
	return exampleVariable.ReplaceAllStringFunc(line, func(variable string) string {
		name, path, _ := strings.Cut(variable[2:len(variable)-1], ".")
		if text, ok := p.texts[name]; ok {
			return text
		}
		raw, ok := p.newest[name]
		if !ok {
			p.fatal("nothing is known of %s", variable)
		}
		for path != "" {
			var step string
			step, path, _ = strings.Cut(path, ".")
			var fields map[string]json.RawMessage
			var items []json.RawMessage
			if n, err := strconv.Atoi(step); err == nil && json.Unmarshal(raw, &items) == nil && n < len(items) {
				raw = items[n]
			} else if json.Unmarshal(raw, &fields) == nil && fields[step] != nil {
				raw = fields[step]
			} else {
				p.fatal("%s: no %q in %s", variable, step, raw)
			}
		}
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return text
		}
		return string(raw)
	})
}

// example calls an action and looks at what it answers.
func (p *play) example(action, params, status string) {
	row := onebot.Table().Find(action)
	if row == nil || !row.Works() {
		p.fatal("there is no action %q", action)
	}
	e := table.Example{Action: action, Params: json.RawMessage(params)}
	for _, answer := range p.answers(&row.Info, params) {
		var envelope struct {
			Status string
			Data   json.RawMessage
		}
		if err := json.Unmarshal(answer, &envelope); err != nil || envelope.Status != status {
			p.fatal("%s %s: got %s, %v", action, params, answer, err)
		}
		p.newest[action] = envelope.Data
		result := row.Result()
		if status == onebot.StatusFailed {
			result = &table.Type{Kind: table.Nothing}
		}
		for _, wrong := range misshapen(result, envelope.Data, "data") {
			p.t.Errorf("%s\n%s in %s", p.at, wrong, answer)
		}
		e.Answers = append(e.Answers, p.steady(answer))
	}
	e.Params = p.steady(e.Params)
	if !slices.ContainsFunc(p.made, func(other table.Example) bool { return other.Action == action }) {
		p.made = append(p.made, e)
	}
}

// answers calls an action as bots do, and returns each frame of its answer.
func (p *play) answers(row *table.Info, params string) (all []json.RawMessage) {
	if p.bot == nil {
		body, _, err := p.call(p.t.Context(), row.Name, json.RawMessage(params))
		if err != nil {
			p.fatal("%v", err)
		}
		for frames := json.NewDecoder(bytes.NewReader(body)); ; {
			var frame json.RawMessage
			if err := frames.Decode(&frame); errors.Is(err, io.EOF) {
				return all
			} else if err != nil {
				p.fatal("%v in %s", err, body)
			}
			all = append(all, frame)
		}
	}
	p.calls++
	echo := fmt.Sprintf(`,"echo":%d}`, p.calls)
	if err := p.bot.Write(p.t.Context(), websocket.MessageText, fmt.Appendf(nil, `{"action":%q,"params":%s%s`, row.Name, params, echo)); err != nil {
		p.fatal("%v", err)
	}
	for {
		frame, open := <-p.frames
		if !open {
			p.fatal("the connection is closed")
		}
		answer, echoed := strings.CutSuffix(string(frame), echo)
		if !echoed {
			p.fatal("got %s, want it to end with %s", frame, echo)
		}
		all = append(all, json.RawMessage(answer+"}"))
		if !row.Several() || !strings.Contains(answer, `"type":"stream"`) {
			return all
		}
	}
}
