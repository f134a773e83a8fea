// Package ffmpeg runs the program ffmpeg for what this module cannot do itself: decoding
// M4A and AMR, writing other formats than WAV and SILK, and the first frame of a video
// (docs/protocol/codecs.md 4). The program is not part of this module, and may be missing.
//
// What is given to it may be hostile. Arguments are fixed. Only demuxers of sound and video
// may be used, none that opens other files or addresses, and only the protocol of files.
// Time and output are limited, and a process that goes beyond is killed, with those that it
// started.
//
// It knows no messages and no client.
package ffmpeg
