package session

import (
	"time"

	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/ntqq/session/identity"
)

// maxNickname bounds the account's own name, in bytes: longer ones are no real names.
const maxNickname = 4 << 10

// Self is the account itself.
type Self struct {
	UIN      message.UIN // 0 before the first login, where Options.UIN is 0 too
	UID      message.UID
	Nickname string
}

// Self returns the account. It is safe to call from OnState.
func (s *Session) Self() Self {
	name := s.renamed.Load() // first: it is in the keystore before it is gone here
	ks := s.keys()
	self := Self{UIN: ks.UIN, UID: ks.UID, Nickname: ks.Nickname}
	if self.UIN == 0 {
		self.UIN = s.opts.UIN
	}
	if name != nil {
		self.Nickname = *name
	}
	return self
}

// Ticket returns the ticket that the session has (A2), for servers of the service that take
// it in place of a login. It is a secret: never log it.
func (s *Session) Ticket() []byte { return s.keys().A2 }

// MediaServer returns Servers.Media of the service that the session uses; "": the real
// service.
func (s *Session) MediaServer() string { return *s.media.Load() }

// WebServer returns Servers.Web of the service that the session uses; "": the real one.
func (s *Session) WebServer() string { return *s.web.Load() }

// SetNickname takes the account's new name from a push. It is the account's at once, and
// saved within a minute while the account is online. An empty name and one of more than
// 4 KiB are ignored.
func (s *Session) SetNickname(name string) {
	if name == "" || len(name) > maxNickname {
		return
	}
	s.renamed.Store(&name)
	s.log.Info("own nickname changed", "nickname", name)
}

// keys is the current keystore: read-only.
func (s *Session) keys() *identity.Keystore { return s.keystore.Load() }

// setKeys replaces the keystore and writes it down. A failure to write is logged,
// not fatal: the session lives on, and Save tries until it works.
func (s *Session) setKeys(ks identity.Keystore) {
	name := s.renamed.Load()
	if name != nil {
		ks.Nickname = *name
	}
	s.keystore.Store(&ks)
	s.renamed.CompareAndSwap(name, nil) // unless there is a newer one
	err := s.opts.Keystore.Save(&ks)
	s.unsaved = err != nil
	if err != nil {
		s.log.Error("the session cannot be saved yet: until it is, a restart means logging in again", "err", err)
	}
}

// Save writes the keystore when an earlier try failed or the account has a new name. A
// failure is logged. [Session.Run] calls it every minute and at its end. Call it only when
// Run does not run: after a SetNickname that came later.
func (s *Session) Save() {
	if s.renamed.Load() != nil {
		s.setKeys(*s.keys())
		return
	}
	if !s.unsaved {
		return
	}
	if err := s.opts.Keystore.Save(s.keys()); err != nil {
		s.log.Debug("the session still cannot be saved", "err", err)
		return
	}
	s.unsaved = false
	s.log.Info("the session is saved now")
}

// guid is the number of a device on the wire.
func guid(d identity.Device) [16]byte { return [16]byte(d.GUID) }

// withoutSession is k after the server refused its session.
func withoutSession(k identity.Keystore) identity.Keystore {
	k.A2, k.D2, k.D2Key = nil, nil, nil
	return k
}

// withTickets is k after a login. Without a new A1 the saved one stays: it is good as
// far as anybody knows.
func withTickets(k identity.Keystore, t *wire.Tickets, app string, now time.Time) identity.Keystore {
	k.A2, k.D2, k.D2Key = t.A2, t.D2, t.D2Key[:]
	if len(t.A1) > 0 {
		k.A1 = t.A1
	}
	if len(t.NoPicSig) > 0 {
		k.NoPicSig = t.NoPicSig
	}
	if t.UID != "" {
		k.UID = message.UID(t.UID)
	}
	if t.Nickname != "" {
		k.Nickname = t.Nickname
	}
	k.TicketTime, k.AppVersion = now.Unix(), app
	k.RefreshTries, k.RefreshTime, k.TooOften = 0, 0, false
	return k
}

// inVain is k when new tickets are asked for, as long as there are none.
func inVain(k identity.Keystore, now time.Time) identity.Keystore {
	k.RefreshTries, k.RefreshTime, k.TooOften = k.RefreshTries+1, now.Unix(), false
	return k
}

// pauseLeft returns how much is left of the pause after the last try in vain. The pause
// is first, doubles with each further try, and is at most most.
func pauseLeft(k *identity.Keystore, first, most time.Duration, now time.Time) time.Duration {
	pause := min(first<<min(max(k.RefreshTries, 1)-1, 5), most)
	// A time that a wrong clock wrote makes it no longer.
	return min(pause, time.Unix(k.RefreshTime, 0).Add(pause).Sub(now))
}
