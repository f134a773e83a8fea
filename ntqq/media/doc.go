// Package media gets pictures, voices and videos ready to be sent: where their bytes come
// from, what format they have, and what they are converted to.
//
// [Tools] measure, hash and convert. [Path], [Bytes] and [Reader] are sources of bytes.
// [Files] read what texts of others name: files, addresses, bytes in the text. They say
// what may be read, and keep downloads in a [Cache].
// Errors are *[StepError]; their reasons are in English and Chinese where a person can do
// something about them.
package media
