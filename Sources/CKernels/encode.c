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

// The whole part, kept within 0 ... 15.
static uint8_t nibble_of(float value) {
  const int q = (int)value;
  return (uint8_t)(q < 0 ? 0 : q > 15 ? 15 : q);
}

// The value of the largest magnitude becomes -8 times the scale: the side that has one more step.
static bool q4_0_block(const float *x, nibble_block_q4_0 *b) {
  float largest = 0;
  for (int i = 0; i < 32; i++) {
    if (fabsf(x[i]) > fabsf(largest)) largest = x[i];
  }
  const float d = largest / -8.0f, id = inverse(d);
  b->d = nibble_float_to_half(d);
  if (!nibble_half_is_finite(b->d)) return false;
  for (int i = 0; i < 16; i++) {
    const uint8_t low = nibble_of(x[i] * id + 8.5f);
    const uint8_t high = nibble_of(x[i + 16] * id + 8.5f);
    b->qs[i] = (uint8_t)(low | high << 4);
  }
  return true;
}

// The minimum becomes 0, the maximum 15.
static bool q4_1_block(const float *x, nibble_block_q4_1 *b) {
  float low = x[0], high = x[0];
  for (int i = 1; i < 32; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  const float d = (high - low) / 15.0f, id = inverse(d);
  b->d = nibble_float_to_half(d);
  b->m = nibble_float_to_half(low);
  // First, because where high - low is infinite there are quotients that are no numbers.
  if (!nibble_half_is_finite(b->d) || !nibble_half_is_finite(b->m)) return false;
  for (int i = 0; i < 16; i++) {
    const uint8_t first = nibble_of((x[i] - low) * id + 0.5f);
    const uint8_t second = nibble_of((x[i + 16] - low) * id + 0.5f);
    b->qs[i] = (uint8_t)(first | second << 4);
  }
  return true;
}

// Five-bit quants: the low four bits as nibbles, the fifth in a mask.
static void pack_five_bits(const uint8_t q[32], uint32_t *qh, uint8_t qs[16]) {
  uint32_t fifth = 0;
  for (int i = 0; i < 32; i++) fifth |= (uint32_t)(q[i] >> 4) << i;
  *qh = fifth;
  for (int i = 0; i < 16; i++) qs[i] = (uint8_t)((q[i] & 0x0f) | (q[i + 16] & 0x0f) << 4);
}

// The whole part, kept within 0 ... 31.
static uint8_t five_bits_of(float value) {
  const int q = (int)value;
  return (uint8_t)(q < 0 ? 0 : q > 31 ? 31 : q);
}

// As q4_0, with steps half as large.
static bool q5_0_block(const float *x, nibble_block_q5_0 *b) {
  float largest = 0;
  for (int i = 0; i < 32; i++) {
    if (fabsf(x[i]) > fabsf(largest)) largest = x[i];
  }
  const float d = largest / -16.0f, id = inverse(d);
  b->d = nibble_float_to_half(d);
  if (!nibble_half_is_finite(b->d)) return false;
  uint8_t q[32];
  for (int i = 0; i < 32; i++) q[i] = five_bits_of((float)((double)x[i] * (double)id + 16.5));
  uint32_t qh;
  pack_five_bits(q, &qh, b->qs);
  b->qh = qh;
  return true;
}

// As q4_1, with 31 steps.
static bool q5_1_block(const float *x, nibble_block_q5_1 *b) {
  float low = x[0], high = x[0];
  for (int i = 1; i < 32; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  const float d = (high - low) / 31.0f, id = inverse(d);
  b->d = nibble_float_to_half(d);
  b->m = nibble_float_to_half(low);
  if (!nibble_half_is_finite(b->d) || !nibble_half_is_finite(b->m)) return false;
  uint8_t q[32];
  for (int i = 0; i < 32; i++) q[i] = five_bits_of((x[i] - low) * id + 0.5f);
  uint32_t qh;
  pack_five_bits(q, &qh, b->qs);
  b->qh = qh;
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
