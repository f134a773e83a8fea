package wire

import (
	"encoding/hex"
	"fmt"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
)

// maxQRURL is the longest address that every client reads: some take its protobuf length for one byte
// (docs/protocol/login.md 4.2).
const maxQRURL = 127

// QRFetch asks for a new login code.
type QRFetch struct {
	App        App
	GUID       [16]byte
	DeviceName string
	// UnusualSig is set to have a login from an unusual device confirmed: no picture is needed then, the phone is asked.
	UnusualSig []byte
	Time       uint32 // Unix seconds
}

// Encode returns the plain oicq body. An error means texts that are too long or not UTF-8.
func (q *QRFetch) Encode() ([]byte, error) {
	device, err := tlvQRDevice(q.App.Os, q.DeviceName)
	if err != nil {
		return nil, err
	}
	var l TLVs
	if len(q.UnusualSig) > 0 {
		l = append(l, tlvUnusual(q.UnusualSig))
	}
	l = append(l,
		tlvQRApp(&q.App, q.GUID),
		tlvQRImage(defaultQRImage),
		tlvQRBitmap(uint32(q.App.MiscBitmap)),
		tlvQRGUID(q.GUID[:]),
		tlvQRVersion(0x35, uint32(q.App.SsoVersion)),
		tlvQRVersion(0x66, uint32(q.App.SsoVersion)),
		device,
	)
	appID := uint32(q.App.AppId)
	data, err := AppendTLVs(fields(nil).u16(0).u32(appID).u64(0).u8(0).u16(0), l)
	if err != nil {
		return nil, fmt.Errorf("qr fetch: %w", err)
	}
	return (&Code2D{AppID: appID, SubCommand: code2DFetch, Time: q.Time, Data: data}).Encode()
}

// ParseQRFetch reads the data of a Code2D of sub command 0x31. What the client did not name stays zero; Time is that of
// the Code2D and not set here.
func ParseQRFetch(data []byte) (*QRFetch, error) {
	rd := &reader{b: data}
	rd.u16()
	q := &QRFetch{}
	q.App.AppId = int(rd.u32())
	rd.u64()
	rd.u8()
	rd.u16()
	if rd.err != nil {
		return nil, fmt.Errorf("qr fetch: %w", rd.err)
	}
	l, _, err := ParseTLVs(rd.rest())
	if err != nil {
		return nil, fmt.Errorf("qr fetch: %w", err)
	}
	if err := q.takeTLVs(l); err != nil {
		return nil, err
	}
	return q, nil
}

// takeTLVs reads what the client named.
func (q *QRFetch) takeTLVs(l TLVs) error {
	q.UnusualSig, _ = l.Get(0x11)
	if v, ok := l.Get(0x16); ok {
		rd := &reader{b: v}
		rd.u32()
		rd.u32() // app id again
		q.App.SubAppId = int(rd.u32())
		copy(q.GUID[:], rd.bytes(len(q.GUID)))
		q.App.PackageName = string(rd.l2())
		q.App.PtVersion = string(rd.l2())
		if rd.err != nil {
			return fmt.Errorf("qr fetch: tlv 0x16: %w", rd.err)
		}
	}
	if v, ok := l.Get(0x1D); ok {
		rd := &reader{b: v}
		rd.u8()
		q.App.MiscBitmap = int(rd.u32())
	}
	if v, ok := l.Get(0x33); ok {
		if guid, ok := parseGUID(v); ok {
			q.GUID = guid
		}
	}
	if v, ok := l.Get(0x35); ok {
		q.App.SsoVersion = int((&reader{b: v}).u32())
	}
	if v, ok := l.Get(0xD1); ok {
		var ext loginpb.QrExtInfo
		if err := pb.Unmarshal(v, &ext); err != nil {
			return fmt.Errorf("qr fetch: tlv 0xd1: %w", err)
		}
		q.App.Os = ext.GetDevInfo().GetDevType()
		q.DeviceName = ext.GetDevInfo().GetDevName()
	}
	return nil
}

// parseGUID reads a device id in either of the forms that clients send: 16 bytes, or 32 hex digits.
func parseGUID(b []byte) (guid [16]byte, ok bool) {
	switch len(b) {
	case len(guid):
		return [16]byte(b), true
	case 2 * len(guid):
		_, err := hex.Decode(guid[:], b)
		return guid, err == nil
	}
	return guid, false
}

// QRFetchReply is a new login code, or a refusal.
type QRFetchReply struct {
	AppID uint32
	// Code is 0 for success; everything below is then set.
	Code      uint8
	Signature []byte // names the code in QRPoll; 24 bytes in practice
	Image     []byte // PNG
	// LifetimeSeconds is 0 when the server did not say.
	LifetimeSeconds uint32
	URL             string // what the phone scans, at most 127 bytes
	SignatureText   string
}

// Encode returns the plain oicq body. A URL over 127 bytes, and fields that are too long together (65 kB) are errors.
func (r *QRFetchReply) Encode() ([]byte, error) {
	reply := &code2DReply{appID: r.AppID, subCommand: code2DFetch, code: r.Code}
	if r.Code == 0 {
		if len(r.URL) > maxQRURL {
			return nil, fmt.Errorf("qr reply: address of %d bytes, at most %d can be sent", len(r.URL), maxQRURL)
		}
		// Field order is ascending, so the address comes first: some clients read nothing else.
		ext, err := pb.Marshal(&loginpb.QrExtInfo{QrUrl: &r.URL, QrSig: &r.SignatureText})
		if err != nil {
			return nil, fmt.Errorf("qr reply: %w", err)
		}
		reply.data, err = AppendTLVs(appendL2(nil, r.Signature), TLVs{
			{Tag: 0x17, Value: r.Image},
			tlv(0x1C, fields(nil).u32(r.LifetimeSeconds).u16(uint16(min(r.LifetimeSeconds/60, 0xFFFF)))),
			{Tag: 0xD1, Value: ext},
		})
		if err != nil {
			return nil, fmt.Errorf("qr reply: %w", err)
		}
	}
	return reply.encode()
}

// ParseQRFetchReply reads a plain oicq body. Byte fields alias it.
func ParseQRFetchReply(body []byte) (*QRFetchReply, error) {
	reply, err := parseCode2DReply(body)
	if err != nil {
		return nil, err
	}
	r := &QRFetchReply{AppID: reply.appID, Code: reply.code}
	if r.Code != 0 {
		return r, nil
	}
	rd := &reader{b: reply.data}
	r.Signature = rd.l2()
	if rd.err != nil {
		return nil, fmt.Errorf("qr reply: signature: %w", rd.err)
	}
	l, _, err := ParseTLVs(rd.rest())
	if err != nil {
		return nil, fmt.Errorf("qr reply: %w", err)
	}
	r.Image, _ = l.Get(0x17)
	if v, ok := l.Get(0x1C); ok {
		r.LifetimeSeconds = (&reader{b: v}).u32()
	}
	if v, ok := l.Get(0xD1); ok {
		var ext loginpb.QrExtInfo
		if err := pb.Unmarshal(v, &ext); err != nil {
			return nil, fmt.Errorf("qr reply: tlv 0xd1: %w", err)
		}
		r.URL, r.SignatureText = ext.GetQrUrl(), ext.GetQrSig()
	}
	return r, nil
}

// QRState is the state of a login code.
type QRState uint8

// States of a login code (docs/protocol/login.md 4.3). A client goes on polling for waiting, scanned and unknown states.
const (
	QRConfirmed QRState = 0
	QRExpired   QRState = 17
	QRWaiting   QRState = 48
	QRScanned   QRState = 53
	QRCancelled QRState = 54
	QRInvalid   QRState = 144
)

// String returns a lower-case word for the state, or its number.
func (s QRState) String() string {
	switch s {
	case QRConfirmed:
		return "confirmed"
	case QRExpired:
		return "expired"
	case QRWaiting:
		return "waiting"
	case QRScanned:
		return "scanned"
	case QRCancelled:
		return "cancelled"
	case QRInvalid:
		return "invalid"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// QRPoll asks for the state of a login code.
type QRPoll struct {
	AppID     uint32
	Signature []byte
	Time      uint32 // Unix seconds
}

// Encode returns the plain oicq body; a signature over 65535 bytes is an error.
func (q *QRPoll) Encode() ([]byte, error) {
	data := fields(nil).u16(0).u32(q.AppID).u16(uint16(len(q.Signature))).raw(q.Signature).u64(0).u8(0).u16(0).u16(0)
	return (&Code2D{AppID: q.AppID, SubCommand: code2DPoll, Time: q.Time, Data: data}).Encode()
}

// ParseQRPoll reads the data of a Code2D of sub command 0x12; Signature aliases it. Time is that of the Code2D.
func ParseQRPoll(data []byte) (*QRPoll, error) {
	rd := &reader{b: data}
	rd.u16()
	q := &QRPoll{AppID: rd.u32(), Signature: rd.l2()}
	if rd.err != nil {
		return nil, fmt.Errorf("qr poll: %w", rd.err)
	}
	return q, nil
}

// QRPollReply is the state of a login code and, when it is confirmed, what wtlogin.login needs.
type QRPollReply struct {
	AppID uint32
	State QRState
	// The fields below are set in state QRConfirmed only.
	UIN      uint64
	TgtgtKey crypto.Key
	NoPicSig crypto.Key
	A1       []byte
}

// Encode returns the plain oicq body; an A1 over 65535 bytes is an error.
func (r *QRPollReply) Encode() ([]byte, error) {
	reply := &code2DReply{appID: r.AppID, subCommand: code2DPoll, code: uint8(r.State)}
	if r.State == QRConfirmed {
		var err error
		reply.data, err = AppendTLVs(fields(nil).u64(r.UIN).u32(0), TLVs{
			{Tag: 0x1E, Value: r.TgtgtKey[:]},
			{Tag: 0x19, Value: r.NoPicSig[:]},
			{Tag: 0x18, Value: r.A1},
		})
		if err != nil {
			return nil, fmt.Errorf("qr poll reply: %w", err)
		}
	}
	return reply.encode()
}

// ParseQRPollReply reads a plain oicq body; A1 aliases it. A confirmation without A1 or without a tgtgt key of 16 bytes
// is an error wrapping ErrProtocol.
func ParseQRPollReply(body []byte) (*QRPollReply, error) {
	reply, err := parseCode2DReply(body)
	if err != nil {
		return nil, err
	}
	r := &QRPollReply{AppID: reply.appID, State: QRState(reply.code)}
	if r.State != QRConfirmed {
		return r, nil
	}
	rd := &reader{b: reply.data}
	r.UIN = rd.u64()
	rd.u32()
	if rd.err != nil {
		return nil, fmt.Errorf("qr poll reply: %w", rd.err)
	}
	l, _, err := ParseTLVs(rd.rest())
	if err != nil {
		return nil, fmt.Errorf("qr poll reply: %w", err)
	}
	var okKey, okA1 bool
	r.TgtgtKey, okKey = l.key(0x1E)
	r.NoPicSig, _ = l.key(0x19)
	r.A1, okA1 = l.Get(0x18)
	if !okKey || !okA1 {
		return nil, fmt.Errorf("%w: qr confirmation without tgtgt key or A1", ErrProtocol)
	}
	return r, nil
}
