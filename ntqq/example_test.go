package ntqq_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// An echo bot for groups. It keeps its session in a file, prints the text of the
// login code, and answers "/echo X" with X, quoting the message.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	// Events come one at a time, so whoever needs the network to answer one works
	// elsewhere. Here the queue is bounded: when it is full, the server waits.
	messages := make(chan *message.Message, 1024)
	client, err := ntqq.New(ntqq.Options{
		Keystore: ntqq.FileKeystore("data/keystore.json"),
		Signer:   &ntqq.HTTPSigner{URLs: []string{"https://signer.example/api/sign"}},
		Handler: func(e event.Event) {
			if m, ok := e.(*event.Message); ok && m.Chat.Kind == message.Group && !m.Self {
				select {
				case messages <- m.Message:
				case <-ctx.Done():
				}
			}
		},
		OnState: func(s ntqq.State) {
			if s.QR != nil && !s.QR.Scanned {
				fmt.Printf("make a QR code of this and scan it before %s: %s\n",
					s.QR.Expires.Format(time.TimeOnly), s.QR.URL)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answer(ctx, client, messages)
	}()
	if err := client.Run(ctx); err != nil { // returns when ctx has ended
		log.Print(err)
	}
	stop()
	<-answered
}

// answer sends the echoes until ctx ends.
func answer(ctx context.Context, client *ntqq.Client, messages <-chan *message.Message) {
	for {
		var m *message.Message
		select {
		case m = <-messages:
		case <-ctx.Done():
			return
		}
		text, ok := strings.CutPrefix(plain(m.Content), "/echo ")
		if !ok {
			continue
		}
		_, err := client.Messages().SendGroup(ctx, m.Chat.Group, message.Content{
			message.ReplyTo(m),
			message.Text(text),
		})
		if err != nil { // errors.Is(err, ntqq.ErrOffline), errors.As(err, &serverError) ...
			log.Printf("answer in group %d: %v", m.Chat.Group, err)
		}
	}
}

// plain is the text of a message without everything else.
func plain(c message.Content) string {
	var b strings.Builder
	for _, segment := range c {
		if t, ok := segment.(*message.TextSegment); ok {
			b.WriteString(t.Text)
		}
	}
	return b.String()
}

// All that a group said, from the newest message back: page by page, each beginning where
// the last one ended.
func ExampleMessages_History() {
	ctx := context.Background()
	client, err := ntqq.New(ntqq.Options{Keystore: ntqq.FileKeystore("data/keystore.json")})
	if err != nil {
		log.Fatal(err)
	}
	// ... client.Run(ctx) elsewhere
	chat := message.Chat{Kind: message.Group, Group: 730000001}
	query := ntqq.HistoryQuery{Count: 100}
	for {
		page, err := client.Messages().History(ctx, chat, query)
		if err != nil || len(page) == 0 {
			return
		}
		for _, m := range page { // old to new
			fmt.Println(m.Time, m.Sender.Nickname, plain(m.Content))
		}
		if query.From = page[0].Sequence - 1; query.From == 0 {
			return
		}
	}
}

// Opens the forwards of a message, and sends what is in them on as one.
func ExampleMessages_Forward() {
	ctx := context.Background()
	client, err := ntqq.New(ntqq.Options{Keystore: ntqq.FileKeystore("data/keystore.json")})
	if err != nil {
		log.Fatal(err)
	}
	// ... client.Run(ctx) elsewhere; m is a message that came
	var m *message.Message
	for _, segment := range m.Content {
		forward, ok := segment.(*message.ForwardSegment)
		if !ok {
			continue
		}
		nodes, err := client.Messages().Forward(ctx, forward.ID)
		if err != nil { // errors.Is(err, ntqq.ErrNoForward): the service has forgotten it
			log.Print(err)
			continue
		}
		nodes = append(nodes, message.Node{Content: message.Content{message.Text("seen")}}) // the account's own
		if _, err := client.Messages().SendGroup(ctx, 730000001, message.Content{message.Forward(nodes...)}); err != nil {
			log.Print(err)
		}
	}
}

// A message that was stored by its bytes is read again without a client.
func ExampleParseMessage() {
	var received *message.Message // of an event, of a send, or of the history
	stored := received.Raw        // belongs to the message: copy it where it is kept in memory

	m, err := ntqq.ParseMessage(stored, 10001) // the account's own number
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Chat.Kind, m.Sequence, plain(m.Content))
}

// Fetches the message that another one quotes, and marks the chat as read up to it.
func ExampleMessages_Get() {
	ctx := context.Background()
	client, err := ntqq.New(ntqq.Options{Keystore: ntqq.FileKeystore("data/keystore.json")})
	if err != nil {
		log.Fatal(err)
	}
	// ... client.Run(ctx) elsewhere; m is a message that came
	var m *message.Message
	for _, segment := range m.Content {
		quote, ok := segment.(*message.ReplySegment)
		if !ok || quote.Sequence == 0 { // some clients name a private message by its ClientSequence only
			continue
		}
		quoted, err := client.Messages().Get(ctx, m.Chat, quote.Sequence)
		if err != nil { // errors.Is(err, ntqq.ErrNoMessage): it was taken back
			log.Print(err)
			continue
		}
		fmt.Println(quoted.Sender.Nickname, plain(quoted.Content))
		if err := client.Messages().MarkRead(ctx, quoted); err != nil {
			log.Print(err)
		}
	}
}

// Fetches the files of a group that it will not keep, and has it keep them.
func ExampleFiles() {
	ctx := context.Background()
	client, err := ntqq.New(ntqq.Options{Keystore: ntqq.FileKeystore("data/keystore.json")})
	if err != nil {
		log.Fatal(err)
	}
	// ... client.Run(ctx) elsewhere
	chat := message.Chat{Kind: message.Group, Group: 730000001}
	files, _, err := client.Files().List(ctx, chat.Group, ntqq.RootFolder)
	if err != nil {
		log.Fatal(err)
	}
	for i, f := range files {
		if f.Expires == 0 {
			continue
		}
		segment := &message.FileSegment{ID: f.ID, FileName: f.Name, Size: f.Size, BusID: f.BusID, MD5: f.MD5}
		path := fmt.Sprintf("files/%d", i) // f.Name is what somebody wrote: never a path
		if err := client.Files().Save(ctx, chat, segment, path); err != nil {
			log.Print(err)
			continue
		}
		if err := client.Files().Keep(ctx, chat.Group, f.Ref()); err != nil { // a *ntqq.ServerError: not the account's to keep
			log.Print(err)
		}
	}
}
