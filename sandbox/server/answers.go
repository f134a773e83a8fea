package server

import (
	"hash/maphash"

	"libration/internal/wire"
)

// Clients resend the same packet when an answer takes long: it must not be done
// twice (docs/protocol/wire.md 8). These bound what is kept for that.
const (
	keptAnswers = 1024
	keptBytes   = 8 << 20
)

var sumSeed = maphash.MakeSeed()

// requestSum tells a resent packet from another one that uses the same sequence.
// It is never 0. It must be taken before the body is decrypted any further.
func requestSum(r *wire.Request) uint64 {
	var h maphash.Hash
	h.SetSeed(sumSeed)
	h.WriteString(r.Command)
	h.WriteByte(0)
	h.Write(r.Body)
	return h.Sum64() | 1
}

// answers is the last answers of one connection by the sequence of their request.
type answers struct {
	bySequence map[uint32]*keptAnswer
	order      []*keptAnswer // oldest first
	bytes      int
}

type keptAnswer struct {
	sequence uint32
	sum      uint64
	frame    outFrame
}

// find returns the answer that a request got when it came the first time.
func (a *answers) find(rq *request) (outFrame, bool) {
	if k := a.bySequence[rq.Sequence]; k != nil && k.sum == rq.sum {
		return k.frame, true
	}
	return outFrame{}, false
}

func (a *answers) keep(rq *request, f outFrame) {
	if a.bySequence == nil {
		a.bySequence = map[uint32]*keptAnswer{}
	}
	k := &keptAnswer{sequence: rq.Sequence, sum: rq.sum, frame: f}
	a.bySequence[k.sequence] = k
	a.order = append(a.order, k)
	a.bytes += f.size()
	for len(a.order) > keptAnswers || a.bytes > keptBytes && len(a.order) > 1 {
		oldest := a.order[0]
		a.order[0] = nil
		a.order = a.order[1:]
		a.bytes -= oldest.frame.size()
		if a.bySequence[oldest.sequence] == oldest {
			delete(a.bySequence, oldest.sequence)
		}
	}
}
