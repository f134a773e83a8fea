package session

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/systempb"
	"libration/internal/rpc"
)

// Liveness (docs/protocol/wire.md 9, login.md 9). A silent server is found after at
// most alivePeriod + aliveMisses*aliveWait = 25 s. While a slow handler keeps the
// reader from reading, nothing counts as missed.
const (
	alivePeriod   = 10 * time.Second
	aliveWait     = 5 * time.Second
	aliveMisses   = 3
	sessionPeriod = 270 * time.Second
	sessionMisses = 2
)

// register announces the session, so that pushes flow to this connection. A
// connection needs no new login: the D2 ticket in each packet is the session.
func (k *conn) register(ctx context.Context) error {
	_, err := rpc.Call(ctx, k, rpc.InfoSync, k.s.infoSyncRequest())
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return fmt.Errorf("%w: the server says %q", errRegisterRefused, refused.Message)
	}
	if err != nil {
		return fmt.Errorf("register: %w", err)
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
func (k *conn) unregister(ctx context.Context) {
	_, err := rpc.Call(ctx, k, rpc.UnRegister, &systempb.UnRegisterRequest{
		RegType: proto.Int32(1), Device: &systempb.DeviceInfo{}, UserTrigger: proto.Int32(1),
	})
	if err != nil {
		k.s.log.Debug("goodbye not answered", "err", err)
	}
}

// keepAlive watches the connection itself. Its success says nothing of the
// session. After a miss the next try follows at once.
func (k *conn) keepAlive() {
	timer := time.NewTimer(k.s.opts.Timing.Alive)
	defer timer.Stop()
	for misses := 0; ; {
		select {
		case <-timer.C:
		case <-k.ctx.Done():
			return
		}
		holds := k.holds.Load()
		_, err := k.Call(k.ctx, rpc.HeartbeatAlive, []byte{0, 0, 0, 4})
		switch {
		case k.ctx.Err() != nil:
			return
		case err == nil, isRefusal(err), k.heldSince(holds): // any answer will do
			misses = 0
			timer.Reset(k.s.opts.Timing.Alive)
			continue
		}
		if misses++; misses == aliveMisses {
			k.fail(fmt.Errorf("%w: %d heartbeats without an answer", errSilent, misses))
			return
		}
		timer.Reset(0)
	}
}

// keepSession is the session heartbeat; a refusal that ends the session is seen
// by the reader.
func (k *conn) keepSession() {
	ticker := time.NewTicker(k.s.opts.Timing.Session)
	defer ticker.Stop()
	for misses := 0; ; {
		select {
		case <-ticker.C:
		case <-k.ctx.Done():
			return
		}
		holds := k.holds.Load()
		_, err := rpc.Call(k.ctx, k, rpc.Heartbeat, &systempb.SsoHeartBeatRequest{Type: proto.Uint32(1)})
		if k.ctx.Err() != nil {
			return
		}
		if err == nil || !errors.Is(err, ErrTimeout) || k.heldSince(holds) { // any answer will do
			misses = 0
			continue
		}
		if misses++; misses == sessionMisses {
			k.fail(fmt.Errorf("%w: %d session heartbeats without an answer", errSilent, misses))
			return
		}
	}
}
