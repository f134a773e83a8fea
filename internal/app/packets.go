package app

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"libration/internal/app/account"
	"libration/internal/packets"
	"libration/internal/text"
)

// ListPackets writes a table of the packets that were kept for an account of a
// configuration file, oldest first; name is "" for the default or only account. The service may be running.
func ListPackets(w io.Writer, path, name string) error {
	c, err := loadOne(path, name)
	if err != nil {
		return err
	}
	folder := account.PathsOf(c).Packets
	entries, damaged, err := packets.List(folder)
	if err != nil {
		return err
	}
	l := Language(c.Language)
	if len(entries) == 0 {
		fmt.Fprintln(w, text.T("no packets in %s", "%s 中没有数据包").Fill(folder).In(l))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, e := range entries {
		if i == 0 {
			fmt.Fprintln(table, text.T("N\ttime\tsource\treason\tbytes\tname", "编号\t时间\t来源\t原因\t字节\t名称").In(l))
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%s\n", e.Number, e.Time.Local().Format(time.DateTime),
			plain(string(e.Source)), plain(e.Reason), e.Size, plain(e.Name))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(damaged) > 0 {
		fmt.Fprintln(w, text.T("skipped, because they are damaged: %s", "已跳过损坏的文件：%s").Fill(strings.Join(damaged, ", ")).In(l))
	}
	return nil
}

// ShowPacket writes all that was kept of one packet of ListPackets, decoded without
// a schema.
func ShowPacket(w io.Writer, path, name string, number uint64) error {
	c, err := loadOne(path, name)
	if err != nil {
		return err
	}
	p, err := packets.Read(account.PathsOf(c).Packets, number)
	if err != nil {
		words := []string{"packets", "list"}
		if name != "" {
			words = append(words, "--account", name)
		}
		return text.Errorf("%v (see: %s)", "%v（见：%s）", err, c.Service().Command(words...))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	bytes := text.Same(strconv.Itoa(p.Size))
	if len(p.Data) < p.Size {
		bytes = text.T("%s, the first %d of them kept", "%s，仅保留前 %d 个").Fill(bytes, len(p.Data))
	}
	l := Language(c.Language)
	for _, row := range []struct {
		name  text.Text
		value string
	}{
		{text.T("time", "时间"), p.Time.Local().Format(time.RFC3339)},
		{text.T("source", "来源"), string(p.Source)},
		{text.T("name", "名称"), p.Name},
		{text.T("reason", "原因"), p.Reason},
		{text.T("error", "错误"), p.Error},
		{text.T("bytes", "字节"), bytes.In(l)},
	} {
		if row.value != "" {
			fmt.Fprintf(table, "%s\t%s\n", row.name.In(l), plain(row.value))
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
