package ntqq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"libration/internal/text"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// fileShown is how long it is waited for the message of a file that was forwarded, before
// it is looked for in the chat's history.
const fileShown = 5 * time.Second

var (
	errFileAlone = text.Errorf("a file must be alone in its message: send the rest as a message of its own",
		"文件必须单独作为一条消息：请把其余内容另发一条")
	errNoFileSource = text.Errorf("the file has no source, and no id of a file that is there", "文件既没有内容来源，也没有已有文件的 id")
	errNotShown     = text.Errorf("the file was forwarded, but its message was not found in the chat", "文件已转发，但未在会话中找到对应的消息")
)

// onlyFile returns the file that content is, nil for other content. The error is that of a
// file that is not alone.
func onlyFile(content message.Content) (*message.FileSegment, error) {
	for i, seg := range content {
		f, ok := seg.(*message.FileSegment)
		switch {
		case !ok:
		case len(content) > 1:
			return nil, &message.SegmentError{Index: i, Segment: seg, Err: errFileAlone}
		case f.Source == nil && f.ID == "":
			return nil, &message.SegmentError{Index: i, Segment: seg, Err: errNoFileSource}
		default:
			return f, nil
		}
	}
	return nil, nil
}

// sendFileMessage sends a file as a message: a new one is uploaded, one of a group's files is
// forwarded, and one of a private chat is sent anew, as nothing else is known of it.
func (c *Client) sendFileMessage(ctx context.Context, chat message.Chat, f *message.FileSegment) (*message.Message, error) {
	m, err := c.sendTheFile(ctx, chat, f)
	if err != nil {
		return nil, &message.SegmentError{Segment: f, Err: err}
	}
	return m, nil
}

func (c *Client) sendTheFile(ctx context.Context, chat message.Chat, f *message.FileSegment) (*message.Message, error) {
	group := f.Group
	if group == 0 {
		group = chat.Group // 0 of a friend
	}
	switch {
	case f.Source != nil:
		return c.Files().Send(ctx, chat, FileUpload{
			Source: f.Source, Name: f.FileName, Temporary: chat.Kind == message.Group && f.BusID == message.BusTemporary,
		})
	case !f.OfGroup():
		return c.Files().Send(ctx, chat, FileUpload{Source: &privateFile{c, f}, Name: f.FileName})
	case group == 0:
		return nil, fmt.Errorf("file %q of a group that is not known: %w", f.ID, ErrNoFile)
	}
	return c.forwardFile(ctx, group, f, chat)
}

// privateFile is the source of a file of a private chat.
type privateFile struct {
	c    *Client
	file *message.FileSegment
}

// Open implements [message.Source].
func (s *privateFile) Open(ctx context.Context) (io.ReadCloser, error) {
	return s.c.Files().Open(ctx, message.Chat{Kind: message.Friend}, s.file)
}

// forwardFile forwards a file of a group, and returns the message that the service writes.
func (c *Client) forwardFile(ctx context.Context, group GroupCode, f *message.FileSegment, to message.Chat) (*message.Message, error) {
	peer := UID("")
	if to.Kind == message.Friend {
		var err error
		if peer, err = c.friendUID(ctx, to.Peer); err != nil {
			return nil, unsent(ctx, err)
		}
	}
	w := &fileWatch{chat: order.Of(to), more: make(chan struct{}, 1)}
	w.after = c.order.delivered(w.chat)
	if t, ok := c.clock.Ago(clockSlack); ok {
		w.since = t.Unix()
	}
	defer c.shownFiles.begin(w)()
	copied, err := c.Files().Forward(ctx, group, f.ID, f.BusID, to)
	if err != nil {
		return nil, err
	}
	if copied.FileName == "" {
		copied.FileName = f.FileName
	}
	return c.shownFile(ctx, w, peer, copied)
}

// shownFile waits for the message of a file that was forwarded, and looks for it.
func (c *Client) shownFile(ctx context.Context, w *fileWatch, peer UID, copied *message.FileSegment) (*message.Message, error) {
	late := time.NewTimer(fileShown)
	defer late.Stop()
	for {
		if m := c.shownFiles.take(w, copied, false); m != nil {
			return m, nil
		}
		select {
		case <-w.more:
			continue
		case <-late.C:
		case <-ctx.Done():
		}
		break
	}
	last, err := c.latest(ctx, w.chat, peer)
	if err == nil && last > w.after {
		first := max(w.after+1, last-min(last, historyPage)+1)
		_, err = c.page(ctx, w.chat, peer, first, last) // shownFiles sees them
	}
	if m := c.shownFiles.take(w, copied, true); m != nil {
		return m, nil
	}
	return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnknownOutcome, errNotShown), err)
}
