#ifndef NIBBLE_BLOCKS_H
#define NIBBLE_BLOCKS_H
// How the block formats of GGUF lie in memory, byte for byte.
//
// A block is a few small integers ("quants") and the scales that turn them back into numbers.
// `d` is the scale and `m` the minimum, both float16 unless said otherwise. Everything is little
// endian, and blocks follow one another with no padding, so none of them is aligned: the structs
// are packed, and a compiler reads their fields with unaligned loads.
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "GGUF blocks are little endian, and so must the machine be"
#endif

// Type codes, as GGUF files and ggml number them.
enum {
  NIBBLE_TYPE_F32 = 0,
  NIBBLE_TYPE_F16 = 1,
  NIBBLE_TYPE_Q4_0 = 2,
  NIBBLE_TYPE_Q4_1 = 3,
  NIBBLE_TYPE_Q5_0 = 6,
  NIBBLE_TYPE_Q5_1 = 7,
  NIBBLE_TYPE_Q8_0 = 8,
  NIBBLE_TYPE_Q2_K = 10,
  NIBBLE_TYPE_Q3_K = 11,
  NIBBLE_TYPE_Q4_K = 12,
  NIBBLE_TYPE_Q5_K = 13,
  NIBBLE_TYPE_Q6_K = 14,
  NIBBLE_TYPE_IQ4_NL = 20,
  NIBBLE_TYPE_IQ4_XS = 23,
  NIBBLE_TYPE_BF16 = 30,
  NIBBLE_TYPE_MXFP4 = 39,
  // nibble's own, never in a file: what is made of companion tensors when a model is loaded.
  NIBBLE_TYPE_NF4 = 0x100,
  NIBBLE_TYPE_FP4 = 0x101,
};

// Every block format, for a `switch` that makes one kernel of each.
#define NIBBLE_EACH_BLOCK_TYPE(DO) \
  DO(NIBBLE_TYPE_Q4_0) DO(NIBBLE_TYPE_Q4_1) DO(NIBBLE_TYPE_Q5_0) DO(NIBBLE_TYPE_Q5_1) \
  DO(NIBBLE_TYPE_Q8_0) DO(NIBBLE_TYPE_Q2_K) DO(NIBBLE_TYPE_Q3_K) DO(NIBBLE_TYPE_Q4_K) \
  DO(NIBBLE_TYPE_Q5_K) DO(NIBBLE_TYPE_Q6_K) DO(NIBBLE_TYPE_IQ4_NL) DO(NIBBLE_TYPE_IQ4_XS) \
  DO(NIBBLE_TYPE_MXFP4) DO(NIBBLE_TYPE_NF4) DO(NIBBLE_TYPE_FP4)

// Values of a block: 32, 64 for nf4 and fp4, or 256 for a super-block of the K formats.
#define NIBBLE_BLOCK 32
#define NIBBLE_SUPER_BLOCK 256

#define NIBBLE_PACKED __attribute__((packed))

// value[i] = d * (q[i] - 8); q[i] is the low nibble of qs[i], q[i + 16] the high one.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint8_t qs[16];
} nibble_block_q4_0;

// value[i] = d * q[i] + m; nibbles as in q4_0.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint16_t m;
  uint8_t qs[16];
} nibble_block_q4_1;

// value[i] = d * (q[i] - 16); low four bits as in q4_0, the fifth is bit i of qh.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint32_t qh;
  uint8_t qs[16];
} nibble_block_q5_0;

// value[i] = d * q[i] + m; q as in q5_0.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint16_t m;
  uint32_t qh;
  uint8_t qs[16];
} nibble_block_q5_1;

// value[i] = d * qs[i].
typedef struct NIBBLE_PACKED {
  uint16_t d;
  int8_t qs[32];
} nibble_block_q8_0;

// 8 sub-blocks of 32: value = (d * scale[j]) * q - (dmin * min[j]).
// `scales` packs eight 6-bit scales and eight 6-bit minimums (nibble_k_scales below).
// Sub-blocks 2k and 2k + 1 are the low and the high nibbles of qs[32k ..< 32k + 32].
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qs[128];
} nibble_block_q4_k;

// As q4_k, with a fifth bit: bit j of qh[i] belongs to value i of sub-block j.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
} nibble_block_q5_k;

// 16 sub-blocks of 16: value = (d * scales[j]) * (q - 32), with signed 8-bit scales.
// Each half of 128 values has 64 bytes of ql and 32 of qh. Value 32 * g + i of a half (g of
// 0 ..< 4, i of 0 ..< 32) takes its low four bits from ql[32 * (g & 1) + i], low nibble for
// g < 2, else high, and its upper two from bits 2g and 2g + 1 of qh[i].
typedef struct NIBBLE_PACKED {
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  uint16_t d;
} nibble_block_q6_k;

// 16 sub-blocks of 16: value = (d * scale) * q - (dmin * min), with scale the low and min the high
// nibble of scales[j]. Values 32 (4h + k) + i, h of 0 ..< 2, k of 0 ..< 4, have bits 2k and 2k + 1 of
// qs[32h + i].
typedef struct NIBBLE_PACKED {
  uint8_t scales[16];
  uint8_t qs[64];
  uint16_t d;
  uint16_t dmin;
} nibble_block_q2_k;

// 16 sub-blocks of 16: value = (d * (scale - 32)) * (q - 4). Low two bits of q as in q2_k; the third
// of value 32 j + i is bit j of hmask[i]. Scales have six bits (nibble_q3_k_scale below).
typedef struct NIBBLE_PACKED {
  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];
  uint16_t d;
} nibble_block_q3_k;

// value[i] = d * nibble_iq4_values[q[i]]; nibbles as in q4_0.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint8_t qs[16];
} nibble_block_iq4_nl;

// 8 sub-blocks of 32: value = (d * (scale[j] - 32)) * nibble_iq4_values[q]. The low four bits of
// scale j are nibble j of scales_l, the upper two are bits 2j and 2j + 1 of scales_h. Sub-block j has
// qs[16j ..< 16j + 16], with nibbles as in q4_0.
typedef struct NIBBLE_PACKED {
  uint16_t d;
  uint16_t scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];
} nibble_block_iq4_xs;

// value[i] = 2^(e - 128) * nibble_mxfp4_values[q[i]]; nibbles as in q4_0. The values are twice those
// of FP4 (E2M1), which is why the exponent is one less than that of the format's scale (E8M0).
typedef struct NIBBLE_PACKED {
  uint8_t e;
  uint8_t qs[16];
} nibble_block_mxfp4;

// value[2i] = nibble_nf4_values[q] * absmax with q the high nibble of qs[i], value[2i + 1] with the
// low one; fp4 with nibble_fp4_values.
typedef struct NIBBLE_PACKED {
  float absmax;
  uint8_t qs[32];
} nibble_block_nf4;

_Static_assert(sizeof(nibble_block_q2_k) == 84, "q2_k is 84 bytes for 256 values");
_Static_assert(sizeof(nibble_block_q3_k) == 110, "q3_k is 110 bytes for 256 values");
_Static_assert(sizeof(nibble_block_iq4_nl) == 18, "iq4_nl is 18 bytes for 32 values");
_Static_assert(sizeof(nibble_block_iq4_xs) == 136, "iq4_xs is 136 bytes for 256 values");
_Static_assert(sizeof(nibble_block_mxfp4) == 17, "mxfp4 is 17 bytes for 32 values");
_Static_assert(sizeof(nibble_block_nf4) == 36, "nf4 is 36 bytes for 64 values, in memory");
_Static_assert(sizeof(nibble_block_q4_0) == 18, "q4_0 is 18 bytes for 32 values");
_Static_assert(sizeof(nibble_block_q4_1) == 20, "q4_1 is 20 bytes for 32 values");
_Static_assert(sizeof(nibble_block_q5_0) == 22, "q5_0 is 22 bytes for 32 values");
_Static_assert(sizeof(nibble_block_q5_1) == 24, "q5_1 is 24 bytes for 32 values");
_Static_assert(sizeof(nibble_block_q8_0) == 34, "q8_0 is 34 bytes for 32 values");
_Static_assert(sizeof(nibble_block_q4_k) == 144, "q4_k is 144 bytes for 256 values");
_Static_assert(sizeof(nibble_block_q5_k) == 176, "q5_k is 176 bytes for 256 values");
_Static_assert(sizeof(nibble_block_q6_k) == 210, "q6_k is 210 bytes for 256 values");

// The eight scales and eight minimums of a q4_k or q5_k super-block, six bits each. The first
// four of each have a byte of their own, whose top two bits hold the top two of the last four:
//   scales[0 ..< 4]   (top of scale j + 4) << 6 | scale j
//   scales[4 ..< 8]   (top of min j + 4)   << 6 | min j
//   scales[8 ..< 12]  (low nibble of min j + 4) << 4 | low nibble of scale j + 4
static inline void nibble_k_scales(
    const uint8_t packed[12], uint8_t scale[8], uint8_t minimum[8]) {
  uint32_t s, m, t;
  memcpy(&s, packed, 4);
  memcpy(&m, packed + 4, 4);
  memcpy(&t, packed + 8, 4);
  const uint32_t scale0 = s & 0x3f3f3f3fu;
  const uint32_t scale1 = (t & 0x0f0f0f0fu) | ((s >> 2) & 0x30303030u);
  const uint32_t min0 = m & 0x3f3f3f3fu;
  const uint32_t min1 = ((t >> 4) & 0x0f0f0f0fu) | ((m >> 2) & 0x30303030u);
  memcpy(scale, &scale0, 4);
  memcpy(scale + 4, &scale1, 4);
  memcpy(minimum, &min0, 4);
  memcpy(minimum + 4, &min1, 4);
}

// Scale j of 16 of a q3_k super-block, 0 ... 63: the low four bits are nibbles of the first eight
// bytes, the low ones first; the upper two are pairs of bits of the last four.
static inline int nibble_q3_k_scale(const uint8_t packed[12], int j) {
  const int low = j < 8 ? packed[j] & 0x0f : packed[j - 8] >> 4;
  return low | (packed[8 + j % 4] >> (2 * (j / 4)) & 3) << 4;
}

// What the nibbles of iq4_nl and iq4_xs stand for.
static const int8_t nibble_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                             1,    13,   25,  38,  53,  69,  89,  113};
// What those of mxfp4 stand for: sign, two bits of exponent, one of significand; doubled.
static const int8_t nibble_mxfp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12,
                                               0, -1, -2, -3, -4, -6, -8, -12};
// What those of nf4 stand for: quantiles of a normal distribution (QLoRA, arXiv:2305.14314), as
// bitsandbytes has them.
static const float nibble_nf4_values[16] = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
    -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
    0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
    0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};
// What those of bitsandbytes' fp4 stand for.
static const float nibble_fp4_values[16] = {
    0.0f, 0.0052083335f, 0.6666667f, 1.0f, 0.33333333f, 0.5f, 0.16666667f, 0.25f,
    0.0f, -0.0052083335f, -0.6666667f, -1.0f, -0.33333333f, -0.5f, -0.16666667f, -0.25f};

static inline float nibble_bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t nibble_float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// float16 to float32: exact, subnormals included; a NaN becomes a quiet NaN.
static inline float nibble_half_to_float(uint16_t half) {
#if defined(__aarch64__)
  __fp16 value;
  memcpy(&value, &half, sizeof value);
  return (float)value;
#else
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  const uint32_t rest = half & 0x7fffu;
  if (rest >= 0x7c00u) {
    const uint32_t quiet = rest > 0x7c00u ? 0x00400000u : 0;
    return nibble_bits_to_float(sign | 0x7f800000u | quiet | (rest & 0x3ffu) << 13);
  }
  if (rest >= 0x0400u) return nibble_bits_to_float(sign | ((rest << 13) + 0x38000000u));
  const float magnitude = (float)rest * 0x1p-24f;
  return nibble_bits_to_float(sign | nibble_float_to_bits(magnitude));
#endif
}

// float32 to float16, to nearest, ties to even; what passes 65504 by half a unit or more becomes
// infinity, and a NaN becomes a quiet NaN.
static inline uint16_t nibble_float_to_half(float value) {
#if defined(__aarch64__)
  const __fp16 half = (__fp16)value;
  uint16_t bits;
  memcpy(&bits, &half, sizeof bits);
  return bits;
#else
  const uint32_t bits = nibble_float_to_bits(value);
  const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
  const uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (rest >> 13 & 0x3ffu));
  if (rest >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (rest >= 0x38800000u) {
    return (uint16_t)(sign | ((rest - 0x38000000u + 0xfffu + (rest >> 13 & 1u)) >> 13));
  }
  // Subnormal: adding 0.5 leaves the value in units of 2^-24 at the bottom of the significand,
  // rounded by the addition itself.
  const float shifted = nibble_bits_to_float(rest) + 0.5f;
  return (uint16_t)(sign | (nibble_float_to_bits(shifted) - 0x3f000000u));
#endif
}

// The scale of mxfp4: 2^(e - 128).
static inline float nibble_e8m0_to_float_half(uint8_t e) {
  return nibble_bits_to_float(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

// bfloat16 to float32: exact.
static inline float nibble_bfloat_to_float(uint16_t bfloat) {
  return nibble_bits_to_float((uint32_t)bfloat << 16);
}

// float32 to bfloat16, to nearest, ties to even; a NaN becomes a quiet NaN.
static inline uint16_t nibble_float_to_bfloat(float value) {
  const uint32_t bits = nibble_float_to_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
#endif
