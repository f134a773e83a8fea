package server

import (
	"log/slog"
	"sync"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// defaultControl is the default address of `libration sandbox`.
const defaultControl = "http://127.0.0.1:7800"

// logins is every way to log in: what is asked for, waits and was confirmed.
type logins struct {
	world   *world.World
	log     *slog.Logger
	keys    *keyring
	clients *registry

	autoApprove                  message.UIN
	qrLifetime, exchangeLifetime time.Duration

	// mu guards everything below.
	mu        sync.Mutex
	exchanges table[*exchange]     // by session ticket
	codes     table[*qrCode]       // by signature
	codeA1s   table[*qrCode]       // confirmed codes by the A1 handed out
	unusual   table[unusualTicket] // by unusual-device signature
	captchas  table[*captcha]      // that wait to be solved, by sid
	newcomers table[newcomer]      // new devices, by signature
	control   string               // where the control API is served
	cautious  map[message.UIN]bool // whose easy logins count as from an unusual device
}

func newLogins(o *Options, keys *keyring, clients *registry) *logins {
	return &logins{
		world: o.World, log: o.Log, keys: keys, clients: clients,
		autoApprove: o.AutoApprove, qrLifetime: o.QRLifetime, exchangeLifetime: o.ExchangeLifetime,
		control: defaultControl, cautious: map[message.UIN]bool{},
	}
}

// SetControlURL sets where the control API is served, without a slash at the end. Captchas
// and verifications of new devices carry it. Default: http://127.0.0.1:7800.
func (l *logins) SetControlURL(url string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.control = url
}

// UnusualDevice makes the easy logins of an account count as from an unusual
// device, which asks for a confirmation (docs/protocol/login.md 8).
func (l *logins) UnusualDevice(uin message.UIN, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cautious[uin] = on
}
