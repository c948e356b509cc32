// Dequantization and fused products with NEON: four values a vector, straight from the formula.
#include "simd.h"

#if NIBBLE_ARM
#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

#define TARGET  // every 64-bit Arm has it
#define INLINE static inline __attribute__((always_inline))

// The products of a row with up to FUSED_TOKENS tokens, while they are added up. Two sums each: the
// additions to one do not wait for those to the other.
typedef struct {
  const float *x;   // (tokens, cols)
  size_t x_stride;  // values from one token to the next
  float32x4_t sums[FUSED_TOKENS][2];
} products;

// Eight values to dst[at ...]; or, multiplied by the columns `at` ... of the tokens, to the sums.
INLINE void store8(void *dst, size_t at, float32x4_t low, float32x4_t high, int sink) {
  if (sink == SINK_F16) {
    const float16x8_t halves = vcvt_high_f16_f32(vcvt_f16_f32(low), high);
    vst1q_u16((uint16_t *)dst + at, vreinterpretq_u16_f16(halves));
  } else if (sink == SINK_F32) {
    vst1q_f32((float *)dst + at, low);
    vst1q_f32((float *)dst + at + 4, high);
  } else {
    products *p = dst;
#pragma clang loop unroll(full)
    for (int t = 0; t < sink - SINK_TOKENS; t++) {
      const float *x = p->x + (size_t)t * p->x_stride + at;
      p->sums[t][0] = vfmaq_f32(p->sums[t][0], low, vld1q_f32(x));
      p->sums[t][1] = vfmaq_f32(p->sums[t][1], high, vld1q_f32(x + 4));
    }
  }
}

INLINE float32x4_t affine4(int16x4_t q, float scale, float offset, int adds) {
  const float32x4_t scaled = vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(q)), scale);
  return adds ? vaddq_f32(scaled, vdupq_n_f32(offset)) : scaled;
}

// scale * q + offset, or scale * q where the format adds nothing, for 16 signed bytes.
INLINE void affine16(
    void *dst, size_t at, uint8x16_t q, float scale, float offset, int adds, int sink) {
  const int8x16_t bytes = vreinterpretq_s8_u8(q);
  for (int j = 0; j < 2; j++) {
    const int16x8_t words = j ? vmovl_high_s8(bytes) : vmovl_s8(vget_low_s8(bytes));
    store8(
        dst, at + 8 * (size_t)j, affine4(vget_low_s16(words), scale, offset, adds),
        affine4(vget_high_s16(words), scale, offset, adds), sink);
  }
}

// The same for 32 bytes.
INLINE void affine32(
    void *dst, size_t at, uint8x16x2_t q, float scale, float offset, int adds, int sink) {
  affine16(dst, at, q.val[0], scale, offset, adds, sink);
  affine16(dst, at + 16, q.val[1], scale, offset, adds, sink);
}

INLINE uint8x16_t low_nibbles(uint8x16_t bytes) { return vandq_u8(bytes, vdupq_n_u8(0x0f)); }
INLINE uint8x16_t high_nibbles(uint8x16_t bytes) { return vshrq_n_u8(bytes, 4); }

// 16 bytes of nibbles to 32 bytes: the low nibbles, then the high ones.
INLINE uint8x16x2_t nibbles(const uint8_t qs[16]) {
  const uint8x16_t bytes = vld1q_u8(qs);
  return (uint8x16x2_t){{low_nibbles(bytes), high_nibbles(bytes)}};
}

INLINE uint8x16x2_t minus(uint8x16x2_t q, uint8_t value) {
  const uint8x16_t values = vdupq_n_u8(value);
  return (uint8x16x2_t){{vsubq_u8(q.val[0], values), vsubq_u8(q.val[1], values)}};
}

// `bit` in each byte that has a bit of `mask`, else 0.
INLINE uint8x16_t where_set(uint8x16_t bytes, uint8x16_t mask, uint8_t bit) {
  return vandq_u8(vtstq_u8(bytes, mask), vdupq_n_u8(bit));
}

// 32 nibbles, with bit i of `bits` as the fifth of value i.
INLINE uint8x16x2_t five_bits(const uint8_t qs[16], uint32_t bits) {
  const uint8x16_t one = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
  uint8x16x2_t q = nibbles(qs);
  for (int h = 0; h < 2; h++, bits >>= 16) {
    const uint8x16_t bytes =
        vcombine_u8(vdup_n_u8((uint8_t)bits), vdup_n_u8((uint8_t)(bits >> 8)));
    q.val[h] = vorrq_u8(q.val[h], where_set(bytes, one, 0x10));
  }
  return q;
}

INLINE void q4_0(const nibble_block_q4_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    affine32(dst, i, minus(nibbles(b->qs), 8), nibble_half_to_float(b->d), 0, 0, sink);
}

INLINE void q4_1(const nibble_block_q4_1 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    affine32(
        dst, i, nibbles(b->qs), nibble_half_to_float(b->d), nibble_half_to_float(b->m), 1, sink);
}

INLINE void q5_0(const nibble_block_q5_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    affine32(
        dst, i, minus(five_bits(b->qs, b->qh), 16), nibble_half_to_float(b->d), 0, 0, sink);
}

INLINE void q5_1(const nibble_block_q5_1 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    affine32(
        dst, i, five_bits(b->qs, b->qh), nibble_half_to_float(b->d), nibble_half_to_float(b->m), 1,
        sink);
}

INLINE void q8_0(const nibble_block_q8_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    for (size_t h = 0; h < 32; h += 16)
      affine16(
          dst, i + h, vld1q_u8((const uint8_t *)b->qs + h), nibble_half_to_float(b->d), 0, 0, sink);
}

// The scales d * scale[j] and minimums -(dmin * min[j]) of a super-block: adding what is negated is
// subtracting, the same bits.
INLINE void k_scales(
    uint16_t d, uint16_t dmin, const uint8_t packed[12], float scales[8], float minimums[8]) {
  uint8_t scale[8], minimum[8];
  nibble_k_scales(packed, scale, minimum);
  for (int j = 0; j < 8; j++) {
    scales[j] = nibble_half_to_float(d) * (float)scale[j];
    minimums[j] = -(nibble_half_to_float(dmin) * (float)minimum[j]);
  }
}

// 16 of the nibbles of sub-block j of q4_k and q5_k, from byte `at` on.
INLINE uint8x16_t k_nibbles(const uint8_t *qs, int j, int at) {
  const uint8x16_t bytes = vld1q_u8(qs + 32 * (j / 2) + at);
  return (j & 1) ? high_nibbles(bytes) : low_nibbles(bytes);
}

INLINE void q4_k(const nibble_block_q4_k *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    float d[8], m[8];
    k_scales(b->d, b->dmin, b->scales, d, m);
    for (int j = 0; j < 8; j++)
      for (int at = 0; at < 32; at += 16)
        affine16(
            dst, i + (size_t)(32 * j + at), k_nibbles(b->qs, j, at), d[j], m[j], 1, sink);
  }
}

INLINE void q5_k(const nibble_block_q5_k *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    float d[8], m[8];
    k_scales(b->d, b->dmin, b->scales, d, m);
    for (int j = 0; j < 8; j++)
      for (int at = 0; at < 32; at += 16) {
        const uint8x16_t fifth =
            where_set(vld1q_u8(b->qh + at), vdupq_n_u8((uint8_t)(1 << j)), 0x10);
        const uint8x16_t q = vorrq_u8(k_nibbles(b->qs, j, at), fifth);
        affine16(dst, i + (size_t)(32 * j + at), q, d[j], m[j], 1, sink);
      }
  }
}

// Bits `shift` and `shift + 1` of 16 bytes.
INLINE uint8x16_t bit_pairs(const uint8_t *bytes, int shift) {
  return vandq_u8(vshlq_u8(vld1q_u8(bytes), vdupq_n_s8((int8_t)-shift)), vdupq_n_u8(3));
}

INLINE void q6_k(const nibble_block_q6_k *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d);
    for (int run = 0; run < 16; run++) {  // of 16 values with one scale
      const int half = run / 8, group = run / 2 % 4, lane = 16 * (run & 1);
      const uint8x16_t ql = vld1q_u8(b->ql + 64 * half + 32 * (group & 1) + lane);
      const uint8x16_t low = group < 2 ? low_nibbles(ql) : high_nibbles(ql);
      const uint8x16_t high = bit_pairs(b->qh + 32 * half + lane, 2 * group);
      const uint8x16_t q =
          vsubq_u8(vorrq_u8(low, vshlq_n_u8(high, 4)), vdupq_n_u8(32));
      affine16(dst, i + 16 * (size_t)run, q, d * (float)b->scales[run], 0, 0, sink);
    }
  }
}

// The low two bits of run `run` of 16 values of q2_k and q3_k.
INLINE uint8x16_t two_bits(const uint8_t qs[64], int run) {
  return bit_pairs(qs + 32 * (run / 8) + 16 * (run & 1), 2 * (run / 2 % 4));
}

INLINE void q2_k(const nibble_block_q2_k *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d), dmin = nibble_half_to_float(b->dmin);
    for (int run = 0; run < 16; run++) {
      const uint8_t code = b->scales[run];
      affine16(
          dst, i + 16 * (size_t)run, two_bits(b->qs, run), d * (float)(code & 0x0f),
          -(dmin * (float)(code >> 4)), 1, sink);
    }
  }
}

INLINE void q3_k(const nibble_block_q3_k *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d);
    for (int run = 0; run < 16; run++) {
      const uint8x16_t third = where_set(
          vld1q_u8(b->hmask + 16 * (run & 1)), vdupq_n_u8((uint8_t)(1 << (run / 2))), 4);
      const uint8x16_t q =
          vsubq_u8(vorrq_u8(two_bits(b->qs, run), third), vdupq_n_u8(4));
      const float scale = d * (float)(nibble_q3_k_scale(b->scales, run) - 32);
      affine16(dst, i + 16 * (size_t)run, q, scale, 0, 0, sink);
    }
  }
}

// Nibbles through a table of bytes, times a scale.
INLINE void table_nibbles(
    void *dst, size_t at, float d, const int8_t values[16], const uint8_t qs[16], int sink) {
  const uint8x16_t table = vld1q_u8((const uint8_t *)values);
  uint8x16x2_t q = nibbles(qs);
  for (int h = 0; h < 2; h++) q.val[h] = vqtbl1q_u8(table, q.val[h]);
  affine32(dst, at, q, d, 0, 0, sink);
}

INLINE void iq4_nl(const nibble_block_iq4_nl *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    table_nibbles(dst, i, nibble_half_to_float(b->d), nibble_iq4_values, b->qs, sink);
}

INLINE void iq4_xs(const nibble_block_iq4_xs *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d);
    for (int j = 0; j < 8; j++) {
      const int low = b->scales_l[j / 2] >> (4 * (j & 1)) & 0x0f;
      const int scale = (low | (b->scales_h >> (2 * j) & 3) << 4) - 32;
      table_nibbles(
          dst, i + 32 * (size_t)j, d * (float)scale, nibble_iq4_values, b->qs + 16 * j, sink);
    }
  }
}

INLINE void mxfp4(const nibble_block_mxfp4 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++)
    table_nibbles(dst, i, nibble_e8m0_to_float_half(b->e), nibble_mxfp4_values, b->qs, sink);
}

// The floats of a table of 16 (64 bytes) that four nibbles stand for: byte by byte.
INLINE float32x4_t floats_of(uint8x16x4_t table, uint16x4_t q) {
  const uint32x4_t bytes =
      vmlaq_n_u32(vdupq_n_u32(0x03020100), vmovl_u16(q), 0x04040404);
  return vreinterpretq_f32_u8(vqtbl4q_u8(table, vreinterpretq_u8_u32(bytes)));
}

// Two values a byte, the high nibble first.
INLINE void absmax(
    const nibble_block_nf4 *b, const float values[16], void *dst, size_t count, int sink) {
  uint8x16x4_t table;
  for (int j = 0; j < 4; j++) table.val[j] = vreinterpretq_u8_f32(vld1q_f32(values + 4 * j));
  for (size_t i = 0; i < count; i += 64, b++)
    for (size_t g = 0; g < 8; g++) {  // four bytes
      uint32_t four;
      memcpy(&four, b->qs + 4 * g, 4);
      const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(four));
      const uint8x8_t q = vzip1_u8(vshr_n_u8(bytes, 4), vand_u8(bytes, vdup_n_u8(0x0f)));
      const uint16x8_t words = vmovl_u8(q);
      store8(
          dst, i + 8 * g, vmulq_n_f32(floats_of(table, vget_low_u16(words)), b->absmax),
          vmulq_n_f32(floats_of(table, vget_high_u16(words)), b->absmax), sink);
    }
}

// Plain floats, eight at a time; the rest goes through the reference.
INLINE void floats(uint32_t type, const uint8_t *src, void *dst, size_t count, int sink) {
  const size_t bytes = type == NIBBLE_TYPE_F32 ? 4 : 2;
  const size_t whole = count & ~(size_t)7;
  for (size_t i = 0; i < whole; i += 8) {
    const uint8x16_t from = vld1q_u8(src + i * bytes);  // as bytes: nothing is aligned
    float32x4_t low, high;
    if (type == NIBBLE_TYPE_F32) {
      low = vreinterpretq_f32_u8(from);
      high = vreinterpretq_f32_u8(vld1q_u8(src + i * bytes + 16));
    } else if (type == NIBBLE_TYPE_F16) {
      const float16x8_t halves = vreinterpretq_f16_u8(from);
      low = vcvt_f32_f16(vget_low_f16(halves));
      high = vcvt_high_f32_f16(halves);
    } else {
      const uint16x8_t words = vreinterpretq_u16_u8(from);
      low = vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(words), 16));
      high = vreinterpretq_f32_u32(vshll_high_n_u16(words, 16));
    }
    store8(dst, i, low, high, sink);
  }
  void *rest =
      sink == SINK_F16 ? (void *)((uint16_t *)dst + whole) : (void *)((float *)dst + whole);
  nibble_dequantize_scalar(type, src + whole * bytes, rest, count - whole, sink == SINK_F16);
}

INLINE float sum_of(float32x4_t a, float32x4_t b) { return vaddvq_f32(vaddq_f32(a, b)); }

#define NAME(kernel) nibble_##kernel##_neon
#include "dequantize_by_type.h"
#endif
