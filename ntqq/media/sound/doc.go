// Package sound tells the formats of sound apart and reads those that voices are made of
// (docs/protocol/codecs.md 2): WAV, MP3, Ogg with Vorbis or Opus, and FLAC become samples
// that [libration/ntqq/media/silk] encodes. MP3 is decoded by minimp3 as WebAssembly, the
// others by modules in pure Go. None of them is trusted: what is too large is refused before
// they see it, and what makes them panic or hang is an error.
//
// It knows no messages and no client.
package sound
