package backup

import (
	"os"

	"libration/internal/filelock"
)

// workFolder makes a folder of mode 0700 in another one, for what is not finished yet, and
// returns what removes it. What a killed backup or restore left there, sessions among it, is
// removed first.
func workFolder(in, prefix string) (path string, remove func(), err error) {
	if t, err := filelock.MakeTemporaryIn(in, prefix); err == nil {
		return t.Path(), func() { _ = t.Remove() }, nil // it may stay
	}
	// Some network drives have no locks. What is wrong else is wrong here, too.
	path, err = os.MkdirTemp(in, prefix)
	return path, func() { _ = os.RemoveAll(path) }, err
}
