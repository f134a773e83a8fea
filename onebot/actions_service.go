package onebot

import (
	"context"
	"runtime"

	"libration/gateway/table"
	"libration/internal/text"
)

func serviceActions() []row {
	return []row{
		table.Of("get_status", standard, Local, text.T("Returns whether the account is online and can send, and counts.", "返回账号是否在线、能否发送消息，以及统计数据。"), getStatus),
		table.Of("get_version_info", standard, Local, text.T("Returns the name and version of this service.", "返回本服务的名称和版本。"), getVersionInfo),
		table.Of("get_supported_actions", common, Local, text.T("Lists the actions that this version has.", "返回本版本支持的动作名称。"), getSupportedActions),
		table.Of("get_online_clients", common, Local, text.T("Lists the devices that are online on the account, as the service said last; this program is one of them.", "返回该账号在线的设备，以服务器最近一次通知为准，本程序也在其中。"), getOnlineClients),
		table.Of("get_guild_service_profile", common, Local, text.T("Returns that there are no guilds: the feature is gone.", "返回没有频道：该功能已不存在。"), getGuildServiceProfile),
		table.Of("get_guild_list", common, Local, text.T("Returns an empty list: the feature is gone.", "返回空列表：该功能已不存在。"), getGuildList),
	}
}

// statusResult is what status appends.
type statusResult struct {
	Initialized bool        `json:"app_initialized" en:"true" zh:"固定为 true。"`
	Enabled     bool        `json:"app_enabled" en:"true" zh:"固定为 true。"`
	PluginsGood *table.None `json:"plugins_good" en:"null" zh:"固定为 null。"`
	AppGood     bool        `json:"app_good" en:"true" zh:"固定为 true。"`
	Online      bool        `json:"online" en:"Whether the account is online." zh:"账号是否在线。"`
	Good        bool        `json:"good" en:"Whether it is online and messages can be sent." zh:"是否在线且能发送消息。"`
	Trouble     string      `json:"trouble,omitempty" en:"Why it is not good although it is online, in words." zh:"在线但状态不正常时的文字说明。"`
	Stat        statistics  `json:"stat" en:"Counts since the program started." zh:"程序启动以来的统计。"`
}

type statistics struct {
	LostTimes       int64  `json:"lost_times" en:"0" zh:"固定为 0。"`
	PacketsReceived uint64 `json:"packet_received" en:"Packets received." zh:"收到的数据包数。"`
	PacketsSent     uint64 `json:"packet_sent" en:"Packets sent." zh:"发送的数据包数。"`
	PacketsLost     uint64 `json:"packet_lost" en:"Packets dropped." zh:"丢弃的数据包数。"`
	Received        uint64 `json:"message_received" en:"Messages received." zh:"收到的消息数。"`
	Sent            uint64 `json:"message_sent" en:"Messages sent." zh:"发送的消息数。"`
	Disconnects     uint64 `json:"disconnect_times" en:"How often the connection was lost." zh:"断线次数。"`
	LastMessage     int64  `json:"last_message_time" en:"When the last message came, Unix seconds." zh:"最后一条消息的时间，Unix 秒。"`
}

func getStatus(_ context.Context, a *account, _ table.None) (table.Encoded[statusResult], error) {
	return a.status(), nil
}

type versionInfo struct {
	AppName         string `json:"app_name" en:"Libration" zh:"固定为 Libration。"`
	AppVersion      string `json:"app_version" en:"Version of the program." zh:"程序版本。"`
	ProtocolVersion string `json:"protocol_version" en:"v11" zh:"固定为 v11。"`
	AppFullName     string `json:"app_full_name" en:"Name, version and system." zh:"名称、版本和系统。"`
	Version         string `json:"version" en:"Version of the program, once more." zh:"程序版本，同上。"`
	Client          string `json:"nt_protocol" en:"The client that the program is to the service: its system and version." zh:"程序模拟的客户端的系统和版本。"`
	RuntimeVersion  string `json:"runtime_version" en:"Version of Go." zh:"Go 的版本。"`
	RuntimeOS       string `json:"runtime_os" en:"Operating system." zh:"操作系统。"`
}

func getVersionInfo(_ context.Context, a *account, _ table.None) (versionInfo, error) {
	app := a.client.App()
	return versionInfo{
		AppName: "Libration", AppVersion: a.version, ProtocolVersion: "v11",
		AppFullName: "Libration-" + a.version + "_" + runtime.GOOS + "_" + runtime.GOARCH,
		Version:     a.version, Client: app.Os + " | " + app.CurrentVersion,
		RuntimeVersion: runtime.Version(), RuntimeOS: runtime.GOOS,
	}, nil
}

func getSupportedActions(_ context.Context, a *account, _ table.None) ([]string, error) {
	return a.table.Names(), nil
}

type guildProfile struct {
	Nickname  string `json:"nickname" en:"Empty." zh:"固定为空。"`
	TinyID    string `json:"tiny_id" en:"0: there are no guilds." zh:"固定为 0，表示没有频道。"`
	AvatarURL string `json:"avatar_url" en:"Empty." zh:"固定为空。"`
}

// getGuildServiceProfile: guilds are gone. Clients ask at start-up all the same and
// take the id "0" for "no guilds" (docs/protocol/onebot11.md b.6).
func getGuildServiceProfile(_ context.Context, _ *account, _ table.None) (guildProfile, error) {
	return guildProfile{TinyID: "0"}, nil
}

type guild struct {
	ID        string `json:"guild_id" en:"Id of the guild." zh:"频道 id。"`
	Name      string `json:"guild_name" en:"Its name." zh:"频道名称。"`
	DisplayID string `json:"guild_display_id" en:"The id that people see." zh:"显示的频道号。"`
}

func getGuildList(context.Context, *account, table.None) ([]guild, error) { return []guild{}, nil }

type clientsParams struct {
	NoCache bool `param:"no_cache,default=false" en:"Without effect: the service tells of changes by itself." zh:"没有作用：变化由服务器主动通知。"`
}

type onlineClients struct {
	Clients []onlineClient `json:"clients" en:"The devices." zh:"设备列表。"`
}

type onlineClient struct {
	AppID int64  `json:"app_id" en:"Number of the device." zh:"设备编号。"`
	Name  string `json:"device_name" en:"Name of the device." zh:"设备名称。"`
	Kind  string `json:"device_kind" en:"Its platform." zh:"设备平台。"`
}

func getOnlineClients(_ context.Context, a *account, _ clientsParams) (onlineClients, error) {
	list := onlineClients{Clients: []onlineClient{}}
	for _, d := range a.client.Devices() {
		list.Clients = append(list.Clients, onlineClient{int64(d.Instance), d.Name, d.Platform})
	}
	return list, nil
}
