package server

import (
	"libration/internal/highway"
	"libration/internal/rpc"
	"libration/sandbox/fault"
)

// Stages returns the stages of a session that faults can be bound to.
func Stages() []fault.Stage {
	return []fault.Stage{
		{Name: "any", Commands: []string{"*"}},
		{Name: "qr", Commands: []string{rpc.WtloginTransEmp}},
		{Name: "login", Commands: []string{rpc.WtloginLogin}},
		{Name: "key-exchange", Commands: []string{rpc.KeyExchange}},
		{Name: "easy-login", Commands: []string{rpc.NTLoginEasyLogin}},
		{Name: "unusual-login", Commands: []string{rpc.NTLoginEasyLoginUnusual}},
		{Name: "password", Commands: []string{rpc.NTLoginPasswordLogin}},
		{Name: "register", Commands: []string{rpc.Register.Name, rpc.InfoSync.Name}},
		{Name: "unregister", Commands: []string{rpc.UnRegister.Name}},
		{Name: "alive", Commands: []string{rpc.HeartbeatAlive}},
		{Name: "heartbeat", Commands: []string{rpc.Heartbeat.Name}},
		{Name: "heartbeats", Commands: []string{rpc.HeartbeatAlive, rpc.Heartbeat.Name}},
		{Name: "time", Commands: []string{rpc.CorrectTime}},
		{Name: "send", Commands: []string{rpc.SendMessage.Name}},
		{Name: "upload", Commands: []string{
			rpc.HighwaySession.Name, rpc.UploadPrivateImage.Name, rpc.UploadGroupImage.Name, rpc.UploadPrivateRecord.Name,
			rpc.UploadGroupRecord.Name, rpc.UploadPrivateVideo.Name, rpc.UploadGroupVideo.Name,
			rpc.ReserveGroupFile.Name, rpc.ReservePrivateFile.Name, highway.CommandData,
		}},
		{Name: "history", Commands: []string{rpc.GroupHistory.Name, rpc.FriendHistory.Name, rpc.RoamHistory.Name, rpc.PeerSequence.Name}},
		{Name: "contacts", Commands: []string{rpc.FriendList.Name, rpc.GroupList.Name, rpc.GroupMembers.Name, rpc.UserByUID.Name}},
		{Name: "push", Commands: []string{rpc.PushMessage}},
		{Name: "kick-push", Commands: []string{rpc.PushKick}},
		{Name: "sync-push", Commands: []string{rpc.PushInfoSync}},
	}
}
