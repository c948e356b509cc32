#ifndef NIBBLE_ENCODE_H
#define NIBBLE_ENCODE_H
// Floating-point values to packed blocks.
//
// The results are the same on every machine. Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0 are byte for byte what
// the `gguf` Python package makes of the same values, and the nibbles of nf4 and fp4 what
// bitsandbytes makes of them.
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

// Packs `count` values, whole blocks of a type that is F32, F16, BF16, Q8_0, Q4_0, Q4_1,
// Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, nf4 or fp4; another code, or another count, is a programmer's error and aborts.
//
// Returns `count`, or the index of the first value that cannot be stored, with what follows it
// left unwritten: a quantized block takes finite values only, and none so large that the block's
// scale passes float16; F16 and BF16 take anything but a finite value that would become infinite.
size_t nibble_encode(uint32_t type, const float *src, void *dst, size_t count);

// What an eight-bit code of a scale of nf4 and fp4 stands for, -1 ... 1, and the code nearest to a
// value.
float nibble_nested_value(uint8_t code);
uint8_t nibble_nested_code(float value);

#ifdef __cplusplus
}
#endif
#endif
