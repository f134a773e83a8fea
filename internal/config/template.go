package config

import (
	"bytes"
	_ "embed" // the files below
)

//go:embed template.en.yaml
var templateEnglish []byte

//go:embed template.zh.yaml
var templateChinese []byte

//go:embed schema.json
var schema []byte

//go:generate go test -run TestGenerated -update .

// tokenPlace is where a template has the access token of a listener.
const tokenPlace = "{{token}}"

// Template returns the commented configuration that `config init` writes, with
// comments in Chinese for LanguageChinese and in English for every other value.
// token is called for the access token of each listener: letters and digits. The
// file should be written with mode 0600.
func Template(l Language, token func() string) []byte {
	text := templateEnglish
	if l == LanguageChinese {
		text = templateChinese
	}
	for bytes.Contains(text, []byte(tokenPlace)) {
		text = bytes.Replace(text, []byte(tokenPlace), []byte(token()), 1)
	}
	return bytes.Clone(text)
}

// Schema returns the JSON schema of the configuration file, for editors.
func Schema() []byte { return append([]byte(nil), schema...) }
