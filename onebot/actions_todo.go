package onebot

import (
	"context"

	"libration/gateway/table"
	"libration/ntqq/message"
)

// todoParams name the message of a to-do.
type todoParams struct {
	Group    message.GroupCode `param:"group_id"`
	Message  *messageID        `param:"message_id,optional"`
	Sequence whole             `param:"message_seq,optional" en:"Instead: number of the message in the group." zh:"或：消息在群中的序号。"`
}

// place returns the group and the sequence; 0 where no message is named.
func (p *todoParams) place(ctx context.Context, a *account) (message.GroupCode, uint64, error) {
	if p.Message != nil {
		return a.groupPlace(ctx, *p.Message)
	}
	return p.Group, uint64(max(p.Sequence, 0)), nil
}

func setGroupTodo(ctx context.Context, a *account, p todoParams) (table.None, error) {
	group, sequence, err := p.place(ctx, a)
	if err == nil && sequence == 0 {
		err = &table.Wrong{Name: "message_id", What: missing}
	}
	if err == nil {
		err = a.client.Groups().SetTodo(ctx, group, sequence)
	}
	return table.None{}, err
}

func completeGroupTodo(ctx context.Context, a *account, p todoParams) (table.None, error) {
	group, sequence, err := p.place(ctx, a)
	if err == nil {
		err = a.client.Groups().FinishTodo(ctx, group, sequence)
	}
	return table.None{}, err
}

func cancelGroupTodo(ctx context.Context, a *account, p todoParams) (table.None, error) {
	group, sequence, err := p.place(ctx, a)
	if err == nil {
		err = a.client.Groups().CancelTodo(ctx, group, sequence)
	}
	return table.None{}, err
}

type signParams struct {
	Group message.GroupCode `param:"group_id"`
}

func sendGroupSign(ctx context.Context, a *account, p signParams) (table.None, error) {
	_, err := a.client.Groups().ClockIn(ctx, p.Group)
	return table.None{}, err
}
