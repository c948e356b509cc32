// Sums and range of many values: one body, compiled for each instruction set. The lanes are written
// out as vectors of a fixed width, which the compiler splits as the machine needs it, so that sums
// run in one order everywhere.
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };
typedef float floats __attribute__((vector_size(LANES * 4), aligned(1)));
typedef int32_t lane_mask __attribute__((vector_size(LANES * 4), aligned(1)));
typedef double doubles __attribute__((vector_size(LANES * 8)));
typedef _Float16 half_floats __attribute__((vector_size(LANES * 2), aligned(1)));
// Each lane of `a` where the mask is set, else of `b`.
#define CHOOSE(mask, a, b) (floats)(((lane_mask)(a) & (mask)) | ((lane_mask)(b) & ~(mask)))
#define INLINE static inline __attribute__((always_inline))

static void widen_each(const uint16_t *halves, floats *v) {
  for (int i = 0; i < LANES; i++) (*v)[i] = nibble_half_to_float(halves[i]);
}
#define NAME(function) function##_baseline
#define WIDEN(halves, v) widen_each(halves, v)
#include "statistics_body.h"

#define CONVERT(halves, v) \
  (*(v) = __builtin_convertvector(*(const half_floats *)(halves), floats))

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define NAME(function) function##_avx2
#define WIDEN(halves, v) CONVERT(halves, v)
#include "statistics_body.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#define NAME(function) function##_avx512
#define WIDEN(halves, v) CONVERT(halves, v)
#include "statistics_body.h"
#pragma clang attribute pop
#elif defined(__aarch64__)
#define NAME(function) function##_neon
#define WIDEN(halves, v) CONVERT(halves, v)
#include "statistics_body.h"
#endif

nibble_statistics nibble_statistics_isa(
    nibble_isa isa, uint32_t type, const void *values, size_t count) {
  if (isa > nibble_isa_best() || (type != NIBBLE_TYPE_F32 && type != NIBBLE_TYPE_F16)) abort();
  const int half = type == NIBBLE_TYPE_F16;
  switch (isa) {
#if defined(__x86_64__)
    case NIBBLE_ISA_AVX512:
      return half ? statistics_f16_avx512(values, count) : statistics_f32_avx512(values, count);
    case NIBBLE_ISA_AVX2:
      return half ? statistics_f16_avx2(values, count) : statistics_f32_avx2(values, count);
#elif defined(__aarch64__)
    case NIBBLE_ISA_NEON:
      return half ? statistics_f16_neon(values, count) : statistics_f32_neon(values, count);
#endif
    default:
      return half ? statistics_f16_baseline(values, count) : statistics_f32_baseline(values, count);
  }
}

nibble_statistics nibble_statistics_f32(const float *values, size_t count) {
  return nibble_statistics_isa(nibble_isa_best(), NIBBLE_TYPE_F32, values, count);
}

nibble_statistics nibble_statistics_f16(const uint16_t *values, size_t count) {
  return nibble_statistics_isa(nibble_isa_best(), NIBBLE_TYPE_F16, values, count);
}
