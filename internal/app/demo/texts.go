package demo

import "libration/internal/text"

var (
	hello = text.T(
		`Hello! I am the demo bot. Say "ping", "picture", "mute me", or "/echo something".`,
		`大家好，我是演示机器人。发送“ping”、“图片”、“禁言我”或“/echo 任意内容”试试。`,
	)
	hint = text.T(
		`I answer "ping" with "pong", "picture" with a picture, and repeat what follows "/echo".`,
		`发送“ping”我会回复“pong”；发送“图片”我会回复一张图片；发送“/echo 内容”我会复述。`,
	)
	welcomeMember = text.T("welcome!", "欢迎加入！")
	mayNotMute    = text.T(
		"I may not mute you: members and admins can be muted by somebody above them only.",
		"我不能禁言你：只能禁言身份比自己低的成员。",
	)
	moved = text.T(
		"note: %s is in use by another program; using %s instead\n",
		"提示：%s 已被占用，改用 %s\n",
	)
	welcome = text.T(
		`Libration demo: account %[1]d is online in a sandbox on this machine. Nothing leaves it.

  chat page          %[2]s   (open it, choose Carol, write "ping", "picture" or "mute me" to the group)
  OneBot HTTP        %[3]s
  OneBot WebSocket   %[4]s
  simulated service  %[5]s
  owner's service    http://%[9]s   (/readyz, /metrics; when the account was kicked: %[10]s)
%[6]s
Try, in another terminal:

  curl %[3]s/get_login_info
  curl %[3]s/get_group_list
  curl -X POST %[3]s/send_group_msg -H 'Content-Type: application/json' \
       -d '{"group_id": %[7]d, "message": "hello from curl"}'

  # as Alice, to the group
  curl -X POST %[2]s/api/send -H 'Content-Type: application/json' \
       -d '{"as": %[8]d, "group": %[7]d, "text": "ping"}'

  # somebody new, whom the bot welcomes, and who wants to be its friend
  curl -X POST %[2]s/api/users -H 'Content-Type: application/json' -d '{"nickname": "Dave"}'
  curl -X POST %[2]s/api/groups/%[7]d/members -H 'Content-Type: application/json' -d '{"uin": 20004}'
  curl -X POST %[2]s/api/friend-requests -H 'Content-Type: application/json' -d '{"from": 20004, "to": %[1]d, "text": "hi"}'

  # he says "mute me", and is muted for a minute
  curl -X POST %[2]s/api/send -H 'Content-Type: application/json' \
       -d '{"as": 20004, "group": %[7]d, "text": "mute me"}'

All of this, and every other event, can be done on the chat page, too.
Ctrl-C ends it; everything is then forgotten.
`,
		`Libration 演示：账号 %[1]d 已在本机沙盒中上线，不会连接任何外部服务。

  聊天页面           %[2]s（打开后选择 Carol，在群里发送 ping、图片 或 禁言我）
  OneBot HTTP        %[3]s
  OneBot WebSocket   %[4]s
  模拟服务           %[5]s
  管理服务           http://%[9]s   （/readyz、/metrics；账号被踢下线后执行：%[10]s）
%[6]s
可在另一个终端中尝试：

  curl %[3]s/get_login_info
  curl %[3]s/get_group_list
  curl -X POST %[3]s/send_group_msg -H 'Content-Type: application/json' \
       -d '{"group_id": %[7]d, "message": "来自 curl 的问候"}'

  # 以 Alice 的身份在群里发言
  curl -X POST %[2]s/api/send -H 'Content-Type: application/json' \
       -d '{"as": %[8]d, "group": %[7]d, "text": "ping"}'

  # 新人入群，机器人表示欢迎，并通过他的好友请求
  curl -X POST %[2]s/api/users -H 'Content-Type: application/json' -d '{"nickname": "小戴"}'
  curl -X POST %[2]s/api/groups/%[7]d/members -H 'Content-Type: application/json' -d '{"uin": 20004}'
  curl -X POST %[2]s/api/friend-requests -H 'Content-Type: application/json' -d '{"from": 20004, "to": %[1]d, "text": "你好"}'

  # 他发送“禁言我”，被禁言一分钟
  curl -X POST %[2]s/api/send -H 'Content-Type: application/json' \
       -d '{"as": 20004, "group": %[7]d, "text": "禁言我"}'

这些操作和其他所有事件也都可以在聊天页面上进行。
按 Ctrl-C 结束，所有数据随之删除。
`,
	)
	withBot = text.T(
		"  built-in bot       connected; answers \"ping\", \"picture\" and \"/echo ...\", welcomes, mutes, makes friends\n",
		"  内置机器人         已连接，会回复 ping、图片 和 /echo ...，还会欢迎新人、禁言、通过好友请求\n",
	)
	withoutBot = text.T(
		"  built-in bot       off (--no-bot): connect yours to the WebSocket\n",
		"  内置机器人         未启用（--no-bot），请将你的机器人连接到上面的 WebSocket\n",
	)
)

// The texts of the transcript of --once.
var (
	stepConnect = text.T("A bot connects to the OneBot WebSocket", "机器人连接 OneBot WebSocket")
	stepAsk     = text.T("Alice writes to the group, as with the QQ app", "Alice 在群里发言（模拟手机 QQ）")
	stepSeen    = text.T("The bot gets the message as an event", "机器人收到消息事件")
	stepReply   = text.T("The bot answers", "机器人回复")
	stepDone    = text.T("The service confirms", "服务确认发送成功")
	stepArrived = text.T("The answer reaches Alice", "Alice 收到回复")
	stepPicture = text.T("The bot sends a picture", "机器人发送一张图片")
	stepShown   = text.T("The picture reaches Alice, byte for byte", "Alice 收到图片，内容逐字节一致")
	stepRecall  = text.T("Alice recalls her message", "Alice 撤回自己的消息")
	stepNotice  = text.T("The bot is told", "机器人收到撤回通知")
	stepJoin    = text.T("Dave joins the group", "小戴加入群聊")
	stepJoined  = text.T("The bot is told, and welcomes him", "机器人收到入群通知，并欢迎他")
	stepWelcome = text.T("The welcome reaches the group", "群里收到欢迎消息")
	stepMute    = text.T("Dave talks too much: the bot mutes him", "小戴发言太多，机器人将他禁言")
	stepMuted   = text.T("He is muted, and the bot is told", "他被禁言，机器人收到通知")
	stepWish    = text.T("Dave wants to be a friend", "小戴请求加为好友")
	stepAccept  = text.T("The bot gets the request and accepts it", "机器人收到好友请求并同意")
	stepFriends = text.T("They are friends", "双方成为好友")

	onceQuestion = text.T("Is anybody here?", "有人在吗？")
	onceAnswer   = text.T("Yes: Libration is.", "在的：Libration 在此。")
	newcomer     = text.T("Dave", "小戴")
	wishText     = text.T("It was a slip of the tongue", "一时口误")
	onceEnd      = text.T(
		"Done in %.2f s: login by QR code, messages, a picture, notices and a friend request went over the real wire protocol on loopback.\n",
		"完成，用时 %.2f 秒：扫码登录、收发消息和图片、通知和好友请求均经由本机回环上的真实协议。\n",
	)
)
