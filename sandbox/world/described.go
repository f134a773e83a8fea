package world

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// What is known of one picture, and how many one search finds.
const (
	maxPictureText  = 4096 // bytes
	maxPictureWords = 20
	maxPicturesSeen = 30
)

// description is what people would know of a picture.
type description struct {
	text  string
	words []string
}

// Describe says what is written in a picture, line by line, and the words that it is found
// by; nil leaves one as it is. That is known as long as the picture is kept. The refusals
// are NotFound and BadRequest.
func (m Media) Describe(sha1 [20]byte, text *string, words []string) error {
	for _, word := range words {
		if err := checkName(word); err != nil {
			return err
		}
	}
	switch {
	case len(words) > maxPictureWords:
		return Refuse(BadRequest, "no more than %d words", maxPictureWords)
	case text != nil && len(*text) > maxPictureText:
		return Refuse(BadRequest, "text of %d bytes is longer than %d", len(*text), maxPictureText)
	case text != nil && !utf8.ValidString(*text):
		return Refuse(BadRequest, "text is not valid UTF-8")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bySHA1[sha1]
	if b == nil {
		return Refuse(NotFound, "no medium with the SHA-1 %x", sha1)
	}
	if text != nil {
		b.text = *text
	}
	if words != nil {
		b.words = slices.Clone(words)
	}
	return nil
}

// Described returns what [Media.Describe] said of a picture.
func (m Media) Described(sha1 [20]byte) (text string, words []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.bySHA1[sha1]; b != nil {
		return b.text, slices.Clone(b.words)
	}
	return "", nil
}

// Search returns the pictures that are found by a word in either case, at most 30, in the
// order of their SHA-1.
func (m Media) Search(word string) []Blob {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Blob
	for _, b := range m.bySHA1 {
		if slices.ContainsFunc(b.words, func(w string) bool { return strings.EqualFold(w, word) }) {
			found = append(found, b.Blob)
		}
	}
	slices.SortFunc(found, func(a, b Blob) int { return bytes.Compare(a.SHA1[:], b.SHA1[:]) })
	return found[:min(len(found), maxPicturesSeen)]
}
