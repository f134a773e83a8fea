package world

import (
	"maps"
	"slices"

	"libration/ntqq/message"
)

// Robot is an official robot that a group has.
type Robot struct {
	User User
	// On is whether the group lets it work.
	On bool
}

// RobotAdded is sent when an official robot was added to the group.
type RobotAdded struct {
	InGroup
	Robot User
}

// Activity implements Happening.
func (h *RobotAdded) Activity() Activity {
	return Activity{Kind: ActivityRobot, Group: h.Group, User: h.Robot.UIN, Text: h.Robot.Nickname}
}

// ButtonPressed is sent when By pressed a button of Robot, in a group, or in the private chat
// with it.
type ButtonPressed struct {
	Group     message.GroupCode // 0: in the private chat
	Robot, By User
	ID, Data  string
}

// Activity implements Happening.
func (h *ButtonPressed) Activity() Activity {
	return Activity{Kind: ActivityButton, Group: h.Group, User: h.Robot.UIN, By: h.By.UIN, ID: h.ID, Text: h.Data}
}

// Robots holds which groups have which official robots. Those are accounts. They become no
// members: official robots are the service's own.
type Robots struct{ *state }

// Robots returns the operations on official robots.
func (w *World) Robots() Robots { return Robots{&w.state} }

// Add adds an account to a group as an official robot, which may work. The refusal is
// NotFound.
func (w Robots) Add(code message.GroupCode, uin message.UIN) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	robot, err := w.account(uin)
	if err != nil {
		return err
	}
	if g.robots == nil {
		g.robots = map[message.UIN]bool{}
	}
	g.robots[uin] = true
	w.happened(&RobotAdded{g.in(), robot.User})
	return nil
}

// List returns the robots of a group, ordered by UIN.
func (w Robots) List(code message.GroupCode) (list []Robot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		for _, uin := range slices.Sorted(maps.Keys(g.robots)) {
			list = append(list, Robot{w.user(uin), g.robots[uin]})
		}
	}
	return list
}

// Set lets a robot of a group work, or with on false does not any more. by is the owner, 0,
// or an admin. Nobody is told. The refusals are NotFound, NotMember and NoPermission.
func (w Robots) Set(code message.GroupCode, uin, by message.UIN, on bool) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return Refuse(NoPermission, "%d may not change the robots of the group", by)
	}
	if _, has := g.robots[uin]; !has {
		return noRobot(uin)
	}
	g.robots[uin] = on
	return nil
}

func noRobot(uin message.UIN) error { return Refuse(NotFound, "no robot %d", uin) }

// Press presses a button of a robot in a group or, with code 0, in the private chat of by
// and the robot, who must be friends. id and data are those of the button, at most 1024
// bytes each. The refusals are BadRequest, NotFound, NotMember, and NoPermission of a robot
// that may not work.
func (w Robots) Press(code message.GroupCode, uin, by message.UIN, id, data string) error {
	w.mu.Lock()
	defer w.done()
	for _, text := range []string{id, data} {
		if len(text) > maxButton {
			return Refuse(BadRequest, "text of %d bytes is longer than %d", len(text), maxButton)
		}
	}
	if code == 0 {
		if !w.isRobot(uin) || !w.areFriends(by, uin) {
			return noRobot(uin)
		}
	} else {
		g, _, err := w.member(code, by)
		if err != nil {
			return err
		}
		on, has := g.robots[uin]
		if !has {
			return noRobot(uin)
		}
		if !on {
			return Refuse(NoPermission, "the robot %d is off", uin)
		}
	}
	w.happened(&ButtonPressed{code, w.user(uin), w.user(by), id, data})
	return nil
}

const maxButton = 1024

// Befriend makes an account and a robot, which must be that of some group, friends. The
// refusals are NotFound and BadRequest.
func (w Robots) Befriend(uin, robot message.UIN) error {
	w.mu.Lock()
	defer w.done()
	if !w.isRobot(robot) {
		return noRobot(robot)
	}
	first, second, err := w.twoAccounts(uin, robot)
	if err != nil {
		return err
	}
	w.befriend(first, second, "")
	return nil
}

// isRobot tells whether an account is a robot of a group; mu is held.
func (w *state) isRobot(uin message.UIN) bool {
	for _, g := range w.groups {
		if _, has := g.robots[uin]; has {
			return true
		}
	}
	return false
}
