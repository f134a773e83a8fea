package onebot

import (
	"context"
	"log/slog"
	"time"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/media"
)

// Language chooses the language of the texts in failed responses and bot_offline
// notices.
type Language = text.Language

// The languages.
const (
	English = text.English
	Chinese = text.Chinese
)

// Flavour chooses whose notices bots get of a fact that services report in different ones,
// such as a reaction: a set of services.
type Flavour uint8

// The flavours.
const (
	Lagrange Flavour = 1 << iota
	NapCat
)

// Options configure a [Dialect]. Client and Gateway are required.
type Options struct {
	// Client is the account.
	Client *ntqq.Client
	// Gateway is the account's. New registers OneBot's forms of events with it.
	Gateway *gateway.Gateway
	// Log gets what goes wrong; nil discards it.
	Log *slog.Logger
	// Version is the program's version, for get_version_info; default "dev".
	Version string
	// Language of texts for people; default English.
	Language Language
	// Flavour says whose notices are sent; default Lagrange. With several, such facts are
	// reported in the words of each.
	Flavour Flavour
	// Files opens what bots name of media, and keeps what is downloaded. Nil: nothing
	// is downloaded, and only media whose names are known are sent.
	Files Files
	// Inbox has the files that bots hand over; nil: none are taken.
	Inbox *inbox.Inbox
	// ConvertSound converts a voice to a format of get_record; nil: nothing is.
	ConvertSound func(ctx context.Context, sound *media.Cached, format string) (*media.Cached, error)
	// Links gives media addresses at this service; nil: they have those of NTQQ's.
	Links *gateway.Links
	// Hints are what the owner can do about failures, by their code, such as SIGN_ERROR.
	// The texts of failures end with them; nil: there are none.
	Hints map[string]text.Text
	// SignCard has a music card made. request is the JSON object that card signers take
	// (docs/protocol/messages.md 9.1); the result is the card's JSON, an object with a
	// text "app". Its errors hold no secrets. Nil: there is no signer, and music segments
	// and get_music_ark fail with MUSIC_SIGN_ERROR.
	SignCard func(ctx context.Context, request []byte) (json string, err error)
	// LongTextForward has messages with more text than [message.MaxText] sent as a forward
	// with one message of the account. Otherwise they fail with TEXT_TOO_LONG.
	LongTextForward bool
	// ReloadFilters reads the event filters of the connections again: that in a file, or
	// all with "". Its error is ErrOtherFilter for a file that is no filter of theirs. Nil:
	// there are none.
	ReloadFilters func(file string) error
	// Restart has the account stop in order and start anew after a delay, with its
	// connections; it returns at once. While a restart is to come, another call changes
	// nothing. Nil: it cannot.
	Restart func(delay time.Duration)
	// OnAction gets every action that ended, for statistics: its name ("unknown" for
	// those that do not exist), its return code and how long it took. It is called
	// from many goroutines and must return quickly; nil: nobody counts.
	OnAction func(action string, retcode int, took time.Duration)
	// Clock is that of lifecycle events and heartbeats; nil: the machine's.
	Clock gateway.Clock
}

// ErrOtherFilter is returned by Options.ReloadFilters for a file that is the filter of no
// connection. It is not read.
var ErrOtherFilter = text.Errorf("no connection has this file as its filter", "没有连接使用该过滤器文件")

func (o *Options) setDefaults() {
	if o.ReloadFilters == nil {
		o.ReloadFilters = func(file string) error {
			if file != "" {
				return ErrOtherFilter
			}
			return nil
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Language == "" {
		o.Language = English
	}
	if o.Flavour == 0 {
		o.Flavour = Lagrange
	}
	if o.OnAction == nil {
		o.OnAction = func(string, int, time.Duration) {}
	}
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
}
