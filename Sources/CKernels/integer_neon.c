// NEON without dot products: that of Cortex-A53 and A72.
#if defined(__aarch64__)
#include <arm_neon.h>
#include "integer_neon.h"
// Products as words, and sums of two: at most 2 * 128 * 127, which fits in one.
#define SIGNED_DOT4(sums, s, q)                                                      \
  ((ivec)vpadalq_s16(                                                                \
      (int32x4_t)(sums),                                                             \
      vpaddq_s16(vmull_s8(vget_low_s8((int8x16_t)(s)), vget_low_s8((int8x16_t)(q))), \
                 vmull_high_s8((int8x16_t)(s), (int8x16_t)(q)))))
#define NAME(kernel) nibble_##kernel##_neon
#include "integer_body.h"
#endif
