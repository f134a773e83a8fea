package wire

import (
	"fmt"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
)

// Tickets is what a session lives on. All of it is secret.
type Tickets struct {
	A1    []byte // token of the next easy login
	A2    []byte // goes into every SSO head
	D2    []byte // goes into every packet
	D2Key crypto.Key
	// UID and the profile are empty when the server did not send them.
	UID      string
	Nickname string // at most 255 bytes
	Age      uint8
	Gender   uint8
	NoPicSig []byte // optional
}

// WtLoginReply answers a WtLogin.
type WtLoginReply struct {
	// State is 0 for success; WtLoginStateText explains the others.
	State uint8
	// Tickets is set in state 0 only.
	Tickets *Tickets
	// Title and Message are the server's own words about a refusal.
	Title   string
	Message string
}

// Encode returns the plain oicq body; tgtgt is the key that the login used. Success without tickets, and fields that are
// too long, are errors.
func (r *WtLoginReply) Encode(tgtgt crypto.Key) ([]byte, error) {
	head := fields(nil).u16(wtLoginSub).u8(r.State)
	if r.State != 0 {
		body, err := AppendTLVs(head, TLVs{
			tlv(0x146, fields(nil).u32(uint32(r.State)).l2(r.Title).l2(r.Message).u32(0)),
		})
		if err != nil {
			return nil, fmt.Errorf("wtlogin reply: %w", err)
		}
		return body, nil
	}
	if r.Tickets == nil {
		return nil, fmt.Errorf("wtlogin reply: success without tickets")
	}
	list, err := r.Tickets.tlvs()
	if err != nil {
		return nil, err
	}
	plain, err := AppendTLVs(nil, list)
	if err != nil {
		return nil, fmt.Errorf("wtlogin reply: %w", err)
	}
	body, err := AppendTLVs(head, TLVs{{Tag: 0x119, Value: crypto.TEASeal(nil, plain, tgtgt)}})
	if err != nil {
		return nil, fmt.Errorf("wtlogin reply: %w", err)
	}
	return body, nil
}

// tlvs lists everything that some client requires (docs/protocol/login.md 4.4).
func (t *Tickets) tlvs() (TLVs, error) {
	if len(t.Nickname) > 0xFF {
		return nil, fmt.Errorf("wtlogin reply: nickname of %d bytes, at most 255 can be sent", len(t.Nickname))
	}
	uid, err := pb.Marshal(&loginpb.ThirdPartyLogin{
		Common: &loginpb.ThirdPartyCommon{Nt: &loginpb.ThirdPartyNt{Uid: &t.UID}},
	})
	if err != nil {
		return nil, fmt.Errorf("wtlogin reply: %w", err)
	}
	l := TLVs{
		{Tag: 0x10A, Value: t.A2},
		{Tag: 0x143, Value: t.D2},
		{Tag: 0x305, Value: t.D2Key[:]},
		{Tag: 0x106, Value: t.A1},
		{Tag: 0x543, Value: uid},
		{Tag: 0x11A, Value: appendL1(fields(nil).u16(0).u8(t.Age).u8(t.Gender), t.Nickname)},
	}
	if len(t.NoPicSig) > 0 {
		l = append(l, tlvNoPicSig(t.NoPicSig))
	}
	return l, nil
}

// ParseWtLoginReply reads a plain oicq body; tgtgt is the key that the login used. In state 0 the tickets must open with
// it (else ErrDecrypt) and hold A2, D2 and a D2 key of 16 bytes (else ErrProtocol).
func ParseWtLoginReply(body []byte, tgtgt crypto.Key) (*WtLoginReply, error) {
	rd := &reader{b: body}
	rd.u16()
	r := &WtLoginReply{State: rd.u8()}
	if rd.err != nil {
		return nil, fmt.Errorf("wtlogin reply: %w", rd.err)
	}
	list, _, err := ParseTLVs(rd.rest())
	if r.State != 0 {
		// The state is the answer; the words are welcome but must not stand in its way.
		if err == nil {
			r.readFailure(list)
		}
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("wtlogin reply: %w", err)
	}
	sealed, ok := list.Get(0x119)
	if !ok {
		return nil, fmt.Errorf("%w: wtlogin reply without tlv 0x119", ErrProtocol)
	}
	plain, err := openTEA("tlv 0x119", sealed, tgtgt)
	if err != nil {
		return nil, err
	}
	inner, _, err := ParseTLVs(plain)
	if err != nil {
		return nil, fmt.Errorf("tlv 0x119: %w", err)
	}
	if r.Tickets, err = parseTickets(inner); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *WtLoginReply) readFailure(list TLVs) {
	var rd *reader
	if v, ok := list.Get(0x146); ok {
		rd = &reader{b: v}
		rd.u32()
	} else if v, ok := list.Get(0x149); ok {
		rd = &reader{b: v}
		rd.u16()
	} else {
		return
	}
	r.Title, r.Message = pb.Text(rd.l2()), pb.Text(rd.l2())
}

func parseTickets(list TLVs) (*Tickets, error) {
	t := &Tickets{}
	var okA2, okD2, okKey bool
	t.A2, okA2 = list.Get(0x10A)
	t.D2, okD2 = list.Get(0x143)
	t.D2Key, okKey = list.key(0x305)
	if !okA2 || !okD2 || !okKey {
		return nil, fmt.Errorf("%w: wtlogin reply without A2, D2 or D2 key", ErrProtocol)
	}
	t.A1, _ = list.Get(0x106)
	t.NoPicSig, _ = list.Get(0x16A)
	if v, ok := list.Get(0x543); ok {
		var third loginpb.ThirdPartyLogin
		if err := pb.Unmarshal(v, &third); err != nil {
			return nil, fmt.Errorf("tlv 0x543: %w", err)
		}
		t.UID = third.GetCommon().GetNt().GetUid()
	}
	if v, ok := list.Get(0x11A); ok {
		rd := &reader{b: v}
		rd.u16() // face
		t.Age, t.Gender, t.Nickname = rd.u8(), rd.u8(), pb.Text(rd.l1())
		if rd.err != nil {
			return nil, fmt.Errorf("tlv 0x11a: %w", rd.err)
		}
	}
	return t, nil
}

// WtLoginStateText returns what a wtlogin.login state means, in a few words; "" when it is unknown.
func WtLoginStateText(state uint8) string {
	switch state {
	case 0:
		return "success"
	case 1:
		return "wrong password"
	case 2:
		return "captcha needed"
	case 3:
		return "receive issue"
	case 15:
		return "token expired"
	case 40:
		return "account banned"
	case 45:
		return "login forbidden: missing or wrong signature, or the signer's client version differs"
	case 155:
		return "operation timeout"
	case 160:
		return "sms code needed"
	case 162:
		return "sms sending failed"
	case 163:
		return "wrong sms code"
	case 167:
		return "login denied"
	case 204:
		return "device lock"
	case 235:
		return "client version outdated or device banned"
	case 237:
		return "risky environment, or too many attempts"
	case 239:
		return "device lock: sms code needed in a new area"
	}
	return ""
}
