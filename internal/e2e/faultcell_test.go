//go:build endurance

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"libration/internal/app"
	"libration/ntqq"
	"libration/sandbox/fault"
)

// strikeTime is a log handler that notes when a sandbox's first fault struck.
type strikeTime struct {
	once   sync.Once
	at     time.Time
	struck chan struct{} // closed then; at is final
}

func (s *strikeTime) log() *slog.Logger { return slog.New(s) }

// Enabled implements slog.Handler, as the next three methods do.
func (s *strikeTime) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (s *strikeTime) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "fault strikes" {
		s.note()
	}
	return nil
}

func (s *strikeTime) WithAttrs([]slog.Attr) slog.Handler { return s }
func (s *strikeTime) WithGroup(string) slog.Handler      { return s }

func (s *strikeTime) note() {
	s.once.Do(func() {
		s.at = time.Now()
		close(s.struck)
	})
}

// cellRun is a cell under way.
type cellRun struct {
	*program
	cell   *cell
	struck *strikeTime
	said   []string          // by Alice, while the fault was on
	sent   chan sendingEnded // of the message under way, nil: none
	result sendingEnded
}

// sendingEnded is how a message that the bot sent ended.
type sendingEnded struct {
	answer []byte
	ok     bool
	err    error
}

// ownText is what the bot sends.
const ownText = "from the bot"

// startStages are those that a start passes through, with what it finds of a saved
// session; nil: there is none. The others are of an account that is online.
var startStages = map[string]func(*ntqq.Keystore){
	"any": onlyA1, "qr": nil, "login": nil, "key-exchange": onlyA1, "easy-login": onlyA1,
	"unusual-login": onlyA1, "password": nil,
	"register": whole, "history": whole, "contacts": whole, "sync-push": whole,
}

// do brings the program to the stage with the fault switched on.
func (c *cellRun) do(ctx context.Context) error {
	saved, start := startStages[c.cell.stage.Name]
	if c.cell.pushes() && c.cell.stage.Name == "any" { // the first push of messages
		start = false
	}
	if !start {
		saved = whole
	}
	if saved != nil {
		if err := c.saveSession(ctx, saved); err != nil {
			return err
		}
	} else { // the observer connects when the account's number is known
		c.config.Account.UIN = bot
	}
	c.thief.Close()
	// Nobody gets in until the observer is there, so that it misses no notice.
	c.door.shut.Store(math.MaxInt32)
	if err := c.start(); err != nil {
		return err
	}
	if _, err := c.mobile.await(ctx, "/observe", has(`"lifecycle"`)); err != nil {
		return fmt.Errorf("the observer is not connected: %w", err)
	}
	if start {
		if err := c.arm(); err != nil {
			return err
		}
		c.door.shut.Store(0)
	} else {
		c.door.shut.Store(0)
		if err := c.ready(ctx); err != nil {
			return fmt.Errorf("before the fault: %w", err)
		}
		if err := c.answers(ctx); err != nil {
			return fmt.Errorf("before the fault: %w", err)
		}
		synctest.Wait() // nothing is under way
		if err := c.arm(); err != nil {
			return err
		}
		if err := c.pass(ctx); err != nil {
			return err
		}
	}
	return c.awaitStrike(ctx)
}

func (c *cellRun) arm() error {
	if c.cell.kind.Name == fault.TimeSkew {
		c.struck.note() // such faults are not told: the clock is off from now on
	}
	_, err := c.box.Faults().Add(c.cell.fault())
	return err
}

// pass has an account that is online pass through the stage.
func (c *cellRun) pass(ctx context.Context) error {
	switch c.cell.stage.Name {
	case "push", "any":
		c.tell("first")
		c.tell("second")
	case "kick-push":
		if c.box.Kick(bot, "notice", "logged in elsewhere") == 0 {
			return errors.New("nobody to kick")
		}
	case "send":
		c.send(ctx, ownText)
	case "upload":
		picture := "base64://" + base64.StdEncoding.EncodeToString(newPicture(1<<20+5, byte(c.cell.seed)))
		c.send(ctx, []map[string]any{
			{"type": "image", "data": map[string]any{"file": picture}}, {"type": "text", "data": map[string]any{"text": ownText}},
		})
	case "unregister": // the program ends and is started again
		last := len(c.ending) - 1
		stop := c.ending[last]
		c.ending = c.ending[:last]
		if err := stop(); err != nil {
			return fmt.Errorf("end before the restart: %w", err)
		}
		return c.start()
	}
	return nil // heartbeats go out by themselves
}

// send sends a message to the group.
func (c *cellRun) send(ctx context.Context, content any) {
	c.sent = make(chan sendingEnded, 1)
	go func() {
		var r sendingEnded
		r.answer, r.ok, r.err = c.call(ctx, "send_group_msg", map[string]any{"group_id": group, "message": content})
		c.sent <- r
	}()
}

// solve answers the captchas that are asked for, over the admin service as a person
// does.
func (c *cellRun) solve(ctx context.Context) error {
	addr, err := c.AdminAddr(ctx)
	if err != nil {
		return err
	}
	if _, err := c.Wait(ctx, func(s app.Status) bool { return s.Account.Step == ntqq.StepCaptcha }); err != nil {
		return fmt.Errorf("no captcha is asked for: %w", err)
	}
	solved := c.box.Captchas()[0]
	_, err = c.post(ctx, "http://"+addr.String()+"/login/captcha", map[string]string{"ticket": solved.Ticket, "randstr": solved.RandStr})
	return err
}

func (c *cellRun) tell(text string) {
	c.said = append(c.said, text)
	c.say(text)
}

var errNotStruck = errors.New("the fault did not strike")

// awaitStrike waits until the fault has struck.
func (c *cellRun) awaitStrike(ctx context.Context) error {
	select {
	case <-c.struck.struck:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errNotStruck, ctx.Err())
	}
}

// outcome waits until the cell has ended and returns in which stage.
func (c *cellRun) outcome(ctx context.Context) (ntqq.Stage, error) {
	if c.cell.kind.Name == fault.Captcha {
		if err := c.solve(ctx); err != nil {
			return c.Status().Account.Stage, err
		}
	}
	if c.sent != nil { // what became of the message has to be known as well
		select {
		case c.result = <-c.sent:
		case <-ctx.Done():
			return c.Status().Account.Stage, fmt.Errorf("sending has not ended: %w", ctx.Err())
		}
	}
	person := func(stage ntqq.Stage) bool { return stage == ntqq.Kicked || stage == ntqq.NeedsLogin }
	least := 1
	if c.cell.ends() {
		least = 2
	}
	for {
		s, err := c.Wait(ctx, func(s app.Status) bool {
			// A question could be what ends the session, before the account hears why.
			ready := c.cell.wants() == ntqq.Online && s.Ready() && s.Account.OnlineCount >= least
			return ready || person(s.Account.Stage)
		})
		if err != nil {
			return s.Account.Stage, fmt.Errorf("not ready: account %s (%w), services %v", s.Account.Stage, errors.Join(s.Account.Err, err), s.Services)
		}
		if person(s.Account.Stage) {
			return s.Account.Stage, nil
		}
		// What the fault does may come out only now: then a question fails, and the
		// next one counts.
		try, cancel := context.WithTimeout(ctx, patience/20)
		err = c.answers(try)
		cancel()
		if err == nil {
			return ntqq.Online, nil
		}
		if ctx.Err() != nil {
			return c.Status().Account.Stage, fmt.Errorf("no answer: %w", errors.Join(err, ctx.Err()))
		}
		pause(ctx, time.Second)
	}
}

// check looks whether the end is the right one, and told.
func (c *cellRun) check(ctx context.Context, ended ntqq.Stage) error {
	if want := c.cell.wants(); ended != want {
		return fmt.Errorf("the account is %s (%w), want %s", ended, c.Status().Account.Err, want)
	}
	s := c.Status().Account
	if ended == ntqq.Kicked {
		kick, ok := errors.AsType[*ntqq.KickError](s.Err)
		if !ok || kick.Tips == "" {
			return fmt.Errorf("kicked with the reason %w, want the server's words", s.Err)
		}
		if s.OnlineCount > 0 {
			if err := c.toldOffline(ctx, kick.Tips, string(ended)); err != nil {
				return err
			}
		}
	}
	if ended == ntqq.NeedsLogin {
		if login, ok := errors.AsType[*ntqq.LoginError](s.Err); !ok || !errors.Is(s.Err, ntqq.ErrNeedsLogin) || login.Hint+login.Message == "" {
			return fmt.Errorf("a login is needed for %w, want the server's code in words", s.Err)
		}
	}
	if ended == ntqq.Online {
		if s.OnlineCount > 1 {
			if err := c.toldOffline(ctx, "bot_offline", string(ntqq.Reconnecting)); err != nil {
				return err
			}
		}
		if err := c.checkSaid(ctx); err != nil {
			return err
		}
	} else if err := c.tellsOffline(ctx); err != nil {
		return err
	}
	return c.checkSent()
}

// toldOffline waits for a notice bot_offline with a text and a tag.
func (c *cellRun) toldOffline(ctx context.Context, text, tag string) error {
	is := func(frame []byte) bool {
		return has(`"bot_offline"`)(frame) && has(text)(frame) && has(tag)(frame)
	}
	if _, err := c.mobile.await(ctx, "/observe", is); err != nil {
		return fmt.Errorf("no notice bot_offline with %q: %w", text, err)
	}
	return nil
}

// tellsOffline asks the services of an account that is not online, as far as they
// run.
func (c *cellRun) tellsOffline(ctx context.Context) error {
	s := c.Status()
	if s.Account.OnlineCount == 0 {
		return nil // those that answer questions wait for the first time
	}
	answer, _, err := c.call(ctx, "get_status", nil)
	if err != nil || !bytes.Contains(answer, []byte(`"online":false`)) {
		return fmt.Errorf("get_status of an account that is %s answers %s, error %w", s.Account.Stage, answer, err)
	}
	return nil
}

// checkSaid looks whether what was said meanwhile came, each once and in order.
func (c *cellRun) checkSaid(ctx context.Context) error {
	for _, path := range eventPaths {
		var frames [][]byte
		is := func(frame []byte) bool {
			return slices.ContainsFunc(c.said, func(text string) bool { return has(`"`+text+`"`)(frame) && has(`"message_id"`)(frame) })
		}
		for len(frames) < len(c.said) {
			var err error
			if frames, err = c.mobile.await(ctx, path, is); err != nil {
				return fmt.Errorf("%s: messages of the meantime: %w", path, err)
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%s: %d of %d messages of the meantime", path, len(frames), len(c.said))
			}
		}
		for i, frame := range frames {
			if len(frames) != len(c.said) || !has(`"`+c.said[i]+`"`)(frame) {
				return fmt.Errorf("%s: got %q, want each of %q once, in order", path, frames, c.said)
			}
		}
	}
	return nil
}

// checkSent looks whether the result of sending was the truth.
func (c *cellRun) checkSent() error {
	if c.sent == nil {
		return nil
	}
	r := c.result
	if r.err != nil {
		return fmt.Errorf("sending: %w", r.err)
	}
	there := 0
	for _, m := range c.box.World().History().OfGroup(group, 1, 100) {
		if strings.Contains(m.Text(), ownText) {
			there++
		}
	}
	unknown := bytes.Contains(r.answer, []byte("SEND_OUTCOME_UNKNOWN"))
	if r.ok && there != 1 || !r.ok && !unknown && there != 0 || there > 1 {
		return fmt.Errorf("sending answered %s, and the message is there %d times", r.answer, there)
	}
	if !r.ok && !unknown && !bytes.Contains(r.answer, []byte(`"wording":"`)) {
		return fmt.Errorf("sending answered %s, want a reason", r.answer)
	}
	return nil
}
