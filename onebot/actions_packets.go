package onebot

import (
	"context"
	"encoding/hex"
	"errors"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
)

func packetActions() []row {
	fails := table.Fails(apiError, badCommand, sessionCommand)
	return []row{
		table.Of(".send_packet", lagrange, Sends, text.T("Sends a packet of the bot's own making, and returns its answer with the server's code. Limits of sending and caches do not know of it.", "发送自定义数据包，并返回应答和服务器代码。发送限制和缓存不感知该请求。"),
			dotSendPacket, fails),
		table.Of("send_packet", rare, Sends, text.T("Sends a packet of the bot's own making, and returns the payload of its answer, in hexadecimal digits.", "发送自定义数据包，以十六进制返回应答内容。"),
			sendPacket, fails),
		table.Of("send_pb", rare, Sends, text.T("Like `send_packet`, with another answer.", "同 `send_packet`，返回格式不同。"),
			sendPB, fails),
		table.Of("nc_get_packet_status", rare, Local, text.T("Succeeds when packets can be sent: the account is online, and no signer is failing.", "能够发送数据包（账号在线且签名正常）时返回成功。"),
			ncGetPacketStatus),
	}
}

// payload is a payload in hexadecimal digits.
func payload(name, digits string) ([]byte, error) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, &table.Wrong{Name: name, What: text.T("must be pairs of hexadecimal digits", "必须是成对的十六进制数字")}
	}
	return b, nil
}

// ordinary is the only type of packets that bots send; of the other one are those by which
// the connection shows that it lives (docs/protocol/wire.md 9).
const ordinary = 12

type dotPacketParams struct {
	Command string `param:"command" en:"Name of the command." zh:"命令名。"`
	Data    string `param:"data,optional" en:"Its payload, in hexadecimal digits." zh:"请求内容，十六进制。"`
	Type    whole  `param:"type,default=12" en:"12: the only type that is sent." zh:"固定为 12。"`
	Sign    bool   `param:"sign,default=false" en:"true: sign it, whatever the command. Commands that the program signs anyway are signed in any case." zh:"true：无论什么命令都签名。本程序本来就签名的命令总是签名。"`
}

type packetAnswer struct {
	Sequence uint32 `json:"sequence" en:"Number of the request." zh:"请求序号。"`
	RetCode  int32  `json:"retcode" en:"The server's code, 0 for success." zh:"服务器代码，0 表示成功。"`
	Result   string `json:"result" en:"Payload of the answer, in hexadecimal digits." zh:"应答内容，十六进制。"`
	Extra    string `json:"extra" en:"What the server says to its code." zh:"服务器对代码的说明。"`
}

func dotSendPacket(ctx context.Context, a *account, p dotPacketParams) (packetAnswer, error) {
	if p.Type != ordinary {
		return packetAnswer{}, &table.Wrong{Name: "type", What: text.T("must be 12", "必须是 12")}
	}
	data, err := payload("data", p.Data)
	if err != nil {
		return packetAnswer{}, err
	}
	answer, err := a.client.SendPacket(ctx, ntqq.Packet{Command: p.Command, Payload: data, Sign: p.Sign})
	return packetAnswer{answer.Sequence, answer.Code, hex.EncodeToString(answer.Payload), answer.Text}, err
}

type packetParams struct {
	Command string `param:"cmd" en:"Name of the command." zh:"命令名。"`
	Data    string `param:"data,optional" en:"Its payload, in hexadecimal digits." zh:"请求内容，十六进制。"`
	Answer  bool   `param:"rsp,default=true" en:"false: that no answer comes is no failure." zh:"false：没有应答也视为成功。"`
}

// called sends a packet. A code of the server is a failure.
func (a *account) called(ctx context.Context, command string, data []byte) ([]byte, error) {
	answer, err := a.client.SendPacket(ctx, ntqq.Packet{Command: command, Payload: data})
	if err == nil && answer.Code != 0 {
		err = &ntqq.ServerError{Command: command, Code: int64(answer.Code), Message: answer.Text}
	}
	return answer.Payload, err
}

func sendPacket(ctx context.Context, a *account, p packetParams) (string, error) {
	data, err := payload("data", p.Data)
	if err != nil {
		return "", err
	}
	answer, err := a.called(ctx, p.Command, data)
	if !p.Answer && errors.Is(err, ntqq.ErrTimeout) {
		return "", nil
	}
	return hex.EncodeToString(answer), err
}

type pbParams struct {
	Command string `param:"cmd" en:"Name of the command." zh:"命令名。"`
	Hex     string `param:"hex,optional" en:"Its payload, in hexadecimal digits." zh:"请求内容，十六进制。"`
}

type pbAnswer struct {
	Command string `json:"cmd" en:"Name of the command." zh:"命令名。"`
	Hex     string `json:"hex" en:"Payload of the answer, in hexadecimal digits." zh:"应答内容，十六进制。"`
}

func sendPB(ctx context.Context, a *account, p pbParams) (pbAnswer, error) {
	data, err := payload("hex", p.Hex)
	if err != nil {
		return pbAnswer{}, err
	}
	answer, err := a.called(ctx, p.Command, data)
	return pbAnswer{p.Command, hex.EncodeToString(answer)}, err
}

func ncGetPacketStatus(_ context.Context, a *account, _ table.None) (table.None, error) {
	switch {
	case !a.client.State().Online():
		return table.None{}, failure(offline)
	case a.client.SignFailure() != nil:
		return table.None{}, failure(unsigned)
	}
	return table.None{}, nil
}
