#ifndef NIBBLE_ENCODE_BLOCKS_H
#define NIBBLE_ENCODE_BLOCKS_H
// Private to CKernels: encoders of one block each. They return false, with the block half
// written, if a scale passes float16.
#include <stdbool.h>

#include "blocks.h"

bool nibble_encode_q5_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q5_k *b);
bool nibble_encode_q6_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q6_k *b);
// nf4 and fp4, by the 16 values that nibbles stand for.
bool nibble_encode_absmax(const float values[16], const float x[64], nibble_block_nf4 *b);
bool nibble_encode_q4_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q4_k *b);

// Whether float16 bits stand for a number.
static inline bool nibble_half_is_finite(uint16_t half) { return (half & 0x7c00u) != 0x7c00u; }
#endif
