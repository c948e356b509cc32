// Packing of the formats with one scale a block, and of plain floats.
#include "encode.h"

#include <math.h>
#include <stdlib.h>

#include "dequantize.h"
#include "encode_blocks.h"

#pragma STDC FP_CONTRACT OFF

// 1 / d, or 0 where that is no number: a block of zeros, or of values so close to zero that its
// scale is zero in float16.
static float inverse(float d) {
  const float inverted = 1.0f / d;
  return isfinite(inverted) ? inverted : 0.0f;
}

// The whole part, kept within 0 ... top.
static uint8_t quant(float value, int top) {
  const int q = (int)value;
  return (uint8_t)(q < 0 ? 0 : q > top ? top : q);
}

// Quants 0 ... 2 * half - 1 around `half`, and their scale as float16: the value of the largest
// magnitude becomes -half times the scale, the side that has one more step.
static uint16_t around_zero(const float *x, int half, uint8_t q[32]) {
  float largest = 0;
  for (int i = 0; i < 32; i++) {
    if (fabsf(x[i]) > fabsf(largest)) largest = x[i];
  }
  const float d = largest / (float)-half, id = inverse(d);
  for (int i = 0; i < 32; i++) q[i] = quant(x[i] * id + ((float)half + 0.5f), 2 * half - 1);
  return nibble_float_to_half(d);
}

// Quants 0 ... top, and their scale and minimum as float16: the minimum becomes 0, the maximum top.
// False, without quants, if one of the two passes float16.
static bool above_minimum(
    const float *x, int top, uint8_t q[32], uint16_t *scale, uint16_t *minimum) {
  float low = x[0], high = x[0];
  for (int i = 1; i < 32; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  const float d = (high - low) / (float)top, id = inverse(d);
  *scale = nibble_float_to_half(d);
  *minimum = nibble_float_to_half(low);
  // First, because where high - low is infinite there are quotients that are no numbers.
  if (!nibble_half_is_finite(*scale) || !nibble_half_is_finite(*minimum)) return false;
  for (int i = 0; i < 32; i++) q[i] = quant((x[i] - low) * id + 0.5f, top);
  return true;
}

static void pack_nibbles(const uint8_t q[32], uint8_t qs[16]) {
  for (int i = 0; i < 16; i++) qs[i] = (uint8_t)((q[i] & 0x0f) | q[i + 16] << 4);
}

static uint32_t fifth_bits(const uint8_t q[32]) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; i++) bits |= (uint32_t)(q[i] >> 4) << i;
  return bits;
}

static bool q4_0_block(const float *x, nibble_block_q4_0 *b) {
  uint8_t q[32];
  b->d = around_zero(x, 8, q);
  pack_nibbles(q, b->qs);
  return nibble_half_is_finite(b->d);
}

static bool q5_0_block(const float *x, nibble_block_q5_0 *b) {
  uint8_t q[32];
  b->d = around_zero(x, 16, q);
  b->qh = fifth_bits(q);
  pack_nibbles(q, b->qs);
  return nibble_half_is_finite(b->d);
}

static bool q4_1_block(const float *x, nibble_block_q4_1 *b) {
  uint8_t q[32];
  uint16_t d, m;
  if (!above_minimum(x, 15, q, &d, &m)) return false;
  b->d = d;
  b->m = m;
  pack_nibbles(q, b->qs);
  return true;
}

static bool q5_1_block(const float *x, nibble_block_q5_1 *b) {
  uint8_t q[32];
  uint16_t d, m;
  if (!above_minimum(x, 31, q, &d, &m)) return false;
  b->d = d;
  b->m = m;
  b->qh = fifth_bits(q);
  pack_nibbles(q, b->qs);
  return true;
}

// The value of the largest magnitude becomes 127 or -127.
static bool q8_0_block(const float *x, nibble_block_q8_0 *b) {
  float largest = 0;
  for (int i = 0; i < 32; i++) {
    if (fabsf(x[i]) > largest) largest = fabsf(x[i]);
  }
  const float d = largest / 127.0f, id = inverse(d);
  b->d = nibble_float_to_half(d);
  if (!nibble_half_is_finite(b->d)) return false;
  for (int i = 0; i < 32; i++) {
    // To nearest, halves away from zero: what is just below one half, added and cut off.
    const float scaled = x[i] * id;
    b->qs[i] = (int8_t)(int)(scaled + copysignf(0x1.fffffep-2f, scaled));
  }
  return true;
}

// The index of the value of the largest magnitude.
static size_t largest_index(const float *x, size_t count) {
  size_t largest = 0;
  for (size_t i = 1; i < count; i++) {
    if (fabsf(x[i]) > fabsf(x[largest])) largest = i;
  }
  return largest;
}

static size_t encode_half(const float *src, uint8_t *dst, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint16_t bits = nibble_float_to_half(src[i]);
    if (!nibble_half_is_finite(bits) && isfinite(src[i])) return i;
    memcpy(dst + 2 * i, &bits, 2);
  }
  return count;
}

static size_t encode_bfloat(const float *src, uint8_t *dst, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint16_t bits = nibble_float_to_bfloat(src[i]);
    if ((bits & 0x7f80u) == 0x7f80u && isfinite(src[i])) return i;
    memcpy(dst + 2 * i, &bits, 2);
  }
  return count;
}

static bool encode_block(uint32_t type, const float *x, void *block) {
  switch (type) {
    case NIBBLE_TYPE_Q4_0: return q4_0_block(x, block);
    case NIBBLE_TYPE_Q4_1: return q4_1_block(x, block);
    case NIBBLE_TYPE_Q8_0: return q8_0_block(x, block);
    case NIBBLE_TYPE_Q5_0: return q5_0_block(x, block);
    case NIBBLE_TYPE_Q5_1: return q5_1_block(x, block);
    case NIBBLE_TYPE_Q4_K: return nibble_encode_q4_k(x, block);
    case NIBBLE_TYPE_Q5_K: return nibble_encode_q5_k(x, block);
    case NIBBLE_TYPE_Q6_K: return nibble_encode_q6_k(x, block);
    case NIBBLE_TYPE_NF4: return nibble_encode_absmax(nibble_nf4_values, x, block);
    case NIBBLE_TYPE_FP4: return nibble_encode_absmax(nibble_fp4_values, x, block);
    default: abort();
  }
}

size_t nibble_encode(uint32_t type, const float *src, void *dst, size_t count) {
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  if (values == 0 || count % values != 0) abort();
  if (type == NIBBLE_TYPE_F16) return encode_half(src, dst, count);
  if (type == NIBBLE_TYPE_BF16) return encode_bfloat(src, dst, count);
  if (type == NIBBLE_TYPE_F32) {
    if (count > 0) memcpy(dst, src, 4 * count);
    return count;
  }
  uint8_t *block = dst;
  for (size_t i = 0; i < count; i += values, block += bytes) {
    for (size_t j = 0; j < values; j++) {
      if (!isfinite(src[i + j])) return i + j;
    }
    if (!encode_block(type, src + i, block)) return i + largest_index(src + i, values);
  }
  return count;
}
