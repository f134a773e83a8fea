package onebot

import (
	"context"
	"encoding/json"
	"runtime"
	"time"

	"libration/internal/text"
)

// status is the data of get_status and of heartbeats: the account's real state; a
// field trouble says in words why it is not good although it is online. The
// constants are there for clients that read them.
func (s *Service) status() []byte {
	online, unsigned := s.client.State().Online(), s.client.SignFailure()
	st := s.client.Stats()
	b := []byte(`{"app_initialized":true,"app_enabled":true,"plugins_good":null,"app_good":true`)
	b = boolField(b, "online", online)
	b = boolField(b, "good", online && unsigned == nil)
	if unsigned != nil {
		since := unsigned.Since.Format(time.TimeOnly)
		b = textField(b, "trouble", text.T(
			"no signer gives signatures since %s: messages cannot be sent; see signer.urls and the log",
			"自 %s 起没有可用的签名服务，无法发送消息；请检查 signer.urls 和日志",
		).Fill(since).In(s.language))
	}
	b = append(b, `,"stat":{"lost_times":0`...)
	b = uintField(b, "packet_received", st.PacketsReceived)
	b = uintField(b, "packet_sent", st.PacketsSent)
	b = uintField(b, "packet_lost", st.PacketsDropped)
	b = uintField(b, "message_received", st.MessagesReceived)
	b = uintField(b, "message_sent", st.MessagesSent)
	b = uintField(b, "disconnect_times", st.Disconnects)
	b = intField(b, "last_message_time", st.LastMessageTime)
	return append(b, '}', '}')
}

func (s *Service) getStatus(context.Context, *args) (any, error) {
	return json.RawMessage(s.status()), nil
}

type versionInfo struct {
	AppName         string `json:"app_name"`
	AppVersion      string `json:"app_version"`
	ProtocolVersion string `json:"protocol_version"`
	AppFullName     string `json:"app_full_name"`
	RuntimeVersion  string `json:"runtime_version"`
	RuntimeOS       string `json:"runtime_os"`
}

func (s *Service) versionInfo(context.Context, *args) (any, error) {
	return versionInfo{
		AppName: "Libration", AppVersion: s.version, ProtocolVersion: "v11",
		AppFullName:    "Libration-" + s.version + "_" + runtime.GOOS + "_" + runtime.GOARCH,
		RuntimeVersion: runtime.Version(), RuntimeOS: runtime.GOOS,
	}, nil
}

type canResult struct {
	Yes bool `json:"yes"`
}

// cannot answers the can_send actions of what this version cannot send.
func (s *Service) cannot(context.Context, *args) (any, error) { return canResult{false}, nil }

func (s *Service) supportedActions(context.Context, *args) (any, error) { return s.Actions(), nil }

type guildProfile struct {
	Nickname  string `json:"nickname"`
	TinyID    string `json:"tiny_id"`
	AvatarURL string `json:"avatar_url"`
}

// guildServiceProfile: guilds are gone. Clients ask at start-up all the same and
// take the id "0" for "no guilds" (docs/protocol/onebot11.md b.6).
func (s *Service) guildServiceProfile(context.Context, *args) (any, error) {
	return guildProfile{TinyID: "0"}, nil
}
