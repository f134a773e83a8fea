package onebot

import (
	"context"
	"errors"
	"slices"

	"libration/gateway"
	"libration/gateway/table"
	"libration/ntqq"
	"libration/ntqq/message"
)

// maxFetching is how many messages that are not stored are fetched at once; more wait.
// Those that are stored never wait for them.
const maxFetching = 16

// message is find where there has to be a message; absent is the cause of the failure when
// there is none.
func (a *account) message(ctx context.Context, id int32, absent *table.Cause) (*message.Message, error) {
	m, err := a.find(ctx, id)
	if err == nil && m == nil {
		err = noSuchMessage(absent, id)
	}
	return m, err
}

// find returns a message by its id, nil when there is none: from the store or, when it
// is not there and the id was given out, as that of a quoted message for instance, from
// the service. It is stored then.
func (a *account) find(ctx context.Context, id int32) (*message.Message, error) {
	m, err := a.gateway.Message(id)
	if err != nil {
		return nil, unreadable(err)
	}
	named, ok := a.gateway.Named(id)
	if m != nil || !ok {
		return m, nil
	}
	return a.fetch(ctx, named)
}

// numbered is find by the number of a message in its chat.
func (a *account) numbered(ctx context.Context, chat message.Chat, sequence uint64) (*message.Message, error) {
	m, err := a.gateway.Message(a.gateway.ID(chat, sequence))
	if err != nil {
		return nil, unreadable(err)
	}
	if m != nil {
		return m, nil
	}
	return a.fetch(ctx, gateway.Named{Chat: chat, Sequence: sequence})
}

// fetch fetches and stores a message, nil when there is none.
func (a *account) fetch(ctx context.Context, named gateway.Named) (*message.Message, error) {
	done, err := takes(ctx, a.fetching)
	if err != nil {
		return nil, err
	}
	defer done()
	m, err := a.ask(ctx, named)
	if errors.Is(err, ntqq.ErrNoMessage) || errors.Is(err, ntqq.ErrTempChat) {
		return nil, nil
	}
	if err == nil && m != nil {
		a.gateway.Fetched(m)
	}
	return m, err
}

// takes waits for one of some places; done gives it back.
func takes(ctx context.Context, places chan struct{}) (done func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask asks the service for a message, by its sequence. One of which only the sender's
// number is known is looked for where it was sent.
func (a *account) ask(ctx context.Context, named gateway.Named) (*message.Message, error) {
	if named.Sequence != 0 {
		return a.client.Messages().Get(ctx, named.Chat, named.Sequence)
	}
	if named.Time == 0 {
		return nil, nil
	}
	found, err := a.client.Messages().History(ctx, named.Chat, ntqq.HistoryQuery{Time: named.Time, Count: 30})
	for _, m := range slices.Backward(found) {
		if m.ClientSequence == named.ClientSequence {
			return m, nil
		}
	}
	return nil, err
}

// place returns the chat and the sequence of a message by its id. It fetches the message
// only where the sequence is not known. found is false when the id names none.
func (a *account) place(ctx context.Context, id int32) (chat message.Chat, sequence uint64, found bool, err error) {
	if id == 0 {
		return chat, 0, false, nil
	}
	if named, ok := a.gateway.Named(id); ok && named.Sequence != 0 {
		return named.Chat, named.Sequence, true, nil
	}
	m, err := a.find(ctx, id)
	if err != nil || m == nil {
		return chat, 0, false, err
	}
	return m.Chat, m.Sequence, true, nil
}

// recall takes a message back.
func (a *account) recall(ctx context.Context, id int32) error {
	m, err := a.message(ctx, id, noMessage)
	if err != nil {
		return err
	}
	if m.Chat.Kind != message.Group && !m.Self {
		return failure(notOurs)
	}
	return a.client.Messages().Recall(ctx, m)
}
