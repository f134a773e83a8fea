package packets

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"libration/internal/text"
)

// maxFile bounds what is read of one file: MaxData in base64 and the texts, which
// JSON may make six times longer.
const maxFile = MaxData/3*4 + 6*3*maxText + 4096

// maxNumber keeps numbers far from overflowing; files with a larger one are not
// ours.
const maxNumber = 1e12

const suffix = ".json"

// file is one entry on disk.
type file struct {
	number uint64
	size   int64
}

// stored is the content of a file.
type stored struct {
	Packet
	Sum uint32 `json:"crc32"` // of the data
}

// Entry is a packet of a ring with its number, which stays the same for as long as
// the packet is kept.
type Entry struct {
	Number uint64
	Packet
}

// ErrDamaged is returned for a file of the ring that cannot be read as a packet.
var ErrDamaged = text.Errorf("the file is damaged", "文件已损坏")

// ErrNotFound is returned when no packet has the number.
var ErrNotFound = text.Errorf("no such packet: it was never kept, or newer ones have replaced it", "没有该数据包：从未保留，或已被更新的替换")

// List reads the packets in a folder, oldest first. A Ring may be writing there
// meanwhile. damaged has the names of files that cannot be read and were skipped. A
// folder that does not exist has no packets, which is no error.
func List(folder string) (entries []Entry, damaged []string, err error) {
	files, err := scan(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		p, err := Read(folder, f.number)
		if errors.Is(err, ErrNotFound) { // replaced meanwhile
			continue
		}
		if err != nil {
			damaged = append(damaged, filepath.Base(path(folder, f.number)))
			continue
		}
		entries = append(entries, Entry{f.number, *p})
	}
	return entries, damaged, nil
}

// Read reads one packet. The error is ErrNotFound, ErrDamaged, or that of the disk.
func Read(folder string, number uint64) (*Packet, error) {
	f, err := os.Open(path(folder, number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, text.Errorf("packet %d: %v", "数据包 %d：%v", number, ErrNotFound)
	}
	if err != nil {
		return nil, text.Errorf("packet %d: %v", "数据包 %d：%v", number, err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, text.Errorf("packet %d: %v", "数据包 %d：%v", number, err)
	}
	p, err := decode(content)
	if err != nil {
		return nil, text.Errorf("packet %d: %v", "数据包 %d：%v", number, err)
	}
	return p, nil
}

func encode(p *Packet) ([]byte, error) {
	content, err := json.Marshal(stored{*p, crc32.ChecksumIEEE(p.Data)})
	if err != nil {
		return nil, err
	}
	return append(content, '\n'), nil
}

func decode(content []byte) (*Packet, error) {
	if len(content) > maxFile {
		return nil, text.Errorf("%v: longer than %d bytes", "%v：超过 %d 字节", ErrDamaged, maxFile)
	}
	var s stored
	if err := json.Unmarshal(content, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	switch {
	case s.Source == "", len(s.Data) > MaxData, s.Size < len(s.Data):
		return nil, text.Errorf("%v: it is no packet", "%v：不是数据包", ErrDamaged)
	case crc32.ChecksumIEEE(s.Data) != s.Sum:
		return nil, text.Errorf("%v: wrong checksum", "%v：校验和不符", ErrDamaged)
	}
	return &s.Packet, nil
}

func path(folder string, number uint64) string {
	return filepath.Join(folder, fmt.Sprintf("%08d%s", number, suffix))
}

// scan lists the files of a ring, oldest first, and ignores all others.
func scan(folder string) ([]file, error) {
	dir, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, text.Errorf("kept packets: %v", "保留的数据包：%v", err)
	}
	var files []file
	for _, e := range dir {
		name, ours := strings.CutSuffix(e.Name(), suffix)
		number, err := strconv.ParseUint(name, 10, 64)
		if !ours || err != nil || number > maxNumber || !e.Type().IsRegular() ||
			e.Name() != filepath.Base(path(folder, number)) {
			continue
		}
		info, err := e.Info()
		if err != nil { // removed meanwhile
			continue
		}
		files = append(files, file{number, info.Size()})
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.number, b.number) })
	return files, nil
}
