package event

import "libration/internal/elements"

// OnlineFileNotice is sent when the transfer of a file between two devices that are both
// online ended. Unconfirmed: one client reads it so.
type OnlineFileNotice struct {
	Peer   Person
	Folder bool // it was a folder
	What   OnlineFileEnd
	Time   int64 // Unix seconds
}

// OnlineFileEnd is how a transfer ended.
type OnlineFileEnd string

// The ends.
const (
	OnlineFileDone      OnlineFileEnd = "done"
	OnlineFileRefused   OnlineFileEnd = "refused"
	OnlineFileCancelled OnlineFileEnd = "cancelled" // or it became an ordinary file
)

func (*OnlineFileNotice) Name() string     { return "online_file_notice" }
func (e *OnlineFileNotice) When() int64    { return e.Time }
func (e *OnlineFileNotice) People() People { return others(&e.Peer) }
func (*OnlineFileNotice) Stale() Stale     { return Stale{} }

// What the bytes of such a notice mean, and where (docs/protocol/events.md 5.2).
const (
	onlineFileKind    = 15 // offset
	onlineFolder      = 136
	onlineFileVerdict = 17 // offset
	onlineCancelled   = 225
	onlineRefused     = 230
)

func (p *push) onlineFile() {
	b := p.content
	if len(b) <= onlineFileKind {
		p.incomplete()
		return
	}
	e := &OnlineFileNotice{Peer: p.sender(), Folder: b[onlineFileKind] == onlineFolder, What: OnlineFileDone, Time: p.time(0)}
	if p.isSelf(e.Peer) {
		e.Peer = p.receiver()
	}
	if e.Peer == (Person{}) {
		p.incomplete()
		return
	}
	if p.head.GetC2CCmd() == elements.CmdOnlineFileRefused {
		switch {
		case len(b) <= onlineFileVerdict:
			p.incomplete()
			return
		case b[onlineFileVerdict] == onlineCancelled:
			e.What = OnlineFileCancelled
		case b[onlineFileVerdict] == onlineRefused:
			e.What = OnlineFileRefused
		default:
			p.ignore()
			return
		}
	}
	p.emit(e)
}
