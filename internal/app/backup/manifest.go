package backup

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"libration/internal/text"
	"libration/ntqq"
)

// format is the version of the file's format.
const format = 1

// manifest is the first entry of a backup: what else is in it, in this order.
type manifest struct {
	Format   int             `json:"format"`
	Version  string          `json:"version"` // of the program that made it
	Created  time.Time       `json:"created"`
	Accounts []backedAccount `json:"accounts"`
	Files    []backedFile    `json:"files"`
}

// backedAccount is an account in a backup.
type backedAccount struct {
	Folder string   `json:"folder"`
	Name   string   `json:"name"`
	UIN    ntqq.UIN `json:"uin"`    // 0: not known
	Sealed bool     `json:"sealed"` // its keystore is
}

// backedFile is a file in a backup.
type backedFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// The names of entries.
const (
	manifestName  = "manifest.json"
	configName    = "config.yaml"
	accountFolder = "accounts/"
	keystoreName  = "keystore.json"
	progressName  = "progress.json"
	storeName     = "messages.db"
	linkKeyName   = "links.key"
	lockName      = "lock" // of a data folder
)

const (
	maxManifest = 1 << 20
	maxAccounts = 256
	// maxCreated is the year 2112, in microseconds: the ids of events go on from there, and
	// bots read numbers up to 2^53.
	maxCreated = 1 << 52
)

// maxSizes are the most bytes that a file of this name has. Whatever else is in an archive
// is refused.
var maxSizes = map[string]int64{
	configName: 64 << 10, keystoreName: 1 << 20, progressName: 64 << 20, linkKeyName: 1 << 10, storeName: 1 << 40,
}

// folderForm is what the folder of an account is called.
var folderForm = regexp.MustCompile(`^(default|[1-9][0-9]{0,19})$`)

// nameForm is how an account is called.
var nameForm = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// split returns the account's folder and the name of a file, "" for the folder of one that
// belongs to no account.
func (f *backedFile) split() (folder, name string) {
	rest, ok := strings.CutPrefix(f.Path, accountFolder)
	if !ok {
		return "", f.Path
	}
	folder, name, _ = strings.Cut(rest, "/")
	return folder, name
}

// errForeign is the error of a file that is no backup.
var errForeign = text.Errorf("it is not a backup of libration, or it is damaged", "它不是 libration 的备份，或已损坏")

// foreign says in what way a file is no backup.
func foreign(how string, args ...any) error {
	return text.Errorf("%v: %s", "%v：%s", errForeign, fmt.Sprintf(how, args...))
}

// readManifest reads and checks a manifest: what it says may be written as it is.
func readManifest(r io.Reader) (*manifest, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, foreign("%v", err)
	}
	if len(b) > maxManifest {
		return nil, foreign("its manifest has more than %d bytes", maxManifest)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, foreign("its manifest cannot be read: %v", err)
	}
	if m.Format > format {
		return nil, text.Errorf("it was made by a newer version of libration (%q, format %d): update the program first", "它由更新版本的 libration 制作（%q，格式 %d）：请先更新程序", shorten(m.Version), m.Format)
	}
	if m.Format < 1 || len(m.Accounts) > maxAccounts || len(m.Files) > maxAccounts*len(maxSizes) {
		return nil, foreign("its manifest says format %d, %d accounts, %d files", m.Format, len(m.Accounts), len(m.Files))
	}
	if m.Created.UnixMicro() > maxCreated {
		return nil, foreign("its manifest says that it was made in the year %d", m.Created.Year())
	}
	known, seen := make(map[string]bool), make(map[string]bool)
	for _, a := range m.Accounts {
		if !folderForm.MatchString(a.Folder) || !nameForm.MatchString(a.Name) || known[a.Folder] {
			return nil, foreign("account %q", shorten(a.Folder))
		}
		known[a.Folder] = true
	}
	for i, f := range m.Files {
		folder, name := f.split()
		most, ok := maxSizes[name]
		sum, err := hex.DecodeString(f.SHA256)
		switch {
		case !ok, seen[f.Path], (folder == "") != (name == configName), folder != "" && !known[folder]:
			return nil, foreign("file %q", shorten(f.Path))
		case name == configName && i != 0: // where the others go depends on it
			return nil, foreign("the configuration is not the first file")
		case f.Size < 0 || f.Size > most:
			return nil, foreign("%s has %d bytes", f.Path, f.Size)
		case err != nil || len(sum) != 32:
			return nil, foreign("the checksum of %s", f.Path)
		}
		seen[f.Path] = true
	}
	return &m, nil
}

// shorten bounds what a stranger wrote.
func shorten(s string) string { return fmt.Sprintf("%.60s", s) }

// size is how many bytes the files have together.
func (m *manifest) size() (n int64) {
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}
