package config

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"libration/internal/text"
)

// Language of texts for people.
type Language string

// The languages.
const (
	LanguageAuto    Language = "auto"
	LanguageChinese Language = "zh"
	LanguageEnglish Language = "en"
)

// LogLevel is the least important level that is logged.
type LogLevel string

// The levels.
const (
	LevelDebug LogLevel = "debug"
	LevelInfo  LogLevel = "info"
	LevelWarn  LogLevel = "warn"
	LevelError LogLevel = "error"
)

// LogFormat is the form of log lines.
type LogFormat string

// The log formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Protocol is the client to appear as.
type Protocol string

// The protocols.
const (
	ProtocolLinux   Protocol = "linux"
	ProtocolMacOS   Protocol = "macos"
	ProtocolWindows Protocol = "windows"
)

// ServerMode is the kind of service to connect to.
type ServerMode string

// The modes.
const (
	ModeReal    ServerMode = "real"
	ModeSandbox ServerMode = "sandbox"
)

// SignStyle is a signer's interface (docs/protocol/login.md 12).
type SignStyle string

// The styles.
const (
	SignAuto     SignStyle = "auto"
	SignLagrange SignStyle = "lagrange"
	SignSecSign  SignStyle = "sec-sign"
)

// SignCommands is a list of commands to sign (docs/protocol/login.md 12).
type SignCommands string

// The lists.
const (
	SignDefault SignCommands = "default"
	SignLong    SignCommands = "long"
)

// MessageFormat is the form of a message in OneBot events.
type MessageFormat string

// The forms.
const (
	FormatArray  MessageFormat = "array"
	FormatString MessageFormat = "string"
)

// LongText says what becomes of messages with too much text.
type LongText string

// What becomes of them.
const (
	LongTextError   LongText = "error"
	LongTextForward LongText = "forward"
)

// Flavour says whose events are reported where services have different ones.
type Flavour string

// The flavours.
const (
	FlavourLagrange Flavour = "lagrange"
	FlavourNapCat   Flavour = "napcat"
	FlavourBoth     Flavour = "both"
)

// StartMode says when a connection opens.
type StartMode string

// The start modes.
const (
	StartWhenOnline StartMode = "when-online"
	StartAtOnce     StartMode = "at-once"
)

// ConnectionType is a way for bots to connect.
type ConnectionType string

// The connection types.
const (
	HTTP             ConnectionType = "http"
	WebSocket        ConnectionType = "websocket"
	ReverseWebSocket ConnectionType = "reverse-websocket"
	Webhook          ConnectionType = "webhook"
)

// enum is a text with a fixed set of values.
type enum interface{ values() []string }

func (Language) values() []string      { return []string{"auto", "zh", "en"} }
func (LogLevel) values() []string      { return []string{"debug", "info", "warn", "error"} }
func (LogFormat) values() []string     { return []string{"text", "json"} }
func (Protocol) values() []string      { return []string{"linux", "macos", "windows"} }
func (ServerMode) values() []string    { return []string{"real", "sandbox"} }
func (SignStyle) values() []string     { return []string{"auto", "lagrange", "sec-sign"} }
func (SignCommands) values() []string  { return []string{"default", "long"} }
func (MessageFormat) values() []string { return []string{"array", "string"} }
func (LongText) values() []string      { return []string{"error", "forward"} }
func (Flavour) values() []string       { return []string{"lagrange", "napcat", "both"} }
func (StartMode) values() []string     { return []string{"when-online", "at-once"} }
func (ConnectionType) values() []string {
	return []string{"http", "websocket", "reverse-websocket", "webhook"}
}

// Duration is a time.Duration that is written like 500ms, 8s, 1m30s or 90d.
type Duration time.Duration

// Std returns the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

const day = 24 * time.Hour

func (d Duration) String() string {
	if t := d.Std(); t > 0 && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := d.Std().String() // 1m0s, 2h0m0s
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// UnmarshalText accepts whole days, and what time.ParseDuration does, but nothing
// negative.
func (d *Duration) UnmarshalText(b []byte) error {
	if days, ok := strings.CutSuffix(string(b), "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16) // 179 years
		if err != nil {
			return text.Errorf("not a duration", "不是时长")
		}
		*d = Duration(time.Duration(n) * day)
		return nil
	}
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return text.Errorf("not a duration", "不是时长")
	}
	*d = Duration(v)
	return nil
}

func (*Duration) form() text.Text {
	return text.T("write a number with its unit, such as 500ms, 8s, 1m30s or 90d", "写带单位的数字，如 500ms、8s、1m30s 或 90d")
}

// Hex is bytes that are written in hexadecimal.
type Hex []byte

func (h Hex) String() string { return hex.EncodeToString(h) }

// UnmarshalText accepts both cases.
func (h *Hex) UnmarshalText(b []byte) error {
	v, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		if errors.Is(err, hex.ErrLength) {
			return text.Errorf("an odd number of hexadecimal digits", "十六进制数字的个数是奇数")
		}
		return text.Errorf("not hexadecimal: %v", "不是十六进制（%v）", err)
	}
	*h = v
	return nil
}

func (*Hex) form() text.Text {
	return text.T("write two hexadecimal digits per byte", "每个字节写两位十六进制数字")
}

// Size is a number of bytes that is written like 512KB or 10MB; a unit is 1024 of
// the one below.
type Size uint64

func (s Size) String() string {
	for _, u := range sizeUnits {
		if s >= u.bytes && s%u.bytes == 0 {
			return strconv.FormatUint(uint64(s/u.bytes), 10) + u.name
		}
	}
	return strconv.FormatUint(uint64(s), 10) + "B"
}

var sizeUnits = []struct {
	name  string
	bytes Size
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// UnmarshalText accepts a whole number and a unit, in either case.
func (s *Size) UnmarshalText(b []byte) error {
	written := strings.ToUpper(string(b))
	if written == "0" { // needs no unit, as with durations
		*s = 0
		return nil
	}
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(written, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			break
		}
		*s = Size(n) * u.bytes
		return nil
	}
	return text.Errorf("not a size", "不是大小")
}

func (*Size) form() text.Text {
	return text.T("write a whole number with its unit, such as 512KB or 10MB", "写带单位的整数，如 512KB 或 10MB")
}
