package ntqq

import (
	"context"
	"fmt"
	"strings"

	"libration/internal/rpc"
	"libration/internal/text"
)

// Errors of [Client.SendPacket]. Nothing was sent.
var (
	// ErrBadCommand: the text cannot be the name of a command.
	ErrBadCommand = text.Errorf("not the name of a command", "不是有效的命令名")
	// ErrSessionCommand: the command is one by which the session logs in, comes online,
	// stays so or ends.
	ErrSessionCommand = text.Errorf("the command belongs to the session itself", "该命令由会话自身使用")
)

// maxCommand bounds the name of a command, in bytes.
const maxCommand = 255

// SendPacket sends a request of one's own making and returns its answer; a code of the
// server is no error. The packet is signed where its command wants it, or where it says so.
// Limits of sending and caches do not know of it, and the session's own commands are
// refused; [Client.Call] refuses nothing. Tickets of the session that the service puts into
// an answer are left out.
// Errors: [ErrBadCommand], [ErrSessionCommand], and those of Client.Call but for a
// [*ServerError] alone.
func (c *Client) SendPacket(ctx context.Context, p Packet) (PacketAnswer, error) {
	if len(p.Command) == 0 || len(p.Command) > maxCommand || strings.ContainsFunc(p.Command, unnameable) {
		return PacketAnswer{}, ErrBadCommand
	}
	if rpc.OfSession(p.Command) {
		return PacketAnswer{}, fmt.Errorf("%s: %w", p.Command, ErrSessionCommand)
	}
	answer, err := c.session.Exchange(ctx, p)
	answer.Payload = rpc.WithoutTickets(p.Command, answer.Payload)
	return answer, err
}

func unnameable(r rune) bool { return r <= ' ' || r > '~' }
