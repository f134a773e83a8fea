package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/ssopb"
	"libration/internal/rpc"
	"libration/internal/webguard"
	"libration/internal/wire"
)

// maxSignBody bounds a request to the sign provider: the largest packet as hex.
const maxSignBody = 16 << 20

// signedCommands are those refused without a signature when RequireSign is set, in
// small letters: the list that all clients have in common. The login commands look
// at request.signed themselves (docs/protocol/login.md 12).
var signedCommands = sync.OnceValue(func() map[string]bool {
	signed := map[string]bool{}
	for command := range rpc.SignedCommands(false) {
		signed[strings.ToLower(command)] = true
	}
	return signed
})

func needsSign(command string) bool { return signedCommands()[strings.ToLower(command)] }

// refusedUnsigned is the result of the OIDB envelope (docs/protocol/login.md 12).
const refusedUnsigned = 4

func refuseUnsigned(rq *request) ([]byte, error) {
	if !strings.HasPrefix(strings.ToLower(rq.Command), "oidbsvctrpctcp.") {
		return nil, &ssoError{codeFailed, "signature missing or wrong"}
	}
	env := &oidbpb.OidbEnvelope{}
	if err := pb.Unmarshal(rq.Body, env); err != nil {
		return nil, fmt.Errorf("decode envelope: %w", err)
	}
	return pb.Marshal(&oidbpb.OidbEnvelope{
		Command: env.GetCommand(), SubCommand: proto.Uint32(env.GetSubCommand()),
		Result: proto.Uint32(refusedUnsigned), Body: []byte{}, Message: proto.String("signature missing or wrong"),
	})
}

// signature is what the sign provider gives and the service expects.
func (k *keyring) signature(command string, sequence uint32, payload []byte) []byte {
	mac := hmac.New(sha256.New, k.sign)
	mac.Write(binary.BigEndian.AppendUint32(nil, sequence))
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(command))))
	mac.Write([]byte(command))
	mac.Write(payload)
	return mac.Sum(nil)
}

func (s *Server) checkSign(rq *request) bool {
	reserve := &ssopb.SsoReserveFields{}
	if err := pb.Unmarshal(rq.Reserve, reserve); err != nil {
		return false
	}
	return hmac.Equal(reserve.GetSecInfo().GetSecSign(), s.keys.signature(rq.Command, rq.Sequence, rq.Body))
}

// signRequest is both styles of request: the older one has cmd, seq and src, the
// newer one command, seq and body.
type signRequest struct {
	Cmd      string `json:"cmd"`
	Src      string `json:"src"`
	Command  string `json:"command"`
	Body     string `json:"body"`
	Sequence uint32 `json:"seq"`
}

type signValue struct {
	Sign  string `json:"sign"`
	Token string `json:"token"`
	Extra string `json:"extra"`
}

// signAnswer leaves out platform and version, which clients compare with their
// own, unless a fault names another version.
type signAnswer struct {
	Platform string    `json:"platform,omitempty"`
	Version  string    `json:"version,omitempty"`
	Value    signValue `json:"value"`
}

// otherVersion is one that no client has.
const otherVersion = "0.0.1-1"

type secSignValue struct {
	Sign  string `json:"sec_sign"`
	Token string `json:"sec_token"`
	Extra string `json:"sec_extra"`
}

type secSignAnswer struct {
	Code    int           `json:"code"`
	Message string        `json:"message"`
	Value   *secSignValue `json:"value"`
}

// Token and extra have no meaning here; clients only pass them on.
var (
	signToken = []byte("libration sandbox")
	signExtra = []byte{0x12, 0x00}
)

// SignHandler returns the sign provider (docs/protocol/login.md 12): POST to /sign or
// anything below it, GET /sign/appinfo; and the signer of music cards (messages.md 9.1):
// POST to /sign/music. Of the rules for web pages only the one about
// their origin holds: foreign clients use the sandbox under names and with types of
// their own, and a signature changes nothing but the count of a fault.
func (s *Server) SignHandler(guard *webguard.Guard) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign/appinfo", func(w http.ResponseWriter, r *http.Request) {
		wrong := s.signFault("appinfo")
		if wrong.apply(w, r) {
			return
		}
		app := signedApp()
		if wrong.other {
			app.CurrentVersion = otherVersion
		}
		writeSignJSON(w, http.StatusOK, app)
	})
	mux.HandleFunc("POST /sign/music", s.signCard)
	mux.HandleFunc("POST /sign", s.sign)
	mux.HandleFunc("POST /sign/{style...}", s.sign)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused := guard.CheckForeign(r); refused != nil {
			writeSignJSON(w, refused.Status, map[string]string{"error": refused.Text.EN})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// signedApp is the app info of login.md 2 that is known in full.
func signedApp() wire.App {
	app := wire.BuiltinApp("Linux")
	app.CurrentVersion, app.SubAppId, app.AppClientVersion = "3.2.15-30366", 537258424, 30366
	app.AppIdQrCode = 13697054
	app.Qua = "V1_LNX_NQ_3.2.15_30366_GW_B"
	return app
}

func (s *Server) sign(w http.ResponseWriter, r *http.Request) {
	var req signRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSignBody)).Decode(&req); err != nil {
		writeSignJSON(w, http.StatusBadRequest, secSignAnswer{Code: 1, Message: "bad request: " + err.Error()})
		return
	}
	command, digits := req.Command, req.Body
	older := req.Cmd != ""
	if older {
		command, digits = req.Cmd, req.Src
	}
	wrong := s.signFault(command)
	if wrong.apply(w, r) {
		return
	}
	payload, err := hex.DecodeString(digits)
	if err != nil || command == "" {
		writeSignJSON(w, http.StatusBadRequest, secSignAnswer{Code: 1, Message: "want a command and a payload in hex digits"})
		return
	}
	signature := s.keys.signature(command, req.Sequence, payload)
	if wrong.wrong {
		signature[0] ^= 0xFF
	}
	sign := hex.EncodeToString(signature)
	token, extra := hex.EncodeToString(signToken), hex.EncodeToString(signExtra)
	if older {
		answer := signAnswer{Value: signValue{
			Sign: strings.ToUpper(sign), Token: strings.ToUpper(token), Extra: strings.ToUpper(extra),
		}}
		if wrong.other {
			answer.Platform, answer.Version = "Linux", otherVersion
		}
		writeSignJSON(w, http.StatusOK, answer)
		return
	}
	writeSignJSON(w, http.StatusOK, secSignAnswer{Value: &secSignValue{Sign: sign, Token: token, Extra: extra}})
}

func writeSignJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // an error means that the client is gone
}
