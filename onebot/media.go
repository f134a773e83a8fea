package onebot

import (
	"context"
	"io"
	"os"
	"slices"

	"libration/gateway"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// download has a medium or a file on this machine, from the cache or from the service.
func (a *account) download(ctx context.Context, part message.Segment) (*media.Cached, error) {
	if a.files == nil {
		return nil, failure(noFiles)
	}
	// Its addresses change with their keys.
	return a.files.Once(ctx, mediumKey(part), func(ctx context.Context, w io.Writer) error {
		if f, ok := part.(*message.FileSegment); ok {
			chat := message.Chat{Kind: message.Friend}
			if f.OfGroup() {
				chat = message.Chat{Kind: message.Group, Group: f.Group}
			}
			return a.client.Files().Download(ctx, chat, f, w)
		}
		return a.client.Media().Download(ctx, part, w)
	})
}

// mediumKey is what a medium or a file has in the cache of files.
func mediumKey(part message.Segment) string {
	if f, ok := part.(*message.FileSegment); ok {
		return "file " + f.ID
	}
	return "medium " + gateway.MediumID(message.MediumOf(part))
}

// convert has a voice in another format.
func (a *account) convert(ctx context.Context, sound *media.Cached, format string) (*media.Cached, error) {
	if a.sound == nil {
		return nil, failure(mediaFormat)
	}
	return a.sound(ctx, sound, format)
}

// fetchAddress downloads an address.
func (a *account) fetchAddress(ctx context.Context, address string, o media.FetchOptions) (*media.Cached, error) {
	if a.files == nil {
		return nil, failure(noFiles)
	}
	return a.files.Fetch(ctx, address, o)
}

// openMedium opens the medium that a link names.
func (a *account) openMedium(ctx context.Context, id string) (*os.File, error) {
	part, err := a.gateway.Medium(id)
	if err == nil && part == nil { // it went with the messages of its age
		err = gateway.ErrExpiredLink
	}
	if err != nil {
		return nil, err
	}
	got, err := a.download(ctx, part)
	if err != nil {
		a.log.Debug("link not opened", "medium", id, "err", err)
		return nil, err
	}
	return os.Open(got.Path)
}

// complete fills in the addresses of the media and files of messages that are not events:
// from the store, a history or a forward. Media with an address at this service need no
// other; files have none there.
func (a *account) complete(ctx context.Context, c message.Content) message.Content {
	if a.writer.links != nil && a.writer.links.On() && !slices.ContainsFunc(c, isFile) {
		return c
	}
	done, err := takes(ctx, a.fetching)
	if err != nil {
		return c
	}
	defer done()
	whole := slices.Clone(c)
	if err := a.client.Media().Complete(ctx, whole); err != nil {
		a.log.Debug("addresses of media not found", "err", err)
	}
	return whole
}

// completed is a message with the addresses of its media.
func (a *account) completed(ctx context.Context, m *message.Message) *message.Message {
	if !slices.ContainsFunc(m.Content, hasMedia) {
		return m
	}
	whole := *m
	whole.Content = a.complete(ctx, m.Content)
	return &whole
}

// hasMedia tells whether a segment is a medium or a file, or a forward that may have some.
func hasMedia(part message.Segment) bool {
	if f, ok := part.(*message.ForwardSegment); ok {
		return len(f.Nodes) > 0
	}
	return isFile(part) || message.MediumOf(part) != nil
}

func isFile(part message.Segment) bool { _, ok := part.(*message.FileSegment); return ok }

// completeNodes does so for the messages of a forward, and has their media known by name.
func (a *account) completeNodes(ctx context.Context, nodes []message.Node) {
	for i := range nodes {
		a.gateway.Remember(nodes[i].Content)
	}
	for f := range forwardsWithin(nodes) {
		for i := range f.Nodes {
			a.gateway.Remember(f.Nodes[i].Content)
		}
	}
	a.complete(ctx, message.Content{&message.ForwardSegment{Nodes: nodes}}) // in place
}
