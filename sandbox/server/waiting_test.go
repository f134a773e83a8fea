package server

import (
	"encoding/base64"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/wire"
	"libration/ntqq/message"
)

// What waits for a person is listed while its client is there.
func TestCodesOfClientsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		pending := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := h.PendingQR(); len(got) != want {
				t.Errorf("got %+v, want %d codes", got, want)
			}
		}
		c := h.dial()
		code := c.fetchQR(nil)
		h.dial().fetchQR(nil)
		pending(2)
		c.nc.Close()
		pending(1)
		// It comes back and asks for its code again.
		c = c.again()
		if got := c.pollQR(code.Signature).State; got != wire.QRWaiting {
			t.Errorf("got %v, want waiting", got)
		}
		pending(2)
		c.nc.Close()
		pending(1)
		time.Sleep(2 * time.Minute) // it expires
		pending(0)
	})
}

// The code of a device that has logged in before names the account.
func TestCodeNamesTheLastAccount(t *testing.T) {
	h := start(t, Options{})
	h.dial().fetchQR(nil)
	if got := h.PendingQR(); len(got) != 1 || got[0].LastUIN != 0 || got[0].RemoteAddr == "" {
		t.Errorf("got %+v, want no account, and where it comes from", got)
	}
	h.dial().login(20001)
	c := h.dial().login(bot)
	c.fetchQR(nil)
	other := h.dial()
	other.guid[0]++
	other.fetchQR(nil)
	got := h.PendingQR()
	last := map[message.UIN]int{}
	for _, code := range got {
		last[code.LastUIN]++
	}
	if len(got) != 3 || last[bot] != 1 || last[0] != 2 {
		t.Errorf("got %+v, want one code of the device that %d used last", got, bot)
	}
}

// The client of a new device asks over HTTP, so that it may be there without a connection.
func TestChecksOfClientsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{Passwords: map[message.UIN]string{bot: "secret"}})
		c := h.dial()
		c.uin = bot
		c.keyExchange()
		h.fault("captcha")
		c.passwordLogin("secret", time.Now(), nil)
		if got := h.Captchas(); len(got) != 1 || got[0].DeviceName != c.name || !got[0].Connected {
			t.Errorf("got %+v, want the captcha of %s", got, c.name)
		}
		c.nc.Close()
		synctest.Wait()
		if got := h.Captchas(); len(got) != 1 || got[0].Connected {
			t.Errorf("got %+v, want one of a client that is not connected: it may come back", got)
		}
		time.Sleep(captchaKept)
		if got := h.Captchas(); len(got) != 0 {
			t.Errorf("got %+v, want none: it is too old", got)
		}

		h.Faults().Clear()
		h.fault("new-device")
		c = c.again()
		head, _ := c.passwordLogin("secret", time.Now(), nil)
		jump, err := url.Parse(head.GetError().GetJumpUrl())
		must(t, err)
		asked := h.VerifyDevice(VerifyQuestion{Flag: 1, AuthToken: jump.Query().Get("sig"), UINToken: jump.Query().Get("uin-token")})
		code, err := url.Parse(asked.URL)
		must(t, err)
		if got := h.PendingQR(); len(got) != 1 || got[0].BoundUIN != bot {
			t.Errorf("got %+v, want one code of %d", got, bot)
		}
		c.nc.Close()
		synctest.Wait()
		if got := h.PendingQR(); len(got) != 0 {
			t.Errorf("got %+v, want none: the client is gone", got)
		}
		token := base64.StdEncoding.EncodeToString([]byte(code.Query().Get("str_url")))
		h.VerifyDevice(VerifyQuestion{Token: token})
		if got := h.PendingQR(); len(got) != 1 {
			t.Errorf("got %+v, want the code: its client has asked for it", got)
		}
		time.Sleep(verifyPause)
		if got := h.PendingQR(); len(got) != 0 {
			t.Errorf("got %+v, want none: nobody asks any more", got)
		}
	})
}
