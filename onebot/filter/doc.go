// Package filter reads event filters in go-cqhttp's language (docs/protocol/onebot11.md
// a.8) and says which events pass them. It owns the language and its files. It imports
// nothing of this module but internal/bom and internal/text.
package filter
