package onebot

import (
	"strconv"

	"libration/ntqq/message"
)

// showFile has the names of all services (docs/protocol/onebot11.md d.4).
func showFile(_ *writer, _ message.Chat, f *message.FileSegment, data []field) ([]field, bool) {
	size := strconv.FormatUint(f.Size, 10)
	data = append(data,
		field{"file", f.FileName}, field{"file_id", f.ID}, field{"file_size", size},
		field{"file_name", f.FileName}, field{"name", f.FileName}, field{"size", size}, field{"url", f.URL})
	if f.OfGroup() {
		return append(data, field{"busid", strconv.FormatUint(uint64(f.BusID), 10)}), true
	}
	return append(data, field{"file_hash", f.Hash}), true
}
