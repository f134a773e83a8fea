package link

import (
	"context"
	"time"

	"libration/internal/crypto"
	"libration/ntqq/session/identity"
)

// oldKeyLife is how long packets under the replaced key are still read: pushes until the
// new session is registered, and answers under way.
const oldKeyLife = time.Minute

// oldKey is a D2 key that was just replaced.
type oldKey struct {
	key   crypto.Key
	until time.Time
}

// d2Key is the key of a session; zero when there is none.
func d2Key(k *identity.Keystore) crypto.Key {
	if len(k.D2Key) != len(crypto.Key{}) {
		return crypto.Key{}
	}
	return crypto.Key(k.D2Key)
}

// KeepKey lets packets under the present key be read for another minute. Call it before
// the tickets are replaced.
func (k *Conn) KeepKey() {
	k.old.Store(&oldKey{d2Key(k.l.opts.Keys()), time.Now().Add(oldKeyLife)})
}

// Replacing says that the tickets may be replaced from now until done is called: requests
// that the server refuses meanwhile for their tickets wait, and are sent again.
func (k *Conn) Replacing() (done func()) {
	over := make(chan struct{})
	k.mu.Lock()
	k.replaced = over
	k.mu.Unlock()
	return func() {
		k.mu.Lock()
		k.replaced = nil
		k.mu.Unlock()
		close(over)
	}
}

// outdated tells whether tickets that the server refused are no longer those of
// the session, or are just being replaced.
func (k *Conn) outdated(sent *identity.Keystore) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.replaced != nil || sent != k.l.opts.Keys()
}

// newTickets waits for the end of a refresh under way and tells whether there are
// other tickets than those sent; without, the session has expired.
func (k *Conn) newTickets(ctx context.Context, sent *identity.Keystore) bool {
	k.mu.Lock()
	over := k.replaced
	k.mu.Unlock()
	if over != nil {
		select {
		case <-over:
		case <-ctx.Done():
			return false
		case <-k.ctx.Done():
			return false
		}
	}
	return sent != k.l.opts.Keys()
}
