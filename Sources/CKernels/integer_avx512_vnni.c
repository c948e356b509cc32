#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)
#define LANES 16
#define DOT4(sums, u, q) ((ivec)_mm512_dpbusd_epi32((__m512i)(sums), (__m512i)(u), (__m512i)(q)))
#define LOOK_UP(table, q)                                                              \
  ((bytes_vec)_mm512_shuffle_epi8(                                                     \
      _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(table))), (__m512i)(q)))
#define NAME(kernel) nibble_##kernel##_avx512_vnni
#include "integer_body.h"
#pragma clang attribute pop
#endif
