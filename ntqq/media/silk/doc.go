// Package silk reads and writes SILK of Tencent's form, the voice messages of QQ
// (docs/protocol/codecs.md 1). The codec is the reference SDK of Skype, compiled to
// WebAssembly (wasm/README.md) and run by wazero: there is no cgo, and what hostile bytes do
// to it stays within its memory of some hundred KiB. It is compiled when it is first needed,
// which takes a tenth of a second. On platforms that wazero interprets (all but amd64 and
// arm64) a minute of voice takes about 80 seconds to encode, and 15 to decode.
//
// It knows no messages and no client.
package silk
