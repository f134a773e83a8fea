package session

import (
	"context"
	"time"

	"libration/internal/rpc"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/link"
)

const (
	qrPoll = 2 * time.Second
	// qrLifetime is used when the server does not say.
	qrLifetime = 2 * time.Minute
)

// qrLogin shows codes until one is confirmed on a phone, or a password that had to
// wait may be sent again.
func (l *loop) qrLogin(ctx context.Context, k *link.Conn) error {
	s := l.s
	passwordWaits := !l.password.open(s)
	var why PromptWhy
	for shown := 1; shown <= s.opts.MaxQRCodes; shown++ {
		code, err := l.fetchQR(ctx, k, StepQR, nil)
		if err != nil {
			return err
		}
		code.why = why
		l.showQR(code, false)
		s.log.Info("scan the QR code with the QQ app", "code", shown, "of", s.opts.MaxQRCodes, "valid_for", time.Until(code.Expires).Round(time.Second))
		reply, err := l.awaitScan(ctx, k, code, func() {
			s.log.Info("QR code scanned: confirm the login on the phone")
			l.showQR(code, true)
		})
		if err != nil {
			return err
		}
		switch reply.State {
		case wire.QRConfirmed:
			return l.wtlogin(ctx, k, reply)
		case wire.QRExpired:
			if passwordWaits && l.password.open(s) {
				return errPasswordDue
			}
			why = ""
			s.log.Warn("QR code expired: getting a new one")
			continue
		case wire.QRCancelled: // by a slip, or with another account: a new code costs nothing
			why = WhyDeclined
			s.log.Warn("login declined on the phone: getting a new QR code")
			continue
		}
		return text.Errorf("%v: the code is %v", "%v：二维码状态为 %v", errQRGivenUp, reply.State)
	}
	if why == WhyDeclined {
		return text.Errorf("%v: %v, %d codes were shown", "%v：%v，共显示了 %d 个二维码", errQRGivenUp, errDeclined, s.opts.MaxQRCodes)
	}
	return text.Errorf("%v: %d codes expired", "%v：%d 个二维码均已过期", errQRGivenUp, s.opts.MaxQRCodes)
}

// errDeclined: the phone said no to the last code.
var errDeclined = text.Errorf("declined on the phone", "已在手机上拒绝")

type qrCode struct {
	QRCode
	signature []byte
	why       PromptWhy // what came before it
}

// fetchQR gets a code to log in with; with the signature of an unusual device one
// that the phone is asked about.
func (l *loop) fetchQR(ctx context.Context, k *link.Conn, step Step, unusual []byte) (*qrCode, error) {
	s := l.s
	ks := s.keys()
	now := time.Now()
	body, err := (&wire.QRFetch{
		App: wire.App(s.opts.App), GUID: guid(ks.Device), DeviceName: ks.Device.Name, UnusualSig: unusual, Time: uint32(s.loginNow().Unix()),
	}).Encode()
	if err != nil {
		return nil, err
	}
	body, err = s.oicq(ctx, k, rpc.WtloginTransEmp, wire.OicqTransEmp, body)
	if err != nil {
		return nil, text.Errorf("fetch QR code: %v", "获取二维码：%v", err)
	}
	reply, err := wire.ParseQRFetchReply(body)
	if err != nil {
		return nil, text.Errorf("fetch QR code: %v", "获取二维码：%v", err)
	}
	if reply.Code != 0 {
		return nil, &LoginError{Step: step, Code: uint64(reply.Code), Hint: "the server gives no code"}
	}
	life := time.Duration(reply.LifetimeSeconds) * time.Second
	if life <= 0 {
		life = qrLifetime
	}
	return &qrCode{
		QRCode:    QRCode{URL: reply.URL, PNG: reply.Image, Expires: now.Add(life)},
		signature: reply.Signature,
	}, nil
}

// showQR puts the code into the state, each time as a new value.
func (l *loop) showQR(code *qrCode, scanned bool) {
	q := code.QRCode
	q.Scanned = scanned
	prompt := &Prompt{Kind: PromptScan, Why: code.why, Expires: q.Expires}
	if scanned {
		prompt.Kind = PromptConfirm
	}
	l.s.setState(State{Stage: LoggingIn, Step: StepQR, QR: &q, Prompt: prompt, Until: q.Expires}, nil)
}

// awaitScan polls the code until its state is final, at most for its lifetime.
func (l *loop) awaitScan(ctx context.Context, k *link.Conn, code *qrCode, onScanned func()) (*wire.QRPollReply, error) {
	s := l.s
	timer := time.NewTimer(0) // the first time at once: the code may be approved already
	defer timer.Stop()
	scanned := false
	for {
		select {
		case <-timer.C:
			timer.Reset(s.opts.Timing.QRPoll)
		case <-k.Context().Done():
			return nil, k.Err()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		body, err := (&wire.QRPoll{
			AppID: uint32(s.opts.App.AppId), Signature: code.signature, Time: uint32(s.loginNow().Unix()),
		}).Encode()
		if err != nil {
			return nil, err
		}
		body, err = s.oicq(ctx, k, rpc.WtloginTransEmp, wire.OicqTransEmp, body)
		if err != nil {
			return nil, text.Errorf("poll QR code: %v", "查询二维码：%v", err)
		}
		reply, err := wire.ParseQRPollReply(body)
		if err != nil {
			return nil, text.Errorf("poll QR code: %v", "查询二维码：%v", err)
		}
		switch reply.State {
		case wire.QRConfirmed, wire.QRExpired, wire.QRCancelled, wire.QRInvalid:
			return reply, nil
		case wire.QRScanned:
			if !scanned {
				scanned = true
				onScanned()
			}
		}
		if time.Now().After(code.Expires) {
			return &wire.QRPollReply{State: wire.QRExpired}, nil
		}
	}
}
