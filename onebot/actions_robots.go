package onebot

import (
	"context"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func robotActions() []row {
	fails := table.Fails(apiError, noGroup)
	return []row{
		table.Of("set_group_bot_status", lagrange, Sends,
			text.T("Lets an official robot work in a group, or not any more. It returns bot_id.", "启用或停用群内的官方机器人，返回 bot_id。"),
			setGroupBotStatus, fails),
		table.Of("send_group_bot_callback", lagrange, Sends,
			text.T("Presses a button of an official robot. It returns bot_id.", "点击官方机器人的按钮，返回 bot_id。"),
			sendGroupBotCallback, fails),
	}
}

type botStatusParams struct {
	Group  message.GroupCode `param:"group_id"`
	Robot  message.UIN       `param:"bot_id" en:"Number of the robot." zh:"机器人的 QQ 号。"`
	Enable bool              `param:"enable" en:"Whether it may work; 1 and 0 will do." zh:"是否启用，也可以是 1 和 0。"`
}

func setGroupBotStatus(ctx context.Context, a *account, p botStatusParams) (message.UIN, error) {
	return p.Robot, a.client.Robots().SetEnabled(ctx, p.Group, p.Robot, p.Enable)
}

type botCallbackParams struct {
	Group message.GroupCode `param:"group_id"`
	Robot message.UIN       `param:"bot_id" en:"Number of the robot." zh:"机器人的 QQ 号。"`
	ID    string            `param:"data_1,optional" en:"Id of the button." zh:"按钮的 id。"`
	Data  string            `param:"data_2,optional" en:"Data of the button." zh:"按钮的数据。"`
}

func sendGroupBotCallback(ctx context.Context, a *account, p botCallbackParams) (message.UIN, error) {
	return p.Robot, a.client.Robots().Press(ctx, ntqq.RobotButton{Group: p.Group, Robot: p.Robot, ID: p.ID, Data: p.Data})
}
