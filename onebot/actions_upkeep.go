package onebot

import (
	"context"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
)

// restartName is the action that is answered as one that is carried out later.
const restartName = "set_restart"

// restartMost is how long set_restart may wait.
const restartMost = time.Hour

func upkeepActions() []row {
	return []row{
		table.Of(restartName, standard, Sends, text.T(
			"Restarts the account in the same program: its session and its connections stop in order and start anew, nothing stored is lost, and other accounts go on. It is answered before, with the status async. While a restart is to come, calls change nothing; two are 10 seconds apart at least.",
			"在同一程序中重新启动该账号：会话和各连接依次停止后重新启动，已保存的内容不会丢失，其他账号不受影响。先返回 async 状态，然后执行。已有重启等待执行时再次调用没有作用；两次重启至少间隔 10 秒。"),
			setRestart, table.Fails(apiError, noRestart)),
		table.Of("clean_cache", standard, Sends, text.T(
			"Forgets what can be fetched again: lists of friends, groups and members, people who were looked up, downloads and converted voices. Messages, and files that were handed over, stay; so does what was used within the last minute.",
			"清除可以重新获取的内容：好友、群和群成员列表、查询过的用户、下载的文件和转换后的语音。消息和上传到本程序的文件保留，最近一分钟内用过的文件也保留。"),
			cleanCache),
	}
}

type restartParams struct {
	Delay whole `param:"delay,default=0" en:"How long it waits before, in milliseconds, at most 3600000." zh:"重启前等待的毫秒数，最多 3600000。"`
}

func setRestart(_ context.Context, a *account, p restartParams) (table.None, error) {
	if p.Delay < 0 || int64(p.Delay) > restartMost.Milliseconds() {
		return table.None{}, &table.Wrong{Name: "delay", What: text.T("must be between 0 and %d", "必须在 0 到 %d 之间").Fill(restartMost.Milliseconds())}
	}
	if a.restart == nil {
		return table.None{}, failure(noRestart)
	}
	a.restart(time.Duration(p.Delay) * time.Millisecond)
	return table.None{}, nil
}

func cleanCache(_ context.Context, a *account, _ table.None) (table.None, error) {
	lists := a.client.ForgetLists()
	var files int
	var bytes uint64
	if a.files != nil {
		files, bytes = a.files.Clean()
	}
	a.log.Info("cache cleaned", "asked_by", "the action clean_cache", "member_lists", lists.MemberLists, "member_bytes", lists.Bytes, "people", lists.People, "files", files, "file_bytes", bytes)
	return table.None{}, nil
}
