package config

import _ "embed" // the files below

//go:embed template.en.yaml
var templateEnglish []byte

//go:embed template.zh.yaml
var templateChinese []byte

//go:embed schema.json
var schema []byte

//go:generate go test -run TestSchema -update .

// Template returns the commented configuration that `config init` writes, with
// comments in Chinese for LanguageChinese and in English for every other value.
// The file should be written with mode 0600.
func Template(l Language) []byte {
	if l == LanguageChinese {
		return append([]byte(nil), templateChinese...)
	}
	return append([]byte(nil), templateEnglish...)
}

// Schema returns the JSON schema of the configuration file, for editors.
func Schema() []byte { return append([]byte(nil), schema...) }
