package wire

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/vectors"
)

// tlvArgs reads the arguments of a TLV vector; a missing one skips the test with its name.
type tlvArgs struct {
	t *testing.T
	m map[string]json.RawMessage
}

func (a tlvArgs) read(v any, names ...string) {
	a.t.Helper()
	for _, name := range names {
		if raw, ok := a.m[name]; ok {
			if err := json.Unmarshal(raw, v); err != nil {
				a.t.Fatalf("argument %s = %s: %v", name, raw, err)
			}
			return
		}
	}
	a.t.Skipf("vector has no argument %s", strings.Join(names, " or "))
}

func (a tlvArgs) num(names ...string) (v uint32)  { a.t.Helper(); a.read(&v, names...); return v }
func (a tlvArgs) text(names ...string) (v string) { a.t.Helper(); a.read(&v, names...); return v }
func (a tlvArgs) hex(names ...string) []byte {
	a.t.Helper()
	var v vectors.Hex
	a.read(&v, names...)
	return v
}

func (a tlvArgs) guid() (g [16]byte) {
	a.t.Helper()
	copy(g[:], a.hex("guid"))
	return g
}

func vectorTLV(t *testing.T, call string, a tlvArgs) TLV {
	t.Helper()
	switch call {
	case "tlv 0x11":
		return tlvUnusual(a.hex("sig", "unusual_sig"))
	case "tlv 0x16":
		return tlvQRApp(&App{
			AppId: int(a.num("app_id")), SubAppId: int(a.num("sub_app_id", "app_id_qr_code")),
			PackageName: a.text("package"), PtVersion: a.text("pt_version"),
		}, a.guid())
	case "tlv 0x1b":
		return tlvQRImage(qrImage{
			a.num("micro"), a.num("version"), a.num("size"), a.num("margin"), a.num("dpi"), a.num("ec_level"), a.num("hint"),
		})
	case "tlv 0x1d":
		return tlvQRBitmap(a.num("misc_bitmap"))
	case "tlv 0x33":
		return tlvQRGUID(a.hex("guid"))
	case "tlv 0x35":
		return tlvQRVersion(0x35, a.num("pt_os_version", "sso_version"))
	case "tlv 0x66":
		return tlvQRVersion(0x66, a.num("pt_os_version", "sso_version"))
	case "tlv 0xd1":
		v, err := tlvQRDevice(a.text("os", "app_os"), a.text("device_name", "device"))
		if err != nil {
			t.Fatal(err)
		}
		return v
	case "tlv 0x18":
		return tlvAccount(uint16(a.num("ping_version")), a.num("sso_version"), a.num("app_id"), a.num("app_client_version"), a.num("uin"))
	case "tlv 0x100":
		return tlvSigMap(uint16(a.num("db_buf_version")), a.num("sso_version"), a.num("app_id"), a.num("sub_app_id"),
			a.num("app_client_version"), a.num("sigmap", "main_sigmap"))
	case "tlv 0x106":
		return tlvA1(a.hex("a1", "data", "temp_password"))
	case "tlv 0x107":
		return tlvPicture(uint16(a.num("pic_type")), uint8(a.num("cap_type")), uint16(a.num("pic_size")), uint8(a.num("ret_type")))
	case "tlv 0x116":
		return tlvBitmaps(oldMiscBitmap, a.num("sub_sigmap"))
	case "tlv 0x124":
		return tlvZero124()
	case "tlv 0x128":
		return tlvDevice128(a.text("os", "app_os"), a.hex("guid"), 1)
	case "tlv 0x141":
		return tlvNetwork(string(a.hex("sim")), string(a.hex("apn")))
	case "tlv 0x142":
		return tlvPackage(uint16(a.num("version")), a.text("apk_id", "package"))
	case "tlv 0x145":
		return tlvGUID(a.hex("guid"))
	case "tlv 0x147":
		return tlvApp147(a.num("app_id"), a.text("pt_version"), a.text("package"))
	case "tlv 0x166":
		return tlvImageType(uint8(a.num("image_type")))
	case "tlv 0x16a":
		return tlvNoPicSig(a.hex("no_pic_sig", "sig"))
	case "tlv 0x16e":
		return tlvDeviceName(a.text("device_name"))
	case "tlv 0x177":
		return tlvSDK(a.num("build_time"), a.text("sdk"))
	case "tlv 0x191":
		return tlvWebVerify(uint8(a.num("k", "can_web_verify", "value", "web_verify")))
	case "tlv 0x318":
		return tlvTgtQR(a.hex("tgt_qr"))
	case "tlv 0x521":
		return tlvProduct(a.num("product_type"), a.text("desc"))
	}
	t.Skipf("no builder for %q", call)
	return TLV{}
}

type requestVector struct {
	ID, Call, Command string
	Args              map[string]json.RawMessage
	Body, Base        vectors.Hex
	CredentialKey     vectors.Hex `json:"credential_key"`
	CredentialPlain   vectors.Hex `json:"credential_plain"`
}

func TestVectorsTLV(t *testing.T) {
	for _, c := range vectors.Of[requestVector](t, "oidb_requests.json") {
		t.Run(c.ID, func(t *testing.T) {
			v := vectorTLV(t, c.Call, tlvArgs{t, c.Args})
			got := appendL2(binary.BigEndian.AppendUint16(nil, v.Tag), v.Value)
			if !bytes.Equal(got, c.Body) {
				t.Errorf("%s(%s):\ngot  %x\nwant %x", c.Call, c.Args, got, c.Body)
			}
		})
	}
}

func TestVectorsNTLogin(t *testing.T) {
	for _, c := range vectors.Of[requestVector](t, "oidb_requests.json") {
		t.Run(c.ID, func(t *testing.T) {
			a := tlvArgs{t, c.Args}
			l, err := OpenNTLogin(c.Body, func(ticket []byte) ([]byte, error) {
				if len(ticket) == 0 {
					t.Error("no ticket")
				}
				return a.hex("gcm_key"), nil
			})
			if err != nil {
				t.Fatalf("OpenNTLogin: %v", err)
			}
			var common loginpb.NtLoginCommon
			if err := pb.Unmarshal(c.Base, &common); err != nil {
				t.Fatal(err)
			}
			cookie := ""
			if _, ok := c.Args["cookie"]; ok {
				cookie = a.text("cookie")
			}
			rebuilt := ntHead{
				uin: uint64(a.num("uin")), os: a.text("os"), deviceName: a.text("device_name"), platform: a.num("type"),
				guid: a.hex("guid"), version: a.text("kernel_version"), appID: int32(a.num("app_id")),
				packageName: a.text("package"), cookie: &cookie,
			}.head()
			for name, head := range map[string]*loginpb.NtLoginHead{"read": l.Head, "rebuilt": rebuilt} {
				got, err := pb.Marshal(&loginpb.NtLoginCommon{Head: head, Body: common.Body})
				if err != nil || !bytes.Equal(got, c.Base) {
					t.Errorf("head %s:\ngot  %x, %v\nwant %x", name, got, err, c.Base)
				}
			}
			again, err := SealNTLogin(l, a.hex("gcm_key"))
			if err != nil || len(again) != len(c.Body) {
				t.Errorf("SealNTLogin: %d bytes, %v, want %d", len(again), err, len(c.Body))
			}
			if c.CredentialKey != nil {
				checkCredential(t, c, a, common.Body)
			}
		})
	}
}

func checkCredential(t *testing.T, c requestVector, a tlvArgs, body []byte) {
	t.Helper()
	uin := a.num("uin")
	password := md5.Sum([]byte(a.text("password")))
	if key := passwordKey(password, uin); !bytes.Equal(key[:], c.CredentialKey) {
		t.Errorf("passwordKey = %x, want %x", key, c.CredentialKey)
	}
	var req loginpb.PasswordLoginReqBody
	if err := pb.Unmarshal(body, &req); err != nil {
		t.Fatal(err)
	}
	a1, err := ParsePasswordA1(req.GetA1(), password, uin)
	if err != nil {
		t.Fatalf("ParsePasswordA1: %v", err)
	}
	if a1.UIN != uin || a1.AppID != a.num("app_id") || a1.GUID != a.guid() || a1.PasswordMD5 != password {
		t.Errorf("ParsePasswordA1 = %+v", a1)
	}
	if got := a1.plain(binary.BigEndian.Uint32(c.CredentialPlain[2:])); !bytes.Equal(got, c.CredentialPlain) {
		t.Errorf("plain:\ngot  %x\nwant %x", got, c.CredentialPlain)
	}
}

// testVerifyKey is the constant of docs/protocol/login.md 5.
var testVerifyKey, _ = hex.DecodeString("e2733bf403149913cbf80c7a95168bd4ca6935ee53cd39764beebe2e007e3aee")

type exchangeVector struct {
	ID, Kind          string
	Request, Response vectors.Hex
	ClientPrivate     vectors.Hex `json:"client_private"`
	ServerPrivate     vectors.Hex `json:"server_private"`
	ServerPublic      vectors.Hex `json:"server_public"`
	GCMKey            vectors.Hex `json:"gcm_key"`
	KeySig            vectors.Hex `json:"key_sig"`
	GUID              vectors.Hex
	UIN               json.Number
	Expiration        uint32
	Timestamp         int64
	HashMatches       bool `json:"request_hash_matches"`
}

func TestVectorsKeyExchange(t *testing.T) {
	for _, c := range vectors.Of[exchangeVector](t, "ecdh.json") {
		t.Run(c.ID, func(t *testing.T) {
			server, err := crypto.ParsePrivateKey(crypto.P256, c.ServerPrivate)
			if err != nil {
				t.Fatal(err)
			}
			offer, err := ParseKeyExchange(c.Request, server, testVerifyKey)
			if !c.HashMatches {
				if !errors.Is(err, ErrVerification) {
					t.Errorf("ParseKeyExchange = %+v, %v, want ErrVerification", offer, err)
				}
			} else if err != nil {
				t.Errorf("ParseKeyExchange: %v", err)
			} else if offer.UIN != c.UIN.String() || !bytes.Equal(offer.GUID, c.GUID) || offer.Timestamp != c.Timestamp {
				t.Errorf("ParseKeyExchange = %+v, want uin %s, guid %x, time %d", offer, c.UIN, c.GUID, c.Timestamp)
			}
			private, err := crypto.ParsePrivateKey(crypto.P256, c.ClientPrivate)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(c.Timestamp, 0)
			x, request, err := newKeyExchange(private, c.ServerPublic, testVerifyKey, c.UIN.String(), [16]byte(c.GUID), now)
			if err != nil {
				t.Fatalf("newKeyExchange: %v", err)
			}
			if len(request) != len(c.Request) {
				t.Errorf("request of %d bytes, want %d", len(request), len(c.Request))
			}
			if _, err := ParseKeyExchange(request, server, testVerifyKey); err != nil {
				t.Errorf("ParseKeyExchange(own request): %v", err)
			}
			s, err := x.Open(c.Response, now)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			want := now.Add(time.Duration(c.Expiration) * time.Second)
			if !bytes.Equal(s.Key, c.GCMKey) || !bytes.Equal(s.Ticket, c.KeySig) || !s.Expires.Equal(want) {
				t.Errorf("Open = %+v, want key %x, ticket %x, expires %v", s, c.GCMKey, c.KeySig, want)
			}
		})
	}
}
