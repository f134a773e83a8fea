package server

import (
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// Codes of answers to blocks: our choice, as those of the real service are not known
// (docs/protocol/media.md 10.2).
const (
	codeBadTicket     = 1
	codeBadHash       = 2
	codeBadRange      = 3
	codeUnknownUpload = 4
	codeNoRoom        = 5
	codeNotTaken      = 6 // by the group that a file was for
)

// The refusals of pictures and files at their last block (docs/protocol/media.md 3.4).
const (
	codeRefused        = 83
	retRefused         = 198
	codeRefusedGroup   = 102902
	codeRefusedPrivate = 210005
)

// uploadKinds are what the commands of uploads bring. One client has private chats and
// groups of videos the other way round (docs/protocol/media.md 1).
var uploadKinds = map[uint32]*mediaKind{
	1001: mediaVideo, 1005: mediaVideo, 1002: mediaCover, 1006: mediaCover,
	1003: mediaImage, 1004: mediaImage, 1007: mediaRecord, 1008: mediaRecord,
	71: mediaGroupFile, 95: mediaPrivateFile,
	90: mediaOwnAvatar, 3000: mediaGroupAvatar, roamBlock: mediaFace,
}

// Limits of uploads that have begun.
const (
	maxIncoming = 256
	// incomingPatience is how long an upload may stay without a block, and a connection
	// without a whole one.
	incomingPatience = 10 * time.Minute
	// blockPiece is how much of a block is in memory.
	blockPiece = 64 << 10
)

// blocks takes the blocks of uploads.
type blocks struct {
	*reservations
	world  *world.World
	log    *slog.Logger
	faults *fault.Set

	mu       sync.Mutex           // guards what follows; may be held when that of reservations is taken
	incoming map[string]*incoming // by upload key
}

// incoming is an upload that has begun.
type incoming struct {
	*reservation
	patience *time.Timer // gives it up
	file     *world.Upload
	came     ranges // guarded by blocks.mu
}

// blockError is a refusal of a block.
type blockError struct {
	code, ret uint32
	text      string // in the place of the codes
	err       error
}

func (e *blockError) Error() string { return e.err.Error() }

func refuseBlock(code uint32, format string, args ...any) error {
	return &blockError{code: code, err: fmt.Errorf(format, args...)}
}

// take takes one block. What it returns is a refusal.
func (b *blocks) take(req *mediapb.HighwayReqHead, size int, body io.Reader, wrong *blockFault) (refused *blockError) {
	err := b.block(req, size, body, wrong)
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		refused = &blockError{code: codeNoRoom, err: err}
	}
	b.log.Info("block refused", "uin", uinOf(req.GetBase().GetUin()), "command", req.GetBase().GetCommandId(),
		"offset", req.GetSeg().GetDataOffset(), "code", refused.code, "why", err)
	return refused
}

func (b *blocks) block(req *mediapb.HighwayReqHead, size int, body io.Reader, wrong *blockFault) error {
	one, err := b.allowed(req, size, wrong)
	if err != nil {
		return err
	}
	seg := req.GetSeg()
	from, to := seg.GetDataOffset(), seg.GetDataOffset()+uint64(size)
	in, err := b.begin(one)
	if err != nil {
		return err
	}
	var sink io.WriterAt
	if in != nil && !b.has(in, from, to) { // else it is there: only its hash is compared
		sink = in.file
	}
	sum, err := copyBlock(sink, body, int64(from))
	switch {
	case err != nil:
		return err
	case sum != [md5.Size]byte(seg.GetBlockMd5()) || wrong.hash:
		return refuseBlock(codeBadHash, "the MD5 of the block is %x", sum)
	case wrong.refuse && to == one.Size:
		return one.kind.refused()
	case in == nil:
		return b.arrived(one)
	}
	sealed, err := b.note(in, from, to)
	if err != nil {
		return err
	}
	if sealed < in.Size {
		return in.file.Seal(sealed)
	}
	if !b.ends(in) { // another connection has brought the last one
		return nil
	}
	if err := b.finish(in); err != nil {
		return err
	}
	return b.arrived(one)
}

// copyBlock writes a block where it belongs, unless to is nil, and returns its hash.
func copyBlock(to io.WriterAt, body io.Reader, at int64) (sum [md5.Size]byte, err error) {
	hash := md5.New()
	piece := make([]byte, blockPiece)
	for {
		n, err := body.Read(piece)
		hash.Write(piece[:n])
		if to != nil && n > 0 {
			if _, err := to.WriteAt(piece[:n], at); err != nil {
				return sum, err
			}
		}
		at += int64(n)
		if errors.Is(err, io.EOF) {
			hash.Sum(sum[:0])
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
	}
}

// kept tells whether the service has the file.
func (b *blocks) kept(one *reservation) bool {
	if one.kind.byMD5() {
		blob, kept := b.world.Media().FindMD5(one.MD5)
		return kept && blob.Size == one.Size
	}
	_, kept := b.world.Media().Find(one.MD5, one.SHA1, one.Size)
	return kept
}

// unmarshalExt reads the extra information of a block.
func unmarshalExt(req *mediapb.HighwayReqHead, ext proto.Message) error {
	if err := pb.Unmarshal(req.GetExtendInfo(), ext); err != nil {
		return refuseBlock(codeUnknownUpload, "extra information: %v", err)
	}
	return nil
}

// allowed checks what the head of a block says (docs/protocol/media.md 10.2).
func (b *blocks) allowed(req *mediapb.HighwayReqHead, size int, wrong *blockFault) (*reservation, error) {
	base, seg := req.GetBase(), req.GetSeg()
	if wrong.expired {
		b.forgetTicket(seg.GetServiceTicket())
	}
	kind, owner := uploadKinds[base.GetCommandId()], b.ticketOwner
	if kind == mediaFace {
		owner = b.faceTicketOwner
	}
	uin, live := owner(seg.GetServiceTicket())
	if !live || strconv.FormatUint(uint64(uin), 10) != base.GetUin() {
		return nil, refuseBlock(codeBadTicket, "no ticket of this account")
	}
	if base.GetCommand() != highway.CommandData || kind == nil {
		return nil, refuseBlock(codeUnknownUpload, "command %q with the id %d is not known", base.GetCommand(), base.GetCommandId())
	}
	fileSize, from := seg.GetFileSize(), seg.GetDataOffset()
	if size == 0 || int64(seg.GetDataLength()) != int64(size) || from > fileSize || uint64(size) > fileSize-from {
		return nil, refuseBlock(codeBadRange, "%d bytes, said to be %d, at %d of %d", size, seg.GetDataLength(), from, fileSize)
	}
	find := b.announced
	switch kind {
	case mediaOwnAvatar, mediaGroupAvatar:
		find = b.avatar
	case mediaGroupFile, mediaPrivateFile:
		find = b.announcedFile
	case mediaFace:
		find = b.announcedFace
	}
	one, err := find(req, kind, uin)
	switch {
	case err != nil:
		return nil, err
	case fileSize != one.Size:
		return nil, refuseBlock(codeBadRange, "a file of %d bytes, reserved were %d", fileSize, one.Size)
	case len(seg.GetBlockMd5()) != md5.Size || string(seg.GetFileMd5()) != string(one.MD5[:]):
		return nil, refuseBlock(codeBadHash, "the hash of another file, or none of the block")
	}
	return one, nil
}

// announced finds what an upload was reserved for, and compares it with what its extra
// information says.
func (b *blocks) announced(req *mediapb.HighwayReqHead, kind *mediaKind, uin message.UIN) (*reservation, error) {
	ext := &mediapb.RichMediaHighwayExt{}
	if err := unmarshalExt(req, ext); err != nil {
		return nil, err
	}
	one, err := b.reservation(ext.GetUkey())
	if err != nil {
		return nil, &blockError{code: codeUnknownUpload, err: err}
	}
	sums := uint64(1)
	if kind == mediaVideo {
		sums = highway.StateCount(one.Size)
	}
	switch got := ext.GetHash().GetFileSha1(); {
	case one.uin != uin || one.kind != kind || ext.GetFileUuid() != one.uuid:
		return nil, refuseBlock(codeUnknownUpload, "the upload key belongs to another upload")
	case uint64(len(got)) != sums:
		return nil, refuseBlock(codeBadHash, "%d SHA-1 states, want %d", len(got), sums)
	case string(got[sums-1]) != string(one.SHA1[:]):
		return nil, refuseBlock(codeBadHash, "the SHA-1 of another file")
	}
	return one, nil
}

// begin returns the upload of a reservation; nil: the service has its file.
func (b *blocks) begin(one *reservation) (*incoming, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if in := b.incoming[one.key]; in != nil {
		in.patience.Reset(incomingPatience)
		return in, nil
	}
	if b.kept(one) {
		return nil, nil
	}
	if len(b.incoming) >= maxIncoming {
		return nil, refuseBlock(codeNoRoom, "%d uploads go on", maxIncoming)
	}
	file, err := b.world.Media().Begin(one.Size)
	if err != nil {
		return nil, err
	}
	if b.incoming == nil {
		b.incoming = map[string]*incoming{}
	}
	in := &incoming{reservation: one, file: file}
	in.patience = time.AfterFunc(incomingPatience, func() { b.giveUp(in) })
	b.incoming[one.key] = in
	return in, nil
}

// ends takes an upload out of those that go on, and reports whether it was one of them.
func (b *blocks) ends(in *incoming) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	in.patience.Stop()
	if b.incoming[in.key] != in {
		return false
	}
	delete(b.incoming, in.key)
	return true
}

// giveUp forgets an upload that does not go on.
func (b *blocks) giveUp(in *incoming) {
	if b.ends(in) {
		in.file.Drop()
	}
}

// dropAll gives all uploads up: nobody serves them any more.
func (b *blocks) dropAll() {
	b.mu.Lock()
	all := slices.Collect(maps.Values(b.incoming))
	b.mu.Unlock()
	for _, in := range all {
		b.giveUp(in)
	}
}

func (b *blocks) has(in *incoming, from, to uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return in.came.has(from, to)
}

// note keeps that a block has come, and returns up to where all have.
func (b *blocks) note(in *incoming, from, to uint64) (whole uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !in.came.add(from, to) {
		return 0, refuseBlock(codeBadRange, "more than %d gaps", maxRanges)
	}
	return in.came.start(), nil
}

// finish keeps the file when its hashes are those that were announced. Else it begins
// again with the next block.
func (b *blocks) finish(in *incoming) error {
	if _, err := in.file.Finish(in.MD5, in.SHA1); err != nil {
		return &blockError{code: codeBadHash, err: err}
	}
	b.log.Info("media uploaded", "uin", in.uin, "kind", in.kind.name, "bytes", in.Size)
	return nil
}
