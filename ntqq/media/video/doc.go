// Package video tells how long a video is and how large its picture, by the boxes of MP4
// and the elements of Matroska, and draws a cover for one without. It decodes nothing,
// takes a few kilobytes of memory whatever the file is, and reads no further than it has to.
//
// It must not import anything of this module.
package video
