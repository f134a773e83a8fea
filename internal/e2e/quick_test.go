package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/config"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox/world"
)

const quickGroup = message.GroupCode(730000002) // the bot owns it

// quickCase is what somebody new does, what the bot answers to the event of it, and what is
// true then. In what it does and answers, $uin is the number of who does it.
type quickCase struct {
	name string
	// does are requests of the control API; the last one makes the event.
	does      []string
	operation string
	then      func(q *quickWorld, uin message.UIN) (problem string)
}

// says are requests by which who is new joins the group, and writes there.
var says = []string{
	`POST /api/groups/730000002/members {"uin":$uin}`,
	`POST /api/send {"as":$uin,"group":730000002,"text":"hello"}`,
}

// writes is a private message of a friend.
var writes = []string{`POST /api/friends {"a":10001,"b":$uin}`, `POST /api/send {"as":$uin,"to":10001,"text":"hello"}`}

var (
	asksFriend = []string{`POST /api/friend-requests {"from":$uin,"to":10001,"text":"please"}`}
	asksGroup  = []string{`POST /api/groups/730000002/requests {"uin":$uin,"text":"please"}`}
	invites    = []string{`POST /api/groups {"name":"party","owner":$uin}`, `POST /api/groups/$code/invitations {"uin":10001}`}
)

func quickCases() []quickCase {
	return []quickCase{
		{"nothing", says, `{}`, replied("hello")},
		{"what is not known", says, `{"later":{"a":[1]},"reply":null,"kick":null,"delete":"0"}`, replied("hello")},
		{"a reply with CQ codes", says, `{"reply":"hi [CQ:face,id=14]"}`, replied("hi [face 14]")},
		{"a reply of segments", says, `{"reply":[{"type":"text","data":{"text":"hi"}}]}`, replied("hi")},
		{"a reply of one segment", says, `{"reply":{"type":"text","data":{"text":"hi"}}}`, replied("hi")},
		{"a reply that is a number", says, `{"reply":5}`, replied("5")},
		{"auto_escape", says, `{"reply":"[CQ:face,id=14]","auto_escape":"yes"}`, replied("[CQ:face,id=14]")},
		{"auto_escape of segments", says, `{"reply":[{"type":"face","data":{"id":"14"}}],"auto_escape":true}`, replied("[face 14]")},
		{"at_sender", says, `{"reply":"hi","at_sender":1}`, replied("[at $uin]hi")},
		{"at_sender false", says, `{"reply":"hi","at_sender":false}`, replied("hi")},
		{"a private reply", writes, `{"reply":"hi","at_sender":true,"delete":true,"kick":true}`, repliedAlone("hi")},
		{"delete", says, `{"delete":"true"}`, recalled},
		{"kick", says, `{"kick":true}`, kicked(false)},
		{"kick for ever", says, `{"kick":"1","reject_add_request":true}`, kicked(true)},
		{"ban", says, `{"ban":true}`, muted(1800)},
		{"ban for a minute", says, `{"ban":true,"ban_duration":"60"}`, muted(60)},
		{"ban_duration without ban", says, `{"ban_duration":60}`, muted(0)},
		{"all at once", says, `{"reply":"out","at_sender":true,"delete":true,"ban":true,"kick":true}`, func(q *quickWorld, uin message.UIN) string {
			q.recalledIsNext = true
			return first(replied("[at $uin]out")(q, uin), recalled(q, uin), kicked(false)(q, uin))
		}},
		{"a friend is accepted", asksFriend, `{"approve":true,"remark":"my friend"}`, befriended(true, "my friend")},
		{"a friend is refused", asksFriend, `{"approve":"false","remark":"my friend"}`, befriended(false, "")},
		{"a friend without a decision", asksFriend, `{"remark":"my friend"}`, func(q *quickWorld, uin message.UIN) string {
			return first(befriended(false, "")(q, uin), q.is(q.waits(uin), "the request does not wait any more"))
		}},
		{"a member is accepted", asksGroup, `{"approve":"yes"}`, joined(quickGroup, true)},
		{"a member is refused", asksGroup, `{"approve":false,"reason":"full"}`, func(q *quickWorld, uin message.UIN) string {
			return first(joined(quickGroup, false)(q, uin),
				q.is(has(`"full"`)(q.control("GET", fmt.Sprint("/api/group-requests?user=", uin), "")), "the reason is not told"))
		}},
		{"an invitation is accepted", invites, `{"approve":true}`, func(q *quickWorld, _ message.UIN) string {
			_, in := q.box.World().Members().Find(q.code, bot)
			return q.is(in, "the bot is not in the group")
		}},
		{"an invitation is refused", invites, `{"approve":false,"reason":"no time"}`, func(q *quickWorld, _ message.UIN) string {
			_, in := q.box.World().Members().Find(q.code, bot)
			return q.is(!in, "the bot is in the group")
		}},
	}
}

// TestQuickOperations does each quick operation, as the answer of a webhook and by its action
// over HTTP and WebSocket, about events in both formats and flavours.
func TestQuickOperations(t *testing.T) {
	for _, way := range []struct {
		name, by string
		format   config.MessageFormat
		flavour  config.Flavour
		// rewritten is the event as a bot hands it back.
		rewritten func([]byte) []byte
	}{
		{"webhook, arrays", "webhook", config.FormatArray, config.FlavourLagrange, nil},
		{"webhook, texts", "webhook", config.FormatString, config.FlavourNapCat, nil},
		{"HTTP, arrays", "http", config.FormatArray, config.FlavourBoth, nil},
		{"WebSocket, texts, numbers as texts", "websocket", config.FormatString, config.FlavourNapCat, func(e []byte) []byte {
			return regexp.MustCompile(`("\w+":)(-?\d+)([,}])`).ReplaceAll(e, []byte(`$1"$2"$3`))
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				q := newQuickWorld(t, way.by, way.format, way.flavour)
				q.rewritten = way.rewritten
				for i, c := range quickCases() {
					uin := message.UIN(30001 + i)
					q.play.at = c.name
					q.control("POST", "/api/users", fmt.Sprintf(`{"uin":%d,"nickname":"N%d"}`, uin, uin))
					q.answer(c, uin)
					if problem := c.then(q, uin); problem != "" {
						t.Errorf("%s: %s", c.name, problem)
					}
					time.Sleep(time.Second) // what the check caused is no event of the next one
					synctest.Wait()
				}
			})
		})
	}
}

// quickWorld is a program whose bot answers events.
type quickWorld struct {
	*play
	by        string
	rewritten func([]byte) []byte
	code      message.GroupCode // of the newest group
	// recalledIsNext says that a reply came after the message that was recalled.
	recalledIsNext bool
}

func newQuickWorld(t *testing.T, by string, format config.MessageFormat, flavour config.Flavour) *quickWorld {
	q := &quickWorld{by: by}
	q.play = newPlay(t, by == "websocket", func(c *config.Config) {
		c.OneBot.Flavour = flavour
		for i := range c.OneBot.Connections {
			c.OneBot.Connections[i].Format = format
		}
	})
	return q
}

// answer makes the event, and answers it.
func (q *quickWorld) answer(c quickCase, uin message.UIN) {
	for i, request := range c.does {
		request = strings.NewReplacer("$uin", fmt.Sprint(uin), "$code", fmt.Sprint(q.code)).Replace(request)
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		if last := i == len(c.does)-1; last && q.by == "webhook" {
			q.mobile.note(func() {
				q.mobile.answer = func(e []byte) (operation string) {
					if has(`"post_type":"message"`)(e) || has(`"post_type":"request"`)(e) {
						operation, q.mobile.answer = c.operation, nil
					}
					return operation
				}
			})
		}
		answer := q.control(method, path, body)
		var made struct{ Code message.GroupCode }
		if json.Unmarshal(answer, &made) == nil && made.Code != 0 {
			q.code = made.Code
		}
		time.Sleep(time.Second)
		synctest.Wait()
		q.hear()
	}
	event := q.newest["request"]
	if strings.Contains(c.does[len(c.does)-1], "/api/send") {
		event = q.newest["message"]
	}
	if !has(`"event_id":`)(event) {
		q.t.Errorf("%s: the event has no event_id: %s", c.name, event)
	}
	if q.by != "webhook" {
		if q.rewritten != nil {
			event = q.rewritten(event)
		}
		for _, answer := range q.answers(&onebot.Table().Find(".handle_quick_operation").Info, fmt.Sprintf(`{"context":%s,"operation":%s}`, event, c.operation)) {
			if !has(`"status":"ok"`)(answer) {
				q.t.Errorf("%s: got %s for %s", c.name, answer, event)
			}
		}
	}
	time.Sleep(5 * time.Second)
	synctest.Wait()
}

func (q *quickWorld) is(ok bool, problem string) string {
	if ok {
		return ""
	}
	return problem
}

func first(problems ...string) string {
	for _, p := range problems {
		if p != "" {
			return p
		}
	}
	return ""
}

// written is a message as the checks have it.
func written(m world.Listed) string {
	var b bytes.Buffer
	for _, part := range m.Parts {
		switch s := part.Segment.(type) {
		case *message.TextSegment:
			b.WriteString(s.Text)
		case *message.FaceSegment:
			fmt.Fprintf(&b, "[face %d]", s.ID)
		case *message.AtSegment:
			fmt.Fprintf(&b, "[at %d]", s.UIN)
		default:
			fmt.Fprintf(&b, "[%s]", s.Name())
		}
	}
	return b.String()
}

// replied: the newest message of the group is this one.
func replied(want string) func(*quickWorld, message.UIN) string {
	return func(q *quickWorld, uin message.UIN) string {
		got := written(q.box.World().History().Newest(quickGroup, 0, 0, 1)[0])
		want := strings.ReplaceAll(want, "$uin", fmt.Sprint(uin))
		return q.is(got == want, fmt.Sprintf("the newest message is %q, want %q", got, want))
	}
}

// repliedAlone is replied in the private chat.
func repliedAlone(want string) func(*quickWorld, message.UIN) string {
	return func(q *quickWorld, uin message.UIN) string {
		newest := q.box.World().History().Newest(0, bot, uin, 2)
		if len(newest) != 2 || newest[0].Recalled {
			return "the chat has not two messages"
		}
		got := written(newest[1])
		return q.is(got == want, fmt.Sprintf("the newest message is %q, want %q", got, want))
	}
}

// recalled: what was written is taken back.
func recalled(q *quickWorld, _ message.UIN) string {
	n := 1
	if q.recalledIsNext {
		n = 2
	}
	return q.is(q.box.World().History().Newest(quickGroup, 0, 0, n)[0].Recalled, "the message is still there")
}

// kicked: who wrote is out of the group, and may ask again or not.
func kicked(forEver bool) func(*quickWorld, message.UIN) string {
	return func(q *quickWorld, uin message.UIN) string {
		if _, in := q.box.World().Members().Find(quickGroup, uin); in {
			return "who wrote is still there"
		}
		status, answer := q.asks("POST", "/api/groups/730000002/requests", fmt.Sprintf(`{"uin":%d}`, uin))
		return q.is((status/100 != 2) == forEver, fmt.Sprintf("who asks again gets %d %s", status, answer))
	}
}

// muted: who wrote may not write for so long.
func muted(seconds int64) func(*quickWorld, message.UIN) string {
	return func(q *quickWorld, uin message.UIN) string {
		m, in := q.box.World().Members().Find(quickGroup, uin)
		left := max(m.MuteUntil-time.Now().Unix(), 0)
		return q.is(in && left <= seconds && left > seconds-15, fmt.Sprintf("muted for %d seconds, want about %d", left, seconds))
	}
}

func befriended(want bool, remark string) func(*quickWorld, message.UIN) string {
	return func(q *quickWorld, uin message.UIN) string {
		for _, f := range q.box.World().Friends().List(bot) {
			if f.User.UIN == uin {
				return q.is(want && f.Remark == remark, fmt.Sprintf("a friend with the remark %q", f.Remark))
			}
		}
		return q.is(!want, "no friend")
	}
}

func joined(group message.GroupCode, want bool) func(*quickWorld, message.UIN) string {
	return func(q *quickWorld, uin message.UIN) string {
		_, in := q.box.World().Members().Find(group, uin)
		return q.is(in == want, fmt.Sprintf("in the group: %t, want %t", in, want))
	}
}

// waits tells whether the friend request of somebody waits for an answer.
func (q *quickWorld) waits(uin message.UIN) bool {
	return has(`"state":"pending"`)(q.control("GET", fmt.Sprint("/api/friend-requests?user=", uin), ""))
}
