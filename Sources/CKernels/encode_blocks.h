#ifndef NIBBLE_ENCODE_BLOCKS_H
#define NIBBLE_ENCODE_BLOCKS_H
// Private to CKernels: encoders of one block each. They return false, with the block half
// written, if a scale passes float16.
#include <stdbool.h>

#include "blocks.h"

bool nibble_encode_q4_k(const float x[NIBBLE_SUPER_BLOCK], nibble_block_q4_k *b);

// Whether float16 bits stand for a number.
static inline bool nibble_half_is_finite(uint16_t half) { return (half & 0x7c00u) != 0x7c00u; }
#endif
