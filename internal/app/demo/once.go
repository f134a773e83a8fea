package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"libration/internal/app/bot"
	"libration/internal/network"
	"libration/internal/text"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// stepTimeout is how long each step of the exchange may take.
const stepTimeout = 20 * time.Second

// shownFrame is how much of a frame the transcript shows, in bytes.
const shownFrame = 600

// These name the bot's requests.
const (
	answerEcho  = "answer"
	pictureEcho = "picture"
	welcomeEcho = "welcome"
	muteEcho    = "mute"
	friendEcho  = "friend"
)

// once plays the exchange: each step is printed when it has been seen.
func (p *play) once(ctx context.Context) error {
	x := exchange{play: p}
	defer x.close()
	for _, s := range []struct {
		title text.Text
		play  func(context.Context) error
	}{
		{stepConnect, x.connect},
		{stepAsk, x.ask},
		{stepSeen, x.see},
		{stepReply, x.reply},
		{stepDone, x.confirmed},
		{stepArrived, x.arrived},
		{stepPicture, x.sendPicture},
		{stepShown, x.shown},
		{stepRecall, x.recall},
		{stepNotice, x.noticed},
		{stepJoin, x.join},
		{stepJoined, x.welcome},
		{stepWelcome, x.welcomed},
		{stepMute, x.mute},
		{stepMuted, x.muted},
		{stepWish, x.wish},
		{stepAccept, x.accept},
		{stepFriends, x.friends},
	} {
		if err := p.step(ctx, s.title, s.play); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.Out, "\n"+onceEnd.In(p.Language), time.Since(p.began).Seconds())
	return nil
}

// exchange is what the steps of once know of those before them.
type exchange struct {
	*play
	conn     *bot.Conn             // the bot's
	happened <-chan world.Activity // in the world, since the bot connected
	unwatch  func()
	asked    struct{ Sequence uint64 } // Alice's message, as the sandbox knows it
	seen     *bot.Frame                // the same, as the bot got it
	drawn    []byte                    // the bot's picture
	newcomer struct{ UIN message.UIN } // who joins the group
}

func (x *exchange) close() {
	if x.conn != nil {
		x.conn.Close()
	}
	if x.unwatch != nil {
		x.unwatch()
	}
}

func (x *exchange) connect(ctx context.Context) (err error) {
	if x.conn, err = bot.Dial(ctx, x.ws, ""); err != nil {
		return err
	}
	if _, err = x.await(ctx, x.conn, func(f *bot.Frame) bool { return f.PostType == "meta_event" }); err != nil {
		return err
	}
	x.happened, x.unwatch = x.world.Watch(64)
	return nil
}

func (x *exchange) ask(ctx context.Context) error {
	message := map[string]any{"as": alice, "group": group, "text": onceQuestion.In(x.Language)}
	return x.post(ctx, "/api/send", message, &x.asked)
}

func (x *exchange) see(ctx context.Context) (err error) {
	x.seen, err = x.await(ctx, x.conn, func(f *bot.Frame) bool {
		return f.PostType == "message" && f.GroupID == int64(group) && f.RawMessage == onceQuestion.In(x.Language)
	})
	return err
}

func (x *exchange) reply(ctx context.Context) error {
	frame, err := x.conn.Send(ctx, "send_group_msg", map[string]any{
		"group_id": x.seen.GroupID,
		"message":  []bot.Segment{bot.Reply(x.seen.MessageID), bot.Text(onceAnswer.In(x.Language))},
	}, answerEcho)
	x.show("->", frame)
	return err
}

func (x *exchange) confirmed(ctx context.Context) error { return x.done(ctx, answerEcho) }

// done waits for the response to a request.
func (x *exchange) done(ctx context.Context, echo string) error {
	f, err := x.await(ctx, x.conn, func(f *bot.Frame) bool { return f.IsEcho(echo) })
	if err == nil && f.Status != "ok" {
		err = text.Errorf("retcode %d: %s", "retcode %d：%s", f.RetCode, f.Wording)
	}
	return err
}

func (x *exchange) arrived(ctx context.Context) error {
	reply, err := awaitReply(ctx, x.happened)
	if err == nil {
		x.show("  ", fmt.Appendf(nil, "%s: %s", reply.Sender.Nickname, plain(reply.Content())))
	}
	return err
}

func (x *exchange) sendPicture(ctx context.Context) error {
	x.drawn = picture(0)
	frame, err := x.conn.Send(ctx, "send_group_msg", map[string]any{
		"group_id": x.seen.GroupID, "message": []bot.Segment{bot.Image(x.drawn)},
	}, pictureEcho)
	if err != nil {
		return err
	}
	x.show("->", frame)
	return x.done(ctx, pictureEcho)
}

// shown reads the picture where Alice's client would download it from.
func (x *exchange) shown(ctx context.Context) error {
	m, err := awaitReply(ctx, x.happened)
	if err != nil {
		return err
	}
	s, ok := m.Content()[0].(*message.ImageSegment)
	if !ok || len(s.SHA1) != 20 {
		return text.Errorf("%s came in its place", "收到的却是 %s", m.Content()[0].Name())
	}
	content, _, err := x.world.Media().Open([20]byte(s.SHA1))
	if err != nil {
		return err
	}
	defer content.Close()
	got, err := io.ReadAll(content)
	if err == nil && !bytes.Equal(got, x.drawn) {
		err = text.Errorf("%d other bytes came", "收到了不同的 %d 字节", len(got))
	}
	if err == nil {
		x.show("  ", fmt.Appendf(nil, "%s: %s, %d x %d, %d bytes", m.Sender.Nickname, s.Medium.Name, s.Width, s.Height, len(got)))
	}
	return err
}

func (x *exchange) recall(ctx context.Context) error {
	return x.post(ctx, "/api/recall", map[string]any{"as": alice, "group": group, "sequence": x.asked.Sequence}, nil)
}

func (x *exchange) noticed(ctx context.Context) error {
	_, err := x.await(ctx, x.conn, func(f *bot.Frame) bool {
		return f.NoticeType == "group_recall" && f.MessageID == x.seen.MessageID
	})
	return err
}

// step prints the title and plays; the error names the step.
func (p *play) step(ctx context.Context, title text.Text, play func(context.Context) error) error {
	fmt.Fprintf(p.Out, "* %s\n", title.In(p.Language))
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	err := play(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = text.Errorf("not seen within %v", "%v 内未出现", stepTimeout)
	}
	if err != nil {
		return text.Errorf("step %q: %v", "步骤 %q：%v", title.EN, err)
	}
	return nil
}

// await reads frames until one is as wanted, and shows that one.
func (p *play) await(ctx context.Context, conn *bot.Conn, wanted func(*bot.Frame) bool) (*bot.Frame, error) {
	for {
		frame, err := conn.Read(ctx)
		if err != nil {
			return nil, err
		}
		f, err := bot.Parse(frame)
		if err != nil {
			return nil, err
		}
		if wanted(f) {
			p.show("<-", frame)
			return f, nil
		}
	}
}

// awaitReply waits for a message of the account in the group, and returns it as
// Alice sees it.
func awaitReply(ctx context.Context, happened <-chan world.Activity) (*world.Message, error) {
	a, err := awaitActivity(ctx, happened, func(a *world.Activity) bool {
		return a.Kind == world.ActivityMessage && a.User == account && a.Group == group
	})
	if err != nil {
		return nil, err
	}
	return a.Message, nil
}

// awaitActivity waits until something wanted happens in the world.
func awaitActivity(ctx context.Context, happened <-chan world.Activity, wanted func(*world.Activity) bool) (*world.Activity, error) {
	for {
		select {
		case a, ok := <-happened:
			if !ok {
				return nil, text.Errorf("too much happens in the sandbox at once", "沙盒中同时发生的事情过多")
			}
			if wanted(&a) {
				return &a, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// plain is what of a message the transcript shows.
func plain(content message.Content) string {
	var b strings.Builder
	for _, s := range content {
		switch s := s.(type) {
		case *message.ReplySegment:
			fmt.Fprintf(&b, "[↩ #%d] ", s.Sequence)
		case *message.TextSegment:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// show prints a frame, shortened, after a sign for its direction.
func (p *play) show(direction string, frame []byte) {
	more := ""
	if len(frame) > shownFrame {
		frame = frame[:shownFrame]
		for len(frame) > 0 && !utf8.Valid(frame) {
			frame = frame[:len(frame)-1]
		}
		more = " ..."
	}
	fmt.Fprintf(p.Out, "    %s %s%s\n", direction, frame, more)
}

// post calls the sandbox's control API and shows the request.
func (p *play) post(ctx context.Context, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	p.show("->", fmt.Appendf(nil, "POST %s %s", path, text))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.control+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	client := network.Network{}.Client()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("HTTP %s: %s", response.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
