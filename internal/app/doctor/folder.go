package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"libration/internal/app/account"
	"libration/internal/paste"
	"libration/internal/text"
)

// Free space on the disk, in bytes.
const (
	tooLittle = 50 << 20
	little    = 500 << 20
)

// folder looks at the data folder: there, writable, with room, in use or not.
func (d *doctor) folder() {
	path, ok := d.folderThere()
	if ok && d.roomIn(path) {
		d.good("data", text.T("the data folder %s can be written", "数据文件夹 %s 可写"), path)
		d.inUse()
		d.copied()
	}
}

// copied looks whether the folder is a copy, so that its account would not start.
func (d *doctor) copied() {
	if d.running {
		return
	}
	if place, ok := errors.AsType[*account.PlaceError](account.CheckPlace(d.cfg, d.name)); ok {
		d.problem("data-copied", place.What, place.Remedy)
	}
}

// folderThere returns the data folder, or the folder in which it will be made. False
// when there is a file in the way.
func (d *doctor) folderThere() (path string, ok bool) {
	path = d.paths.Folder
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		for errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path { // the part that is there
			path = filepath.Dir(path)
			info, err = os.Stat(path)
		}
		if err == nil && info.IsDir() {
			d.report(Note, "data-new", text.T("the data folder %s is not there yet; it is made at the start", "数据文件夹 %s 尚不存在，启动时会创建"), text.Text{}, d.paths.Folder)
		}
	case err == nil && info.IsDir() && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		d.report(Warning, "data-open-to-others", text.T("other users of this machine can look into %s (mode %04o)", "本机其他用户可以访问 %s（权限 %04o）"),
			text.T("it is closed at the next start; or run: chmod 700 %s", "下次启动时会自动收紧，也可以执行：chmod 700 %s").Fill(paste.Word(path)), path, info.Mode().Perm())
	}
	if err != nil || !info.IsDir() {
		what := text.T("the data folder %s cannot be used: %s is not a folder", "数据文件夹 %s 无法使用：%s 不是文件夹")
		d.problem("data-not-a-folder", what, text.T("move that file away, or give another folder (data: in the config)", "移走该文件，或在配置的 data 中换一个文件夹"), d.paths.Folder, path)
		return "", false
	}
	return path, true
}

// roomIn writes a file into the folder and looks how much space is left. False when
// nothing can be kept there.
func (d *doctor) roomIn(path string) bool {
	probe, err := os.CreateTemp(path, ".doctor-*")
	if err == nil {
		_, err = probe.WriteString("libration\n")
		err = errors.Join(err, probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		d.problem("data-not-writable", text.T("nothing can be written in %s: %v", "无法在 %s 中写入：%v"),
			text.T("give this user write access, or give another folder (data: in the config)", "给当前用户写权限，或在配置的 data 中换一个文件夹"), path, err)
		return false
	}
	free, known := d.o.free(path)
	switch {
	case err != nil || known && free < tooLittle:
		d.problem("disk-full", text.T("the disk of %s is full (%d MB left)", "%s 所在磁盘已满（剩余 %d MB）"),
			text.T("free some space: sessions and messages cannot be kept", "请清理磁盘：会话和消息无法保存"), path, free>>20)
		return false
	case known && free < little:
		d.report(Warning, "disk-nearly-full", text.T("the disk of %s is nearly full (%d MB left)", "%s 所在磁盘快满了（剩余 %d MB）"),
			text.T("free some space soon", "请尽快清理"), path, free>>20)
	}
	return true
}

// inUse looks whether a process holds the data folder.
func (d *doctor) inUse() {
	var err error
	d.running, err = account.InUse(d.paths.Lock)
	switch {
	case err != nil:
		d.problem("lock-unreadable", text.T("the lock file cannot be opened: %v", "锁文件无法打开：%v"),
			text.T("another user may have run libration here: give this user the folder (chown)", "可能由其他用户运行过：请用 chown 把文件夹交给当前用户"), err)
	case d.running:
		d.good("running", text.T("libration is running on this folder", "libration 正在使用该文件夹运行"))
	default:
		d.report(Note, "not-running", text.T("libration is not running on this folder", "libration 没有在运行"), text.Text{})
	}
}
