package control

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/server"
	"libration/sandbox/world"
)

// Limits of one load request.
const (
	maxLoadCount = 10_000_000
	maxLoadRate  = 1_000_000
	maxLoadText  = 8000
	maxLoadUsers = 1000
)

// loadBody asks for many messages: text "load <i> <unix nanoseconds> <padding>",
// so that a receiver can tell losses, order and delay.
type loadBody struct {
	Group message.GroupCode `json:"group"`
	To    message.UIN       `json:"to"`
	Count int               `json:"count"`
	// Rate is messages a second, 0 for as fast as possible.
	Rate int `json:"rate"`
	// TextSize is the least number of bytes of a text.
	TextSize int `json:"text_size"`
	// Users take turns as senders. Without them: the members of the group or the
	// friends of To that are not online.
	Users []message.UIN `json:"users"`
}

func (b *loadBody) validate() error {
	switch {
	case (b.Group == 0) == (b.To == 0):
		return fail(http.StatusBadRequest, "give either group or to")
	case b.Count < 1 || b.Count > maxLoadCount:
		return fail(http.StatusBadRequest, "count must be from 1 to %d", maxLoadCount)
	case b.Rate < 0 || b.Rate > maxLoadRate:
		return fail(http.StatusBadRequest, "rate must be from 0 to %d", maxLoadRate)
	case b.TextSize < 0 || b.TextSize > maxLoadText:
		return fail(http.StatusBadRequest, "text_size must be from 0 to %d", maxLoadText)
	case len(b.Users) > maxLoadUsers:
		return fail(http.StatusBadRequest, "at most %d users", maxLoadUsers)
	}
	return nil
}

// load is many messages in one request.
type load struct {
	world  *world.World
	server Server
}

// send sends the messages and answers when all are sent.
func (h load) send(r *http.Request) (any, error) {
	var body loadBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if err := body.validate(); err != nil {
		return nil, err
	}
	if len(body.Users) == 0 {
		body.Users = h.users(&body)
	}
	if len(body.Users) == 0 {
		return nil, fail(http.StatusConflict, "nobody to send as")
	}
	start := time.Now()
	sent, err := h.run(r.Context(), &body, start)
	if err != nil {
		return nil, fail(statusOf(err), "after %d messages: %v", sent, err)
	}
	return map[string]any{"sent": sent, "seconds": time.Since(start).Seconds()}, nil
}

func (h load) users(body *loadBody) []message.UIN {
	var users []message.UIN
	for _, m := range h.world.Members().List(body.Group) {
		users = append(users, m.User.UIN)
	}
	if body.Group == 0 {
		for _, f := range h.world.Friends().List(body.To) {
			users = append(users, f.User.UIN)
		}
	}
	clients := h.server.Clients()
	users = slices.DeleteFunc(users, func(uin message.UIN) bool {
		return slices.ContainsFunc(clients, func(i server.ClientInfo) bool { return i.UIN == uin })
	})
	return users[:min(len(users), maxLoadUsers)]
}

// run keeps to the plan, not to the last message: a late one is made up for.
func (h load) run(ctx context.Context, body *loadBody, start time.Time) (sent int, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range body.Count {
		if body.Rate > 0 {
			due := start.Add(time.Duration(i) * time.Second / time.Duration(body.Rate))
			if wait := time.Until(due); wait > 0 {
				timer.Reset(wait)
				select {
				case <-ctx.Done():
				case <-timer.C:
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return i, err
		}
		text := fmt.Sprintf("load %d %d ", i, time.Now().UnixNano())
		text += strings.Repeat("x", max(0, body.TextSize-len(text)))
		_, err := h.world.Messages().Send(world.Send{
			From: body.Users[i%len(body.Users)], Group: body.Group, To: body.To, Parts: world.Text(text),
		}, nil)
		if err != nil {
			return i, sendFailure(err)
		}
	}
	return body.Count, nil
}
