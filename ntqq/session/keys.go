package session

import (
	"libration/ntqq/message"
	"libration/ntqq/session/identity"
)

// maxNickname bounds the account's own name, in bytes: longer ones are no real names.
const maxNickname = 4 << 10

// Self is the account itself.
type Self struct {
	UIN      message.UIN // 0 before the first login
	UID      message.UID
	Nickname string
}

// Self returns the account. It is safe to call from OnState.
func (s *Session) Self() Self {
	name := s.renamed.Load() // first: it is in the keystore before it is gone here
	ks := s.keys()
	self := Self{UIN: ks.UIN, UID: ks.UID, Nickname: ks.Nickname}
	if name != nil {
		self.Nickname = *name
	}
	return self
}

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
