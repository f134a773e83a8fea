// What silk.go needs of the SILK SDK, without an allocator: one encoder, one decoder and
// their buffers. Samples are in pcm(), packets in pkt().
#include "SKP_Silk_SDK_API.h"
#include "SKP_Silk_structs_FIX.h"

#define EXPORT(name) __attribute__((export_name(#name)))
#define MAX_FRAME 960 // samples of 20 ms at 48 kHz

static SKP_Silk_encoder_state_FIX encoder;
static SKP_SILK_SDK_EncControlStruct encoding;
static SKP_Silk_decoder_state decoder;
static SKP_SILK_SDK_DecControlStruct decoding;
static SKP_int16 samples[SILK_MAX_FRAMES_PER_PACKET * MAX_FRAME];
static SKP_uint8 packet[1250];

EXPORT(pcm) SKP_int16 *pcm(void) { return samples; }
EXPORT(pkt) SKP_uint8 *pkt(void) { return packet; }

// encoder_init wants the rate of the input, the highest rate within the codec (both in
// Hz), bits per second, and 0 to 2 for the work that is done for them.
EXPORT(encoder_init) int encoder_init(int rate, int internal, int bitrate, int complexity) {
    SKP_SILK_SDK_EncControlStruct status;
    int err = SKP_Silk_SDK_InitEncoder(&encoder, &status);
    encoding.API_sampleRate = rate;
    encoding.maxInternalSampleRate = internal;
    encoding.packetSize = rate / 50;
    encoding.bitRate = bitrate;
    encoding.complexity = complexity;
    return err;
}

// encode makes a packet of 20 ms: its length, or a negative error.
EXPORT(encode) int encode(int n) {
    SKP_int16 size = sizeof packet;
    int err = SKP_Silk_SDK_Encode(&encoder, &encoding, samples, n, packet, &size);
    return err ? err : size;
}

EXPORT(decoder_init) int decoder_init(int rate) {
    decoding.API_sampleRate = rate;
    return SKP_Silk_SDK_InitDecoder(&decoder);
}

// decode reads a packet of size bytes, of 1 to 5 frames; one of no bytes is a frame that
// was lost. It returns the number of samples, or a negative error.
EXPORT(decode) int decode(int size) {
    int total = 0;
    do {
        SKP_int16 n = 0;
        int err = SKP_Silk_SDK_Decode(&decoder, &decoding, size == 0, packet, size, samples + total, &n);
        if (err) return err;
        total += n;
    } while (decoding.moreInternalDecoderFrames && total <= (SILK_MAX_FRAMES_PER_PACKET - 1) * MAX_FRAME);
    return total;
}
