package session

import (
	"time"

	"libration/internal/crypto"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/ntqq/session/identity"
)

// guid is the number of a device on the wire.
func guid(d identity.Device) [16]byte { return [16]byte(d.GUID) }

// d2Key is the key of a session; zero when there is none.
func d2Key(k *identity.Keystore) crypto.Key {
	if len(k.D2Key) != len(crypto.Key{}) {
		return crypto.Key{}
	}
	return crypto.Key(k.D2Key)
}

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
