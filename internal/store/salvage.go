package store

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// This file reads what is left of a damaged database, below SQLite: every page that
// holds rows is looked at on its own, so that rows survive although the header, the
// list of tables or the pages above are gone. The format is that of
// https://www.sqlite.org/fileformat2.html, as far as this package's own files use it.

// value is one column of a row: nil, int64, string or []byte. Numbers with a
// fraction do not occur here and are a damage.
type value any

// foundRow is a row of some table.
type foundRow struct {
	id      int64 // rowid; 0 for a table WITHOUT ROWID
	rowid   bool
	columns []value
}

// maxRow bounds what a damaged length can make the reader allocate.
const maxRow = maxRaw + 1<<20

const headerText = "SQLite format 3\x00"

// pageReader reads pages of a database and its WAL.
type pageReader struct {
	file, wal io.ReaderAt
	size      int    // of a page
	count     uint32 // of pages in the file
	inWAL     map[uint32]int64
	bad       int // pages that are missing or cannot be what they should be
	// mapped: the file has pages that say what each page is used for.
	mapped bool
	maps   map[uint32][]byte
	files  []io.Closer
}

// openPages opens a database; errors are those of the file system alone.
func openPages(path string) (*pageReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	files := []io.Closer{f}
	var wal io.ReaderAt = strings.NewReader("")
	if w, err := os.Open(path + "-wal"); err == nil {
		wal, files = w, append(files, w)
	}
	p := newPageReader(f, info.Size(), wal)
	p.files = files
	return p, nil
}

func newPageReader(file io.ReaderAt, size int64, wal io.ReaderAt) *pageReader {
	p := &pageReader{
		file: file, wal: wal, size: 4096, mapped: true,
		inWAL: make(map[uint32]int64), maps: make(map[uint32][]byte),
	}
	header := make([]byte, 100)
	if _, err := file.ReadAt(header, 0); err == nil && string(header[:16]) == headerText {
		switch size := int(binary.BigEndian.Uint16(header[16:])); {
		case size == 1:
			p.size = 65536
		case size >= 512 && size&(size-1) == 0:
			p.size = size
		}
		p.mapped = binary.BigEndian.Uint32(header[52:]) != 0
		p.bad = max(0, int(int64(binary.BigEndian.Uint32(header[28:]))-size/int64(p.size)))
	}
	p.count = uint32(min(size/int64(p.size), 1<<32-2))
	p.readWAL()
	return p
}

func (p *pageReader) close() error {
	var errs []error
	for _, f := range p.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// readWAL finds the newest committed version of each page in the WAL.
func (p *pageReader) readWAL() {
	header := make([]byte, 32)
	if _, err := p.wal.ReadAt(header, 0); err != nil {
		return
	}
	magic := binary.BigEndian.Uint32(header)
	var order binary.ByteOrder = binary.LittleEndian
	switch magic {
	case 0x377f0682:
	case 0x377f0683:
		order = binary.BigEndian
	default:
		return
	}
	if int(binary.BigEndian.Uint32(header[8:])) != p.size {
		return
	}
	var s0, s1 uint32
	sum := func(b []byte) {
		for ; len(b) >= 8; b = b[8:] {
			s0 += order.Uint32(b) + s1
			s1 += order.Uint32(b[4:]) + s0
		}
	}
	sum(header[:24])
	if s0 != binary.BigEndian.Uint32(header[24:]) || s1 != binary.BigEndian.Uint32(header[28:]) {
		return
	}
	frame := make([]byte, 24+p.size)
	fresh := make(map[uint32]int64) // not committed yet
	for at := int64(32); ; at += int64(len(frame)) {
		if _, err := p.wal.ReadAt(frame, at); err != nil || string(frame[8:16]) != string(header[16:24]) {
			return
		}
		sum(frame[:8])
		sum(frame[24:])
		if s0 != binary.BigEndian.Uint32(frame[16:]) || s1 != binary.BigEndian.Uint32(frame[20:]) {
			return
		}
		fresh[binary.BigEndian.Uint32(frame)] = at + 24
		if binary.BigEndian.Uint32(frame[4:]) != 0 { // the transaction is complete
			for page, place := range fresh {
				p.inWAL[page] = place
			}
			clear(fresh)
		}
	}
}

// read reads page n into a buffer of the page's size.
func (p *pageReader) read(n uint32, b []byte) bool {
	var err error
	if at, ok := p.inWAL[n]; ok {
		_, err = p.wal.ReadAt(b, at)
	} else {
		_, err = p.file.ReadAt(b, int64(n-1)*int64(p.size))
	}
	return err == nil
}

// What a page is used for, as pointer map pages tell.
const (
	useUnknown = 0
	useRoot    = 1
	useBTree   = 5
	useLargest = 5
)

// use tells what page n is used for.
func (p *pageReader) use(n uint32) byte {
	if !p.mapped || n < 3 {
		return useUnknown
	}
	each := uint32(p.size/5 + 1)
	at := (n-2)/each*each + 2
	if at == p.lockPage() {
		at++
	}
	if at >= n {
		return useUnknown
	}
	b := p.maps[at]
	if b == nil {
		b = make([]byte, p.size)
		if !p.read(at, b) {
			clear(b)
		}
		p.maps[at] = b
	}
	i := 5 * int(n-at-1)
	if i >= len(b) || b[i] > useLargest {
		return useUnknown
	}
	return b[i]
}

// lockPage is never used: file locks lie there.
func (p *pageReader) lockPage() uint32 { return uint32(0x40000000/p.size) + 1 }

// rows hands every row that can be read to add, until that fails.
func (p *pageReader) rows(add func(foundRow) error) error {
	b := make([]byte, p.size)
	page := func(n uint32) error {
		use := p.use(n)
		if use != useUnknown && use != useRoot && use != useBTree || n == p.lockPage() {
			return nil
		}
		readable := p.read(n, b)
		if use != useUnknown && (!readable || !slices.Contains(pageKinds, b[0])) {
			p.bad++
		}
		if !readable {
			return nil
		}
		return p.leaf(b, add)
	}
	for n := uint32(2); n <= p.count; n++ {
		if err := page(n); err != nil {
			return err
		}
	}
	for n := range p.inWAL {
		if n > p.count {
			if err := page(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// The first byte of a page that is part of a table or index.
const (
	indexInner = 0x02
	tableInner = 0x05
	indexLeaf  = 0x0a
	tableLeaf  = 0x0d
)

var pageKinds = []byte{indexInner, tableInner, indexLeaf, tableLeaf}

// leaf hands on the rows of one page; other pages have none.
func (p *pageReader) leaf(b []byte, add func(foundRow) error) error {
	if b[0] != indexLeaf && b[0] != tableLeaf {
		return nil
	}
	cells := int(binary.BigEndian.Uint16(b[3:]))
	if 8+2*cells > len(b) {
		return nil
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(b[8+2*i:]))
		if at < 8+2*cells || at >= len(b) {
			continue
		}
		if row, ok := p.cell(b, at); ok {
			if err := add(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// cell reads the row at this place of a page.
func (p *pageReader) cell(b []byte, at int) (foundRow, bool) {
	row := foundRow{rowid: b[0] == tableLeaf}
	length, n := varint(b[at:])
	at += n
	if n == 0 || length > maxRow {
		return row, false
	}
	if row.rowid {
		id, n := varint(b[at:])
		if n == 0 {
			return row, false
		}
		row.id = int64(id)
		at += n
	}
	payload, ok := p.payload(b[at:], int(length), row.rowid)
	if !ok {
		return row, false
	}
	row.columns, ok = decodeRow(payload)
	return row, ok
}

// payload returns the bytes of a row, also those on overflow pages.
func (p *pageReader) payload(b []byte, length int, table bool) ([]byte, bool) {
	most := p.size - 35
	if !table {
		most = (p.size-12)*64/255 - 23
	}
	if length <= most {
		return b[:min(length, len(b))], length <= len(b)
	}
	least := (p.size-12)*32/255 - 23
	local := least + (length-least)%(p.size-4)
	if local > most {
		local = least
	}
	if local+4 > len(b) || length/p.size > int(p.count)+len(p.inWAL) {
		return nil, false
	}
	out := append(make([]byte, 0, length), b[:local]...)
	next := binary.BigEndian.Uint32(b[local:])
	page := make([]byte, p.size)
	for len(out) < length {
		if next < 2 || !p.read(next, page) {
			return nil, false
		}
		next = binary.BigEndian.Uint32(page)
		out = append(out, page[4:min(len(page), 4+length-len(out))]...)
	}
	return out, next == 0
}

// decodeRow decodes the columns of a row.
func decodeRow(b []byte) ([]value, bool) {
	size, n := varint(b)
	if n == 0 || size < uint64(n) || size > uint64(len(b)) {
		return nil, false
	}
	types, body := b[n:size], b[size:]
	var columns []value
	for len(types) > 0 {
		t, n := varint(types)
		if n == 0 {
			return nil, false
		}
		types = types[n:]
		length := uint64(0)
		switch {
		case t >= 12:
			length = (t - 12) / 2
		case t <= 4:
			length = t
		case t == 5:
			length = 6
		case t == 6:
			length = 8
		case t == 8, t == 9:
		default:
			return nil, false
		}
		if length > uint64(len(body)) {
			return nil, false
		}
		part := body[:length:length]
		body = body[length:]
		switch {
		case t == 0:
			columns = append(columns, nil)
		case t == 8, t == 9:
			columns = append(columns, int64(t-8))
		case t < 12:
			columns = append(columns, integer(part))
		case t%2 == 0:
			columns = append(columns, part)
		default:
			columns = append(columns, string(part))
		}
	}
	return columns, len(body) == 0
}

// integer reads a signed number.
func integer(b []byte) int64 {
	v := int64(int8(b[0]))
	for _, c := range b[1:] {
		v = v<<8 | int64(c)
	}
	return v
}

// varint reads a number of 1 to 9 bytes and returns how many; 0 when b is too short.
func varint(b []byte) (v uint64, n int) {
	for n = 0; n < 8; n++ {
		if n >= len(b) {
			return 0, 0
		}
		v = v<<7 | uint64(b[n]&0x7f)
		if b[n] < 0x80 {
			return v, n + 1
		}
	}
	if len(b) < 9 {
		return 0, 0
	}
	return v<<8 | uint64(b[8]), 9
}
