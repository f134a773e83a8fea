package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"libration/internal/config"
	"libration/internal/redact"
	"libration/internal/text"
)

const (
	cardTimeout = 10 * time.Second
	// maxCard bounds the answer in bytes. Cards have one or two thousand.
	maxCard = 64 << 10
)

// cardSigner is the service that makes music cards (docs/protocol/messages.md 9.1).
type cardSigner struct {
	address string
	client  *http.Client
}

// cardError is a signer that made no card.
type cardError struct {
	signer string // as redact.URL shows it
	err    error
}

func (e *cardError) Error() string { return fmt.Sprintf("card signer %s: %v", e.signer, e.err) }
func (e *cardError) Unwrap() error { return e.err }

// cardSigner is nil when none is configured. The sandbox has one of its own.
func (a *Account) cardSigner() *cardSigner {
	address, by, c := a.cfg.OneBot.MusicSignURL, a.proxied, &a.cfg.Server
	if address == "" && c.Mode == config.ModeSandbox && c.Sandbox.Control != "" {
		base, err := url.Parse(c.Sandbox.Control)
		if err != nil {
			return nil // the session cannot begin
		}
		address, by = base.JoinPath("sign/music").String(), a.o.Network
	}
	if address == "" {
		return nil
	}
	return &cardSigner{address, by.Client()}
}

// signCard returns onebot.Options.SignCard. Its errors are *cardError.
func (s *cardSigner) signCard() func(ctx context.Context, request []byte) (string, error) {
	if s == nil {
		return nil
	}
	return func(ctx context.Context, request []byte) (string, error) {
		card, err := s.ask(ctx, request)
		if err != nil {
			return "", &cardError{redact.URL(s.address), err}
		}
		return card, nil
	}
}

func (s *cardSigner) ask(ctx context.Context, request []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cardTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(request))
	if err != nil {
		return "", redact.Err(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(r)
	if err != nil {
		return "", redact.Err(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", text.Errorf("HTTP status %d", "HTTP 状态 %d", response.StatusCode)
	}
	card, err := io.ReadAll(io.LimitReader(response.Body, maxCard+1))
	switch {
	case err != nil:
		return "", text.Errorf("read the answer: %v", "读取应答：%v", redact.Err(err))
	case len(card) > maxCard:
		return "", text.Errorf("the answer is larger than %d bytes", "应答大于 %d 字节", maxCard)
	}
	return readCard(card)
}

// readCard checks the answer of a signer and returns it without the space around it.
func readCard(answer []byte) (string, error) {
	var card struct {
		App string `json:"app"`
	}
	answer = bytes.TrimSpace(answer)
	if !utf8.Valid(answer) || json.Unmarshal(answer, &card) != nil {
		return "", text.Errorf("the answer is no JSON object", "应答不是 JSON 对象")
	}
	if card.App == "" {
		return "", text.Errorf(`the answer is no card: it has no "app"`, `应答不是卡片：没有 "app"`)
	}
	return string(answer), nil
}
