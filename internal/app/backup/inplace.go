package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"libration/internal/atomicfile"
	"libration/internal/text"
)

// putInPlace puts the folders and the configuration in place. What it did can be undone,
// also after an error.
func (r *restoring) putInPlace() error {
	stamp := ".before-restore-" + r.now.Format("20060102-150405")
	for _, a := range r.m.Accounts {
		if err := r.place(filepath.Join(r.cfg.Data, a.Folder), filepath.Join(r.work, a.Folder), stamp); err != nil {
			return err
		}
	}
	if !r.useIt {
		return nil
	}
	if _, err := os.Lstat(r.o.Config); err == nil {
		if err := r.rename(r.o.Config, r.o.Config+stamp); err != nil {
			return err
		}
		r.note(text.T("the old configuration is now %s", "原配置文件已改名为 %s").Fill(r.o.Config + stamp))
	}
	if err := atomicfile.Write(r.o.Config, r.written); err != nil {
		return err
	}
	ownAs(r.o.Config, r.cfg.Data) // the service reads it as the user that has the data
	return nil
}

// place puts a folder in its place, and sets aside what is there.
func (r *restoring) place(folder, made, stamp string) error {
	if err := r.mayTake(folder); err != nil { // it may have been started meanwhile
		return err
	}
	err := r.rename(folder, folder+stamp)
	switch {
	case err == nil:
		r.note(text.T("the old folder is now %s: remove it when you are sure", "原文件夹已改名为 %s，确认无误后可删除").Fill(folder + stamp))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return r.rename(made, folder)
}

// rename is os.Rename that can be undone.
func (r *restoring) rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	r.undo = append(r.undo, func() error { return os.Rename(to, from) })
	return nil
}
