package demo

import (
	"context"
	"fmt"

	"libration/internal/app/bot"
	"libration/sandbox/world"
)

// join makes an account and lets it into the group.
func (x *exchange) join(ctx context.Context) error {
	if err := x.post(ctx, "/api/users", map[string]any{"nickname": newcomer.In(x.Language)}, &x.newcomer); err != nil {
		return err
	}
	member := map[string]any{"uin": x.newcomer.UIN, "by": alice, "invited": true}
	return x.post(ctx, fmt.Sprintf("/api/groups/%d/members", group), member, nil)
}

func (x *exchange) welcome(ctx context.Context) error {
	f, err := x.await(ctx, x.conn, func(f *bot.Frame) bool { return f.NoticeType == "group_increase" })
	if err != nil {
		return err
	}
	frame, err := x.conn.Send(ctx, "send_group_msg", map[string]any{
		"group_id": f.GroupID, "message": []bot.Segment{bot.At(f.UserID), bot.Text(" " + welcomeMember.In(x.Language))},
	}, welcomeEcho)
	x.show("->", frame)
	return err
}

func (x *exchange) welcomed(ctx context.Context) error { return x.arrived(ctx) }

func (x *exchange) mute(ctx context.Context) error {
	frame, err := x.conn.Send(ctx, "set_group_ban", map[string]any{
		"group_id": x.seen.GroupID, "user_id": x.newcomer.UIN, "duration": muteSeconds,
	}, muteEcho)
	if err != nil {
		return err
	}
	x.show("->", frame)
	_, err = awaitActivity(ctx, x.happened, func(a *world.Activity) bool {
		return a.Kind == world.ActivityMute && a.User == x.newcomer.UIN && a.Seconds == muteSeconds
	})
	return err
}

// muted waits for the notice: others in the group see the same.
func (x *exchange) muted(ctx context.Context) error {
	_, err := x.await(ctx, x.conn, func(f *bot.Frame) bool { return f.NoticeType == "group_ban" && f.Duration == muteSeconds })
	return err
}

func (x *exchange) wish(ctx context.Context) error {
	wish := map[string]any{"from": x.newcomer.UIN, "to": account, "text": wishText.In(x.Language)}
	return x.post(ctx, "/api/friend-requests", wish, nil)
}

func (x *exchange) accept(ctx context.Context) error {
	f, err := x.await(ctx, x.conn, func(f *bot.Frame) bool { return f.RequestType == "friend" })
	if err != nil {
		return err
	}
	frame, err := x.conn.Send(ctx, "set_friend_add_request", map[string]any{"flag": f.Flag, "approve": true}, friendEcho)
	if err != nil {
		return err
	}
	x.show("->", frame)
	return x.done(ctx, friendEcho)
}

func (x *exchange) friends(ctx context.Context) error {
	_, err := awaitActivity(ctx, x.happened, func(a *world.Activity) bool { return a.Kind == world.ActivityFriendAdded })
	return err
}
