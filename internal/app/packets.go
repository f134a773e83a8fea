package app

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"libration/internal/config"
	"libration/internal/packets"
	"libration/internal/text"
	"libration/ntqq"
)

// keptPacket is what is written down of input that was not understood.
func keptPacket(u ntqq.UnknownPacket, now time.Time) packets.Packet {
	p := packets.Packet{
		Time: now, Source: packets.Source(u.Source), Name: u.Name, Reason: string(u.Reason),
		Size: u.Size, Data: u.Data,
	}
	if u.Err != nil {
		p.Error = u.Err.Error()
	}
	return p
}

// ListPackets writes a table of the packets that were kept for the account of a
// configuration file, oldest first. The service may be running.
func ListPackets(w io.Writer, path string) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	folder := PathsOf(c).Packets
	entries, damaged, err := packets.List(folder)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		fmt.Fprintf(w, "no packets in %s\n", folder)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, e := range entries {
		if i == 0 {
			fmt.Fprintln(table, "N\ttime\tsource\treason\tbytes\tname")
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%s\n", e.Number, e.Time.Local().Format(time.DateTime),
			plain(string(e.Source)), plain(e.Reason), e.Size, plain(e.Name))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(damaged) > 0 {
		fmt.Fprintf(w, "skipped, because they are damaged: %s\n", strings.Join(damaged, ", "))
	}
	return nil
}

// ShowPacket writes all that was kept of one packet of ListPackets, decoded without
// a schema.
func ShowPacket(w io.Writer, path string, number uint64) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	p, err := packets.Read(PathsOf(c).Packets, number)
	if err != nil {
		return text.Errorf("%v (see: libration packets list)", "%v（见: libration packets list）", err)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	bytes := strconv.Itoa(p.Size)
	if len(p.Data) < p.Size {
		bytes += fmt.Sprintf(", the first %d of them kept", len(p.Data))
	}
	for _, row := range [][2]string{
		{"time", p.Time.Local().Format(time.RFC3339)}, {"source", string(p.Source)}, {"name", p.Name},
		{"reason", p.Reason}, {"error", p.Error}, {"bytes", bytes},
	} {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], plain(row[1]))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	decoded := fmt.Sprintf("%x\n", p.Data) // the beginning of a frame is no protobuf
	if p.Source != packets.SourceFrame {
		decoded = packets.Decode(p.Data)
	}
	_, err = fmt.Fprintf(w, "\n%s", decoded)
	return err
}

// plain makes a text of the server's harmless for a terminal, and one cell of a
// table.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
