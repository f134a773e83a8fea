package doctor

import (
	"libration/internal/app/account"
	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
)

// media looks for what the configuration says of media.
func (d *doctor) media() {
	for _, w := range account.MediaWarnings(d.cfg) {
		level := Warning
		if w.Key == "media.ffmpeg" && d.cfg.Media.FFmpeg == "" { // nobody asked for it
			level = Note
		}
		d.report(level, w.Key, text.T("%s: %s", "%s：%s"), w.Remedy, w.Key, w.Message)
	}
	tool, err := account.FFmpeg(d.cfg)
	if err != nil || tool == nil {
		return
	}
	if tool, err = ffmpeg.Find(tool.Path); err != nil {
		d.report(Warning, "ffmpeg-broken", text.T("ffmpeg cannot be run: %v", "ffmpeg 无法运行：%v"), text.T("install it anew, or correct media.ffmpeg", "请重新安装，或修改 media.ffmpeg"), err)
		return
	}
	d.good("ffmpeg", text.T("ffmpeg %s is there: %s", "ffmpeg %s 可用：%s"), tool.Version, tool.Path)
}
