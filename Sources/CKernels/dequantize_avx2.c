// Dequantization and fused products with AVX2, FMA and F16C: eight values at a time, straight from
// the formula.
#include "simd.h"

#if NIBBLE_X86
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define ROUND (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

// One float16 in memory to eight equal float32.
INLINE __m256 broadcast_half(uint16_t bits) {
  return _mm256_cvtph_ps(_mm_set1_epi16((short)bits));
}

// The products of a row with up to FUSED_TOKENS tokens, while they are added up. Two sums each: the
// additions to one do not wait for those to the other.
typedef struct {
  const float *x;   // (tokens, cols)
  size_t x_stride;  // values from one token to the next
  __m256 sums[FUSED_TOKENS][2];
} products;

// Eight values to dst[at ...]; or, multiplied by the columns `at` ... of the tokens, to sum `which`.
INLINE void store8(void *dst, size_t at, __m256 values, int which, int sink) {
  if (sink == SINK_F16) {
    _mm_storeu_si128((void *)((uint16_t *)dst + at), _mm256_cvtps_ph(values, ROUND));
  } else if (sink == SINK_F32) {
    _mm256_storeu_ps((float *)dst + at, values);
  } else {
    products *p = dst;
#pragma clang loop unroll(full)
    for (int t = 0; t < sink - SINK_TOKENS; t++) {
      const __m256 x = _mm256_loadu_ps(p->x + (size_t)t * p->x_stride + at);
      p->sums[t][which] = _mm256_fmadd_ps(values, x, p->sums[t][which]);
    }
  }
}

// scale * q + offset, or scale * q where the format adds nothing, for 16 signed bytes.
INLINE void affine16(
    void *dst, size_t at, __m128i q, __m256 scale, __m256 offset, int adds, int sink) {
  for (int j = 0; j < 2; j++) {
    const __m128i bytes = j ? _mm_srli_si128(q, 8) : q;
    const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    const __m256 scaled = _mm256_mul_ps(scale, values);
    store8(dst, at + 8 * (size_t)j, adds ? _mm256_add_ps(scaled, offset) : scaled, j, sink);
  }
}

// The same for 32 bytes.
INLINE void affine32(
    void *dst, size_t at, __m256i q, __m256 scale, __m256 offset, int adds, int sink) {
  affine16(dst, at, _mm256_castsi256_si128(q), scale, offset, adds, sink);
  affine16(dst, at + 16, _mm256_extracti128_si256(q, 1), scale, offset, adds, sink);
}

// 16 bytes of nibbles to 32 bytes: the low nibbles, then the high ones.
INLINE __m256i nibbles(const uint8_t qs[16]) {
  const __m128i bytes = _mm_loadu_si128((const void *)qs);
  const __m256i both = _mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes);
  return _mm256_and_si256(both, _mm256_set1_epi8(0x0f));
}

// Bit i of `bits` to byte i: 0x10 where it is set, else 0.
INLINE __m256i fifth_bits(uint32_t bits) {
  const __m256i bytes = _mm256_shuffle_epi8(
      _mm256_set1_epi32((int)bits),
      _mm256_setr_epi8(
          0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3,
          3, 3, 3));
  const __m256i one = _mm256_set1_epi64x((long long)0x8040201008040201ull);
  const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, one), one);
  return _mm256_and_si256(set, _mm256_set1_epi8(0x10));
}

INLINE void q4_0(const nibble_block_q4_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m256i q = _mm256_sub_epi8(nibbles(b->qs), _mm256_set1_epi8(8));
    affine32(dst, i, q, broadcast_half(b->d), _mm256_setzero_ps(), 0, sink);
  }
}

INLINE void q4_1(const nibble_block_q4_1 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++) {
    affine32(dst, i, nibbles(b->qs), broadcast_half(b->d), broadcast_half(b->m), 1, sink);
  }
}

INLINE void q5_0(const nibble_block_q5_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m256i q = _mm256_or_si256(nibbles(b->qs), fifth_bits(b->qh));
    affine32(
        dst, i, _mm256_sub_epi8(q, _mm256_set1_epi8(16)), broadcast_half(b->d),
        _mm256_setzero_ps(), 0, sink);
  }
}

INLINE void q5_1(const nibble_block_q5_1 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m256i q = _mm256_or_si256(nibbles(b->qs), fifth_bits(b->qh));
    affine32(dst, i, q, broadcast_half(b->d), broadcast_half(b->m), 1, sink);
  }
}

INLINE void q8_0(const nibble_block_q8_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m256i q = _mm256_loadu_si256((const void *)b->qs);
    affine32(dst, i, q, broadcast_half(b->d), _mm256_setzero_ps(), 0, sink);
  }
}

// The scales d * scale[j] and minimums -(dmin * min[j]) of a super-block.
INLINE void k_scales(
    uint16_t d, uint16_t dmin, const uint8_t packed[12], float scales[8], float minimums[8]) {
  uint8_t scale[8], minimum[8];
  nibble_k_scales(packed, scale, minimum);
  const __m256i s = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)scale));
  const __m256i m = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)minimum));
  const __m256 products = _mm256_mul_ps(broadcast_half(dmin), _mm256_cvtepi32_ps(m));
  _mm256_storeu_ps(scales, _mm256_mul_ps(broadcast_half(d), _mm256_cvtepi32_ps(s)));
  // Adding what is negated is subtracting: the same bits.
  _mm256_storeu_ps(minimums, _mm256_xor_ps(products, _mm256_set1_ps(-0.0f)));
}

INLINE void q4_k(const nibble_block_q4_k *b, void *dst, size_t count, int sink) {
  const __m256i four = _mm256_set1_epi8(0x0f);
  for (size_t i = 0; i < count; i += 256, b++) {
    float d[8], m[8];
    k_scales(b->d, b->dmin, b->scales, d, m);
    for (int j = 0; j < 8; j++) {
      const __m256i bytes = _mm256_loadu_si256((const void *)(b->qs + 32 * (j / 2)));
      const __m256i q = _mm256_and_si256((j & 1) ? _mm256_srli_epi16(bytes, 4) : bytes, four);
      affine32(
          dst, i + 32 * (size_t)j, q, _mm256_set1_ps(d[j]), _mm256_set1_ps(m[j]), 1, sink);
    }
  }
}

INLINE void q5_k(const nibble_block_q5_k *b, void *dst, size_t count, int sink) {
  const __m256i four = _mm256_set1_epi8(0x0f), fifth = _mm256_set1_epi8(0x10);
  for (size_t i = 0; i < count; i += 256, b++) {
    float d[8], m[8];
    k_scales(b->d, b->dmin, b->scales, d, m);
    const __m256i qh = _mm256_loadu_si256((const void *)b->qh);
    for (int j = 0; j < 8; j++) {
      const __m256i bytes = _mm256_loadu_si256((const void *)(b->qs + 32 * (j / 2)));
      const __m256i low = _mm256_and_si256((j & 1) ? _mm256_srli_epi16(bytes, 4) : bytes, four);
      const __m256i bit = _mm256_set1_epi8((char)(1 << j));
      const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(qh, bit), bit);
      affine32(
          dst, i + 32 * (size_t)j, _mm256_or_si256(low, _mm256_and_si256(set, fifth)),
          _mm256_set1_ps(d[j]), _mm256_set1_ps(m[j]), 1, sink);
    }
  }
}

INLINE void q6_k(const nibble_block_q6_k *b, void *dst, size_t count, int sink) {
  const __m256i four = _mm256_set1_epi8(0x0f), two = _mm256_set1_epi8(0x03);
  for (size_t i = 0; i < count; i += 256, b++) {
    float scales[16];
    for (int j = 0; j < 16; j += 8) {
      const __m128i s = _mm_loadl_epi64((const void *)(b->scales + j));
      const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(s));
      _mm256_storeu_ps(scales + j, _mm256_mul_ps(broadcast_half(b->d), values));
    }
    for (int g = 0; g < 8; g++) {
      const int part = g / 4, group = g % 4;
      const __m256i ql =
          _mm256_loadu_si256((const void *)(b->ql + 64 * part + 32 * (group & 1)));
      const __m256i qh = _mm256_loadu_si256((const void *)(b->qh + 32 * part));
      // Shifts of words: what comes over from the neighbour is masked away.
      const __m256i low = _mm256_and_si256(group < 2 ? ql : _mm256_srli_epi16(ql, 4), four);
      const __m256i high = _mm256_and_si256(
          _mm256_srl_epi16(qh, _mm_cvtsi32_si128(2 * group)), two);
      const __m256i q = _mm256_sub_epi8(
          _mm256_or_si256(low, _mm256_slli_epi16(high, 4)), _mm256_set1_epi8(32));
      const size_t at = i + 32 * (size_t)g;
      const __m256 none = _mm256_setzero_ps();
      affine16(
          dst, at, _mm256_castsi256_si128(q), _mm256_set1_ps(scales[2 * g]), none, 0, sink);
      affine16(
          dst, at + 16, _mm256_extracti128_si256(q, 1), _mm256_set1_ps(scales[2 * g + 1]), none,
          0, sink);
    }
  }
}

// Nibbles through a table of bytes, times a scale.
INLINE void table_nibbles(
    void *dst, size_t at, float d, const int8_t values[16], const uint8_t qs[16], int sink) {
  const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)values));
  affine32(
      dst, at, _mm256_shuffle_epi8(table, nibbles(qs)), _mm256_set1_ps(d), _mm256_setzero_ps(), 0,
      sink);
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

// Two values a byte, the high nibble first.
INLINE void absmax(
    const nibble_block_nf4 *b, const float values[16], void *dst, size_t count, int sink) {
  const __m256 low8 = _mm256_loadu_ps(values), high8 = _mm256_loadu_ps(values + 8);
  const __m256i sixteen = _mm256_setr_epi32(4, 0, 12, 8, 20, 16, 28, 24);
  for (size_t i = 0; i < count; i += 64, b++) {
    const __m256 scale = _mm256_set1_ps(b->absmax);
    for (int g = 0; g < 8; g++) {  // four bytes
      int32_t bytes;
      memcpy(&bytes, b->qs + 4 * g, 4);
      const __m256i q = _mm256_and_si256(
          _mm256_srlv_epi32(_mm256_set1_epi32(bytes), sixteen), _mm256_set1_epi32(0x0f));
      const __m256 low = _mm256_permutevar8x32_ps(low8, q);
      const __m256 high = _mm256_permutevar8x32_ps(high8, q);
      // Bit 3 of q, where a blend looks at the sign.
      const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(q, 28));
      store8(
          dst, i + 8 * (size_t)g, _mm256_mul_ps(_mm256_blendv_ps(low, high, upper), scale), g & 1,
          sink);
    }
  }
}

// 32 signed bytes times a scale for each 16 of them, plus an offset for each.
INLINE void affine_halves(void *dst, size_t at, __m256i q, const float scales[2],
                          const float offsets[2], int adds, int sink) {
  affine16(
      dst, at, _mm256_castsi256_si128(q), _mm256_set1_ps(scales[0]), _mm256_set1_ps(offsets[0]),
      adds, sink);
  affine16(
      dst, at + 16, _mm256_extracti128_si256(q, 1), _mm256_set1_ps(scales[1]),
      _mm256_set1_ps(offsets[1]), adds, sink);
}

#include "dequantize_low_bits.h"

// Plain floats, eight at a time; the rest goes through the reference.
INLINE void floats(uint32_t type, const uint8_t *src, void *dst, size_t count, int sink) {
  const size_t bytes = type == NIBBLE_TYPE_F32 ? 4 : 2;
  const size_t whole = count & ~(size_t)7;
  for (size_t i = 0; i < whole; i += 8) {
    const void *from = src + i * bytes;
    __m256 values;
    if (type == NIBBLE_TYPE_F32) {
      values = _mm256_loadu_ps(from);
    } else if (type == NIBBLE_TYPE_F16) {
      values = _mm256_cvtph_ps(_mm_loadu_si128(from));
    } else {
      const __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128(from));
      values = _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
    }
    store8(dst, i, values, 0, sink);
  }
  void *rest = sink == SINK_F16 ? (void *)((uint16_t *)dst + whole) : (void *)((float *)dst + whole);
  nibble_dequantize_scalar(type, src + whole * bytes, rest, count - whole, sink == SINK_F16);
}

INLINE float sum_of(__m256 a, __m256 b) {
  const __m256 both = _mm256_add_ps(a, b);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#define NAME(kernel) nibble_##kernel##_avx2
#include "dequantize_by_type.h"
#endif
