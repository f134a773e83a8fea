package event

import (
	"net/url"

	"libration/ntqq/message"
)

// GroupAlbumUpdated is sent when a picture came into an album of a group.
type GroupAlbumUpdated struct {
	Group message.GroupCode
	Image string // id of the picture; may be ""
	Time  int64  // Unix seconds
}

func (*GroupAlbumUpdated) Name() string     { return "group_album_updated" }
func (e *GroupAlbumUpdated) When() int64    { return e.Time }
func (e *GroupAlbumUpdated) People() People { return members(e.Group) }
func (*GroupAlbumUpdated) Stale() Stale     { return Stale{} }

func (p *push) album() {
	a := p.notify.GetAlbum()
	if a == nil {
		p.incomplete()
		return
	}
	args, _ := url.ParseQuery(a.GetArgs()) // what does not parse is left out
	p.emit(&GroupAlbumUpdated{p.tipGroup(), args.Get("i"), p.tipTime()})
}
