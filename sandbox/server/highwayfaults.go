package server

import (
	"time"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
	"libration/sandbox/fault"
)

// blockFault is what goes wrong with one block. The zero value is nothing.
type blockFault struct {
	reset      bool // in its middle, nothing is done
	silent     bool // it is lost: neither taken nor answered
	expired    bool // its ticket
	hash       bool // it seems to be damaged
	refuse     bool // the picture or file
	closeAfter bool
	delay      time.Duration // of the answer
}

// strikes decides about a block. Pictures and files are refused at their last one.
func (b *blocks) strikes(req *mediapb.HighwayReqHead) (r blockFault) {
	if !b.faults.Armed(fault.AtBlock | fault.AtLastBlock) {
		return r
	}
	about := fault.Subject{Command: highway.CommandData, UIN: uinOf(req.GetBase().GetUin()), Session: true}
	at := fault.AtBlock
	seg := req.GetSeg()
	switch uploadKinds[req.GetBase().GetCommandId()] {
	case mediaImage, mediaFace, mediaOwnAvatar, mediaGroupAvatar, mediaGroupFile, mediaPrivateFile:
		if seg.GetDataOffset()+uint64(seg.GetDataLength()) == seg.GetFileSize() {
			at |= fault.AtLastBlock
		}
	}
	for _, hit := range b.faults.Strikes(at, about) {
		switch hit.Name {
		case fault.UploadReset:
			r.reset = true
		case fault.UploadSilent:
			r.silent = true
		case fault.UploadExpired:
			r.expired = true
		case fault.UploadWrongHash:
			r.hash = true
		case fault.UploadRefused:
			r.refuse = true
		case fault.UploadCloseAfter:
			r.closeAfter = true
		case fault.UploadSlow:
			r.delay += hit.Delay
		}
	}
	return r
}

// forgetTicket makes a ticket one that has expired.
func (r *reservations) forgetTicket(ticket []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tickets.drop(ticket)
	r.granted.drop(ticket) // one of a face
}
