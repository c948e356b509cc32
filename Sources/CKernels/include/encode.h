#ifndef NIBBLE_ENCODE_H
#define NIBBLE_ENCODE_H
// Floating-point values to packed blocks.
//
// The results are the same on every machine. Q4_0, Q4_1 and Q8_0 are byte for byte what the
// `gguf` Python package makes of the same values.
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

// Packs `count` values, whole blocks of a type that is F32, F16, BF16, Q8_0, Q4_0, Q4_1 or Q4_K;
// another code, or another count, is a programmer's error and aborts.
//
// Returns `count`, or the index of the first value that cannot be stored, with what follows it
// left unwritten: a quantized block takes finite values only, and none so large that the block's
// scale passes float16; F16 and BF16 take anything but a finite value that would become infinite.
size_t nibble_encode(uint32_t type, const float *src, void *dst, size_t count);

#ifdef __cplusplus
}
#endif
#endif
