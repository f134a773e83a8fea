package server

import (
	"crypto/md5"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/wire"
	"libration/sandbox/world"
)

// passwordClock is how far a client's clock may be off in a password login
// (docs/protocol/login.md 6.2).
const passwordClock = 10 * time.Minute

// passwordLogin checks the captcha first, then the password, then the device
// (docs/protocol/login.md 6.2; the order is a rule of the sandbox).
func (l *ntLogins) passwordLogin(user world.User, d device, body []byte, wrong requestFault) (proto.Message, error) {
	req := &loginpb.PasswordLoginReqBody{}
	if err := pb.Unmarshal(body, req); err != nil {
		return nil, err
	}
	password := l.world.Users().Password(user.UIN)
	if password == "" {
		return nil, &ntRefusal{code: ntNoPassword}
	}
	if solved := req.GetIframe(); solved.GetTicket() != "" {
		if !l.checks.useCaptcha(user.UIN, solved) {
			return nil, &ntRefusal{code: ntWrongCaptcha}
		}
	} else if wrong.captcha {
		return nil, &ntRefusal{code: ntCaptcha, captcha: l.checks.newCaptcha(user.UIN, d)}
	}
	sum := md5.Sum([]byte(password))
	a1, err := wire.ParsePasswordA1(req.GetA1(), sum, uint32(user.UIN))
	if err != nil || a1.PasswordMD5 != sum || a1.UIN != uint32(user.UIN) || guidText(a1.GUID[:]) != d.guid ||
		l.world.Now().Sub(time.Unix(int64(a1.Time), 0)).Abs() > passwordClock {
		return nil, &ntRefusal{code: ntWrongPassword}
	}
	if wrong.newDevice {
		return nil, &ntRefusal{code: ntNewDevice, jump: l.checks.newNewcomer(user.UIN, d)}
	}
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "password")
	return &loginpb.PasswordLoginRspBody{Tickets: ntTicketsOf(l.clients.issue(user, d, nil)), Account: ntAccountOf(user)}, nil
}

// newDeviceLogin takes the token of a verification.
func (l *ntLogins) newDeviceLogin(user world.User, d device, body []byte) (proto.Message, error) {
	req := &loginpb.PasswordLoginNewDeviceReqBody{}
	if err := pb.Unmarshal(body, req); err != nil {
		return nil, err
	}
	if !l.codes.redeem(req.GetNewDeviceCheckSuccessSig(), forNewDevice, user, d) {
		return nil, &ntRefusal{code: ntIllegalTicket}
	}
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "password, new device")
	return &loginpb.PasswordLoginNewDeviceRspBody{Tickets: ntTicketsOf(l.clients.issue(user, d, nil)), Account: ntAccountOf(user)}, nil
}

func ntAccountOf(user world.User) *loginpb.NtAccount {
	return &loginpb.NtAccount{
		Uin: proto.Uint64(uint64(user.UIN)), Uid: proto.String(string(user.UID)),
		Profile: &loginpb.NtUserProfile{NickName: proto.String(user.Nickname)},
	}
}
