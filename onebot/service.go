package onebot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/message"
)

// Language chooses the language of the texts in failed responses and bot_offline
// notices.
type Language = text.Language

// The languages.
const (
	English = text.English
	Chinese = text.Chinese
)

// Options configure a Service. Client and Gateway are required.
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
	// OnAction gets every action that ended, for statistics: its name ("unknown" for
	// those that do not exist), its return code and how long it took. It is called
	// from many goroutines and must return quickly; nil: nobody counts.
	OnAction func(action string, retcode int, took time.Duration)
	// Clock is that of lifecycle events and heartbeats; nil: the machine's.
	Clock gateway.Clock
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Language == "" {
		o.Language = English
	}
	if o.OnAction == nil {
		o.OnAction = func(string, int, time.Duration) {}
	}
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
}

// Service is the OneBot v11 service of one account. Its methods are safe for concurrent
// use.
type Service struct {
	client   *ntqq.Client
	deliver  func(context.Context, message.Chat, message.Content) (*message.Message, error) // sendTo; tests make it fail
	gateway  *gateway.Gateway
	log      *slog.Logger
	version  string
	language Language
	clock    gateway.Clock
	onAction func(action string, retcode int, took time.Duration)

	actions  *table.Table[*Service]
	segments *segmentTable
	readers  sync.Pool // of *args
	forms    [formats]gateway.Form
	renders  sync.Pool // of *rendering
}

// New makes a service. It starts nothing.
func New(o Options) *Service {
	o.setDefaults()
	s := &Service{
		client:   o.Client,
		gateway:  o.Gateway,
		log:      o.Log,
		version:  o.Version,
		language: o.Language,
		clock:    o.Clock,
		onAction: o.OnAction,
		actions:  Table(),
		segments: newSegmentTable(),
	}
	s.deliver = s.sendTo
	s.readers.New = func() any { return new(args) }
	s.renders.New = func() any { return new(rendering) }
	for f := range formats {
		s.forms[f] = o.Gateway.Register(writer{s, f})
	}
	return s
}

// Form is a format of events in the gateway.
func (s *Service) Form(f Format) gateway.Form { return s.forms[f] }
