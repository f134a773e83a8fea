package session

import (
	"context"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/session/link"
)

// register announces the session, so that pushes flow to this connection. A
// connection needs no new login: the D2 ticket in each packet is the session.
func (s *Session) register(ctx context.Context, k *link.Conn) error {
	_, err := rpc.Call(ctx, k, rpc.InfoSync, s.infoSyncRequest())
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return text.Errorf("%v: the server says %q", "%v：服务器的说明是 %q", errRegisterRefused, refused.Message)
	}
	if err != nil {
		return text.Errorf("register: %v", "注册会话：%v", err)
	}
	return nil
}

// infoSyncRequest has the values of docs/protocol/login.md 9, PC column.
func (s *Session) infoSyncRequest() *systempb.SsoInfoSyncRequest {
	return &systempb.SsoInfoSyncRequest{
		SyncFlag: proto.Uint32(735), ReqRandom: proto.Uint32(rand.Uint32()),
		CurActiveStatus: proto.Uint32(2), GroupLastMsgTime: proto.Uint64(0),
		C2CSync: &systempb.C2CSyncInfo{
			C2CMsgCookie:     &systempb.C2CMsgCookie{C2CLastMsgTime: proto.Uint64(0)},
			C2CLastMsgTime:   proto.Uint64(0),
			LastC2CMsgCookie: &systempb.C2CMsgCookie{C2CLastMsgTime: proto.Uint64(0)},
		},
		NormalConfig: &systempb.NormalConfig{},
		RegisterInfo: s.registerInfo(),
		Unknown10:    []*systempb.UintPair{{Key: proto.Uint32(0), Value: proto.Uint32(2)}},
		AppState: &systempb.CurAppState{
			IsDelayRequest: proto.Uint32(0), AppStatus: proto.Uint32(0), SilenceStatus: proto.Uint32(0),
		},
	}
}

func (s *Session) registerInfo() *systempb.RegisterInfo {
	d, app := s.keys().Device, s.opts.App
	return &systempb.RegisterInfo{
		Guid: proto.String(strings.ToUpper(hex.EncodeToString(d.GUID))), KickPc: proto.Uint32(0),
		BuildVer: proto.String(app.CurrentVersion), IsFirstRegisterProxyOnline: proto.Uint32(1),
		LocaleId: proto.Uint32(2052),
		Device: &systempb.DeviceInfo{
			DevName: proto.String(d.Name), DevType: proto.String(app.Kernel),
			OsVer: proto.String(d.SystemKernel), Brand: proto.String(""), VendorOsName: proto.String(app.VendorOs),
		},
		SetMute: proto.Uint32(0), RegisterVendorType: proto.Uint32(6), RegType: proto.Uint32(0),
		Business:      &systempb.OnlineBusinessInfo{NotifySwitch: proto.Uint32(1), BindUinNotifySwitch: proto.Uint32(1)},
		BatteryStatus: proto.Uint32(0), Field12: proto.Uint32(1),
	}
}

// unregister tells the server that the account goes offline; best effort.
func (s *Session) unregister(ctx context.Context, k *link.Conn) {
	_, err := rpc.Call(ctx, k, rpc.UnRegister, &systempb.UnRegisterRequest{
		RegType: proto.Int32(1), Device: &systempb.DeviceInfo{}, UserTrigger: proto.Int32(1),
	})
	if err != nil {
		s.log.Debug("goodbye not answered", "err", err)
	}
}
