package ntqq

import (
	"context"
	"errors"
	"strconv"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Todo is the message that a group has made a to-do of.
type Todo struct {
	Group    GroupCode
	Sequence uint64 // of the message
	By       UIN    // who made it one
	Name     string // of By
	Title    string // how the message begins
	// Time is when it became one, Unix seconds.
	Time int64
}

// Todo returns the to-do of a group; nil when it has none. The errors are those of
// [Client.Call], and [ErrNoGroup].
func (g Groups) Todo(ctx context.Context, group GroupCode) (*Todo, error) {
	resp, err := call(ctx, g.c, rpc.GetTodo, &oidbpb.GetGroupTodoReq{GroupCode: uint64(group)})
	info := resp.GetInfo()
	if err != nil || info.GetSequence() == 0 {
		return nil, g.c.inGroup(ctx, group, err)
	}
	return &Todo{
		Group: group, Sequence: info.GetSequence(), By: UIN(info.GetUin()), Name: info.GetNickname(),
		Title: info.GetTitle(), Time: int64(info.GetCreateTime()),
	}, nil
}

// SetTodo makes a message the to-do of its group; the owner and admins may. The errors are
// those of [Client.Call], and [ErrNoGroup]; a refusal is a [*ServerError].
func (g Groups) SetTodo(ctx context.Context, group GroupCode, sequence uint64) error {
	return g.todo(ctx, rpc.SetTodo, group, sequence)
}

// FinishTodo says that the account has done the to-do of a group. sequence is its message;
// 0 is the one that the group has. The errors are those of [Groups.SetTodo].
func (g Groups) FinishTodo(ctx context.Context, group GroupCode, sequence uint64) error {
	return g.todo(ctx, rpc.FinishTodo, group, sequence)
}

// CancelTodo takes the to-do of a group away; sequence and errors are as for
// [Groups.FinishTodo]. The owner and admins may.
func (g Groups) CancelTodo(ctx context.Context, group GroupCode, sequence uint64) error {
	return g.todo(ctx, rpc.CancelTodo, group, sequence)
}

func (g Groups) todo(ctx context.Context, op *rpc.Op[*oidbpb.GroupTodoReq, *oidbpb.GroupTodoResp], group GroupCode, sequence uint64) error {
	_, err := call(ctx, g.c, op, &oidbpb.GroupTodoReq{GroupCode: uint64(group), Sequence: sequence})
	return g.c.inGroup(ctx, group, err)
}

// ClockIn is what the service says to who has signed in to a group. The texts are its own
// words, and may be empty.
type ClockIn struct {
	Title string
	Days  string // for how many days in a row
	Rank  string // among the members of today
	URL   string // of more about it
	// Time is Unix seconds, 0 when the service does not say it.
	Time int64
}

// ClockIn signs the account in to a group for the day. The errors are those of
// [Client.Call], [ErrNoGroup], and one of an answer that says neither that the account has
// signed in nor why not; a refusal is a [*ServerError].
func (g Groups) ClockIn(ctx context.Context, group GroupCode) (ClockIn, error) {
	c := g.c
	resp, err := call(ctx, c, rpc.ClockIn, &oidbpb.ClockInReq{Write: &oidbpb.ClockInWrite{
		Uin:           strconv.FormatUint(uint64(c.Self().UIN), 10),
		GroupCode:     strconv.FormatUint(uint64(group), 10),
		ClientVersion: c.App().CurrentVersion,
	}})
	if err != nil {
		return ClockIn{}, c.inGroup(ctx, group, err)
	}
	done := resp.GetResult().GetDone()
	if done == nil {
		return ClockIn{}, errors.New("the answer does not say that the account has signed in to the group")
	}
	in := ClockIn{Title: done.GetTitle(), Days: done.GetKeepDayText(), URL: done.GetDetailUrl()}
	if lines := done.GetLines(); len(lines) > 0 {
		in.Rank = lines[0]
		if len(lines) > 1 {
			in.Time, _ = strconv.ParseInt(lines[1], 10, 64)
		}
	}
	return in, nil
}
