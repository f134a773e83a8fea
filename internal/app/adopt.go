package app

import (
	"io"

	"libration/internal/app/account"
	"libration/internal/paste"
	"libration/internal/text"
)

// Adopt has the copied data folder of an account of a configuration file be used; name is ""
// for the default or only account.
func Adopt(w io.Writer, path, name string) error {
	c, err := loadOne(path, name)
	if err != nil {
		return err
	}
	was, err := account.Adopt(c)
	if err != nil {
		return err
	}
	said := text.T("%s is used from now on. Start it: %s\n", "以后使用 %s。启动：%s\n").Fill(account.PathsOf(c).Folder, paste.Service{Config: path}.Command("run"))
	if was != "" {
		said = text.T("%sIt must not run any more where it was used before, at %s.\n", "%s它不能再在原处 %s 运行。\n").Fill(said, was)
	}
	_, err = io.WriteString(w, said.In(Language(c.Language)))
	return err
}
