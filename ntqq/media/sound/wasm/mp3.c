// What mp3.go needs of minimp3: one decoder and its buffers.
#define MINIMP3_IMPLEMENTATION
#define MINIMP3_NO_SIMD
#include "minimp3.h"

#define EXPORT(name) __attribute__((export_name(#name)))

static mp3dec_t decoder; // of zeros, as mp3dec_init leaves it
static mp3dec_frame_info_t frame;
static uint8_t bytes[16384];
static mp3d_sample_t samples[MINIMP3_MAX_SAMPLES_PER_FRAME];

EXPORT(input) uint8_t *input(void) { return bytes; }
EXPORT(output) mp3d_sample_t *output(void) { return samples; }
EXPORT(info) mp3dec_frame_info_t *info(void) { return &frame; }

// decode looks for the first frame in the n bytes of input, and returns how many samples each
// channel has. How many bytes it is done with, channels and rate stand in info.
EXPORT(decode) int decode(int n) { return mp3dec_decode_frame(&decoder, bytes, n, samples, &frame); }
