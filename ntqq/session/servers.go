package session

import (
	"encoding/hex"
	"net"
	"net/url"
	"strconv"
	"strings"

	"libration/internal/crypto"
	"libration/internal/text"
)

// Servers says where the service is and which public keys it has. The zero value means
// the real service. A sandbox has addresses and keys of its own.
type Servers struct {
	// Addresses are "host:port" to use as they are. Empty: Hosts are looked up.
	Addresses []string
	// Hosts are looked up; their addresses are used with Port.
	Hosts []string
	Port  uint16
	// Fallback are addresses to use while no host can be looked up. Empty, with neither
	// Addresses nor Hosts: a built-in list.
	Fallback []string
	// OicqKey is the secp192k1 key of wtlogin packets. ExchangeKey is the P-256 key of the
	// key exchange. Both are uncompressed points. VerifyKey is the key of the exchange's
	// verification hash and has 32 bytes. Empty: the real service's.
	OicqKey, ExchangeKey, VerifyKey []byte
	// NewDeviceURL is where a new device is verified after a login by password. Empty: the
	// real one, but none where one of the keys is given.
	NewDeviceURL string
	// Media is where the pictures of a sandbox are, "host:port", over http. Empty: the real
	// service's hosts, but the first of Addresses where one of the keys is given.
	Media string
	// Web is the base URL that stands for all hosts of the service's web pages, such as
	// "http://127.0.0.1:5788". The host that is meant is in the Host header. Empty: the real
	// hosts over https, but "http://" and Media where that is set.
	Web string
}

// The real service (docs/protocol/wire.md 7.2 and 10, login.md 5).
const (
	realOicqKey     = "04928D8850673088B343264E0C6BACB8496D697799F37211DEB25BB73906CB089FEA9639B4E0260498B51A992D50813DA8"
	realExchangeKey = "049D1423332735980EDABE7E9EA451B3395B6F35250DB8FC56F25889F628CBAE3E8E73077914071EEEBC108F4E0170057792BB17AA303AF652313D17C1AC815E79"
	realVerifyKey   = "e2733bf403149913cbf80c7a95168bd4ca6935ee53cd39764beebe2e007e3aee"
	realPort        = 8080
	realNewDevice   = "https://oidb.tim.qq.com/v3/oidbinterface/oidb_0xc9e_8" // login.md 6.2
)

var realHosts = []string{"msfwifi.3g.qq.com", "msfwifiv6.3g.qq.com"}

// realAddresses are those that other clients have built in (docs/protocol/wire.md 10).
var realAddresses = []string{
	"183.47.102.193:8080", "14.22.9.84:8080", "119.147.190.138:8080", "43.135.106.161:8080", "43.154.240.13:8080",
}

func (s *Servers) setDefaults() {
	if len(s.Addresses) == 0 && len(s.Hosts) == 0 {
		s.Hosts = realHosts
		if len(s.Fallback) == 0 {
			s.Fallback = realAddresses
		}
	}
	if s.Port == 0 {
		s.Port = realPort
	}
	// What belongs to another service must not go to the real one.
	real := len(s.OicqKey)+len(s.ExchangeKey)+len(s.VerifyKey) == 0
	if s.NewDeviceURL == "" && real {
		s.NewDeviceURL = realNewDevice
	}
	if s.Media == "" && !real {
		s.Media = s.first()
	}
	if s.Web == "" && s.Media != "" {
		s.Web = "http://" + s.Media
	}
	for _, k := range []struct {
		key  *[]byte
		text string
	}{{&s.OicqKey, realOicqKey}, {&s.ExchangeKey, realExchangeKey}, {&s.VerifyKey, realVerifyKey}} {
		if len(*k.key) == 0 {
			*k.key, _ = hex.DecodeString(k.text)
		}
	}
}

// first is the address that is tried first, or a name that leads to it.
func (s *Servers) first() string {
	if len(s.Addresses) > 0 {
		return s.Addresses[0]
	}
	return net.JoinHostPort(s.Hosts[0], strconv.Itoa(int(s.Port)))
}

func (s *Servers) validate() error {
	if s.Media != "" {
		if _, _, err := net.SplitHostPort(s.Media); err != nil || strings.ContainsAny(s.Media, "/?#@\\") {
			return fieldError("Servers.Media", text.Errorf("must be host:port", "应为 host:port"))
		}
	}
	if u, err := url.Parse(s.Web); s.Web != "" && (err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https") {
		return fieldError("Servers.Web", text.Errorf("must be http://host:port or https://host:port", "应为 http://host:port 或 https://host:port"))
	}
	if err := crypto.CheckPublic(crypto.Secp192k1, s.OicqKey); err != nil {
		return fieldError("Servers.OicqKey", err)
	}
	if err := crypto.CheckPublic(crypto.P256, s.ExchangeKey); err != nil {
		return fieldError("Servers.ExchangeKey", err)
	}
	if len(s.VerifyKey) != 32 {
		return fieldError("Servers.VerifyKey", text.Errorf("must have 32 bytes", "应有 32 字节"))
	}
	return nil
}

// LookUps returns the host names that a session with these servers looks up. nil: it has
// addresses.
func (s Servers) LookUps() []string {
	s.setDefaults()
	if len(s.Addresses) > 0 {
		return nil
	}
	return append([]string(nil), s.Hosts...)
}
