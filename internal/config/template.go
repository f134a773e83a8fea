package config

import (
	"bytes"
	_ "embed" // the files below
	"regexp"
	"strings"
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

// ListenOn returns a configuration of Template whose connections for bots listen on
// another address, without a port: "0.0.0.0" for a container. The owner's service stays on
// loopback.
func ListenOn(template []byte, host string) []byte {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return listening.ReplaceAll(template, []byte(`${1}"`+host+`:${2}"${3}`))
}

var listening = regexp.MustCompile(`(?m)^(      address: )127\.0\.0\.1:(\d+)(\s)`)

// Schema returns the JSON schema of the configuration file, for editors.
func Schema() []byte { return append([]byte(nil), schema...) }
