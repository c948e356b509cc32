// Dequantization and fused products with AVX-512 (F, BW, VL, DQ), FMA and F16C.
//
// A block of 4 or 5-bit quants has only 16 or 32 different values. So the kernels compute those
// once a block, by the format's own formula, and turn quants into values by table lookup: one
// permutation gives 32 float16 values. That is exact by construction: a value in the table is
// rounded as the reference rounds it.
#include "simd.h"

#if NIBBLE_X86
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define ROUND (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

// 0, 1, … 15, plus `first`.
INLINE __m512 ramp(float first) {
  const __m512 steps =
      _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_add_ps(steps, _mm512_set1_ps(first));
}

// One float16 in memory to 16 equal float32.
INLINE __m512 broadcast_half(uint16_t bits) {
  return _mm512_broadcastss_ps(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

// The products of a row with up to FUSED_TOKENS tokens, while they are added up. Two sums each: the
// additions to one do not wait for those to the other.
typedef struct {
  const float *x;   // (tokens, cols)
  size_t x_stride;  // values from one token to the next
  __m512 sums[FUSED_TOKENS][2];
} products;

// 16 values to dst[at ...]; or, multiplied by the columns `at` ... of the tokens, to sum `which`.
INLINE void store16(void *dst, size_t at, __m512 values, int which, int sink) {
  if (sink == SINK_F16) {
    _mm256_storeu_si256((void *)((uint16_t *)dst + at), _mm512_cvtps_ph(values, ROUND));
  } else if (sink == SINK_F32) {
    _mm512_storeu_ps((float *)dst + at, values);
  } else {
    products *p = dst;
#pragma clang loop unroll(full)
    for (int t = 0; t < sink - SINK_TOKENS; t++) {
      const __m512 x = _mm512_loadu_ps(p->x + (size_t)t * p->x_stride + at);
      p->sums[t][which] = _mm512_fmadd_ps(values, x, p->sums[t][which]);
    }
  }
}

INLINE __m512i join(__m256i low, __m256i high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

// 32 quants, the low four bits of each word of q (what is above is ignored), to dst[at ...].
INLINE void lookup16(void *dst, size_t at, __m512 table, __m512i q, int sink) {
  if (sink == SINK_F16) {
    const __m256i halves = _mm512_cvtps_ph(table, ROUND);
    _mm512_storeu_si512(
        (uint16_t *)dst + at, _mm512_permutexvar_epi16(q, join(halves, halves)));
  } else {
    const __m512i first = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(q));
    const __m512i second = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(q, 1));
    store16(dst, at, _mm512_permutexvar_ps(first, table), 0, sink);
    store16(dst, at + 16, _mm512_permutexvar_ps(second, table), 1, sink);
  }
}

// The same with five bits, and the values of 0 ... 15 and of 16 ... 31 in two tables.
INLINE void lookup32(
    void *dst, size_t at, __m512 low, __m512 high, __m512i q, int sink) {
  if (sink == SINK_F16) {
    const __m512i table =
        join(_mm512_cvtps_ph(low, ROUND), _mm512_cvtps_ph(high, ROUND));
    _mm512_storeu_si512((uint16_t *)dst + at, _mm512_permutexvar_epi16(q, table));
  } else {
    const __m512i first = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(q));
    const __m512i second = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(q, 1));
    store16(dst, at, _mm512_permutex2var_ps(low, first, high), 0, sink);
    store16(dst, at + 16, _mm512_permutex2var_ps(low, second, high), 1, sink);
  }
}

// 16 bytes of nibbles to 32 words: the low nibbles, then the high ones; bits above are not clear.
INLINE __m512i nibbles(const uint8_t qs[16]) {
  const __m256i words = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)qs));
  return join(words, _mm256_srli_epi16(words, 4));
}

// 16 bytes of nibbles as floats: the low ones to dst[low_at ...], the high ones to
// dst[high_at ...], each by its table. Not for float16.
INLINE void lookup_nibbles(void *dst, size_t low_at, size_t high_at, __m512 low, __m512 high,
                           const uint8_t qs[16], int low_which, int high_which, int sink) {
  // A permutation looks at the lowest four bits alone.
  const __m512i q = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)qs));
  store16(dst, low_at, _mm512_permutexvar_ps(q, low), low_which, sink);
  store16(dst, high_at, _mm512_permutexvar_ps(_mm512_srli_epi32(q, 4), high), high_which, sink);
}

// 32 values of a block whose nibbles share a table.
INLINE void block_nibbles(void *dst, size_t at, __m512 table, const uint8_t qs[16], int sink) {
  if (sink == SINK_F16) {
    lookup16(dst, at, table, nibbles(qs), sink);
  } else {
    lookup_nibbles(dst, at, at + 16, table, table, qs, 0, 1, sink);
  }
}

// The fifth bits, one bit of `mask` each, put where they belong.
INLINE __m512i with_fifth_bit(__m512i q, __mmask32 mask) {
  q = _mm512_and_si512(q, _mm512_set1_epi16(0x0f));
  return _mm512_mask_add_epi16(q, mask, q, _mm512_set1_epi16(0x10));
}

INLINE void q4_0(const nibble_block_q4_0 *b, void *dst, size_t count, int sink) {
  const __m512 q = ramp(-8);
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m512 table = _mm512_mul_ps(broadcast_half(b->d), q);
    block_nibbles(dst, i, table, b->qs, sink);
  }
}

INLINE void q4_1(const nibble_block_q4_1 *b, void *dst, size_t count, int sink) {
  const __m512 q = ramp(0);
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m512 scaled = _mm512_mul_ps(broadcast_half(b->d), q);
    block_nibbles(dst, i, _mm512_add_ps(scaled, broadcast_half(b->m)), b->qs, sink);
  }
}

INLINE void q5_0(const nibble_block_q5_0 *b, void *dst, size_t count, int sink) {
  const __m512 low = ramp(-16), high = ramp(0);
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m512 d = broadcast_half(b->d);
    const __m512i q = with_fifth_bit(nibbles(b->qs), b->qh);
    lookup32(dst, i, _mm512_mul_ps(d, low), _mm512_mul_ps(d, high), q, sink);
  }
}

INLINE void q5_1(const nibble_block_q5_1 *b, void *dst, size_t count, int sink) {
  const __m512 low = ramp(0), high = ramp(16);
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m512 d = broadcast_half(b->d), m = broadcast_half(b->m);
    const __m512i q = with_fifth_bit(nibbles(b->qs), b->qh);
    lookup32(
        dst, i, _mm512_add_ps(_mm512_mul_ps(d, low), m),
        _mm512_add_ps(_mm512_mul_ps(d, high), m), q, sink);
  }
}

INLINE void q8_0(const nibble_block_q8_0 *b, void *dst, size_t count, int sink) {
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m512 d = broadcast_half(b->d);
    for (int j = 0; j < 32; j += 16) {
      const __m128i q = _mm_loadu_si128((const void *)(b->qs + j));
      const __m512 values = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q));
      store16(dst, i + (size_t)j, _mm512_mul_ps(d, values), j / 16, sink);
    }
  }
}

// The scales d * scale[j] and minimums dmin * min[j] of a super-block.
INLINE void k_scales(
    uint16_t d, uint16_t dmin, const uint8_t packed[12], float scales[8], float minimums[8]) {
  uint8_t scale[8], minimum[8];
  nibble_k_scales(packed, scale, minimum);
  const __m256i s = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)scale));
  const __m256i m = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)minimum));
  const __m256 d8 = _mm256_cvtph_ps(_mm_set1_epi16((short)d));
  const __m256 m8 = _mm256_cvtph_ps(_mm_set1_epi16((short)dmin));
  _mm256_storeu_ps(scales, _mm256_mul_ps(d8, _mm256_cvtepi32_ps(s)));
  _mm256_storeu_ps(minimums, _mm256_mul_ps(m8, _mm256_cvtepi32_ps(m)));
}

// scale * q - minimum
INLINE __m512 k_table(float scale, float minimum, __m512 q) {
  return _mm512_sub_ps(_mm512_mul_ps(_mm512_set1_ps(scale), q), _mm512_set1_ps(minimum));
}

INLINE void q4_k(const nibble_block_q4_k *b, void *dst, size_t count, int sink) {
  const __m512 steps = ramp(0);
  for (size_t i = 0; i < count; i += 256, b++) {
    float d[8], m[8];
    k_scales(b->d, b->dmin, b->scales, d, m);
    for (int j = 0; j < 8; j += 2) {
      const __m256i bytes = _mm256_loadu_si256((const void *)(b->qs + 16 * j));
      const __m512i q = _mm512_cvtepu8_epi16(bytes);
      const size_t at = i + 32 * (size_t)j;
      const __m512 low = k_table(d[j], m[j], steps), high = k_table(d[j + 1], m[j + 1], steps);
      if (sink == SINK_F16) {
        lookup16(dst, at, low, q, sink);
        lookup16(dst, at + 32, high, _mm512_srli_epi16(q, 4), sink);
      } else {
        lookup_nibbles(dst, at, at + 32, low, high, b->qs + 16 * j, 0, 0, sink);
        lookup_nibbles(dst, at + 16, at + 48, low, high, b->qs + 16 * j + 16, 1, 1, sink);
      }
    }
  }
}

INLINE void q5_k(const nibble_block_q5_k *b, void *dst, size_t count, int sink) {
  const __m512 low = ramp(0), high = ramp(16);
  for (size_t i = 0; i < count; i += 256, b++) {
    float d[8], m[8];
    k_scales(b->d, b->dmin, b->scales, d, m);
    const __m256i qh = _mm256_loadu_si256((const void *)b->qh);
    for (int j = 0; j < 8; j++) {
      const __m256i bytes = _mm256_loadu_si256((const void *)(b->qs + 32 * (j / 2)));
      const __m512i words = _mm512_cvtepu8_epi16(bytes);
      const __m512i q = (j & 1) ? _mm512_srli_epi16(words, 4) : words;
      const __mmask32 fifth = _mm256_test_epi8_mask(qh, _mm256_set1_epi8((char)(1 << j)));
      lookup32(
          dst, i + 32 * (size_t)j, k_table(d[j], m[j], low), k_table(d[j], m[j], high),
          with_fifth_bit(q, fifth), sink);
    }
  }
}

INLINE void q6_k(const nibble_block_q6_k *b, void *dst, size_t count, int sink) {
  const __m256i four = _mm256_set1_epi8(0x0f), two = _mm256_set1_epi8(0x03);
  for (size_t i = 0; i < count; i += 256, b++) {
    float scales[16];
    const __m128i s = _mm_loadu_si128((const void *)b->scales);
    _mm512_storeu_ps(
        scales,
        _mm512_mul_ps(broadcast_half(b->d), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(s))));
    for (int g = 0; g < 8; g++) {
      const int part = g / 4, group = g % 4;
      const __m256i ql =
          _mm256_loadu_si256((const void *)(b->ql + 64 * part + 32 * (group & 1)));
      const __m256i qh = _mm256_loadu_si256((const void *)(b->qh + 32 * part));
      // Shifts of words: what comes over from the neighbour is masked away.
      const __m256i low =
          _mm256_and_si256(group < 2 ? ql : _mm256_srli_epi16(ql, 4), four);
      const __m256i high = _mm256_and_si256(_mm256_srl_epi16(qh, _mm_cvtsi32_si128(2 * group)), two);
      const __m256i q = _mm256_sub_epi8(
          _mm256_or_si256(low, _mm256_slli_epi16(high, 4)), _mm256_set1_epi8(32));
      const __m512 first = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_castsi256_si128(q)));
      const __m512 second =
          _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_extracti128_si256(q, 1)));
      const size_t at = i + 32 * (size_t)g;
      store16(dst, at, _mm512_mul_ps(_mm512_set1_ps(scales[2 * g]), first), 0, sink);
      store16(dst, at + 16, _mm512_mul_ps(_mm512_set1_ps(scales[2 * g + 1]), second), 1, sink);
    }
  }
}

INLINE __m512 table_of_bytes(const int8_t values[16]) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)values)));
}

INLINE void iq4_nl(const nibble_block_iq4_nl *b, void *dst, size_t count, int sink) {
  const __m512 table = table_of_bytes(nibble_iq4_values);
  for (size_t i = 0; i < count; i += 32, b++)
    block_nibbles(dst, i, _mm512_mul_ps(broadcast_half(b->d), table), b->qs, sink);
}

INLINE void iq4_xs(const nibble_block_iq4_xs *b, void *dst, size_t count, int sink) {
  const __m512 table = table_of_bytes(nibble_iq4_values);
  for (size_t i = 0; i < count; i += 256, b++) {
    const float d = nibble_half_to_float(b->d);
    for (int j = 0; j < 8; j++) {
      const int low = b->scales_l[j / 2] >> (4 * (j & 1)) & 0x0f;
      const int scale = (low | (b->scales_h >> (2 * j) & 3) << 4) - 32;
      const __m512 dj = _mm512_set1_ps(d * (float)scale);
      block_nibbles(dst, i + 32 * (size_t)j, _mm512_mul_ps(dj, table), b->qs + 16 * j, sink);
    }
  }
}

INLINE void mxfp4(const nibble_block_mxfp4 *b, void *dst, size_t count, int sink) {
  const __m512 table = table_of_bytes(nibble_mxfp4_values);
  for (size_t i = 0; i < count; i += 32, b++) {
    const __m512 d = _mm512_set1_ps(nibble_e8m0_to_float_half(b->e));
    block_nibbles(dst, i, _mm512_mul_ps(d, table), b->qs, sink);
  }
}

// Two values a byte, the high nibble first.
INLINE void absmax(
    const nibble_block_nf4 *b, const float values[16], void *dst, size_t count, int sink) {
  const __m512 units = _mm512_loadu_ps(values);
  const __m128i four = _mm_set1_epi8(0x0f);
  for (size_t i = 0; i < count; i += 64, b++) {
    const __m512 table = _mm512_mul_ps(units, _mm512_set1_ps(b->absmax));
    for (int half = 0; half < 2; half++) {
      const __m128i bytes = _mm_loadu_si128((const void *)(b->qs + 16 * half));
      const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), four);
      const __m128i low = _mm_and_si128(bytes, four);
      const __m512i first = _mm512_cvtepu8_epi32(_mm_unpacklo_epi8(high, low));
      const __m512i second = _mm512_cvtepu8_epi32(_mm_unpackhi_epi8(high, low));
      const size_t at = i + 32 * (size_t)half;
      store16(dst, at, _mm512_permutexvar_ps(first, table), 0, sink);
      store16(dst, at + 16, _mm512_permutexvar_ps(second, table), 1, sink);
    }
  }
}

// 32 signed bytes times a scale for each 16 of them, plus an offset for each.
INLINE void affine_halves(void *dst, size_t at, __m256i q, const float scales[2],
                          const float offsets[2], int adds, int sink) {
  for (int h = 0; h < 2; h++) {
    const __m128i bytes = h ? _mm256_extracti128_si256(q, 1) : _mm256_castsi256_si128(q);
    const __m512 values = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
    __m512 scaled = _mm512_mul_ps(_mm512_set1_ps(scales[h]), values);
    if (adds) scaled = _mm512_add_ps(scaled, _mm512_set1_ps(offsets[h]));
    store16(dst, at + 16 * (size_t)h, scaled, h, sink);
  }
}

#include "dequantize_low_bits.h"

// Plain floats, 16 at a time; the rest goes through the reference.
INLINE void floats(uint32_t type, const uint8_t *src, void *dst, size_t count, int sink) {
  const size_t bytes = type == NIBBLE_TYPE_F32 ? 4 : 2;
  const size_t whole = count & ~(size_t)15;
  for (size_t i = 0; i < whole; i += 16) {
    const void *from = src + i * bytes;
    __m512 values;
    if (type == NIBBLE_TYPE_F32) {
      values = _mm512_loadu_ps(from);
    } else if (type == NIBBLE_TYPE_F16) {
      values = _mm512_cvtph_ps(_mm256_loadu_si256(from));
    } else {
      const __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from));
      values = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
    }
    store16(dst, i, values, 0, sink);
  }
  void *rest = sink == SINK_F16 ? (void *)((uint16_t *)dst + whole) : (void *)((float *)dst + whole);
  nibble_dequantize_scalar(type, src + whole * bytes, rest, count - whole, sink == SINK_F16);
}

INLINE float sum_of(__m512 a, __m512 b) { return _mm512_reduce_add_ps(_mm512_add_ps(a, b)); }

#define NAME(kernel) nibble_##kernel##_avx512
#include "dequantize_by_type.h"
#endif
