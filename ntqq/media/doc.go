// Package media gets pictures, voices and videos ready to be sent: where their bytes come
// from, what format they have, and what they are converted to.
package media
