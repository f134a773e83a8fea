package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"libration/internal/app/bot"
	"libration/internal/text"
)

// muteSeconds is how long the bot mutes those who ask for it.
const muteSeconds = 60

// echoBot is the demo's bot: it knows nothing of the service but its WebSocket, as
// a bot in any language.
type echoBot struct {
	log      *slog.Logger
	language text.Language
	greet    int64 // the group to say hello in
	greeted  bool
	sent     int
	pictures int
	mutes    map[string]*bot.Frame // by echo: who asked to be muted, until it is answered
}

// handle reacts to one frame.
func (b *echoBot) handle(ctx context.Context, c *bot.Conn, frame []byte) error {
	f, err := bot.Parse(frame)
	if err != nil {
		b.log.Warn("frame not understood", "err", err)
		return nil
	}
	switch {
	case f.PostType == "meta_event" && !b.greeted:
		b.greeted = true
		b.send(ctx, c, &bot.Frame{MessageType: "group", GroupID: b.greet}, bot.Text(hello.In(b.language)))
	case f.NoticeType == "group_increase" && f.UserID != f.SelfID:
		b.send(ctx, c, &bot.Frame{MessageType: "group", GroupID: f.GroupID}, bot.At(f.UserID), bot.Text(" "+welcomeMember.In(b.language)))
	case f.RequestType == "friend":
		b.call(ctx, c, "set_friend_add_request", map[string]any{"flag": f.Flag, "approve": true})
	case f.MessageType == "group" && f.UserID != f.SelfID && isMuteMe(f):
		echo := b.call(ctx, c, "set_group_ban", map[string]any{"group_id": f.GroupID, "user_id": f.UserID, "duration": muteSeconds})
		b.mutes[echo] = f
	case f.PostType == "message":
		if answer := b.answer(f); answer != nil {
			b.send(ctx, c, f, answer...)
		}
	case f.Status != "":
		b.answered(ctx, c, f)
	}
	return nil
}

// answered looks at a response. It writes to somebody who could not be muted.
func (b *echoBot) answered(ctx context.Context, c *bot.Conn, f *bot.Frame) {
	var echo string
	_ = json.Unmarshal(f.Echo, &echo) // "" for what was not ours
	asked := b.mutes[echo]
	delete(b.mutes, echo)
	if f.Status != "failed" {
		return
	}
	b.log.Warn("action failed", "retcode", f.RetCode, "wording", f.Wording)
	if asked != nil {
		b.send(ctx, c, asked, bot.Text(mayNotMute.In(b.language)))
	}
}

// isMuteMe tells whether the sender wants to be silent.
func isMuteMe(f *bot.Frame) bool {
	text, _ := content(f)
	return strings.EqualFold(text, "mute me") || text == "禁言我"
}

// answer is what the bot says to a message, nil for nothing.
func (b *echoBot) answer(f *bot.Frame) []bot.Segment {
	if f.UserID == f.SelfID {
		return nil
	}
	text, mentioned := content(f)
	switch word, rest, _ := strings.Cut(text, " "); {
	case strings.EqualFold(text, "ping"):
		return []bot.Segment{bot.Text("pong")}
	case strings.EqualFold(text, "picture"), text == "图片":
		b.pictures++
		return []bot.Segment{bot.Image(picture(8 * math.Sin(float64(b.pictures))))}
	case strings.EqualFold(word, "/echo") && strings.TrimSpace(rest) != "":
		return []bot.Segment{bot.Reply(f.MessageID), bot.Text(strings.TrimSpace(rest))}
	case mentioned || f.MessageType == "private":
		return []bot.Segment{bot.Text(hint.In(b.language))}
	}
	return nil
}

// content is the text of a message, and whether it mentions the account.
func content(f *bot.Frame) (text string, mentioned bool) {
	var b strings.Builder
	for _, s := range f.Message {
		switch s.Type {
		case "text":
			fmt.Fprint(&b, s.Data["text"])
		case "at":
			mentioned = mentioned || s.Data["qq"] == strconv.FormatInt(f.SelfID, 10)
		}
	}
	return strings.TrimSpace(b.String()), mentioned
}

// send answers into the chat of a message. A connection that is gone is noticed
// when reading.
func (b *echoBot) send(ctx context.Context, c *bot.Conn, to *bot.Frame, segments ...bot.Segment) {
	params := map[string]any{"message_type": to.MessageType, "message": segments}
	if to.MessageType == "group" {
		params["group_id"] = to.GroupID
	} else {
		params["user_id"] = to.UserID
	}
	b.call(ctx, c, "send_msg", params)
}

// call asks for an action and returns the echo of its response.
func (b *echoBot) call(ctx context.Context, c *bot.Conn, action string, params map[string]any) string {
	b.sent++
	echo := "demo-" + strconv.Itoa(b.sent)
	if _, err := c.Send(ctx, action, params, echo); err != nil && ctx.Err() == nil {
		b.log.Warn("request not sent", "action", action, "err", err)
	}
	return echo
}
