// The magnitude bound of formats whose blocks begin with a float16 scale (and a minimum): the
// reference's formulas, with halves that the machine widens, so that reading the file is all the
// time it takes. Other types go to the reference.
#include <math.h>
#include <stdlib.h>

#include "simd.h"

#pragma STDC FP_CONTRACT OFF

#if NIBBLE_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,f16c")))

// The larger of two magnitudes, as bits without the sign, which are in the order of the numbers:
// infinities and then NaNs last.
TARGET static inline uint32_t larger(uint32_t bits, float value) {
  uint32_t magnitude;
  memcpy(&magnitude, &value, sizeof magnitude);
  magnitude &= 0x7fffffff;
  return magnitude > bits ? magnitude : bits;
}

// d * top + m over blocks of `bytes` that begin with d and, where `has_minimum`, m.
TARGET static inline __attribute__((always_inline)) uint32_t bound(
    const uint8_t *block, size_t blocks, size_t bytes, float top, int has_minimum) {
  uint32_t bits = 0;
  for (size_t i = 0; i < blocks; i++, block += bytes) {
    uint16_t halves[2] = {0, 0};
    memcpy(halves, block, has_minimum ? 4 : 2);
    const float d = _cvtsh_ss(halves[0]);
    if (has_minimum) {
      const float m = _cvtsh_ss(halves[1]);
      bits = larger(larger(bits, m), d * top + m);
    } else {
      bits = larger(bits, d * top);
    }
  }
  return bits;
}

TARGET static float bound_avx2(uint32_t type, const void *src, size_t count) {
  const size_t blocks = count / NIBBLE_BLOCK;
  uint32_t bits;
  switch (type) {
    case NIBBLE_TYPE_Q4_0: bits = bound(src, blocks, sizeof(nibble_block_q4_0), 8, 0); break;
    case NIBBLE_TYPE_Q4_1: bits = bound(src, blocks, sizeof(nibble_block_q4_1), 15, 1); break;
    case NIBBLE_TYPE_Q5_0: bits = bound(src, blocks, sizeof(nibble_block_q5_0), 16, 0); break;
    case NIBBLE_TYPE_Q5_1: bits = bound(src, blocks, sizeof(nibble_block_q5_1), 31, 1); break;
    case NIBBLE_TYPE_Q8_0: bits = bound(src, blocks, sizeof(nibble_block_q8_0), 128, 0); break;
    default: return nibble_magnitude_bound_scalar(type, src, count);
  }
  return bits < 0x7f800000 ? nibble_bits_to_float(bits) : INFINITY;
}
#endif

float nibble_magnitude_bound(uint32_t type, const void *src, size_t count) {
#if NIBBLE_X86
  const size_t values = nibble_block_values(type);
  if (values == 0 || count % values != 0) abort();
  if (nibble_isa_best() >= NIBBLE_ISA_AVX2) return bound_avx2(type, src, count);
#endif
  return nibble_magnitude_bound_scalar(type, src, count);
}
