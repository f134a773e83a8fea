package onebot

import (
	"context"
	"os"

	"libration/gateway"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// download has a medium on this machine, from the cache or from the service.
func (a *account) download(ctx context.Context, part message.Segment) (*media.Cached, error) {
	if a.files == nil {
		return nil, failure(noFiles)
	}
	address, err := gateway.MediumOf(part).URL, error(nil)
	if err != nil {
		return nil, err
	}
	return a.files.Fetch(ctx, address, media.FetchOptions{})
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
		return nil, err
	}
	return os.Open(got.Path)
}
