package world

import (
	"cmp"
	"slices"

	"libration/ntqq/message"
)

// EssenceChanged is sent when By made a message of a group one of its best, or took that
// back.
type EssenceChanged struct {
	InGroup
	Message *Message
	By      User
	On      bool
}

// Activity implements Happening.
func (h *EssenceChanged) Activity() Activity {
	return Activity{
		Kind: ActivityEssence, Group: h.Group, User: h.Message.Sender.UIN, By: h.By.UIN,
		Sequence: h.Message.Sequence, On: h.On,
	}
}

// SetEssence makes a message of a group one of its best, or with on false an ordinary one
// again. random must be the message's, unless it is 0. by is the owner, also 0, or an
// admin. Where it is so already, nothing happens. The refusals are NotFound, NotMember and
// NoPermission.
func (w Messages) SetEssence(code message.GroupCode, seq uint64, random uint32, by message.UIN, on bool) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return Refuse(NoPermission, "%d may not choose the best messages", by)
	}
	r, err := g.standing(seq)
	if err != nil {
		return err
	}
	if random != 0 && r.Random != random {
		return Refuse(NotFound, "message %d has another random number", seq)
	}
	if on == (r.essence != nil) {
		return nil
	}
	r.essence = nil
	if on {
		r.essence = &chosen{by, w.now().Unix()}
	}
	w.happened(&EssenceChanged{g.in(), &r.Message, w.user(by), on})
	return nil
}

// chosen says who made a message one of the best, and when.
type chosen struct {
	by   message.UIN
	time int64
}

// Essence is one of the best messages of a group.
type Essence struct {
	*Message
	// By is who chose it, at ChosenTime in Unix seconds.
	By         User
	ChosenTime int64
}

// Essences returns the best messages of a group that are remembered, the newest choice
// first, for one of its members. The refusals are NotFound and NotMember.
func (w Messages) Essences(code message.GroupCode, reader message.UIN) ([]Essence, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, err := w.member(code, reader)
	if err != nil {
		return nil, err
	}
	var list []Essence
	for _, r := range slices.Backward(g.history.records) {
		if r.essence != nil && !r.recalled {
			list = append(list, Essence{&r.Message, w.user(r.essence.by), r.essence.time})
		}
	}
	slices.SortStableFunc(list, func(a, b Essence) int { return cmp.Compare(b.ChosenTime, a.ChosenTime) })
	return list, nil
}
