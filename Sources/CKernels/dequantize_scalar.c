// The reference of every dequantization kernel: plain C, one block at a time.
//
// The faster ones (dequantize_avx2.c, dequantize_avx512.c, dequantize_neon.c) must give the same bits.
#include <math.h>
#include <stdlib.h>

#include "dequantize.h"

#pragma STDC FP_CONTRACT OFF

static void q4_0_block(const nibble_block_q4_0 *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  for (int i = 0; i < 16; i++) {
    v[i] = d * (float)((b->qs[i] & 0x0f) - 8);
    v[i + 16] = d * (float)((b->qs[i] >> 4) - 8);
  }
}

static void q4_1_block(const nibble_block_q4_1 *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  const float m = nibble_half_to_float(b->m);
  for (int i = 0; i < 16; i++) {
    v[i] = d * (float)(b->qs[i] & 0x0f) + m;
    v[i + 16] = d * (float)(b->qs[i] >> 4) + m;
  }
}

static void q5_0_block(const nibble_block_q5_0 *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  const uint32_t qh = b->qh;
  for (int i = 0; i < 16; i++) {
    const int low = (int)((b->qs[i] & 0x0f) | (qh >> i & 1) << 4);
    const int high = (int)((b->qs[i] >> 4) | (qh >> (i + 16) & 1) << 4);
    v[i] = d * (float)(low - 16);
    v[i + 16] = d * (float)(high - 16);
  }
}

static void q5_1_block(const nibble_block_q5_1 *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  const float m = nibble_half_to_float(b->m);
  const uint32_t qh = b->qh;
  for (int i = 0; i < 16; i++) {
    const int low = (int)((b->qs[i] & 0x0f) | (qh >> i & 1) << 4);
    const int high = (int)((b->qs[i] >> 4) | (qh >> (i + 16) & 1) << 4);
    v[i] = d * (float)low + m;
    v[i + 16] = d * (float)high + m;
  }
}

static void q8_0_block(const nibble_block_q8_0 *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  for (int i = 0; i < 32; i++) v[i] = d * (float)b->qs[i];
}

static void q4_k_block(const nibble_block_q4_k *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  const float dmin = nibble_half_to_float(b->dmin);
  uint8_t scale[8], minimum[8];
  nibble_k_scales(b->scales, scale, minimum);
  for (int j = 0; j < 8; j++) {
    const float dj = d * (float)scale[j];
    const float mj = dmin * (float)minimum[j];
    const uint8_t *qs = b->qs + 32 * (j / 2);
    const int shift = 4 * (j & 1);
    for (int i = 0; i < 32; i++) v[32 * j + i] = dj * (float)(qs[i] >> shift & 0x0f) - mj;
  }
}

static void q5_k_block(const nibble_block_q5_k *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  const float dmin = nibble_half_to_float(b->dmin);
  uint8_t scale[8], minimum[8];
  nibble_k_scales(b->scales, scale, minimum);
  for (int j = 0; j < 8; j++) {
    const float dj = d * (float)scale[j];
    const float mj = dmin * (float)minimum[j];
    const uint8_t *qs = b->qs + 32 * (j / 2);
    const int shift = 4 * (j & 1);
    for (int i = 0; i < 32; i++) {
      const int q = (qs[i] >> shift & 0x0f) | (b->qh[i] >> j & 1) << 4;
      v[32 * j + i] = dj * (float)q - mj;
    }
  }
}

static void q6_k_block(const nibble_block_q6_k *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  for (int run = 0; run < 16; run++) {  // of 16 values with one scale
    const int half = run / 8, group = run / 2 % 4, lane = 16 * (run & 1);
    const uint8_t *ql = b->ql + 64 * half + 32 * (group & 1) + lane;
    const uint8_t *qh = b->qh + 32 * half + lane;
    const int low_shift = 4 * (group / 2), high_shift = 2 * group;
    const float dj = d * (float)b->scales[run];
    for (int i = 0; i < 16; i++) {
      const int q = (ql[i] >> low_shift & 0x0f) | (qh[i] >> high_shift & 0x03) << 4;
      v[16 * run + i] = dj * (float)(q - 32);
    }
  }
}

static void q2_k_block(const nibble_block_q2_k *b, float *v) {
  const float d = nibble_half_to_float(b->d), dmin = nibble_half_to_float(b->dmin);
  for (int j = 0; j < 16; j++) {  // runs of 16 values
    const float dj = d * (float)(b->scales[j] & 0x0f), mj = dmin * (float)(b->scales[j] >> 4);
    const uint8_t *qs = b->qs + 32 * (j / 8) + 16 * (j & 1);
    for (int i = 0; i < 16; i++)
      v[16 * j + i] = dj * (float)(qs[i] >> (2 * (j / 2 % 4)) & 3) - mj;
  }
}

static void q3_k_block(const nibble_block_q3_k *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  for (int j = 0; j < 16; j++) {
    const float dj = d * (float)(nibble_q3_k_scale(b->scales, j) - 32);
    const int lane = 16 * (j & 1);
    const uint8_t *qs = b->qs + 32 * (j / 8) + lane;
    for (int i = 0; i < 16; i++) {
      const int high = b->hmask[lane + i] >> (j / 2) & 1;
      v[16 * j + i] = dj * (float)((qs[i] >> (2 * (j / 2 % 4)) & 3) + 4 * high - 4);
    }
  }
}

static void table_block(float d, const int8_t values[16], const uint8_t qs[16], float *v) {
  for (int i = 0; i < 16; i++) {
    v[i] = d * (float)values[qs[i] & 0x0f];
    v[i + 16] = d * (float)values[qs[i] >> 4];
  }
}

static void iq4_nl_block(const nibble_block_iq4_nl *b, float *v) {
  table_block(nibble_half_to_float(b->d), nibble_iq4_values, b->qs, v);
}

static int iq4_xs_scale(const nibble_block_iq4_xs *b, int j) {
  return ((b->scales_l[j / 2] >> (4 * (j & 1)) & 0x0f) | (b->scales_h >> (2 * j) & 3) << 4) - 32;
}

static void iq4_xs_block(const nibble_block_iq4_xs *b, float *v) {
  const float d = nibble_half_to_float(b->d);
  for (int j = 0; j < 8; j++)
    table_block(d * (float)iq4_xs_scale(b, j), nibble_iq4_values, b->qs + 16 * j, v + 32 * j);
}

static void mxfp4_block(const nibble_block_mxfp4 *b, float *v) {
  table_block(nibble_e8m0_to_float_half(b->e), nibble_mxfp4_values, b->qs, v);
}

static void absmax_block(const nibble_block_nf4 *b, const float values[16], float *v) {
  for (int i = 0; i < 32; i++) {
    v[2 * i] = values[b->qs[i] >> 4] * b->absmax;
    v[2 * i + 1] = values[b->qs[i] & 0x0f] * b->absmax;
  }
}

static void f32_block(const void *src, float *v) { memcpy(v, src, sizeof *v); }

static uint16_t u16_at(const void *src) {
  uint16_t bits;
  memcpy(&bits, src, sizeof bits);
  return bits;
}

// One block of any type.
static void any_block(uint32_t type, const void *src, float *v) {
  switch (type) {
    case NIBBLE_TYPE_F32: f32_block(src, v); break;
    case NIBBLE_TYPE_F16: *v = nibble_half_to_float(u16_at(src)); break;
    case NIBBLE_TYPE_BF16: *v = nibble_bfloat_to_float(u16_at(src)); break;
    case NIBBLE_TYPE_Q4_0: q4_0_block(src, v); break;
    case NIBBLE_TYPE_Q4_1: q4_1_block(src, v); break;
    case NIBBLE_TYPE_Q5_0: q5_0_block(src, v); break;
    case NIBBLE_TYPE_Q5_1: q5_1_block(src, v); break;
    case NIBBLE_TYPE_Q8_0: q8_0_block(src, v); break;
    case NIBBLE_TYPE_Q2_K: q2_k_block(src, v); break;
    case NIBBLE_TYPE_Q3_K: q3_k_block(src, v); break;
    case NIBBLE_TYPE_Q4_K: q4_k_block(src, v); break;
    case NIBBLE_TYPE_Q5_K: q5_k_block(src, v); break;
    case NIBBLE_TYPE_Q6_K: q6_k_block(src, v); break;
    case NIBBLE_TYPE_IQ4_NL: iq4_nl_block(src, v); break;
    case NIBBLE_TYPE_IQ4_XS: iq4_xs_block(src, v); break;
    case NIBBLE_TYPE_MXFP4: mxfp4_block(src, v); break;
    case NIBBLE_TYPE_NF4: absmax_block(src, nibble_nf4_values, v); break;
    case NIBBLE_TYPE_FP4: absmax_block(src, nibble_fp4_values, v); break;
    default: abort();
  }
}

size_t nibble_block_values(uint32_t type) {
  switch (type) {
    case NIBBLE_TYPE_F32:
    case NIBBLE_TYPE_F16:
    case NIBBLE_TYPE_BF16: return 1;
    case NIBBLE_TYPE_Q4_0:
    case NIBBLE_TYPE_Q4_1:
    case NIBBLE_TYPE_Q5_0:
    case NIBBLE_TYPE_Q5_1:
    case NIBBLE_TYPE_Q8_0:
    case NIBBLE_TYPE_IQ4_NL:
    case NIBBLE_TYPE_MXFP4: return NIBBLE_BLOCK;
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4: return 2 * NIBBLE_BLOCK;
    case NIBBLE_TYPE_Q2_K:
    case NIBBLE_TYPE_Q3_K:
    case NIBBLE_TYPE_IQ4_XS:
    case NIBBLE_TYPE_Q4_K:
    case NIBBLE_TYPE_Q5_K:
    case NIBBLE_TYPE_Q6_K: return NIBBLE_SUPER_BLOCK;
    default: return 0;
  }
}

size_t nibble_block_bytes(uint32_t type) {
  switch (type) {
    case NIBBLE_TYPE_F32: return 4;
    case NIBBLE_TYPE_F16:
    case NIBBLE_TYPE_BF16: return 2;
    case NIBBLE_TYPE_Q4_0: return sizeof(nibble_block_q4_0);
    case NIBBLE_TYPE_Q4_1: return sizeof(nibble_block_q4_1);
    case NIBBLE_TYPE_Q5_0: return sizeof(nibble_block_q5_0);
    case NIBBLE_TYPE_Q5_1: return sizeof(nibble_block_q5_1);
    case NIBBLE_TYPE_Q8_0: return sizeof(nibble_block_q8_0);
    case NIBBLE_TYPE_Q4_K: return sizeof(nibble_block_q4_k);
    case NIBBLE_TYPE_Q5_K: return sizeof(nibble_block_q5_k);
    case NIBBLE_TYPE_Q6_K: return sizeof(nibble_block_q6_k);
    case NIBBLE_TYPE_Q2_K: return sizeof(nibble_block_q2_k);
    case NIBBLE_TYPE_Q3_K: return sizeof(nibble_block_q3_k);
    case NIBBLE_TYPE_IQ4_NL: return sizeof(nibble_block_iq4_nl);
    case NIBBLE_TYPE_IQ4_XS: return sizeof(nibble_block_iq4_xs);
    case NIBBLE_TYPE_MXFP4: return sizeof(nibble_block_mxfp4);
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4: return sizeof(nibble_block_nf4);
    default: return 0;
  }
}

static void require_whole_blocks(uint32_t type, size_t count) {
  const size_t values = nibble_block_values(type);
  if (values == 0 || count % values != 0) abort();
}

void nibble_dequantize_f32_scalar(uint32_t type, const void *src, float *dst, size_t count) {
  require_whole_blocks(type, count);
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  const uint8_t *block = src;
  for (size_t i = 0; i < count; i += values, block += bytes) any_block(type, block, dst + i);
}

void nibble_dequantize_f16_scalar(uint32_t type, const void *src, uint16_t *dst, size_t count) {
  require_whole_blocks(type, count);
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  const uint8_t *block = src;
  float v[NIBBLE_SUPER_BLOCK];
  for (size_t i = 0; i < count; i += values, block += bytes) {
    any_block(type, block, v);
    for (size_t j = 0; j < values; j++) dst[i + j] = nibble_float_to_half(v[j]);
  }
}

// The largest of two magnitudes, where a NaN counts as infinity.
static float larger(float bound, float value) {
  const float magnitude = fabsf(value);
  if (magnitude <= bound) return bound;
  return isnan(magnitude) ? INFINITY : magnitude;
}

// d * q + m over q of 0 ... top: rounding keeps the order, so the ends bound what is between.
static float affine_bound(float bound, float d, float m, float top) {
  return larger(larger(bound, m), d * top + m);
}

static float k_bound(
    float bound, uint16_t d_bits, uint16_t dmin_bits, const uint8_t scales[12], float top) {
  const float d = nibble_half_to_float(d_bits);
  const float dmin = nibble_half_to_float(dmin_bits);
  uint8_t scale[8], minimum[8];
  nibble_k_scales(scales, scale, minimum);
  for (int j = 0; j < 8; j++) {
    bound = affine_bound(bound, d * (float)scale[j], -(dmin * (float)minimum[j]), top);
  }
  return bound;
}

static float block_bound(uint32_t type, const void *src, float bound) {
  switch (type) {
    case NIBBLE_TYPE_Q4_0:
    case NIBBLE_TYPE_Q5_0: {
      const float d = nibble_half_to_float(u16_at(src));
      return larger(bound, d * (type == NIBBLE_TYPE_Q4_0 ? 8.0f : 16.0f));
    }
    case NIBBLE_TYPE_Q8_0: return larger(bound, nibble_half_to_float(u16_at(src)) * 128.0f);
    case NIBBLE_TYPE_Q4_1:
    case NIBBLE_TYPE_Q5_1: {
      const nibble_block_q4_1 *b = src;
      return affine_bound(
          bound, nibble_half_to_float(b->d), nibble_half_to_float(b->m),
          type == NIBBLE_TYPE_Q4_1 ? 15.0f : 31.0f);
    }
    case NIBBLE_TYPE_Q4_K: {
      const nibble_block_q4_k *b = src;
      return k_bound(bound, b->d, b->dmin, b->scales, 15.0f);
    }
    case NIBBLE_TYPE_Q5_K: {
      const nibble_block_q5_k *b = src;
      return k_bound(bound, b->d, b->dmin, b->scales, 31.0f);
    }
    case NIBBLE_TYPE_Q6_K: {
      const nibble_block_q6_k *b = src;
      int scale = 0;
      for (int j = 0; j < 16; j++) {
        const int magnitude = abs(b->scales[j]);
        if (magnitude > scale) scale = magnitude;
      }
      return larger(bound, nibble_half_to_float(b->d) * (float)scale * 32.0f);
    }
    case NIBBLE_TYPE_Q2_K: {
      const nibble_block_q2_k *b = src;
      const float d = nibble_half_to_float(b->d), dmin = nibble_half_to_float(b->dmin);
      for (int j = 0; j < 16; j++)
        bound = affine_bound(
            bound, d * (float)(b->scales[j] & 0x0f), -(dmin * (float)(b->scales[j] >> 4)), 3.0f);
      return bound;
    }
    case NIBBLE_TYPE_Q3_K: {
      const nibble_block_q3_k *b = src;
      const float d = nibble_half_to_float(b->d);
      for (int j = 0; j < 16; j++)
        bound = larger(bound, d * (float)(nibble_q3_k_scale(b->scales, j) - 32) * 4.0f);
      return bound;
    }
    case NIBBLE_TYPE_IQ4_NL: return larger(bound, nibble_half_to_float(u16_at(src)) * 127.0f);
    case NIBBLE_TYPE_IQ4_XS: {
      const nibble_block_iq4_xs *b = src;
      const float d = nibble_half_to_float(b->d);
      for (int j = 0; j < 8; j++)
        bound = larger(bound, d * (float)iq4_xs_scale(b, j) * 127.0f);
      return bound;
    }
    case NIBBLE_TYPE_MXFP4:
      return larger(bound, nibble_e8m0_to_float_half(*(const uint8_t *)src) * 12.0f);
    case NIBBLE_TYPE_NF4:
    case NIBBLE_TYPE_FP4: return larger(bound, ((const nibble_block_nf4 *)src)->absmax);
    default: abort();
  }
}

// The largest magnitude of plain floats. Without the sign bit, the bits of IEEE numbers are in the
// order of the numbers, infinities and NaNs last.
static float float_bound(uint32_t type, const uint8_t *src, size_t count) {
  if (type == NIBBLE_TYPE_F32) {
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
      int32_t bits;
      memcpy(&bits, src + 4 * i, 4);
      bits &= 0x7fffffff;
      largest = bits > largest ? bits : largest;
    }
    return larger(0, nibble_bits_to_float((uint32_t)largest));
  }
  int16_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    int16_t bits;
    memcpy(&bits, src + 2 * i, 2);
    bits &= 0x7fff;
    largest = bits > largest ? bits : largest;
  }
  const uint16_t bits = (uint16_t)largest;
  return larger(
      0, type == NIBBLE_TYPE_F16 ? nibble_half_to_float(bits) : nibble_bfloat_to_float(bits));
}

float nibble_magnitude_bound_scalar(uint32_t type, const void *src, size_t count) {
  require_whole_blocks(type, count);
  if (nibble_block_values(type) == 1) return float_bound(type, src, count);
  const size_t values = nibble_block_values(type), bytes = nibble_block_bytes(type);
  const uint8_t *block = src;
  float bound = 0;
  for (size_t i = 0; i < count; i += values, block += bytes) {
    bound = block_bound(type, block, bound);
  }
  return bound;
}
