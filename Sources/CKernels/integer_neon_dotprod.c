// NEON with dot products: that of Cortex-A76, Neoverse and Apple's processors.
#if defined(__aarch64__)
#include <arm_neon.h>
#include "integer_neon.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define SIGNED_DOT4(sums, s, q) \
  ((ivec)vdotq_s32((int32x4_t)(sums), (int8x16_t)(s), (int8x16_t)(q)))
#define NAME(kernel) nibble_##kernel##_neon_dotprod
#include "integer_body.h"
#pragma clang attribute pop
#endif
