package doctor

import (
	"os"
	"strings"
	"time"

	"libration/internal/text"
)

// released is before any clock that is right; a file written later than now proves
// that the clock has been set back.
var released = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

const clockTolerance = 5 * time.Minute

// clock looks whether the time can be true: tickets and codes carry times.
func (d *doctor) clock() {
	now := d.o.now()
	d.clockWrong = true
	remedy := text.T("set the clock of this machine (and switch on NTP)", "请校准本机时间（并开启 NTP 同步）")
	if now.Before(released) || now.Year() > 2100 {
		d.problem("clock-wrong", text.T("the clock says %s", "系统时间是 %s"), remedy, now.Format(time.DateTime))
		return
	}
	for _, path := range []string{d.paths.Keystore, d.paths.Store, d.cfg.Log.File.Path} {
		if info, err := os.Stat(path); path != "" && err == nil && info.ModTime().Sub(now) > clockTolerance {
			d.problem("clock-behind", text.T("the clock says %s, but %s was written at %s", "系统时间是 %s，但 %s 的写入时间是 %s"),
				remedy, now.Format(time.DateTime), path, info.ModTime().Format(time.DateTime))
			return
		}
	}
	d.clockWrong = false
	d.good("clock", text.T("the clock can be right: %s", "系统时间合理：%s"), now.Format(time.DateTime))
}

// clockOf compares with the Date of an answer.
func (d *doctor) clockOf(whose, date string) {
	theirs, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", strings.TrimSpace(date))
	if err != nil || d.clockWrong {
		return
	}
	if off := d.o.now().Sub(theirs).Abs(); off > clockTolerance {
		d.problem("clock-differs", text.T("the clock differs by %v from that of %s", "系统时间与 %[2]s 相差 %[1]v"),
			text.T("find out which one is wrong and set it", "请确认哪一方的时间有误并校准"), off.Round(time.Second), whose)
	}
}
