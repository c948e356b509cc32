#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#define DOT4_NARROW(sums, u, q)                                                     \
  ((sums) + (ivec)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)(u), (__m256i)(q)), \
                                    _mm256_set1_epi16(1)))
#define LOOK_UP(table, q)                                                              \
  ((bytes_vec)_mm256_shuffle_epi8(                                                     \
      _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(table))), (__m256i)(q)))
#define NAME(kernel) nibble_##kernel##_avx2
#include "integer_body.h"
#pragma clang attribute pop
#endif
