package identity

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"libration/internal/bom"
	"libration/internal/text"
)

// members is a JSON object as written. Upper and lower case count: the files of some
// programs differ in nothing else.
type members map[string]json.RawMessage

// maxFile bounds these files, in bytes. Real ones have a few KB.
const maxFile = 1 << 20

// readMembers reads a file with one JSON object, of which it also returns the text.
func readMembers(path string) (body []byte, m members, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	body, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, nil, err // it has the path
	case len(body) > maxFile:
		return nil, nil, text.Errorf("%s: larger than %d bytes: is it the right file?", "%s：大于 %d 字节：文件是否选错？", path, maxFile)
	}
	if body, err = bom.Trim(body); err == nil {
		m, err = parseMembers(body)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return body, m, nil
}

func parseMembers(body []byte) (members, error) {
	var m members
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, text.Errorf("not a JSON object: %v", "不是 JSON 对象：%v", err)
	}
	if m == nil {
		return nil, text.Errorf("not a JSON object: null", "不是 JSON 对象：null")
	}
	return m, nil
}

func (m members) has(names ...string) bool {
	for _, name := range names {
		if _, ok := m[name]; !ok {
			return false
		}
	}
	return true
}

// read decodes a member that must be there and must not be null.
func (m members) read(name string, into any) error {
	raw, ok := m[name]
	if !ok || string(raw) == "null" {
		return text.Errorf("%s is missing", "缺少 %s", name)
	}
	return m.readOptional(name, into)
}

// readOptional decodes a member that may be missing or null.
func (m members) readOptional(name string, into any) error {
	raw, ok := m[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// FileKind says what a file with an identity in it is. Its text completes "this is ...".
type FileKind string

// The kinds (docs/protocol/login.md 1.2).
const (
	UnknownFile          FileKind = "no file of a known layout"
	OwnKeystoreFile      FileKind = "a keystore of Libration"
	SealedKeystoreFile   FileKind = "a sealed keystore of Libration"
	LagrangeKeystoreFile FileKind = "a keystore of Lagrange.OneBot V1"
	LagrangeV2File       FileKind = "a keystore of Lagrange V2" // it cannot be imported
	LagrangeDeviceFile   FileKind = "a device file of Lagrange.OneBot V1"
	LagrangeGoDeviceFile FileKind = "a device file of LagrangeGo"
	AppInfoFile          FileKind = "an app info file"
)

// WrongFileError reports a file of another kind than the one that was to be read.
type WrongFileError struct{ Kind FileKind }

func (e *WrongFileError) Error() string {
	english, _ := e.Text()
	return english
}

// Text is Error in English and Chinese.
func (e *WrongFileError) Text() (english, chinese string) {
	kind := text.Same(string(e.Kind))
	if words, ok := kindWords[e.Kind]; ok {
		kind.ZH = words
	}
	t := text.T("this is %s", "这是%s").Fill(kind)
	return t.EN, t.ZH
}

var kindWords = map[FileKind]string{
	UnknownFile: "未知格式的文件", OwnKeystoreFile: " Libration 的 keystore", SealedKeystoreFile: " Libration 的加密 keystore",
	LagrangeKeystoreFile: " Lagrange.OneBot V1 的 keystore", LagrangeV2File: " Lagrange V2 的 keystore",
	LagrangeDeviceFile: " Lagrange.OneBot V1 的设备文件", LagrangeGoDeviceFile: " LagrangeGo 的设备文件", AppInfoFile: " app info 文件",
}

// kind recognises a file by members that no other kind has.
func (m members) kind() FileKind {
	switch {
	case m.has("sealed", "ciphertext"):
		return SealedKeystoreFile
	case m.has("WLoginSigs"):
		return LagrangeV2File
	case m.has("Session"):
		return LagrangeKeystoreFile
	case m.has("device", "uin"):
		return OwnKeystoreFile
	case m.has("Guid"):
		return LagrangeDeviceFile
	case m.has("guid"):
		return LagrangeGoDeviceFile
	case m.has("AppId", "SubAppId"):
		return AppInfoFile
	}
	return UnknownFile
}
