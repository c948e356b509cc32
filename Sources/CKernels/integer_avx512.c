// AVX-512 without VNNI: Skylake's.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), \
    apply_to = function)
#define LANES 16
#define DOT4_NARROW(sums, u, q)                                                     \
  ((sums) + (ivec)_mm512_madd_epi16(_mm512_maddubs_epi16((__m512i)(u), (__m512i)(q)), \
                                    _mm512_set1_epi16(1)))
#define LOOK_UP(table, q)                                                              \
  ((bytes_vec)_mm512_shuffle_epi8(                                                     \
      _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(table))), (__m512i)(q)))
#define NAME(kernel) nibble_##kernel##_avx512
#include "integer_body.h"
#pragma clang attribute pop
#endif
