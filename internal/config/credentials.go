package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"libration/internal/text"
)

// credentialsVariable is the environment variable that names the folder of credentials.
// systemd sets it for a service; whoever runs a container may set it.
const credentialsVariable = "CREDENTIALS_DIRECTORY"

// credentialPrefix is what systemd puts before the names of files when
// LoadCredential=libration:FOLDER loads all of a folder.
const credentialPrefix = "libration_"

// Limits of the folder of credentials.
const (
	maxCredential  = 16 << 10
	maxCredentials = 256
)

// credentials returns what the files of the folder that the environment names set: a
// file named signer.token is the value of that key. Folders, and names that begin with a
// dot, belong to whoever made the folder.
func (d *decoder) credentials(environ []string) []variable {
	folder := ""
	for _, e := range environ {
		if name, value, _ := strings.Cut(e, "="); name == credentialsVariable {
			folder = value
		}
	}
	if folder == "" {
		return nil
	}
	entries, err := list(folder)
	if err != nil {
		d.report(Problem{
			Env: credentialsVariable, Message: text.T("the folder of credentials cannot be read: %v", "无法读取凭据文件夹：%v").Fill(err),
			Remedy: text.T("make it readable for this user, or leave the variable out", "请允许当前用户读取该文件夹，或不设置此变量"),
		})
		return nil
	}
	var all []variable
	top := keysOf(reflect.TypeFor[Config]())
	for _, e := range entries {
		name := strings.TrimPrefix(e.Name(), credentialPrefix)
		path := filepath.Join(folder, e.Name())
		parts := strings.Split(name, ".")
		info, err := os.Stat(path) // secrets of containers are often links
		switch {
		case strings.HasPrefix(name, ".") || err == nil && info.IsDir():
			continue
		case len(parts) == 1 && name == e.Name() && !slices.Contains(top, name):
			d.report(Problem{
				Env: path, Warning: true, Message: text.T("no credential of libration, so it is not used", "不是 libration 的凭据，未使用"),
				Remedy: text.T("name the file like the key that it sets, such as account.password or onebot.connections.0.access_token", "请用所设置的键命名文件，如 account.password 或 onebot.connections.0.access_token"),
			})
			continue
		}
		value, err := readCredential(path)
		if err != nil {
			d.report(Problem{
				Env: path, Key: shorten(name), Message: text.T("the credential cannot be used: %v", "无法使用该凭据：%v").Fill(text.Of(err)),
				Remedy: text.T("write the value alone into the file, as text, and let this user read it", "请只把该值以文本写入文件，并允许当前用户读取"),
			})
			continue
		}
		all = append(all, variable{name: path, value: value, parts: parts, credential: true})
	}
	sortVariables(all)
	return all
}

// list returns the entries of a folder in the order of their names, up to a limit.
func list(folder string) ([]fs.DirEntry, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(maxCredentials + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) > maxCredentials {
		return nil, text.Errorf("more than %d files", "文件超过 %d 个", maxCredentials)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// readCredential returns the text of a file without the line break at its end.
func readCredential(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // a pipe would hold up the start
		return "", text.Errorf("not a file", "不是文件")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCredential+1))
	switch {
	case err != nil:
		return "", err
	case len(data) > maxCredential:
		return "", text.Errorf("more than %d bytes", "超过 %d 字节", maxCredential)
	case !utf8.Valid(data):
		return "", text.Errorf("not UTF-8", "不是 UTF-8")
	}
	value := strings.TrimSuffix(string(data), "\n")
	return strings.TrimSuffix(value, "\r"), nil
}
