package ntqq

import (
	"context"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Robots are the operations on the service's official robots. They are safe for concurrent
// use.
type Robots struct{ c *Client }

// Robots returns the operations on official robots.
func (c *Client) Robots() Robots { return Robots{c} }

// SetEnabled lets a robot work in a group, or with on false does not any more. The errors are
// those of [Client.Call], and [ErrNoGroup]; a refusal is a [*ServerError].
func (r Robots) SetEnabled(ctx context.Context, group GroupCode, robot UIN, on bool) error {
	_, err := call(ctx, r.c, rpc.SetGroupRobot, setRobotRequest(group, robot, on))
	return r.c.inGroup(ctx, group, err)
}

// The constants are those of docs/protocol/operations.md 3.4.

func setRobotRequest(group GroupCode, robot UIN, on bool) *oidbpb.SetGroupBotReq {
	req := &oidbpb.SetGroupBotReq{BotId: uint64(robot), Type: 2, GroupCode: uint64(group)}
	if on {
		req.On = 1
	}
	return req
}

// RobotButton is a button under a message of a robot.
type RobotButton struct {
	// Group is where the message is; 0: in the private chat with the robot.
	Group GroupCode
	Robot UIN
	ID    string
	Data  string
}

// Press presses a button. What the robot does then is its own matter; it may answer with a
// message. The errors are those of [Robots.SetEnabled].
func (r Robots) Press(ctx context.Context, b RobotButton) error {
	_, err := call(ctx, r.c, rpc.PressRobotButton, pressRequest(b))
	if b.Group == 0 {
		return err
	}
	return r.c.inGroup(ctx, b.Group, err)
}

func pressRequest(b RobotButton) *oidbpb.GroupBotCallbackReq {
	req := &oidbpb.GroupBotCallbackReq{BotId: uint64(b.Robot), Seq: 11111, DataId: b.ID, Data: b.Data}
	if b.Group != 0 {
		req.GroupCode, req.GroupType = uint64(b.Group), 1
	}
	return req
}

// AddFriend makes a robot a friend of the account. Nobody's text id is found by number, so
// both are needed. The answer of the service is not known: without a refusal it counts as
// done. The errors are those of [Client.Call].
func (r Robots) AddFriend(ctx context.Context, robot UIN, uid UID) error {
	_, err := call(ctx, r.c, rpc.AddRobotFriend, &oidbpb.AddRobotFriendReq{RobotUin: uint64(robot), RobotUid: string(uid)})
	return err
}
