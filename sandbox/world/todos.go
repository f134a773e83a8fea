package world

import (
	"slices"

	"libration/ntqq/message"
)

// Todo is the message that a group has made a to-do of.
type Todo struct {
	Sequence uint64
	Random   uint32
	By       User // who made it one
	Title    string
	Time     int64 // Unix seconds
	// Done are who has finished it, in their order. Shared: read-only.
	Done []message.UIN
}

// TodoStep is what somebody does with a to-do.
type TodoStep string

// The steps. Every member may finish it, the owner and admins set and cancel it.
const (
	TodoSet    TodoStep = "set"
	TodoFinish TodoStep = "finish"
	TodoCancel TodoStep = "cancel"
)

// TodoChanged is sent when By took a step with the to-do of a group.
type TodoChanged struct {
	InGroup
	By   User
	Todo Todo // after the step, or as it was before it was cancelled
	Step TodoStep
}

// Activity implements Happening.
func (h *TodoChanged) Activity() Activity {
	return Activity{Kind: ActivityTodo, Group: h.Group, By: h.By.UIN, Sequence: h.Todo.Sequence, Text: string(h.Step)}
}

// Todo takes a step with the to-do of a group. seq is the message to set; else it may be 0,
// for the one there is. A group has one to-do: setting another message replaces it. by 0 is
// the owner. Where it is so already, nothing happens. The refusals are BadRequest of a
// step, NotFound, NotMember and NoPermission.
func (w Groups) Todo(code message.GroupCode, seq uint64, by message.UIN, step TodoStep) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if step != TodoFinish && role == message.RoleMember {
		return Refuse(NoPermission, "%d may not change the to-do", by)
	}
	switch step {
	case TodoSet:
		return w.setTodo(g, seq, by)
	case TodoFinish, TodoCancel:
	default:
		return Refuse(BadRequest, "%q is no step of a to-do: set, finish or cancel", string(step))
	}
	if g.todo == nil && step == TodoCancel {
		return nil
	}
	if g.todo == nil || seq != 0 && seq != g.todo.Sequence {
		return Refuse(NotFound, "there is no such to-do")
	}
	if step == TodoCancel {
		w.happened(&TodoChanged{g.in(), w.user(by), *g.todo, step})
		g.todo = nil
		return nil
	}
	if !slices.Contains(g.todo.Done, by) {
		g.todo.Done = append(slices.Clone(g.todo.Done), by)
		w.happened(&TodoChanged{g.in(), w.user(by), *g.todo, step})
	}
	return nil
}

func (w Groups) setTodo(g *group, seq uint64, by message.UIN) error {
	r, err := g.standing(seq)
	if err != nil {
		return err
	}
	if g.todo != nil && g.todo.Sequence == seq {
		return nil
	}
	g.todo = &Todo{
		Sequence: seq, Random: r.Random, By: w.user(by), Title: message.Brief(r.Content()), Time: w.now().Unix(),
	}
	w.happened(&TodoChanged{g.in(), w.user(by), *g.todo, TodoSet})
	return nil
}

// TodoOf returns the to-do of a group as a member sees it; nil when there is none. The
// refusals are NotFound and NotMember.
func (w Groups) TodoOf(code message.GroupCode, reader message.UIN) (*Todo, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, err := w.member(code, reader)
	if err != nil || g.todo == nil {
		return nil, err
	}
	todo := *g.todo
	return &todo, nil
}
