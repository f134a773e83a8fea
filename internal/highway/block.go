package highway

// BlockSize is how many bytes of a medium go in one frame. The SHA-1 states of videos
// depend on it.
const BlockSize = 1 << 20

// Block is a part of a file.
type Block struct {
	Offset uint64
	Length uint32
}

// Plan cuts a file of Size bytes into blocks of Block bytes; the last one may be shorter.
type Plan struct {
	Size  uint64
	Block uint32 // not 0
}

// Blocks returns how many blocks there are; of an empty file 0.
func (p Plan) Blocks() int { return int((p.Size + uint64(p.Block) - 1) / uint64(p.Block)) }

// At returns the block with the index i, from 0.
func (p Plan) At(i int) Block {
	offset := uint64(i) * uint64(p.Block)
	return Block{offset, uint32(min(uint64(p.Block), p.Size-offset))}
}
